/** What the tests of the stream share: a platform, keys, clients, and payments by number. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { identifierToBytes, outcomeFlags, outcomeMessage, paymentStates, streamProtocol } from '@clearway/contract';
import type { KeyPair } from '@clearway/ports';
import { realChance, realClock, realCrypto, realLinks } from '@clearway/ports/real';
import { selfSigned } from '@clearway/ports/testing';
import type { StreamPayment } from './payment-message.ts';
import type { StreamClient, StreamClientOptions } from './port.ts';
import { createStreamClient } from './stream-client.ts';
import type { LinkEnd } from './stream-link.ts';
import { hexOf, scheme, startTestPlatform, type TestPlatform } from './test-platform.ts';

const certificates = { platform: selfSigned('platform'), client: selfSigned('client') };
const stateNames = Object.fromEntries(Object.entries(paymentStates).map(([name, number]) => [number, name]));

export const participants = [101, 102, 103, 201] as const;
const keys = new Map<number, KeyPair>();
for (const code of participants) keys.set(code, await realCrypto.generateSigningKey('ed25519'));

export interface Told {
  readonly id: string;
  readonly state: string;
  readonly flags: number;
  readonly participant: number;
}

export interface TestClient {
  readonly stream: StreamClient;
  readonly outcomes: Told[];
  readonly others: Told[];
  readonly ends: LinkEnd[];
  welcomes: number;
  rooms: number;
}

export async function startPlatform(t: TestContext): Promise<TestPlatform> {
  const publicKeys = new Map([...keys].map(([code, { publicKey }]) => [code, publicKey]));
  const platform = await startTestPlatform({ tls: certificates.platform, keys: publicKeys });
  t.after(() => platform.close());
  return platform;
}

export const links = realLinks({
  ca: certificates.platform.cert,
  cert: certificates.client.cert,
  key: certificates.client.key,
  protocol: streamProtocol,
});
export const signingOf = (code: number) =>
  ({ suite: 'ed25519', version: 1, privateKey: keys.get(code)!.privateKey }) as const;

export function startClient(
  t: TestContext,
  platform: TestPlatform,
  options: Partial<Omit<StreamClientOptions, 'events' | 'signers'>> & {
    readonly codes?: readonly number[];
    readonly links?: number;
    readonly events?: Partial<StreamClientOptions['events']>;
  } = {},
): TestClient {
  const { codes = [101], events, ...others } = options;
  const told = (view: DataView, at: number): Told => ({
    id: hexOf(new Uint8Array(view.buffer, view.byteOffset), at + outcomeMessage.id, 16),
    state: stateNames[view.getUint8(at)]!,
    flags: view.getUint8(at + outcomeMessage.flags),
    participant: view.getUint32(at + outcomeMessage.participant),
  });
  const seen = { outcomes: [] as Told[], others: [] as Told[], ends: [] as LinkEnd[], welcomes: 0, rooms: 0 };
  const stream = createStreamClient({
    ports: { clock: realClock, chance: realChance, crypto: realCrypto, links },
    addresses: Array.from({ length: options.links ?? 1 }, () => platform.address),
    scheme,
    signers: codes.map((code) => ({ code: String(code).padStart(5, '0'), signing: signingOf(code) })),
    ...others,
    events: {
      outcome: (view, at) => void seen.outcomes.push(told(view, at)),
      otherOutcome: (view, at) => void seen.others.push(told(view, at)),
      linked: () => void seen.welcomes++,
      unlinked: (_address, why) => void seen.ends.push(why),
      room: () => void seen.rooms++,
      failed: (error) => assert.fail(error),
      ...events,
    },
  });
  t.after(() => stream.close());
  return Object.assign(seen, { stream });
}

/** The identifier of number `n`, hex. */
export const idOf = (n: number, participant = 101) => hexOf(idBytes(n, participant), 0, 16);

function idBytes(sequence: number, participant: number): Uint8Array {
  return identifierToBytes({ date: 20261122, version: 1, participant, sequence, centre: 1, cell: 1 });
}

const text = new TextEncoder();

/** Number `n` of its signer, each with other lengths. */
export function paymentOf(n: number, signer = 0, participant = 101, bank = 900): StreamPayment {
  return {
    signer,
    id: idBytes(n, participant),
    idAt: 0,
    kind: 2,
    currency: 156,
    decimals: 2,
    instructed: bank,
    amount: 100 + n,
    expiresAt: Date.now() + 60_000,
    reference: undefined,
    endToEndId: text.encode(`order-${n}`),
    sealed: new Uint8Array(n % 300).fill(n),
  };
}

export async function until(holds: () => boolean, what: string): Promise<void> {
  const givesUpAt = Date.now() + 20_000;
  while (!holds()) {
    assert.ok(Date.now() < givesUpAt, `waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Submits all, waiting for room as a program would. */
export async function submitAll({ stream }: TestClient, payments: readonly StreamPayment[]): Promise<void> {
  for (const payment of payments) {
    await until(() => stream.submit(payment), 'room for a payment');
  }
}

/** Of each identifier, how many final outcomes it was told. */
export function finalCounts(outcomes: readonly Told[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { id, state, flags } of outcomes) {
    const isFinal = ['succeeded', 'failed', 'refused'].includes(state) && !(flags & outcomeFlags.asked);
    if (isFinal) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}
