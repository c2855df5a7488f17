/** What the signatures of a rail cost by themselves: how many each payment takes, and what one of them costs. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Suite } from '@clearway/ports';
import { realCrypto } from '@clearway/ports/real';

export interface SignatureCosts {
  /** Made, checked, and keys agreed on to seal or open, for each payment. */
  readonly eachPayment: Readonly<Record<string, number>>;
  /** Processor time of one, µs, in the same run, by the name in `eachPayment`. */
  readonly microseconds: Counts;
  /** Of all signatures of a payment, µs. */
  readonly microsecondsEachPayment: number;
  /** Share of all the processor time of a payment that its signatures take: what is left over is everything else. */
  readonly share?: number;
}

export type Counts = Readonly<Record<string, number>>;

/** For programs whose signatures are to be counted. */
export function countingEnvironment(folder: string): Readonly<Record<string, string>> {
  mkdirSync(folder, { recursive: true });
  return { NODE_OPTIONS: `--import ${new URL('count-crypto.js', import.meta.url)}`, BENCH_COUNTS: folder };
}

/** Of all programs since their start, but for the last fraction of a second. */
export function countsIn(folder: string): Counts {
  const sum: Record<string, number> = {};
  for (const name of readdirSync(folder).filter((one) => one.endsWith('.json'))) {
    const counts: Counts = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    for (const [what, count] of Object.entries(counts)) sum[what] = (sum[what] ?? 0) + count;
  }
  return sum;
}

/** @param microseconds processor time of a payment over all programs, where it is known */
export async function signatureCosts(
  before: Counts,
  after: Counts,
  payments: number,
  microseconds: number | undefined,
): Promise<SignatureCosts> {
  const eachPayment = Object.fromEntries(
    Object.entries(after).map(([what, count]) => [what, rounded((count - (before[what] ?? 0)) / payments)]),
  );
  const [edwards, p256] = [await costsOfSuite('ed25519'), await costsOfSuite('ecdsa-p256-sha256')];
  const microsecondsOf: Counts = {
    'sign ed25519': edwards.sign,
    'verify ed25519': edwards.verify,
    'sign ec': p256.sign,
    'verify ec': p256.verify,
  };
  const together = Object.entries(microsecondsOf).reduce(
    (sum, [what, cost]) => sum + (eachPayment[what] ?? 0) * cost,
    0,
  );
  return {
    eachPayment,
    microseconds: Object.fromEntries(Object.entries(microsecondsOf).map(([what, cost]) => [what, Math.round(cost)])),
    microsecondsEachPayment: Math.round(together),
    ...(microseconds !== undefined && { share: rounded(together / microseconds) }),
  };
}

const measured = 2000;
const atOnce = 64;

/** Processor time of one, µs, as the programs do it. */
export async function costsOfSuite(suite: Suite): Promise<{ readonly sign: number; readonly verify: number }> {
  const { publicKey, privateKey } = await realCrypto.generateSigningKey(suite);
  const bytes = new Uint8Array(400).fill(7);
  const signature = await realCrypto.sign(suite, privateKey, bytes);
  return {
    sign: await each(() => realCrypto.sign(suite, privateKey, bytes)),
    verify: await each(() => realCrypto.verify(suite, publicKey, bytes, signature)),
  };
}

/** µs of processor time of one. */
async function each(run: () => Promise<unknown>): Promise<number> {
  const began = process.cpuUsage();
  for (let done = 0; done < measured; done += atOnce) await Promise.all(Array.from({ length: atOnce }, run));
  const { user, system } = process.cpuUsage(began);
  return (user + system) / measured;
}

const rounded = (value: number) => Math.round(value * 100) / 100;
