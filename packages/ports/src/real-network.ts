/** HTTP client on node:http and node:https with kept-alive connections. It follows no redirect and repeats nothing. */
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import { type Headers, type HttpRequest, type HttpResponse, type Network, NetworkError } from './index.ts';

export interface NetworkOptions {
  /** PEM certificates to trust instead of the system's. */
  readonly ca?: string | undefined;
  /** Own certificate and key (PEM) for mutual TLS. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Keep connections open between requests; default true. */
  readonly keepAlive?: boolean | undefined;
  /**
   * Connections to one host at a time, default 64: further requests wait for one, within their own `timeoutMs`. A busy
   * Node server takes one new connection in each turn of its event loop, so a flood of them would wait for seconds.
   */
  readonly maxConnections?: number | undefined;
  /** Largest answer taken; default 64 MiB. */
  readonly maxBodyBytes?: number | undefined;
}

const mebibyte = 2 ** 20;

/** Shorter than listeners keep idle connections, so that a request seldom meets a connection just being closed. */
const idleMs = 30_000;

/** Of a message that came: they are its own, and are seldom more than text already. */
export function plainHeaders(headers: http.IncomingHttpHeaders): Headers {
  // The one field that Node keeps apart.
  if (headers['set-cookie'] === undefined) return headers as Headers;
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) plain[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return plain;
}

/**
 * Tells whether bytes of the request can have left. They cannot before a connection of its own is established (for
 * TLS: before the handshake is done). On a reused connection nothing is certain: the peer may have read the request
 * and then closed.
 */
function watchEstablished(request: http.ClientRequest, event: 'connect' | 'secureConnect'): () => boolean {
  let established = false;
  request.once('socket', (socket: Socket) => {
    if (request.reusedSocket || !socket.connecting) established = true;
    else socket.once(event, () => (established = true));
  });
  return () => established;
}

/** Connections of one agent differ only by where they go; Node's own name holds every option of TLS, PEM and all. */
const nameOf = ({ host, port, servername }: https.RequestOptions) => `${host}:${port}:${servername ?? ''}`;

export function realNetwork(options: NetworkOptions = {}): Network & {
  /** Closes all connections. Idle ones never keep a process alive. */
  close(): void;
} {
  const keepAlive = options.keepAlive ?? true;
  const maxBodyBytes = options.maxBodyBytes ?? 64 * mebibyte;
  const kept = { keepAlive, timeout: idleMs, maxSockets: options.maxConnections ?? 64 };
  const plainAgent = new http.Agent(kept);
  const { ca, cert, key } = options;
  const secureContext = createSecureContext({
    minVersion: 'TLSv1.3',
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
  });
  const tlsAgent = new https.Agent({ ...kept, secureContext });
  tlsAgent.getName = nameOf;

  function start(url: URL, { method, headers, body }: HttpRequest): http.ClientRequest {
    const withLength = body.length > 0 || method === 'POST' || method === 'PUT' || method === 'PATCH';
    const all = withLength ? Object.assign({}, headers, { 'content-length': String(body.length) }) : headers;
    return url.protocol === 'https:'
      ? https.request(url, { agent: tlsAgent, method, headers: all })
      : http.request(url, { agent: plainAgent, method, headers: all });
  }

  function request(message: HttpRequest, { timeoutMs }: { readonly timeoutMs: number }): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      const where = `${message.method} ${message.url}`;
      const url = URL.canParse(message.url) ? new URL(message.url) : undefined;
      if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
        reject(new NetworkError(`${where}: not an absolute http or https address`, true));
        return;
      }
      const outgoing = start(url, message);
      const established = watchEstablished(outgoing, url.protocol === 'https:' ? 'secureConnect' : 'connect');
      const fail = (what: string) => {
        clearTimeout(timer);
        reject(new NetworkError(`${where}: ${what}`, !established()));
        outgoing.destroy();
      };
      const timer = setTimeout(() => fail(`no whole answer within ${timeoutMs} ms`), timeoutMs);
      outgoing.on('error', (error) => fail(error.message || String((error as NodeJS.ErrnoException).code)));
      outgoing.on('response', (incoming) => {
        const chunks: Buffer[] = [];
        let size = 0;
        incoming.on('error', (error) => fail(error.message));
        incoming.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > maxBodyBytes) fail(`an answer of more than ${maxBodyBytes} bytes`);
          else chunks.push(chunk);
        });
        incoming.on('end', () => {
          clearTimeout(timer);
          const body = new Uint8Array(Buffer.concat(chunks));
          resolve({ status: incoming.statusCode as number, headers: plainHeaders(incoming.headers), body });
        });
      });
      outgoing.end(message.body);
    });
  }

  return {
    request,
    close() {
      plainAgent.destroy();
      tlsAgent.destroy();
    },
  };
}
