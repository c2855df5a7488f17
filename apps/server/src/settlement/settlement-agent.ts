/** The settlement agent (a central bank's real-time gross settlement system) as the platform calls it. */
import {
  type AccountEntry,
  type Check,
  checkAccountEntries,
  checkSettlementAdvice,
  type SettlementAdvice,
  type SettlementInstruction,
  type SigningKey,
  signRequest,
  type VerifyingKey,
  verifyResponse,
} from '@clearway/contract';
import type { HttpRequest, Ports } from '@clearway/ports';

export interface SettlementAgent {
  /** Idempotent by `instructionId`: the same instruction may be submitted until it is settled. */
  submit(instruction: SettlementInstruction): Promise<SettlementAdvice>;
  /** Entries of a participant's account after number `after`, ascending; at most a page of them. */
  entries(participant: string, currency: string, after: number): Promise<AccountEntry[]>;
}

export interface SettlementAgentOptions {
  readonly ports: Ports;
  /** Base address. */
  readonly url: string;
  readonly platformCode: string;
  readonly platformKey: SigningKey;
  readonly agentCode: string;
  readonly agentKeys: readonly VerifyingKey[];
}

/** No usable, signed answer came: what was asked may or may not have been done; ask again with the same id. */
export class SettlementAgentError extends Error {
  override name = 'SettlementAgentError';
}

const timeoutMs = 10_000;
const noBody = new Uint8Array(0);

export function createSettlementAgent(options: SettlementAgentOptions): SettlementAgent {
  const { ports, url, platformCode, platformKey, agentCode, agentKeys } = options;

  const call = async <T>(method: string, path: string, body: unknown, check: Check<T>): Promise<T> => {
    const bytes = body === undefined ? noBody : new TextEncoder().encode(JSON.stringify(body));
    const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const request: HttpRequest = { method, url: new URL(path, url).href, headers, body: bytes };
    const signed = await signRequest(ports, platformKey, platformCode, request);
    const response = await ports.network.request(signed, { timeoutMs });
    const verified = await verifyResponse(ports, signed, response, { code: agentCode, keys: agentKeys });
    if (!verified.ok)
      throw new SettlementAgentError(`${method} ${path}: the answer's signature does not hold: ${verified.message}`);
    const text = Buffer.from(response.body).toString('utf8');
    if (response.status !== 200)
      throw new SettlementAgentError(`${method} ${path}: status ${response.status}, ${text.slice(0, 300)}`);
    const checked = check(JSON.parse(text));
    if (!checked.ok) throw new SettlementAgentError(`${method} ${path}: ${checked.path} ${checked.message}`);
    return checked.value;
  };

  return {
    submit: (instruction) => call('POST', '/v1/settlements', instruction, checkSettlementAdvice),
    async entries(participant, currency, after) {
      const path = `/v1/accounts/${participant}/entries?currency=${currency}&after=${after}`;
      return (await call('GET', path, undefined, checkAccountEntries)).entries;
    },
  };
}
