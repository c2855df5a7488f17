/** When everything is whole again: it comes to an end by itself, and institutions, platform and journal agree on all of it. */
import assert from 'node:assert/strict';
import type { World } from '@clearway/start';
import { until } from './until.ts';
import { assertVerified } from './verify.ts';
import { examine, type OwnPayment, type Testimony } from './witness.ts';

export interface Verdict extends Testimony {
  readonly cycles: number;
}

const patienceMs = 180_000;
/** Of a payment's identifier: who sent it. */
const participantDigits = [9, 14] as const;

/**
 * Puts the wallets to rest. `own`: payments that a test has sent itself and sends no more of.
 * @throws Error that says what is not as it must be
 */
export async function judge(world: World, own: readonly OwnPayment[] = []): Promise<Verdict> {
  world.setRate(0);
  assert.ok(await world.drained(patienceMs), `not all ends definitely: ${JSON.stringify(world.tally.totals())}`);
  await until('nothing is on its way', async () => ((await world.operator.statistics())?.inFlight ?? 1) === 0);
  const cycles = await within('the settlement of the last cycle', world.operator.settleCycle());
  for (let cycle = 1; cycle <= cycles; cycle++) {
    assert.ok(await world.reconciled(cycle, patienceMs), `not every institution reconciles cycle ${cycle}`);
    assert.equal((await world.records.cycle(cycle))?.state, 'settled', `state of cycle ${cycle}`);
    const positions = await world.records.positions(cycle);
    const sum = positions.reduce((total, { credits, debits }) => total + credits - debits, 0n);
    assert.equal(sum, 0n, `sum of the positions of cycle ${cycle}`);
  }
  const differences = countBy(world.tally.reconciled(), (one) => [one.participant, one.differences]);
  assert.deepEqual(differences, await foreignTo(world, own), 'files differ from what the institutions know');
  const testimony = await examine(world, own);
  assert.deepEqual(testimony.breaches, []);
  assert.ok(testimony.answers > 50, `there was little to examine: ${testimony.answers} answers`);
  await assertVerified(world);
  return { ...testimony, cycles };
}

/** What a test sent in the name of a wallet is in the wallet's files, and not in its books: so many differences. */
async function foreignTo(world: World, payments: readonly OwnPayment[]): Promise<Record<string, number>> {
  const records = await Promise.all(payments.map(({ paymentId }) => world.records.payment(paymentId)));
  return countBy(payments, ({ paymentId }, at) => [
    paymentId.slice(...participantDigits),
    records[at]?.state === 'succeeded' ? 1 : 0,
  ]);
}

/** Sums by name, without what is zero. */
function countBy<T>(list: readonly T[], read: (one: T, at: number) => readonly [name: string, count: number]) {
  const sums: Record<string, number> = {};
  for (const [at, one] of list.entries()) {
    const [name, count] = read(one, at);
    if (count > 0) sums[name] = (sums[name] ?? 0) + count;
  }
  return sums;
}

async function within<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const impatience = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${patienceMs / 1000} s in vain for ${what}`)), patienceMs);
  });
  return Promise.race([promise, impatience]).finally(() => clearTimeout(timer));
}
