/** How fast the core alone decides: whole payments (submission and answer) through `applyBatch`, nothing else running. */
import {
  applyBatch,
  createState,
  Effects,
  encodeAdoptConfiguration,
  encodeAdvanceBusinessDay,
  encodeRecordAnswer,
  encodeRecordFunds,
  encodeSubmitPayment,
  findBreaches,
  identifierToBytes,
  layout,
  paymentAt,
  paymentHandle,
  writeUint64,
} from '@clearway/core';

export interface ApplyResult {
  readonly payments: number;
  readonly paymentsPerSecond: number;
  /** Bytes of typed arrays that one remembered payment takes, index included. */
  readonly bytesPerPayment: number;
}

const institutions = 3;
const banks = 200;
const currency = 156;
const businessDate = 20261122;
const startedAt = Date.UTC(2026, 10, 22);
/** Payments in a batch, as they come together under load. */
const batchSize = 500;

const hash = (number: number): Uint8Array => {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
};

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
  const submissions = template(
    encodeSubmitPayment({
      id: identifierToBytes({ date: businessDate, version: 1, participant: 101, sequence: 0, centre: 1, cell: 1 }),
      kind: 'payout',
      suite: 1,
      keyVersion: 1,
      currency,
      instructed: 201,
      amount: 12_345,
      expiresAt: startedAt + 60_000,
      receivedAt: startedAt,
      hash: hash(0),
    }),
  );
  const answers = template(
    encodeRecordAnswer({
      id: identifierToBytes({ date: businessDate, version: 1, participant: 101, sequence: 0, centre: 1, cell: 1 }),
      answer: 'succeeded',
      reason: 0,
      suite: 1,
      keyVersion: 1,
      bank: 201,
      hash: hash(0),
    }),
  );
  const began = process.hrtime.bigint();
  for (let first = 0; first < payments; first += batchSize) {
    for (let i = 0; i < batchSize; i++) {
      const number = first + i;
      const bank = 201 + (number % banks);
      const submission = i * layout.submitPayment.size;
      name(submissions, submission + layout.submitPayment.id, number);
      submissions.view.setUint32(submission + layout.submitPayment.hash, number);
      submissions.view.setUint32(submission + layout.submitPayment.instructed, bank);
      writeUint64(submissions.view, submission + layout.submitPayment.expiresAt, startedAt + sequence + 60_000);
      const answer = i * layout.recordAnswer.size;
      name(answers, answer + layout.recordAnswer.id, number);
      answers.view.setUint32(answer + layout.recordAnswer.hash, number);
      answers.view.setUint32(answer + layout.recordAnswer.bank, bank * 0x100);
    }
    run(submissions.bytes);
    run(answers.bytes);
  }
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  const last = identifierToBytes({
    date: businessDate,
    version: 1,
    participant: 101 + ((payments - 1) % institutions),
    sequence: payments - 1,
    centre: 1,
    cell: 1,
  });
  const ended = paymentAt(state, paymentHandle(state, last)).state;
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

function prepare(run: (facts: Uint8Array) => void): void {
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const scheme = {
    currencies: [currency],
    maximumAmount: 1e13,
    offerTimeoutMs: 5000,
    longestExpiryMs: 120_000,
    enquiryBackoffMs: 1000,
    enquiryBackoffLargestMs: 60_000,
    reversalAfterMs: 60_000,
    workItemAfterMs: 600_000,
    signingTimeoutMs: 600_000,
  };
  const participants = [
    ...Array.from({ length: institutions }, (_, i) => ({
      code: 101 + i,
      role: 'paymentInstitution',
      status: 'active',
      netDebitCaps: [],
    })),
    ...Array.from({ length: banks }, (_, i) => ({ code: 201 + i, role: 'bank', status: 'active', netDebitCaps: [] })),
  ];
  run(encodeAdoptConfiguration({ kind: 'scheme', version: 1, hash: hash(1), content: json(scheme) }));
  run(encodeAdoptConfiguration({ kind: 'participants', version: 1, hash: hash(2), content: json({ participants }) }));
  run(encodeAdvanceBusinessDay(businessDate));
  for (let i = 0; i < institutions; i++) {
    run(encodeRecordFunds({ participant: 101 + i, currency, entry: 1, credit: true, amount: 1e15 }));
  }
}

function template(command: Uint8Array): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(command.length * batchSize);
  for (let i = 0; i < batchSize; i++) bytes.set(command, i * command.length);
  return { bytes, view: new DataView(bytes.buffer) };
}

/** Writes the participant and sequence of payment `number` into an identifier. */
function name({ view }: { view: DataView }, offset: number, number: number): void {
  view.setUint32(offset + 4, 0x100_0000 + 101 + (number % institutions));
  view.setUint32(offset + 9, number);
}
