/** The settlement agent's side of the contract: verifies the platform's requests, books, signs what it answers. */
import { createHash } from 'node:crypto';
import {
  type AccountEntry,
  type Check,
  checkDeposit,
  checkSettlementInstruction,
  currencyByAlpha,
  findRoute,
  formatAmount,
  formatTime,
  type Money,
  type Problem,
  parseAmount,
  parseJson,
  parseSigned,
  problem,
  problemContentType,
  type SettlementAdvice,
  type SettlementInstruction,
  type SigningKey,
  signResponse,
  type VerifyingKey,
  verifyRequest,
} from '@clearway/contract';
import type { HttpHandler, HttpRequest, HttpResponse, Ports } from '@clearway/ports';
import type { Account, Book, BookRecord, BookRefusal, Entry } from './book.ts';

export interface HandlerOptions {
  readonly ports: Pick<Ports, 'clock' | 'chance' | 'crypto'>;
  readonly book: Book;
  /** Makes the records durable; returns when they are. */
  write(records: readonly BookRecord[]): void;
  /** Own participant code. */
  readonly code: string;
  readonly signing: SigningKey;
  /** Who may instruct. */
  readonly platform: { readonly code: string; readonly keys: readonly VerifyingKey[] };
  firstUse(code: string, nonce: string, expiresAt: number): boolean;
}

class Refusal extends Error {
  readonly problem: Problem;
  constructor(reason: Problem['reason'], detail: string) {
    super(detail);
    this.problem = problem(reason, detail);
  }
}

const reasonOf: Record<BookRefusal, Problem['reason']> = {
  accountMissing: 'accountMissing',
  notBalanced: 'fieldInvalid',
  amountNotPositive: 'amountInvalid',
  idTaken: 'identifierReused',
  positionRepeated: 'fieldInvalid',
};

const jsonLimits = { maxBytes: 4 * 2 ** 20, maxDepth: 8 };

export function createHandler({ ports, book, write, code, signing, platform, firstUse }: HandlerOptions): HttpHandler {
  /** Applied when durable; then whatever the queue can settle now. */
  function commit(records: readonly BookRecord[]): void {
    for (let next = records; next.length > 0; next = book.decideQueue(ports.clock.now())) {
      write(next);
      next.forEach(book.apply);
    }
  }

  function submitSettlement(body: unknown): SettlementAdvice {
    const asked = read(checkSettlementInstruction, body);
    const { instructionId, currency } = asked;
    const positions = asked.positions.map(({ participant, net }) => ({ participant, net: signedOf(net, currency) }));
    const fingerprint = createHash('sha256')
      .update(JSON.stringify(inOrder(asked)))
      .digest('hex');
    const decision = book.decideInstruction({ instructionId, currency, positions, fingerprint }, ports.clock.now());
    if (decision.outcome === 'refused') throw new Refusal(reasonOf[decision.refusal], decision.detail);
    commit(decision.outcome === 'booked' ? decision.records : book.decideQueue(ports.clock.now()));
    return advice(instructionId);
  }

  function advice(instructionId: string): SettlementAdvice {
    const status = book.status(instructionId);
    if (!status) throw new Refusal('notFound', `no instruction ${instructionId}`);
    if (status.state === 'settled')
      return { instructionId, state: 'settled', settledAt: formatTime(status.settledAt), shortfalls: [] };
    const { currency, shortfalls } = status;
    const missing = shortfalls.map(({ participant, missing }) => ({
      participant,
      missing: major(missing, currency).amount,
    }));
    return { instructionId, state: 'queued', shortfalls: missing };
  }

  function accountOf(participant: string, currency: string): Account {
    const account = book.account(participant, currency);
    if (!account) throw new Refusal('accountMissing', `${participant} has no settlement account in ${currency}`);
    return account;
  }

  function deposit(participant: string, body: unknown): AccountEntry {
    const { reference, amount, currency } = read(checkDeposit, body);
    const parsed = parseAmount({ amount, currency });
    if ('reason' in parsed) throw new Refusal(parsed.reason, 'the amount of the deposit');
    const asked = { participant, currency, reference, amount: BigInt(parsed.minor) };
    const decision = book.decideDeposit(asked, ports.clock.now());
    if (decision.outcome === 'refused') throw new Refusal(reasonOf[decision.refusal], decision.detail);
    if (decision.outcome === 'booked') commit(decision.records);
    const { entries } = accountOf(participant, currency);
    return wireEntry(entries.find((entry) => entry.kind === 'deposit' && entry.reference === reference)!, currency);
  }

  function entriesAfter(participant: string, query: URLSearchParams) {
    const currency = query.get('currency') ?? '';
    const after = Number(query.get('after'));
    if (!Number.isSafeInteger(after) || after < 0)
      throw new Refusal('fieldInvalid', 'after: the number of an entry, or 0');
    const { entries } = accountOf(participant, currency);
    return { entries: entries.slice(after, after + mostEntries).map((entry) => wireEntry(entry, currency)) };
  }

  function answer({ method, url, body }: HttpRequest): object {
    const { pathname, searchParams } = new URL(url, 'https://settlement.agent');
    const found = findRoute('settlementAgent', method, pathname);
    if (typeof found === 'string') throw new Refusal(found, `${method} ${pathname}`);
    const { instructionId, participant } = found.parameters;
    switch (found.route.operationId) {
      case 'submitSettlement':
        return submitSettlement(readJson(body));
      case 'getSettlement':
        commit(book.decideQueue(ports.clock.now()));
        return advice(instructionId);
      case 'getAccountEntries':
        return entriesAfter(participant, searchParams);
      case 'deposit':
        return deposit(participant, readJson(body));
      default:
        throw new Refusal('notFound', `${method} ${pathname}`);
    }
  }

  async function handle(request: HttpRequest): Promise<HttpResponse> {
    const keysOf = (signer: string) => (signer === platform.code ? platform.keys : undefined);
    const verified = await verifyRequest(ports, request, { keysOf, firstUse });
    if (!verified.ok) throw new Refusal(verified.reason, verified.message);
    return json(200, 'application/json', answer(request));
  }

  return async (request) => {
    let response: HttpResponse;
    try {
      response = await handle(request);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      response = json(error.problem.status, problemContentType, error.problem);
    }
    return signResponse(ports, signing, code, request, response);
  };
}

/** Most entries in one answer; ask on from the last. */
const mostEntries = 1_000;

/** The same instruction, however its fields and positions are ordered. */
function inOrder({ instructionId, cycle, businessDate, currency, positions }: SettlementInstruction): unknown[] {
  const nets = positions.map(({ participant, net }) => [participant, net]).sort();
  return [instructionId, cycle, businessDate, currency, nets];
}

function wireEntry({ entry, kind, amount, bookedAt, reference }: Entry, currency: string): AccountEntry {
  return { entry, kind, ...major(amount, currency), bookedAt: formatTime(bookedAt), reference };
}

function major(minor: bigint, currency: string): Money {
  return formatAmount(minor, currencyByAlpha(currency)!.numeric);
}

function signedOf(net: string, currency: string): bigint {
  try {
    return parseSigned(net, currency);
  } catch (error) {
    throw new Refusal('amountInvalid', (error as Error).message);
  }
}

function read<T>(check: Check<T>, body: unknown): T {
  const checked = check(body);
  if (checked.ok) return checked.value;
  throw new Refusal(checked.reason, `${checked.path} ${checked.message}`);
}

function readJson(body: Uint8Array): unknown {
  const parsed = parseJson(body, jsonLimits);
  if (!parsed.ok) throw new Refusal(parsed.reason, parsed.message);
  return parsed.value;
}

function json(status: number, contentType: string, body: object): HttpResponse {
  return { status, headers: { 'content-type': contentType }, body: Buffer.from(JSON.stringify(body)) };
}
