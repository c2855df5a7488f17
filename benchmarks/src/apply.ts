/** How fast the core alone decides: whole payments (submission and answer) through `applyBatch`, nothing else running. */
import { applyBatch, createState, Effects, findBreaches, paymentAt, paymentHandle } from '@clearway/core';
import { batchSize, payoutBatches, payoutId, prepare, startedAt } from './payouts.ts';

export interface ApplyResult {
  readonly payments: number;
  readonly paymentsPerSecond: number;
  /** Bytes of typed arrays that one remembered payment takes, index included. */
  readonly bytesPerPayment: number;
}

/** Payouts of three institutions to 200 banks; every one must have succeeded, or it throws. */
export function benchApply(payments: number): ApplyResult {
  const state = createState(1, 1);
  const effects = new Effects();
  let sequence = 0;
  const run = (facts: Uint8Array) => {
    effects.clear();
    applyBatch(state, ++sequence, startedAt + sequence, facts, effects);
  };
  prepare(run);

  const memoryBefore = process.memoryUsage().arrayBuffers;
  const batches = payoutBatches();
  const began = process.hrtime.bigint();
  for (let first = 0; first < payments; first += batchSize) {
    run(batches.submissions(first, startedAt + sequence));
    run(batches.answers(first));
  }
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  const ended = paymentAt(state, paymentHandle(state, payoutId(payments - 1))).state;
  const breaches = findBreaches(state);
  if (ended !== 'succeeded' || state.remembered !== payments || breaches.length > 0) {
    throw new Error(
      `the run was not whole: last is ${ended}, ${state.remembered} of ${payments} remembered, ${breaches.join('; ')}`,
    );
  }
  return {
    payments,
    paymentsPerSecond: Math.round(payments / seconds),
    bytesPerPayment: Math.round(((process.memoryUsage().arrayBuffers - memoryBefore) / payments) * 10) / 10,
  };
}
