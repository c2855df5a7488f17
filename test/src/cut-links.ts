/** Stands between institutions and the stream, and cuts links at will. */
import net, { type AddressInfo, type Socket } from 'node:net';

export interface LinkCutter {
  /** `host:port` for institutions to connect to. */
  readonly address: string;
  /** `host:port` of the platform; until it is known nobody is let through. */
  target: string | undefined;
  readonly links: number;
  /** Links cut so far. */
  readonly cuts: number;
  /** Ends one link at once, in both directions, whatever is on its way. `chance`: in [0, 1). */
  cut(chance: number): void;
  close(): void;
}

export async function startLinkCutter(): Promise<LinkCutter> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let cuts = 0;
  const server = net.createServer((inside) => {
    const { target } = cutter;
    if (target === undefined) return void inside.destroy();
    const [host, port] = target.split(':');
    const outside = net.connect({ host, port: Number(port) });
    const pair = [inside, outside] as const;
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      inside.destroy();
      outside.destroy();
    };
    for (const socket of pair) socket.setNoDelay(true).on('close', end).on('error', end);
    inside.pipe(outside);
    outside.pipe(inside);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cutter: LinkCutter = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    target: undefined,
    get links() {
      return pairs.size;
    },
    get cuts() {
      return cuts;
    },
    cut(chance) {
      const pair = [...pairs][Math.floor(chance * pairs.size)];
      if (pair === undefined) return;
      cuts++;
      pair[0].destroy();
    },
    close() {
      server.close();
      for (const [inside] of pairs) inside.destroy();
    },
  };
  return cutter;
}
