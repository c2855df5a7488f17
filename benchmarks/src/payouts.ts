/** Payouts of three institutions to 200 banks as batches of commands: what the core and a replay are measured with. */
import {
  encodeAdoptConfiguration,
  encodeAdvanceBusinessDay,
  encodeRecordAnswer,
  encodeRecordFunds,
  encodeSubmitPayment,
  identifierToBytes,
  layout,
  writeUint64,
} from '@clearway/core';

const institutions = 3;
const banks = 200;
const currency = 156;
const businessDate = 20261122;
export const startedAt = Date.UTC(2026, 10, 22);
/** Payments in a batch, as they come together under load. */
export const batchSize = 500;

const hash = (number: number): Uint8Array => {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
};

const identifier = (number: number): Uint8Array =>
  identifierToBytes({
    date: businessDate,
    version: 1,
    participant: 101 + (number % institutions),
    sequence: number,
    centre: 1,
    cell: 1,
  });

/** Identifier of payment `number`, from 0. */
export const payoutId = identifier;

export interface PayoutBatches {
  /** Submissions of the payments from `first` on; the bytes are used again by the next call. */
  submissions(first: number, at: number): Uint8Array;
  /** The banks' answers to them: all have succeeded. */
  answers(first: number): Uint8Array;
}

export function payoutBatches(): PayoutBatches {
  const submissions = template(
    encodeSubmitPayment({
      id: identifier(0),
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
      id: identifier(0),
      answer: 'succeeded',
      reason: 0,
      suite: 1,
      keyVersion: 1,
      bank: 201,
      hash: hash(0),
    }),
  );
  return {
    submissions(first, at) {
      for (let i = 0; i < batchSize; i++) {
        const number = first + i;
        const submission = i * layout.submitPayment.size;
        name(submissions, submission + layout.submitPayment.id, number);
        submissions.view.setUint32(submission + layout.submitPayment.hash, number);
        submissions.view.setUint32(submission + layout.submitPayment.instructed, 201 + (number % banks));
        writeUint64(submissions.view, submission + layout.submitPayment.expiresAt, at + 60_000);
      }
      return submissions.bytes;
    },
    answers(first) {
      for (let i = 0; i < batchSize; i++) {
        const number = first + i;
        const answer = i * layout.recordAnswer.size;
        name(answers, answer + layout.recordAnswer.id, number);
        answers.view.setUint32(answer + layout.recordAnswer.hash, number);
        answers.view.setUint32(answer + layout.recordAnswer.bank, (201 + (number % banks)) * 0x100);
      }
      return answers.bytes;
    },
  };
}

/** The commands that come first: configuration, business day, funds. */
export function prepare(run: (facts: Uint8Array) => void): void {
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
