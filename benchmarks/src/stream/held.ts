/**
 * What a payment costs, and what it takes to remember it, when so many are remembered already. The core alone: payouts
 * with their answers through `applyBatch`, as the cell would replay them, without bodies, links and signatures, since 10^8
 * whole ones would take a day and 80 GB of journal.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
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
  writeUint64,
} from '@clearway/core';

export interface HeldRow {
  readonly held: number;
  /** Microseconds of processor time a payment, submission and answer, of the last `measured` ones. */
  readonly microseconds: number;
  readonly measured: number;
  /** Bytes of typed arrays a payment remembered. */
  readonly bytesPerPayment: number;
}

const institutions = 100;
const banks = 400;
const currency = 156;
const businessDate = 20261122;
const startedAt = Date.UTC(2026, 10, 22);
const batchSize = 500;
const mostMeasured = 500_000;
const [firstInstitution, firstBank] = [10_001, 20_001];

const compiledAfter = 100_000;
const largestFew = 100_000;

/** @throws Error when something was refused */
export function benchHeld(counts: readonly number[], say: (text: string) => void): HeldRow[] {
  // The first payments are slow until their code is compiled: that is no cost of holding few.
  fill([compiledAfter]);
  const few = counts.filter((count) => count <= largestFew).map(averaged);
  const rows = [...few, ...fill(counts.filter((count) => count > largestFew))];
  for (const { held, microseconds } of rows) say(`${held} held: ${microseconds} µs a payment`);
  return rows;
}

/** What takes milliseconds is measured again and again. */
function averaged(count: number): HeldRow {
  const rows = Array.from({ length: Math.ceil(compiledAfter / count) }, () => fill([count])[0]!);
  const sum = rows.reduce((total, { microseconds }) => total + microseconds, 0);
  return { ...rows[0]!, microseconds: Math.round((sum / rows.length) * 100) / 100 };
}

function fill(counts: readonly number[]): HeldRow[] {
  const state = createState(1, 1);
  const effects = new Effects();
  let sequence = 0;
  const run = (facts: Uint8Array) => {
    effects.clear();
    applyBatch(state, ++sequence, startedAt + sequence, facts, effects);
  };
  adopt(run);
  const before = arrayBytes();
  const submissions = batchOf(submission());
  const answers = batchOf(answer());
  let held = 0;
  const pay = (payments: number) => {
    for (const end = held + payments; held < end; held += batchSize) {
      for (let i = 0; i < batchSize; i++) fillIn(submissions.view, answers.view, i, held + i, sequence);
      run(submissions.bytes);
      run(answers.bytes);
    }
  };
  return [...counts]
    .sort((a, b) => a - b)
    .map((count) => {
      const measured = Math.min(mostMeasured, Math.floor(count / 2 / batchSize) * batchSize);
      pay(count - measured - held);
      const began = process.cpuUsage();
      pay(measured);
      const spent = process.cpuUsage(began);
      const microseconds = (spent.user + spent.system) / measured;
      const breaches = findBreaches(state);
      if (state.remembered !== held || state.inFlight !== 0 || breaches.length > 0)
        throw new Error(
          `${state.remembered} of ${held} are remembered, ${state.inFlight} open; ${breaches.join('; ')}`,
        );
      return {
        held,
        microseconds: Math.round(microseconds * 100) / 100,
        measured,
        bytesPerPayment: Math.round(((arrayBytes() - before) / held) * 10) / 10,
      };
    });
}

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Bytes of typed arrays, without those that nobody holds any more. */
function arrayBytes(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

const idOf = (participant: number) =>
  identifierToBytes({ date: businessDate, version: 1, participant, sequence: 0, centre: 1, cell: 1 });

const submission = () =>
  encodeSubmitPayment({
    id: idOf(firstInstitution),
    kind: 'payout',
    suite: 1,
    keyVersion: 1,
    currency,
    instructed: firstBank,
    amount: 12_345,
    expiresAt: startedAt + 60_000,
    receivedAt: startedAt,
    hash: new Uint8Array(32),
  });

const answer = () =>
  encodeRecordAnswer({
    id: idOf(firstInstitution),
    answer: 'succeeded',
    reason: 0,
    suite: 1,
    keyVersion: 1,
    bank: firstBank,
    hash: new Uint8Array(32),
  });

function batchOf(command: Uint8Array): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(command.length * batchSize);
  for (let i = 0; i < batchSize; i++) bytes.set(command, i * command.length);
  return { bytes, view: new DataView(bytes.buffer) };
}

/** Makes place `i` of both batches payment `number`. */
function fillIn(submissions: DataView, answers: DataView, i: number, number: number, at: number): void {
  const participant = 0x100_0000 + firstInstitution + (number % institutions);
  const bank = firstBank + (number % banks);
  const { submitPayment, recordAnswer } = layout;
  const submitted = i * submitPayment.size;
  submissions.setUint32(submitted + submitPayment.id + 4, participant);
  submissions.setUint32(submitted + submitPayment.id + 9, number);
  submissions.setUint32(submitted + submitPayment.hash, number);
  submissions.setUint32(submitted + submitPayment.instructed, bank);
  writeUint64(submissions, submitted + submitPayment.expiresAt, startedAt + at + 60_000);
  const answered = i * recordAnswer.size;
  answers.setUint32(answered + recordAnswer.id + 4, participant);
  answers.setUint32(answered + recordAnswer.id + 9, number);
  answers.setUint32(answered + recordAnswer.hash, number);
  answers.setUint32(answered + recordAnswer.bank, bank * 0x100);
}

function adopt(run: (facts: Uint8Array) => void): void {
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const hash = (number: number) => new Uint8Array(32).fill(number);
  const times = {
    offerTimeoutMs: 5000,
    longestExpiryMs: 120_000,
    enquiryBackoffMs: 1000,
    enquiryBackoffLargestMs: 60_000,
    reversalAfterMs: 60_000,
    workItemAfterMs: 600_000,
    signingTimeoutMs: 600_000,
  };
  const scheme = { currencies: [currency], maximumAmount: 1e13, ...times };
  const all = (count: number, first: number, role: string) =>
    Array.from({ length: count }, (_, i) => ({ code: first + i, role, status: 'active', netDebitCaps: [] }));
  const participants = [...all(institutions, firstInstitution, 'paymentInstitution'), ...all(banks, firstBank, 'bank')];
  run(encodeAdoptConfiguration({ kind: 'scheme', version: 1, hash: hash(1), content: json(scheme) }));
  run(encodeAdoptConfiguration({ kind: 'participants', version: 1, hash: hash(2), content: json({ participants }) }));
  run(encodeAdvanceBusinessDay(businessDate));
  for (let i = 0; i < institutions; i++)
    run(encodeRecordFunds({ participant: firstInstitution + i, currency, entry: 1, credit: true, amount: 2e15 }));
}
