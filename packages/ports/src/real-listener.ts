/** HTTP server on node:http and node:https in front of one handler. */
import { createHash } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Headers, HttpHandler, HttpRequest, HttpResponse } from './index.ts';
import { plainHeaders } from './real-network.ts';

export interface ListenOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly tls?:
    | {
        /** PEM. */
        readonly cert: string;
        readonly key: string;
        /** PEM certificates that client certificates must chain to; without it the handler must pin fingerprints. */
        readonly ca?: string | undefined;
        /** Ask clients for a certificate; one without is let in, and the handler decides. */
        readonly requestCert?: boolean | undefined;
      }
    | undefined;
  /** Larger bodies get {@link ListenOptions.tooLarge}, and the handler does not see them. */
  readonly maxBodyBytes: number;
  /** What a larger body is answered; without it status 413 without a body. */
  readonly tooLarge?: HttpResponse | undefined;
  readonly timeouts?:
    | {
        /** TLS handshake, and the request's headers; default 10 s. */
        readonly headersMs?: number | undefined;
        /** The whole request; default 30 s. */
        readonly requestMs?: number | undefined;
        /** A connection on which nothing moves; default 65 s. Must be longer than the handler may think. */
        readonly idleMs?: number | undefined;
        /** How long {@link Listener.close} waits for requests in progress; default 10 s. */
        readonly closeMs?: number | undefined;
      }
    | undefined;
  readonly maxConnections?: number | undefined;
  /** Told when the handler throws: a mistake of ours, answered with 500. Default: a process warning. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

export interface Listener {
  readonly port: number;
  /** Takes no new connection, ends idle ones, lets requests in progress finish within `closeMs`, then cuts the rest. */
  close(): Promise<void>;
}

/** SHA-256 of the client's TLS certificate, lower-case hex; set here alone, never taken from the outside. */
export const certificateHeader = 'x-client-certificate';

const empty = new Uint8Array(0);

/** Resolves to undefined when the body is larger than `maxBytes`; the rest of it is read and dropped. */
function readBody(incoming: http.IncomingMessage, maxBytes: number): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    if (Number(incoming.headers['content-length'] ?? 0) > maxBytes) {
      incoming.resume();
      resolve(undefined);
      return;
    }
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else resolve(undefined);
    });
    incoming.on('end', () => resolve(new Uint8Array(Buffer.concat(chunks))));
    incoming.on('error', reject);
  });
}

function certificateOf(socket: Socket, chainRequired: boolean): string | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  if (chainRequired && !socket.authorized) return undefined;
  const certificate = socket.getPeerCertificate();
  return certificate?.raw && createHash('sha256').update(certificate.raw).digest('hex');
}

export function listen(handler: HttpHandler, options: ListenOptions): Promise<Listener> {
  const { host, port, tls, maxBodyBytes, timeouts = {} } = options;
  const tooLarge = options.tooLarge ?? { status: 413, headers: {}, body: empty };
  const onError = options.onError ?? ((error) => process.emitWarning(error instanceof Error ? error : String(error)));
  const { headersMs = 10_000, requestMs = 30_000, idleMs = 65_000, closeMs = 10_000 } = timeouts;
  const certificates = new WeakMap<Socket, string>();
  const sockets = new Set<Socket>();
  let closing = false;

  function headersOf(incoming: http.IncomingMessage): Headers {
    const given = plainHeaders(incoming.headers);
    const certificate = certificates.get(incoming.socket);
    if (certificate === undefined && given[certificateHeader] === undefined) return given;
    const { [certificateHeader]: _, ...headers } = given;
    return certificate ? { [certificateHeader]: certificate, ...headers } : headers;
  }

  async function answer(incoming: http.IncomingMessage): Promise<HttpResponse> {
    const url = incoming.url as string;
    if (!url.startsWith('/')) return { status: 400, headers: {}, body: empty };
    const body = await readBody(incoming, maxBodyBytes);
    if (!body) return tooLarge;
    const request: HttpRequest = { method: incoming.method as string, url, headers: headersOf(incoming), body };
    return handler(request).catch((error: unknown) => {
      onError(error);
      return { status: 500, headers: {}, body: empty };
    });
  }

  function serve(incoming: http.IncomingMessage, outgoing: http.ServerResponse): void {
    answer(incoming).then(
      ({ status, headers, body }) => {
        const withBody = status !== 204 && status !== 304;
        if (closing) outgoing.shouldKeepAlive = false;
        outgoing.writeHead(
          status,
          withBody ? Object.assign({}, headers, { 'content-length': String(body.length) }) : headers,
        );
        outgoing.end(withBody ? body : undefined);
      },
      // The client went away within its own request: there is nobody to tell, and nothing was begun.
      () => outgoing.destroy(),
    );
  }

  const serverOptions: http.ServerOptions = {
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    keepAliveTimeout: idleMs,
    connectionsCheckingInterval: Math.ceil(Math.min(headersMs, requestMs) / 4),
  };
  const server: http.Server = tls
    ? https.createServer(
        {
          ...serverOptions,
          cert: tls.cert,
          key: tls.key,
          ...(tls.ca && { ca: tls.ca }),
          requestCert: tls.requestCert ?? false,
          rejectUnauthorized: false,
          minVersion: 'TLSv1.3',
          handshakeTimeout: headersMs,
        },
        serve,
      )
    : http.createServer(serverOptions, serve);
  if (options.maxConnections) server.maxConnections = options.maxConnections;
  server.setTimeout(idleMs);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    const certificate = certificateOf(socket, tls?.ca !== undefined);
    if (certificate) certificates.set(socket, certificate);
  });

  function close(): Promise<void> {
    closing = true;
    return new Promise((resolve) => {
      const cut = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, closeMs);
      server.close(() => {
        clearTimeout(cut);
        resolve();
      });
      server.closeIdleConnections();
    });
  }

  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve({ port: (server.address() as AddressInfo).port, close });
    });
  });
}
