/** The network between processes: it loses, delays, doubles, reorders, changes and cuts, as the seed says. */
import { type HttpHandler, type HttpRequest, type HttpResponse, type Network, NetworkError } from '@clearway/ports';
import type { Faults } from './faults.ts';
import type { Process } from './process.ts';
import type { Time } from './time.ts';

/** By size of the body, or by kind. */
export type Filter = { readonly largerThan: number } | { readonly kind: string };

export interface SimulatedNetwork {
  /** Whoever listens at a host; a process that starts again listens anew. */
  listen(host: string, process: Process, handler: HttpHandler): void;
  /** The network as a process at `host` sees it; `certificate`: SHA-256 of its own, hex. */
  from(host: string, process: Process, certificate?: string): Network;
  /** Nothing passes from one host to another until the time is over. */
  cut(from: string, to: string, forMs: number): void;
  /** Until the time is over all messages that the filter names are lost, whoever sends them. */
  lose(filter: Filter, forMs: number): void;
  /** Until the time is over so many bytes pass in a millisecond, over all lines together. */
  narrow(bytesPerMs: number, forMs: number): void;
  heal(): void;
  /** What a cut or narrow line does to bytes that leave now, whatever carries them. */
  isCut(from: string, to: string): boolean;
  /** How long so many bytes wait and take on the narrow line, ms. */
  passage(bytes: number): number;
  /** Kinds of messages seen: method and path, without what names a single thing. */
  readonly kinds: readonly string[];
  readonly hosts: readonly string[];
  readonly messages: number;
}

export function createNetwork(time: Time, faults: Faults): SimulatedNetwork {
  const listeners = new Map<string, { readonly process: Process; readonly handler: HttpHandler }>();
  const cuts = new Map<string, number>();
  const { draw } = faults;
  const kinds = new Set<string>();
  let messages = 0;
  let lost: { readonly filter: Filter; readonly until: number } | undefined;
  let line: { readonly bytesPerMs: number; readonly until: number } | undefined;
  /** When a narrow line has passed on what was handed to it. */
  let freeAt = 0;

  const isLost = (kind: string, body: Uint8Array) => {
    if (lost === undefined || lost.until <= time.elapsed) return false;
    const { filter } = lost;
    return 'kind' in filter ? filter.kind === kind : body.length > filter.largerThan;
  };

  const passage = (bytes: number) => {
    if (line === undefined || line.until <= time.elapsed) return 0;
    freeAt = Math.max(freeAt, time.elapsed) + bytes / line.bytesPerMs;
    return freeAt - time.elapsed;
  };

  const isCut = (from: string, to: string) => (cuts.get(`${from}>${to}`) ?? 0) > time.elapsed;
  const delay = () => draw.between(0.2, 2) + (faults.strikes('messageDelayed') ? 10 ** draw.between(1, 4.3) : 0);

  const changed = <T extends { readonly body: Uint8Array }>(message: T): T => {
    if (message.body.length === 0) return message;
    const body = Uint8Array.from(message.body);
    body[draw.below(body.length)] ^= 1 << draw.below(8);
    return { ...message, body };
  };

  async function answer(
    { process, handler }: { process: Process; handler: HttpHandler },
    request: HttpRequest,
    certificate: string | undefined,
  ) {
    const { pathname, search } = new URL(request.url);
    // As the listener does once TLS has told it.
    const headers = Object.assign(
      {},
      request.headers,
      certificate !== undefined && { 'x-client-certificate': certificate },
    );
    try {
      return await process.outside('serve', () =>
        handler({ method: request.method, url: pathname + search, headers, body: request.body }),
      );
    } catch {
      // A listener answers what its handler could not.
      return { status: 500, headers: {}, body: new Uint8Array(0) } satisfies HttpResponse;
    }
  }

  return {
    listen: (host, process, handler) => void listeners.set(host, { process, handler }),
    from: (here, caller, certificate) => ({
      request: (request, { timeoutMs }) =>
        caller.outside(
          'request',
          () =>
            new Promise<HttpResponse>((resolve, reject) => {
              const { host: there, pathname } = new URL(request.url);
              const kind = `${request.method} ${pathname.replaceAll(/[0-9]{2,}/g, '…')}`;
              kinds.add(kind);
              const fail = (why: string, neverSent: boolean) => reject(new NetworkError(`${there}: ${why}`, neverSent));
              const arrive = (attempt: HttpRequest) => {
                if (isCut(here, there)) return;
                const listener = listeners.get(there);
                if (!listener?.process.isAlive) {
                  time.after(delay(), () => fail('the connection broke', false));
                  return;
                }
                const forget = listener.process.onDeath(() => {
                  time.after(1, () => fail('the connection broke', false));
                });
                listener.process.enter(() => {
                  void answer(listener, attempt, certificate).then((response) => {
                    forget();
                    if (faults.strikes('responseLost') || isLost(kind, response.body)) return;
                    time.after(delay() + passage(response.body.length), () => {
                      if (isCut(there, here)) return;
                      resolve(faults.strikes('responseCorrupted') ? changed(response) : response);
                    });
                  });
                });
              };
              messages++;
              time.after(timeoutMs, () => fail('no whole answer in time', false));
              if (faults.strikes('connectionRefused') || !listeners.get(there)?.process.isAlive) {
                time.after(delay(), () => fail('no connection', true));
                return;
              }
              if (faults.strikes('requestLost') || isLost(kind, request.body)) return;
              const sent = faults.strikes('requestCorrupted') ? changed(request) : request;
              time.after(delay() + passage(sent.body.length), () => arrive(sent));
              if (faults.strikes('requestDuplicated')) time.after(delay() + draw.between(0, 3000), () => arrive(sent));
            }),
        ),
    }),
    cut: (from, to, forMs) => void cuts.set(`${from}>${to}`, time.elapsed + forMs),
    lose(filter, forMs) {
      lost = { filter, until: time.elapsed + forMs };
    },
    narrow(bytesPerMs, forMs) {
      line = { bytesPerMs, until: time.elapsed + forMs };
    },
    heal() {
      cuts.clear();
      lost = undefined;
      line = undefined;
    },
    isCut,
    passage,
    get kinds() {
      return [...kinds];
    },
    get hosts() {
      return [...listeners.keys()];
    },
    get messages() {
      return messages;
    },
  };
}
