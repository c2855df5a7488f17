/**
 * What the institutions themselves have on disk about a world, and whether it agrees with the platform: the judge of
 * the whole-system tests. Wallets write every answer before they act on it, banks every booking before they answer.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '@clearway/start';

/** Of a wallet's journal, what matters here; other types are passed over. */
type WalletRecord =
  | {
      readonly type: 'intent';
      readonly message: { readonly paymentId: string; readonly interbankSettlementAmount: { readonly amount: string } };
    }
  | { readonly type: 'answer'; readonly paymentId: string; readonly state: string }
  | { readonly type: 'refusal'; readonly paymentId: string };

/** Of a bank's journal, likewise. Amounts are minor units. */
type BankRecord =
  | {
      readonly type: 'payment';
      readonly paymentId: string;
      readonly amount: number;
      readonly decision: { readonly answer: string };
    }
  | { readonly type: 'reversal'; readonly paymentId: string; readonly decision: { readonly answer: string } };

export const walletNames = ['wallet-00101', 'wallet-00102', 'wallet-00103'];
export const bankNames = ['bank-00201', 'bank-00202', 'bank-00203', 'bank-00204', 'bank-00205', 'bank-00206'];

/** A line that a kill cut short at the end was never acted on. */
function records<T>(world: World, name: string): T[] {
  const text = readFileSync(join(world.dataFolder, 'institutions', name, 'data', 'journal.jsonl'), 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as T]));
}

/** What a bank has booked, in the order of its journal. */
export function bookingsOf(world: World, bank: string): Extract<BankRecord, { type: 'payment' }>[] {
  return records<BankRecord>(world, bank).flatMap((record) =>
    record.type === 'payment' && record.decision.answer === 'succeeded' ? [record] : [],
  );
}

export interface Testimony {
  readonly payments: number;
  /** Definite answers that wallets have received, repeats included. */
  readonly answers: number;
  /** Bookings in banks' ledgers. */
  readonly bookings: number;
  readonly breaches: readonly string[];
}

/** A payment that a test sent itself, and every state that it was told; `refused` for a definite refusal. */
export interface OwnPayment {
  readonly paymentId: string;
  /** Major units. */
  readonly amount: string;
  readonly told: readonly string[];
}

const definite: readonly string[] = ['succeeded', 'failed', 'refused'];

/** Compares everything that any institution was ever told with what the platform says now. */
export async function examine(world: World, own: readonly OwnPayment[] = []): Promise<Testimony> {
  const breaches: string[] = [];
  const told = new Map<string, Set<string>>();
  const intents = new Map<string, string>();
  let answers = 0;
  for (const payment of own) {
    const states = payment.told.filter((state) => definite.includes(state));
    intents.set(payment.paymentId, payment.amount);
    if (states.length > 0) told.set(payment.paymentId, new Set(states));
    answers += states.length;
  }
  for (const name of walletNames) {
    for (const record of records<WalletRecord>(world, name)) {
      if (record.type === 'intent') {
        const { paymentId, interbankSettlementAmount } = record.message;
        if (intents.has(paymentId)) breaches.push(`${paymentId} was meant twice`);
        intents.set(paymentId, interbankSettlementAmount.amount);
      }
      if (record.type !== 'answer' && record.type !== 'refusal') continue;
      const state = record.type === 'refusal' ? 'refused' : record.state;
      if (!definite.includes(state)) continue;
      answers++;
      const states = told.get(record.paymentId) ?? new Set();
      told.set(record.paymentId, states.add(state));
    }
  }

  // What is booked at the banks, net of reversals, by payment.
  const booked = new Map<string, { amount: number; times: number }>();
  let bookings = 0;
  for (const name of bankNames) {
    for (const record of records<BankRecord>(world, name)) {
      if (record.type === 'payment' && record.decision.answer === 'succeeded') {
        bookings++;
        const before = booked.get(record.paymentId);
        booked.set(record.paymentId, { amount: record.amount, times: (before?.times ?? 0) + 1 });
      }
      if (record.type === 'reversal' && record.decision.answer === 'reversed') {
        const before = booked.get(record.paymentId);
        if (before !== undefined) booked.set(record.paymentId, { ...before, times: before.times - 1 });
      }
    }
  }

  for (const [paymentId, amount] of intents) {
    const record = await world.records.payment(paymentId);
    const states = told.get(paymentId) ?? new Set();
    if (states.size > 1) breaches.push(`${paymentId} was told as ${[...states].join(' and ')}`);
    const [state] = states;
    // A refusal at the edge leaves no record: then there must be none, or one that says the same.
    if (record === undefined) {
      if (state !== undefined && state !== 'refused')
        breaches.push(`${paymentId} was told ${state}, the platform has no record of it`);
      if (booked.has(paymentId)) breaches.push(`${paymentId} is booked at a bank, the platform has no record of it`);
      continue;
    }
    if (state !== undefined && state !== record.state && !(state === 'refused' && record.state === 'failed')) {
      breaches.push(`${paymentId} was told ${state}, the platform says ${record.state}`);
    }
    if (!definite.includes(record.state)) breaches.push(`${paymentId} is still ${record.state}`);
    if (BigInt(amount.replace('.', '')) !== record.amount)
      breaches.push(`${paymentId}: meant ${amount}, recorded ${record.amount}`);
    const times = booked.get(paymentId)?.times ?? 0;
    const due = record.state === 'succeeded' ? 1 : 0;
    if (times !== due) breaches.push(`${paymentId} ${record.state}, but is booked ${times} times at its bank`);
  }
  for (const paymentId of booked.keys())
    if (!intents.has(paymentId)) breaches.push(`${paymentId} is booked, nobody meant it`);
  return { payments: intents.size, answers, bookings, breaches };
}
