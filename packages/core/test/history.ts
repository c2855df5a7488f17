/**
 * Recorded histories: journals as some version of the core wrote them, with the outcomes it gave and hashes of what
 * could be seen of its state. Every later version replays them to the same outcomes and the same state.
 */
import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import {
  agreementAt,
  agreementRow,
  commandTypes,
  currencySlots,
  describeAccount,
  headroom,
  identifierBytes,
  identifierFromBytes,
  identifierText,
  layout,
  paymentAt,
  paymentHandle,
  positionsOf,
  type State,
} from '@clearway/core';
import { type Batch, concat } from './cell.ts';

export interface History {
  readonly format: 1;
  readonly rulesVersion: number;
  readonly about: string;
  /** Each batch: time (u64, ms), length (u32), facts with their outcomes; raw deflate, base64. */
  readonly journal: string;
  /** SHA-256 of the description of the state after some batches and after the last, by number of the batch. */
  readonly states: Readonly<Record<string, string>>;
}

const headBytes = 12;

export function packJournal(batches: readonly Batch[]): string {
  const parts = batches.flatMap(({ at, facts }) => {
    const head = Buffer.alloc(headBytes);
    head.writeBigUInt64BE(BigInt(at));
    head.writeUInt32BE(facts.length, 8);
    return [head, facts];
  });
  return deflateRawSync(concat(parts), { level: 9 }).toString('base64');
}

export function unpackJournal(journal: string): Batch[] {
  const bytes = inflateRawSync(Buffer.from(journal, 'base64'));
  const batches: Batch[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const at = Number(bytes.readBigUInt64BE(offset));
    const length = bytes.readUInt32BE(offset + 8);
    offset += headBytes;
    batches.push({ at, facts: Uint8Array.from(bytes.subarray(offset, offset + length)) });
    offset += length;
  }
  return batches;
}

/** Identifiers of the payments and agreements that these facts ask for. */
export function identifiersIn(facts: Uint8Array): { payments: Uint8Array[]; agreements: Uint8Array[] } {
  const payments: Uint8Array[] = [];
  const agreements: Uint8Array[] = [];
  const view = new DataView(facts.buffer, facts.byteOffset, facts.byteLength);
  for (let offset = 0; offset < facts.length; offset += view.getUint32(offset + 4)) {
    const at = (field: number) => facts.slice(offset + field, offset + field + identifierBytes);
    if (facts[offset] === commandTypes.submitPayment) payments.push(at(layout.submitPayment.id));
    if (facts[offset] === commandTypes.requestAgreement) agreements.push(at(layout.requestAgreement.id));
  }
  return { payments, agreements };
}

/**
 * SHA-256 of all that can be seen of the state through the public door, in words: so it holds however the state is
 * laid out in memory and in snapshots.
 */
export function hashOfState(state: State, batches: readonly Batch[]): string {
  const hash = createHash('sha256');
  const say = (...words: unknown[]) => hash.update(`${JSON.stringify(words)}\n`);
  const { sequence, at, businessDate, schemeVersion, participantsVersion, inFlight, remembered } = state;
  say('cell', sequence, at, businessDate, schemeVersion, participantsVersion, inFlight, remembered);
  for (const { code, role, status } of state.participants) say('participant', code, role, status);
  state.participants.forEach(({ code }, place) => {
    state.scheme!.currencies.forEach((currency, slot) => {
      const row = place * currencySlots + slot;
      const { outstanding, reserved, incoming, netDebitCap, funds, lastEntry } = describeAccount(state, row);
      const amounts = [outstanding, reserved, incoming, netDebitCap, funds, headroom(state, row)];
      say('account', code, currency, ...amounts, lastEntry);
    });
  });
  for (const cycle of state.cycles) {
    const { number, businessDate, openedAt, cutOffAt, nettedAt, settledAt, payments } = cycle;
    say('cycle', number, businessDate, cycle.state, openedAt, cutOffAt, nettedAt, settledAt, payments);
    for (const { participant, currency, credits, debits, creditCount, debitCount } of positionsOf(state, cycle))
      say('position', number, participant, currency, credits, debits, creditCount, debitCount);
  }
  for (const { facts } of batches) {
    const { payments, agreements } = identifiersIn(facts);
    for (const id of payments) {
      const handle = paymentHandle(state, id);
      if (handle < 0) say('payment', textOf(id));
      else {
        const { id: _, flight, ...payment } = paymentAt(state, handle);
        say('payment', textOf(id), sorted(payment), flight && sorted(flight));
      }
    }
    for (const id of agreements) {
      const row = agreementRow(state, id);
      if (row < 0) say('agreement', textOf(id));
      else {
        const { id: _, request, confirmation, answer, ...agreement } = agreementAt(state, row);
        say('agreement', textOf(id), sorted(agreement), ...[request, confirmation, answer].map(sorted));
      }
    }
  }
  return hash.digest('hex');
}

function textOf(id: Uint8Array): string {
  return identifierText(identifierFromBytes(id));
}

function sorted(values: object): unknown[] {
  return Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
}
