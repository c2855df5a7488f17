/** A network within the process: handlers by host, and faults at will. */
import { type HttpHandler, type HttpRequest, type HttpResponse, type Network, NetworkError } from '@clearway/ports';

/**
 * What happens to one request. `neverSent`: no connection. `requestLost`: it does not arrive, and the sender cannot
 * know. `answerLost`: it arrives and has its effect, and the answer does not come back.
 */
export type Fate = 'delivered' | 'neverSent' | 'requestLost' | 'answerLost';

export interface TestNetwork extends Network {
  /** `host` as it stands in the address. */
  connect(host: string, handler: HttpHandler): void;
  /** Decides on every request from now on; default: all are delivered. */
  fate: (request: HttpRequest) => Fate;
  /** Everything that was sent, the lost ones too. */
  readonly sent: readonly HttpRequest[];
}

export function createTestNetwork(): TestNetwork {
  const handlers = new Map<string, HttpHandler>();
  const sent: HttpRequest[] = [];

  async function request(message: HttpRequest): Promise<HttpResponse> {
    sent.push(message);
    const { host, pathname, search } = new URL(message.url);
    const handler = handlers.get(host);
    const fate = handler ? network.fate(message) : 'neverSent';
    if (!handler || fate === 'neverSent') throw new NetworkError(`no connection to ${host}`, true);
    if (fate === 'requestLost') throw new NetworkError('no answer in time', false);
    const response = await handler({ ...message, url: pathname + search });
    if (fate === 'answerLost') throw new NetworkError('the connection broke', false);
    return response;
  }

  const network: TestNetwork = {
    request,
    sent,
    connect: (host, handler) => void handlers.set(host, handler),
    fate: () => 'delivered',
  };
  return network;
}
