/**
 * Stands between two programs on this machine, passes on what they say, and does to it whatever networks do. What it
 * does can be changed at any moment and holds for connections that are open and for those that come.
 */
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import { Random } from '../fuzz/random.ts';
import { type Conditions, type Kind, treat } from './conditions.ts';

export interface RelayOptions {
  /** `host:port`, or the path of a Unix socket. */
  readonly target: string;
  /** Path of a Unix socket to listen on; left out: any free port on loopback. */
  readonly path?: string;
  /** Any integer from 0 to 2^32 - 1. What is drawn from it also depends on how the bytes happen to arrive. */
  readonly seed: number;
}

export interface Relay {
  /** For those who are to be led through it: `host:port`, or the path. */
  readonly address: string;
  /** Connections that are open on both sides. */
  readonly links: number;
  /** How often each kind has struck. */
  readonly struck: Readonly<Partial<Record<Kind | 'cut', number>>>;
  /** From now on; `back` is for what the target says. Both empty: everything heals, and what was held flows on. */
  set(there: Conditions, back?: Conditions): void;
  /** Ends one link at once, in both directions, whatever is on its way. `chance`: in [0, 1). */
  cut(chance: number): void;
  close(): void;
}

/** What is held of one direction before its sender is made to wait. */
const mostHeld = 256 * 1024;

interface Link {
  readonly near: Socket;
  readonly far: Socket;
  readonly ways: readonly Way[];
  /** One end is gone without the other's knowing: whatever that one says is lost. */
  isHalfOpen: boolean;
}

interface Way {
  /** The conditions have changed. */
  look(): void;
  end(): void;
}

export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { target, path, seed } = options;
  const random = new Random(seed);
  const links = new Set<Link>();
  const struck: Partial<Record<Kind | 'cut', number>> = {};
  const count = (kind: Kind | 'cut') => {
    struck[kind] = (struck[kind] ?? 0) + 1;
  };
  const now: { there: Conditions; back: Conditions } = { there: {}, back: {} };
  /** When the line is free again, by direction. */
  const line = { there: 0, back: 0 };

  const server: Server = net.createServer({ allowHalfOpen: true }, (near) => {
    const far = net.connect({ ...toward(target), allowHalfOpen: true });
    const link: Link = { near, far, ways: [], isHalfOpen: false };
    links.add(link);
    const ways = [pass(link, near, far, 'there'), pass(link, far, near, 'back')];
    (link.ways as Way[]).push(...ways);
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      socket.on('error', () => {}); // 'close' follows
      socket.on('close', (isBroken) => {
        const isOver = near.destroyed && far.destroyed;
        if (isOver || (isBroken && !link.isHalfOpen)) destroy(link);
      });
    }
  });

  function destroy(link: Link): void {
    links.delete(link);
    for (const way of link.ways) way.end();
    link.near.destroy();
    link.far.destroy();
  }

  function reset(link: Link): void {
    for (const socket of [link.near, link.far]) {
      // Unix sockets know no reset.
      if (socket.remoteFamily !== undefined && !socket.destroyed) socket.resetAndDestroy();
    }
    destroy(link);
  }

  function pass(link: Link, from: Socket, to: Socket, direction: 'there' | 'back'): Way {
    const queue: { readonly bytes: Buffer; readonly at: number }[] = [];
    let queued = 0;
    let passed = 0;
    let latest = 0;
    let merging: Buffer | undefined;
    let mergeTimer: NodeJS.Timeout | undefined;
    let timer: NodeJS.Timeout | undefined;
    let hasEnded = false;
    let isDraining = false;
    let isStuck = false;

    const put = (chunk: Buffer) => {
      const treated = treat(chunk, now[direction], random);
      for (const kind of treated.struck) count(kind);
      if (treated.ending === 'reset') return reset(link);
      if (treated.ending === 'halfOpen') {
        link.isHalfOpen = true;
        to.destroy();
        queue.length = 0;
        return;
      }
      latest = Math.max(latest, performance.now() + treated.waitMs);
      if (treated.isMerged) {
        merging = Buffer.concat(treated.pieces);
        // Nothing may come for long: then it goes on alone.
        mergeTimer = setTimeout(flush, 20);
        return;
      }
      for (const bytes of treated.pieces) {
        queue.push({ bytes, at: latest });
        queued += bytes.length;
      }
      if (queued > mostHeld) from.pause();
      move();
    };
    const flush = () => {
      clearTimeout(mergeTimer);
      if (merging === undefined) return;
      queue.push({ bytes: merging, at: latest });
      queued += merging.length;
      merging = undefined;
      move();
    };

    /** The first of the queue may not go, and no time will change that: only other conditions. */
    const held = (bytes: Buffer): Kind | undefined => {
      const { heldAfter, stuckAbove } = now[direction];
      if (heldAfter !== undefined && passed + bytes.length > heldAfter) return 'heldAfter';
      if (stuckAbove !== undefined && bytes.length > stuckAbove) return 'stuckAbove';
      return undefined;
    };

    const later = (ms: number) => {
      timer = setTimeout(() => {
        timer = undefined;
        move();
      }, ms);
    };

    const move = () => {
      while (timer === undefined && !isDraining && queue.length > 0) {
        const [{ bytes, at }] = queue;
        const why = held(bytes);
        if (why !== undefined) {
          if (!isStuck) count(why);
          isStuck = true;
          return;
        }
        isStuck = false;
        const moment = performance.now();
        const { bytesPerSecond } = now[direction];
        const waitMs = Math.max(at, bytesPerSecond === undefined ? 0 : line[direction]) - moment;
        if (waitMs > 0) return later(waitMs);
        if (bytesPerSecond !== undefined) line[direction] = moment + (bytes.length / bytesPerSecond) * 1000;
        queue.shift();
        queued -= bytes.length;
        passed += bytes.length;
        if (to.destroyed) continue;
        if (!to.write(bytes)) {
          isDraining = true;
          to.once('drain', () => {
            isDraining = false;
            move();
          });
        }
      }
      if (queue.length > 0) return;
      if (queued <= mostHeld && from.isPaused() && now[direction].unread !== true) from.resume();
      if (hasEnded && timer === undefined && merging === undefined && !to.destroyed) to.end();
    };

    from.on('data', (chunk: Buffer) => {
      if (link.isHalfOpen) return;
      clearTimeout(mergeTimer);
      const bytes = merging === undefined ? chunk : Buffer.concat([merging, chunk]);
      merging = undefined;
      put(bytes);
    });
    from.on('end', () => {
      hasEnded = true;
      flush();
      move();
      if (link.isHalfOpen) destroy(link);
    });
    const look = () => {
      if (now[direction].unread === true) {
        count('unread');
        from.pause();
      } else if (queued <= mostHeld) from.resume();
      move();
    };
    if (now[direction].unread === true) look();
    return {
      look,
      end() {
        clearTimeout(timer);
        clearTimeout(mergeTimer);
        queue.length = 0;
      },
    };
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    if (path === undefined) server.listen(0, '127.0.0.1', resolve);
    else server.listen(path, resolve);
  });
  return {
    address: path ?? `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get links() {
      return [...links].filter((link) => !link.isHalfOpen).length;
    },
    struck,
    set(there, back = there) {
      now.there = there;
      now.back = back;
      for (const link of links) for (const way of link.ways) way.look();
    },
    cut(chance) {
      const link = [...links][Math.floor(chance * links.size)];
      if (link === undefined) return;
      count('cut');
      destroy(link);
    },
    close() {
      server.close();
      for (const link of [...links]) destroy(link);
    },
  };
}

function toward(address: string): { readonly path: string } | { readonly host: string; readonly port: number } {
  if (address.startsWith('/')) return { path: address };
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at), port: Number(address.slice(at + 1)) };
}
