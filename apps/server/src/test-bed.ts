/** What tests of the server have in common: a cell in memory, a bank that answers as the test says, payments, time. */
import {
  type BankAnswer,
  encodeRecordAnswer,
  encodeRecordFunds,
  encodeSubmitPayment,
  identifierFromBytes,
  identifierText,
  identifierToBytes,
  type PaymentKind,
  parseIdentifier,
} from '@clearway/core';
import type { Deliverer, Delivery, NoticeDelivery, ParticipantConfiguration, SubmitResult } from '@clearway/gateway';
import type { Cancel, Clock } from '@clearway/ports';
import { realChance, realClock, realCrypto } from '@clearway/ports/real';
import {
  type MemoryDisk,
  memoryDisk,
  memoryStore,
  type OnAppend,
  type PaymentArchive,
  type Store,
} from '@clearway/store';
import { businessDateAt } from './business-day.ts';
import { createCell, type RunningCell } from './cell.ts';
import type { ParticipantsDocument, SchemeDocument } from './documents.ts';

export const place = { centre: 1, cell: 1 };
export const timeZone = 'Asia/Shanghai';

export const scheme: SchemeDocument = {
  version: 1,
  schemeId: 'TEST',
  environment: 'sandbox',
  currencies: [156],
  maximumAmount: '1000000000',
  offerTimeoutMs: 200,
  longestExpiryMs: 60_000,
  enquiryBackoffMs: 20,
  enquiryBackoffLargestMs: 100,
  reversalAfterMs: 400,
  workItemAfterMs: 300,
  signingTimeoutMs: 60_000,
  routing: [{ centre: 1, cell: 1, weight: 1 }],
  timeZone,
};

const participant = (
  code: string,
  role: ParticipantConfiguration['role'],
  idempotent = true,
): ParticipantConfiguration => ({
  code,
  name: `participant ${code}`,
  role,
  status: 'active',
  idempotent,
  endpoint: 'https://127.0.0.1:1',
  keys: [],
  sealingKey: '',
  netDebitCaps: role === 'bank' ? [{ currency: 156, amount: '1000000' }] : [],
  enquiryBudget: { perSecond: 10, burst: 10 },
});

export const participants: ParticipantsDocument = {
  version: 1,
  participants: [
    participant('00101', 'paymentInstitution'),
    participant('00201', 'bank'),
    participant('00202', 'bank', false),
  ],
};

export const utf8 = (text: string) => new TextEncoder().encode(text);

let sequence = 0;
export function payment(
  kind: PaymentKind,
  amount: number,
  more: { bank?: number; original?: string; expiresAt?: number } = {},
) {
  const id = identifierToBytes({
    date: businessDateAt(Date.now(), timeZone),
    version: 1,
    participant: 101,
    sequence: ++sequence,
    ...place,
  });
  const hash = realCrypto.sha256(id);
  const command = encodeSubmitPayment({
    id,
    kind,
    suite: 1,
    keyVersion: 1,
    currency: 156,
    instructed: more.bank ?? 201,
    amount,
    expiresAt: more.expiresAt ?? Date.now() + 30_000,
    receivedAt: Date.now(),
    reference: more.original === undefined ? undefined : identifierToBytes(parseIdentifier(more.original)!),
    hash,
  });
  const paymentId = identifierText(identifierFromBytes(id));
  return { command, paymentId, id, hash, body: utf8(JSON.stringify({ paymentId, endToEndId: `order-${sequence}` })) };
}

export type Payment = ReturnType<typeof payment>;

/** A bank that answers as the test says; it remembers what it was asked. */
function bankOf(cell: () => RunningCell, answers: (delivery: Delivery) => BankAnswer | 'silent') {
  const asked: Delivery[] = [];
  const sent = new Map<string, Payment>();
  const deliverer: Deliverer = {
    async deliver(delivery) {
      asked.push(delivery);
      if (delivery.kind === 'notices') return 'done';
      const answer = answers(delivery);
      if (answer === 'silent') return 'noAnswer';
      const one = sent.get(delivery.subject)!;
      await tell(cell(), one, answer, Number(delivery.participant));
      return 'done';
    },
  };
  return {
    asked,
    deliverer,
    sent,
    of: (kind: string) => asked.filter((delivery) => delivery.kind === kind),
    /** Notices, each with whom it was told to. */
    told: (kind: NoticeDelivery['kind']) =>
      asked
        .flatMap(({ participant, notices = [] }) => notices.map((notice) => ({ participant, ...notice })))
        .filter((notice) => notice.kind === kind),
  };
}

export function tell(cell: RunningCell, { id, hash }: Payment, answer: BankAnswer, bank = 201): Promise<SubmitResult> {
  const command = encodeRecordAnswer({
    id,
    answer,
    reason: answer === 'failed' ? 201 : 0,
    suite: 1,
    keyVersion: 1,
    bank,
    hash,
  });
  return cell.submit(command, utf8(`{"signed":"${answer}"}`));
}

export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export function storeOn(disk: MemoryDisk, onAppend?: OnAppend): Store {
  return memoryStore({ crypto: realCrypto, chance: realChance, disk, ...(onAppend && { onAppend }) });
}

export async function start(
  answers: (delivery: Delivery) => BankAnswer | 'silent',
  options: {
    readonly disk?: MemoryDisk;
    readonly store?: Store;
    readonly archive?: PaymentArchive;
    readonly snapshotEvery?: number;
    readonly scheme?: SchemeDocument;
    readonly participants?: ParticipantsDocument;
    /** False: no gateway is there, so nothing is delivered. */
    readonly attached?: boolean;
  } = {},
) {
  let cell!: RunningCell;
  const life = mortalClock();
  const halts: Error[] = [];
  const bank = bankOf(() => cell, answers);
  const store = options.store ?? storeOn(options.disk ?? memoryDisk());
  cell = await createCell({
    place,
    ports: { clock: life.clock, crypto: realCrypto, chance: realChance },
    store,
    ...(options.archive && { archive: options.archive }),
    scheme: options.scheme ?? scheme,
    participants: options.participants ?? participants,
    snapshotEvery: options.snapshotEvery ?? 1_000_000,
    halted: (error) => halts.push(error),
    log: () => {},
  });
  if (options.attached ?? true) cell.attach(bank.deliverer);
  const pay = (one: Payment) => {
    bank.sent.set(one.paymentId, one);
    return cell.submit(one.command, one.body);
  };
  const fund = (entry: number, amount: number) =>
    cell.command(encodeRecordFunds({ participant: 101, currency: 156, entry, credit: true, amount }));
  return { cell, bank, store, pay, fund, halts, crash: life.end };
}

/** The real clock until the process that goes by it is gone: then none of its timers comes any more. */
function mortalClock() {
  let ended = false;
  const timers = new Set<Cancel>();
  const clock: Clock = {
    ...realClock,
    after(delayMs, run) {
      if (ended) return () => {};
      const cancel = realClock.after(delayMs, () => {
        timers.delete(cancel);
        run();
      });
      timers.add(cancel);
      return () => {
        timers.delete(cancel);
        cancel();
      };
    },
  };
  const end = () => {
    ended = true;
    for (const cancel of timers) cancel();
  };
  return { clock, end };
}

/** An `onAppend` that holds appends back, as a slow disk does, from `hold` until `release`. */
export function heldAppends() {
  let holding = false;
  const held: (() => void)[] = [];
  return {
    onAppend: (): Promise<undefined> | undefined =>
      holding ? new Promise((resolve) => held.push(() => resolve(undefined))) : undefined,
    hold() {
      holding = true;
    },
    release() {
      holding = false;
      for (const letGo of held.splice(0)) letGo();
    },
    get count() {
      return held.length;
    },
  };
}

/** A clock that goes only when the test says so. */
export function fakeClock(start = Date.UTC(2026, 10, 22)) {
  let now = start;
  let elapsed = 0;
  const timers = new Set<{ readonly dueAt: number; readonly run: () => void }>();
  const clock: Clock = {
    now: () => now,
    elapsed: () => elapsed,
    after(delayMs, run) {
      const timer = { dueAt: elapsed + delayMs, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  };
  return {
    ...clock,
    /** Time passes, and what was to happen in it happens. */
    pass(ms: number) {
      now += ms;
      elapsed += ms;
      for (const timer of [...timers].filter(({ dueAt }) => dueAt <= elapsed)) {
        timers.delete(timer);
        timer.run();
      }
    },
    /** Somebody sets the clock; no time passes. */
    jump(ms: number) {
      now += ms;
    },
  };
}
