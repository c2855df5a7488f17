/** Links over TCP with TLS 1.3, both ends with certificates. */
import { createHash } from 'node:crypto';
import net, { type AddressInfo, type Socket } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import { type Link, type LinkEvents, type LinkNetwork, NetworkError } from './index.ts';
import type { Listener } from './real-listener.ts';
import type { NetworkOptions } from './real-network.ts';

export interface LinkListenOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** PEM. Without it links are plain: for measuring what TLS costs, never for a platform. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string | undefined } | undefined;
  /** Offered and asked for in the handshake (ALPN). */
  readonly protocol: string;
  readonly handshakeMs?: number | undefined;
}

/** A link that has so much waiting asks its writer to hold back. */
const highWater = 1 << 20;

/** Calls `accept` for every link that is established; its events follow. */
export function listenLinks(accept: (link: Link) => LinkEvents, options: LinkListenOptions): Promise<Listener> {
  const sockets = new Set<Socket>();
  const take = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    wire(socket, accept);
  };
  const server = options.tls
    ? tls.createServer(
        {
          cert: options.tls.cert,
          key: options.tls.key,
          ...(options.tls.ca && { ca: options.tls.ca }),
          requestCert: true,
          // Without a chain to check, the certificate's fingerprint is what is registered.
          rejectUnauthorized: options.tls.ca !== undefined,
          minVersion: 'TLSv1.3',
          ALPNProtocols: [options.protocol],
          handshakeTimeout: options.handshakeMs ?? 10_000,
          highWaterMark: highWater,
        } as tls.TlsOptions,
        take,
      )
    : net.createServer({ highWaterMark: highWater }, take);
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve({ port: (server.address() as AddressInfo).port, close });
    });
  });
}

/** Connects with the given certificate; `plain` for measuring what TLS costs. */
export function realLinks(
  options: NetworkOptions & { readonly protocol: string; readonly plain?: boolean },
): LinkNetwork {
  return {
    connect(address, events, { timeoutMs }) {
      const split = address.lastIndexOf(':');
      const host = address.slice(0, split);
      const port = Number(address.slice(split + 1));
      return new Promise((resolve, reject) => {
        const socket: Socket = options.plain
          ? net.connect({ host, port, highWaterMark: highWater } as net.NetConnectOpts)
          : tls.connect({
              host,
              port,
              highWaterMark: highWater,
              minVersion: 'TLSv1.3',
              ALPNProtocols: [options.protocol],
              ...(net.isIP(host) === 0 && { servername: host }),
              ...(options.ca && { ca: options.ca }),
              ...(options.cert && { cert: options.cert }),
              ...(options.key && { key: options.key }),
            } as tls.ConnectionOptions);
        const fail = (error: Error) => {
          clearTimeout(timer);
          socket.destroy();
          reject(new NetworkError(`${address}: ${error.message}`, true));
        };
        const timer = setTimeout(() => fail(new Error(`no connection within ${timeoutMs} ms`)), timeoutMs);
        socket.once('error', fail);
        socket.once(options.plain ? 'connect' : 'secureConnect', () => {
          clearTimeout(timer);
          socket.off('error', fail);
          resolve(wire(socket, events));
        });
      });
    },
  };
}

function wire(socket: Socket, accept: (link: Link) => LinkEvents): Link {
  socket.setNoDelay(true);
  const link: Link = {
    ...certificateOf(socket),
    peer: `${socket.remoteAddress}:${socket.remotePort}`,
    write: (bytes, done) => socket.write(bytes, done && (() => done())),
    get waiting() {
      return socket.writableLength;
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
  };
  const events = accept(link);
  let failure: Error | undefined;
  // Plain bytes: `slice` of a Buffer makes no copy, and its `buffer` is larger than it is.
  socket.on('data', (bytes: Buffer) => events.data(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)));
  socket.on('drain', () => events.drained());
  socket.on('error', (error) => {
    failure = error;
    // A record that was damaged on its way is told, but ends nothing by itself.
    socket.destroy();
  });
  socket.on('close', () => events.closed(failure));
  return link;
}

function certificateOf(socket: Socket): Pick<Link, 'certificate' | 'certificateEndsAt'> {
  const peer = (socket as Partial<TLSSocket>).getPeerCertificate?.();
  if (peer?.raw === undefined) return {};
  return {
    certificate: createHash('sha256').update(peer.raw).digest('hex'),
    certificateEndsAt: Date.parse(peer.valid_to),
  };
}
