/** A cell's life made up by a seed: the same seed gives the same batches, in any process. */
import assert from 'node:assert/strict';
import {
  applyBatch,
  createState,
  Effects,
  encodeAdoptConfiguration,
  encodeAdvanceBusinessDay,
  encodeConfirmAgreement,
  encodeCutOffCycle,
  encodeNetCycle,
  encodeRecordAnswer,
  encodeRecordFunds,
  encodeRecordSigningAnswer,
  encodeRequestAgreement,
  encodeSubmitPayment,
  encodeTick,
  handlesInFlight,
  identifierText,
  identifierToBytes,
  layout,
  type PaymentKind,
  paymentAt,
  paymentHandle,
  type State,
} from '@clearway/core';
import { packBodies } from '../batch.ts';
import type { BatchToArchive } from './feed-batch.ts';

export const lifePlace = { centre: 1, cell: 1 };
export const institutions = [101, 102];
export const banks = [201, 202];
const businessDate = 20261122;
const startedAt = Date.UTC(2026, 10, 22);
const currency = 156;

/** What was submitted, for comparing: the rest is in the core. */
export interface Submitted {
  readonly paymentId: string;
  readonly institution: number;
  readonly bank: number;
  readonly kind: PaymentKind;
  readonly endToEndId: string;
  readonly amount: number;
  readonly reference: string | null;
  readonly submittedAt: number;
  readonly receivedAt: number;
  readonly sequence: number;
  readonly index: number;
}

export interface Life {
  readonly state: State;
  /** Every payment that the core remembers, in order of submission. */
  readonly submitted: Submitted[];
  /** Places of the deciding answers, by identifier. */
  readonly answers: Map<string, { readonly sequence: number; readonly index: number }>;
  /** The next batch, applied; its effects are valid until the one after it. */
  next(): BatchToArchive;
}

/** Copies the endToEndId of a JSON body. */
export function copyJsonReference(
  bodies: Uint8Array,
  at: number,
  length: number,
  into: Uint8Array,
  to: number,
): number {
  const { endToEndId } = JSON.parse(Buffer.from(bodies.subarray(at, at + length)).toString('utf8'));
  return Buffer.from(into.buffer, into.byteOffset).write(endToEndId as string, to);
}

export function makeLife(seed: number): Life {
  const state = createState(lifePlace.centre, lifePlace.cell);
  const effects = new Effects();
  const submitted: Submitted[] = [];
  const answers = new Map<string, { sequence: number; index: number }>();
  let random = seed * 2 + 1;
  const chance = (below: number) => {
    random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((random / 2 ** 32) * below);
  };
  let at = startedAt;
  let serial = 0;
  const name = (participant: number) => ({
    ...lifePlace,
    date: businessDate,
    version: 1,
    participant,
    sequence: ++serial,
  });
  const hash = (number: number) => {
    const bytes = new Uint8Array(32);
    new DataView(bytes.buffer).setUint32(0, number);
    return bytes;
  };
  const agreement = identifierToBytes(name(101));
  const prelude = preludeOf(agreement, hash);

  /** Some are long, some are given twice, some institutions give the same. */
  const reference = () =>
    chance(20) === 0 ? '信'.repeat(35 - chance(5)) : chance(10) === 0 ? 'NOTPROVIDED' : `order ${chance(400)}`;

  const submission = () => {
    const pull = chance(3) === 0;
    const id = name(pull ? 101 : institutions[chance(2)]);
    const bank = pull ? 201 : banks[chance(2)];
    const refund = !pull && chance(10) === 0;
    const kind: PaymentKind = pull ? 'agreementPayment' : refund ? 'refund' : 'payout';
    const original = refund && submitted.length > 0 ? submitted[chance(submitted.length)].paymentId : undefined;
    const amount = chance(30) === 0 ? 1e12 : 100 + chance(10_000);
    const instructed = chance(40) === 0 ? 999 : bank;
    const originalBytes = original === undefined ? agreement : identifierToBytes(parse(original));
    const command = encodeSubmitPayment({
      id: identifierToBytes(id),
      kind,
      suite: 1,
      keyVersion: 1,
      currency,
      instructed,
      amount,
      expiresAt: at + 60_000,
      receivedAt: at - chance(20),
      reference: pull || refund ? originalBytes : undefined,
      hash: hash(serial),
    });
    return { command, body: { endToEndId: reference() } };
  };

  const answer = (handle: number) => {
    const payment = paymentAt(state, handle);
    const told = (['succeeded', 'succeeded', 'succeeded', 'failed', 'notKnownYet', 'reversed'] as const)[chance(6)];
    return encodeRecordAnswer({
      id: identifierToBytes(payment.id),
      answer: told,
      reason: told === 'failed' ? 201 : 0,
      suite: 1,
      keyVersion: 1,
      bank: payment.bank,
      hash: hash(payment.id.sequence),
    });
  };

  return {
    state,
    submitted,
    answers,
    next() {
      at += chance(400);
      const list: { command: Uint8Array; body: object }[] = [];
      const given = prelude.shift();
      if (given !== undefined) list.push({ command: given, body: {} });
      else {
        if (chance(4) === 0) list.push({ command: encodeTick(1000), body: {} });
        const waiting = handlesInFlight(state);
        for (const handle of waiting) if (chance(8) === 0) list.push({ command: answer(handle), body: {} });
        for (let i = chance(12); i > 0; i--) list.push(submission());
        const open = state.cycles[state.cycles.length - 1].number;
        if (chance(25) === 0) {
          list.push({ command: encodeCutOffCycle(open), body: {} });
          list.push({ command: encodeNetCycle(open), body: {} });
        }
        if (list.length === 0) list.push({ command: encodeTick(1000), body: {} });
      }
      const facts = Buffer.concat(list.map(({ command }) => command));
      const sequence = state.sequence + 1;
      effects.clear();
      applyBatch(state, sequence, at, facts, effects);
      note(state, sequence, at, list, submitted, answers, effects);
      const packedBodies = [packBodies(list.map(({ body }) => Buffer.from(JSON.stringify(body))))];
      return { sequence, at, facts, packedBodies, effects };
    },
  };
}

/** Writes down what the archive is to be compared with. */
function note(
  state: State,
  sequence: number,
  at: number,
  list: readonly { readonly command: Uint8Array; readonly body: object }[],
  submitted: Submitted[],
  answers: Life['answers'],
  effects: Effects,
): void {
  list.forEach(({ command, body }, index) => {
    const changed = effects.commands.subarray(0, effects.count).includes(index);
    const view = new DataView(command.buffer);
    const id = command.subarray(8, 24);
    if (command[0] === 2 && changed) {
      const payment = paymentAt(state, paymentHandle(state, id));
      if (payment.flight === undefined && payment.sequence === sequence && payment.answer === index) {
        answers.set(identifierText(payment.id), { sequence, index });
      }
    }
    if (command[0] !== 1 || !changed) return;
    const { submitPayment: fields } = layout;
    const payment = paymentAt(state, paymentHandle(state, id));
    const reference = command.subarray(fields.reference, fields.reference + 16);
    submitted.push({
      paymentId: identifierText(payment.id),
      institution: payment.id.participant,
      bank: view.getUint32(fields.instructed),
      kind: payment.kind,
      endToEndId: (body as { endToEndId: string }).endToEndId,
      amount: payment.amount,
      reference: reference.every((byte) => byte === 0) ? null : textOf(reference),
      submittedAt: at,
      receivedAt: Number(view.getBigUint64(fields.receivedAt)),
      sequence,
      index,
    });
  });
}

function parse(text: string) {
  return {
    date: Number(text.slice(0, 8)),
    version: Number(text.slice(8, 9)),
    participant: Number(text.slice(9, 14)),
    sequence: Number(text.slice(14, 25)),
    centre: Number(text.slice(25, 27)),
    cell: Number(text.slice(27)),
  };
}

function textOf(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return identifierText({
    date: view.getUint32(0),
    version: view.getUint8(4),
    participant: view.getUint32(4) & 0xffffff,
    sequence: view.getUint8(8) * 2 ** 32 + view.getUint32(9),
    centre: view.getUint8(13),
    cell: view.getUint16(14),
  });
}

/** Two institutions, two banks, money, and one agreement of 101 with 201. */
function preludeOf(agreement: Uint8Array, hash: (number: number) => Uint8Array): Uint8Array[] {
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const scheme = {
    currencies: [currency],
    maximumAmount: 1e11,
    offerTimeoutMs: 2000,
    longestExpiryMs: 120_000,
    enquiryBackoffMs: 1000,
    enquiryBackoffLargestMs: 4000,
    reversalAfterMs: 4000,
    workItemAfterMs: 600_000,
    signingTimeoutMs: 600_000,
  };
  const participants = [
    ...institutions.map((code) => ({ code, role: 'paymentInstitution', status: 'active', netDebitCaps: [] })),
    ...banks.map((code) => ({ code, role: 'bank', status: 'active', netDebitCaps: [{ currency, amount: 1e12 }] })),
  ];
  const signing = (answer: 'codeSent' | 'active', number: number) =>
    encodeRecordSigningAnswer({
      id: agreement,
      answer,
      reason: 0,
      suite: 1,
      keyVersion: 1,
      bank: 201,
      hash: hash(number),
    });
  return [
    encodeAdoptConfiguration({ kind: 'scheme', version: 1, hash: hash(1), content: json(scheme) }),
    encodeAdoptConfiguration({ kind: 'participants', version: 1, hash: hash(2), content: json({ participants }) }),
    encodeAdvanceBusinessDay(businessDate),
    ...institutions.map((participant) =>
      encodeRecordFunds({ participant, currency, entry: 1, credit: true, amount: 1e11 }),
    ),
    encodeRequestAgreement({
      id: agreement,
      bank: 201,
      suite: 1,
      keyVersion: 1,
      paymentLimit: 1e10,
      currency,
      expiresOn: 20271122,
      expiresAt: startedAt + 100_000,
      receivedAt: startedAt,
      hash: hash(3),
    }),
    signing('codeSent', 3),
    encodeConfirmAgreement({
      id: agreement,
      suite: 1,
      keyVersion: 1,
      expiresAt: startedAt + 100_000,
      receivedAt: startedAt,
      hash: hash(4),
    }),
    signing('active', 4),
  ];
}

/** A life that shows everything is no use if it does not. */
export function assertColourful(life: Life): void {
  const states = new Set(life.submitted.map(({ paymentId }) => stateOf(life, paymentId)));
  for (const state of ['refused', 'offered', 'unknown', 'reversing', 'succeeded', 'failed']) {
    assert.ok(states.has(state as never), `no payment is ${state}`);
  }
}

export function stateOf(life: Life, paymentId: string) {
  return paymentAt(life.state, paymentHandle(life.state, identifierToBytes(parse(paymentId)))).state;
}

export function paymentOf(life: Life, paymentId: string) {
  return paymentAt(life.state, paymentHandle(life.state, identifierToBytes(parse(paymentId))));
}
