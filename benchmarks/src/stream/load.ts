/**
 * The institutions: payments on a schedule that waits for nobody (open loop), each timed from the moment at which it was
 * to be sent, so that a platform that falters is not spared the payments that it held up.
 */
import { outcomeFlags, outcomeMessage, paymentMessageBytes } from '@clearway/contract';
import {
  bankAnswers,
  paymentStates as flow,
  identifierText,
  paymentKinds,
  readIdentifier,
  reasonOf,
} from '@clearway/core';
import type { StreamClient, StreamPayment } from '@clearway/sdk';
import { fateOf, isSilent } from './behaviour.ts';
import {
  type Cast,
  cellOf,
  currency,
  decimals,
  drawAgreements,
  firstCode,
  fiveDigits,
  largestPayment,
  placeOf,
} from './cast.ts';
import { Histogram, quantiles } from './histogram.ts';
import type { LoadReport, LoadRun, RunOrder, Sample } from './orders.ts';
import { paymentTable, paymentStates as states } from './payment-table.ts';
import { Positions } from './positions.ts';
import { random } from './random.ts';
import type { StreamSettings } from './settings.ts';

export interface LoadOptions {
  readonly cast: Cast;
  /** Sealed fields of payments. */
  readonly sealed: readonly Uint8Array[];
  onSample(sample: Sample): void;
}

/** Of each sealed part, so that the message has the bytes of the settings. */
export const sealedBytesOf = ({ requestBytes }: StreamSettings): number =>
  requestBytes - paymentMessageBytes - referenceBytes.length;

export interface Load {
  /** One client for each of `cast.payingLinks`. */
  run(order: RunOrder, clients: readonly StreamClient[]): Promise<LoadRun>;
  outcome(view: DataView, at: number): void;
  report(): Omit<LoadReport, 'checkpoints'>;
}

const expiresAfterMs = 30_000;
const tickMs = 1;
const quarterMs = 250;
const patienceMs = 10_000;
const samplesPerSecond = 20;
const reference = 'order-00000000000000';
const firstDigit = reference.indexOf('0');
const referenceBytes = new TextEncoder().encode(reference);
const smallestPayment = 100;
const mostWrong = 20;

export function createLoad({ cast, sealed, onSample }: LoadOptions): Load {
  const { settings } = cast;
  const agreements = drawAgreements(cast);
  const chance = random(settings.seed + 1);
  const table = paymentTable();
  const positions = new Positions(firstCode.paying, settings.paying);
  const latency = new Histogram();
  const quarter = new Histogram();
  const totals = { sent: 0, succeeded: 0, failed: 0, refused: 0, notProcessed: 0, undone: 0 };
  const wrong: string[] = [];
  const reasons: Record<string, number> = {};
  /** Succeeded agreement payments that may be refunded, oldest first. */
  const refundable = new Uint32Array(65_536);
  let [refundableFrom, refundableTo] = [0, 0];
  let sequence = 0;
  /** Sent, and not for a silent bank, without outcome. */
  let awaited = 0;
  let run = emptyRun();
  /** ms as of performance.now. */
  const measured = { from: 0, to: 0 };
  let nextSampleAt = 0;

  /** Filled in anew for each payment. */
  const id = new Uint8Array(16);
  const idView = new DataView(id.buffer);
  const related = new Uint8Array(16);
  const relatedView = new DataView(related.buffer);
  const endToEndId = referenceBytes.slice();
  const payment: StreamPayment = {
    signer: 0,
    id,
    idAt: 0,
    kind: 0,
    currency,
    decimals,
    instructed: 0,
    amount: 0,
    expiresAt: 0,
    reference: undefined,
    endToEndId,
    sealed: sealed[0]!,
  };

  /** Sends one payment, or not if its client has no room. */
  function pay(clients: readonly StreamClient[], intendedAt: number, wallClock: number): void {
    const drawn = chance();
    const isRefund = drawn < settings.refunds && refundableFrom < refundableTo;
    const original = isRefund ? refundable[refundableFrom & (refundable.length - 1)]! : 0;
    const agreement = isRefund ? table.agreements[original & table.mask]! : Math.floor(chance() * settings.agreements);
    const isPayout = !isRefund && drawn < settings.refunds + settings.payouts;
    const institution = agreements.institutions[agreement]!;
    const code = firstCode.paying + institution;
    const mine = sequence + 1;
    const counts = intendedAt >= measured.from ? 1 : 0;

    run.offered += counts;
    const client = clients[institution % clients.length]!;
    payment.signer = Math.floor(institution / clients.length);
    if (client.room(payment.signer) === 0) {
      run.heldBack += counts;
      return;
    }
    writeId(idView, code, mine);
    payment.kind = isRefund ? paymentKinds.refund : isPayout ? paymentKinds.payout : paymentKinds.agreementPayment;
    payment.instructed = firstCode.banks + agreements.banks[agreement]!;
    payment.amount = isRefund
      ? table.amounts[original & table.mask]!
      : smallestPayment + Math.floor(chance() * (largestPayment - smallestPayment));
    payment.expiresAt = wallClock + expiresAfterMs;
    payment.reference = isPayout ? undefined : related;
    if (!isPayout) writeId(relatedView, code, isRefund ? original : agreement);
    writeReference(endToEndId, mine);
    payment.sealed = sealed[mine % sealed.length]!;

    if (!client.submit(payment)) throw new Error('the client had room and has taken nothing');
    if (isRefund) refundableFrom++;
    const slot = mine & table.mask;
    sequence = mine;
    table.states[mine] = states.open;
    table.amounts[slot] = payment.amount;
    table.kinds[slot] = payment.kind;
    table.agreements[slot] = agreement;
    table.intendedAt[slot] = intendedAt;
    run.sent += counts;
    totals.sent++;
    if (!isSilent(mine, settings)) awaited++;
  }

  /** Of a payment or agreement of this institution. */
  function writeId(view: DataView, code: number, number: number): void {
    view.setUint32(0, cast.businessDate);
    view.setUint32(4, 0x100_0000 + code);
    view.setUint32(9, number);
    const { centre, cell } = placeOf(cellOf(code - firstCode.paying, settings.cells));
    view.setUint8(13, centre);
    view.setUint16(14, cell);
  }

  function outcome(view: DataView, at: number): void {
    const now = performance.now();
    const number = view.getUint32(at + outcomeMessage.id + 9);
    const state = view.getUint8(at + outcomeMessage.state);
    const flags = view.getUint8(at + outcomeMessage.flags);
    const before = table.states[number]!;
    if (before !== states.open && before !== states.unknown) {
      complain(`payment ${number}: told ${state} when it was ${before}`);
      return;
    }
    if (before === states.open && !isSilent(number, settings)) awaited--;
    if ((flags & outcomeFlags.notProcessed) !== 0) turnAway(number, 'notProcessed', view, at);
    else if (state === flow.refused) turnAway(number, 'refused', view, at);
    else if (state === flow.succeeded) {
      succeed(number, view, at, now);
      end(number, 'succeeded', now);
    } else if (state === flow.failed && isUndone(view.getUint8(at + outcomeMessage.answer))) {
      table.states[number] = states.failed;
      totals.failed++;
      totals.undone++;
    } else if (state === flow.failed) end(number, 'failed', now);
    else if (state === flow.unknown && before === states.open) {
      table.states[number] = states.unknown;
      run.unknown++;
    } else complain(`payment ${number}: told ${state} when it was ${before}`);
  }

  function turnAway(number: number, how: 'refused' | 'notProcessed', view: DataView, at: number): void {
    const reason = reasonOf(view.getUint16(at + outcomeMessage.reason)) ?? 'none';
    reasons[reason] = (reasons[reason] ?? 0) + 1;
    table.states[number] = states[how];
    totals[how]++;
    run[how]++;
  }

  function end(number: number, how: 'succeeded' | 'failed', now: number): void {
    table.states[number] = states[how];
    totals[how]++;
    const fate = fateOf(number, settings);
    const isDue = fate === 'approved' || fate === 'silentApproved' ? 'succeeded' : 'failed';
    if (how !== isDue) complain(`payment ${number}: ${how} where the bank meant ${isDue}`);
    if (now >= measured.from && now < measured.to) run[how]++;
    const intendedAt = table.intendedAt[number & table.mask]!;
    if (isSilent(number, settings) || intendedAt < measured.from || intendedAt >= measured.to) return;
    latency.add(now - intendedAt);
    quarter.add(now - intendedAt);
  }

  function succeed(number: number, view: DataView, at: number, now: number): void {
    const slot = number & table.mask;
    const agreement = table.agreements[slot]!;
    const isAgreementPayment = table.kinds[slot] === paymentKinds.agreementPayment;
    const institution = agreements.institutions[agreement]!;
    const cycle = view.getUint32(at + outcomeMessage.cycle);
    positions.add(cycle, institution, isAgreementPayment ? 'credit' : 'debit', table.amounts[slot]!);
    if (isAgreementPayment && refundableTo - refundableFrom < refundable.length / 2) {
      refundable[refundableTo++ & (refundable.length - 1)] = number;
    }
    if (now >= nextSampleAt) {
      nextSampleAt = now + 1000 / samplesPerSecond;
      onSample({
        paymentId: identifierText(readIdentifier(view, at + outcomeMessage.id)),
        institution: fiveDigits(firstCode.paying + institution),
        endToEndId: referenceOf(number),
        completedAt: Date.now(),
      });
    }
  }

  const complain = (what: string) => {
    if (wrong.length < mostWrong) wrong.push(what);
  };

  return {
    outcome,
    run(order, clients) {
      return new Promise((resolve) => {
        const began = performance.now();
        const total = Math.round(order.rate * (order.warmupSeconds + order.seconds));
        const perMs = order.rate / 1000;
        run = emptyRun();
        measured.from = began + order.warmupSeconds * 1000;
        measured.to = measured.from + order.seconds * 1000;
        latency.clear();
        quarter.clear();
        for (const reason of Object.keys(reasons)) delete reasons[reason];
        const timeline: LoadRun['timeline'][number][] = [];
        let quarterEnds = measured.from + quarterMs;
        let due = 0;
        const tick = () => {
          const now = performance.now();
          const wallClock = Date.now();
          const until = Math.min(total, Math.floor((now - began) * perMs));
          for (; due < until; due++) pay(clients, began + due / perMs, wallClock);
          run.mostInFlight = Math.max(run.mostInFlight, awaited);
          if (now >= quarterEnds && quarterEnds <= measured.to) {
            const { p50, p99, largest } = quantiles(quarter);
            timeline.push({ outcomes: quarter.total, p50, p99, largest });
            quarter.clear();
            quarterEnds += quarterMs;
          }
          if (due < total || (awaited > 0 && now < measured.to + patienceMs)) {
            setTimeout(tick, tickMs);
            return;
          }
          resolve({
            ...run,
            seconds: order.seconds,
            unanswered: awaited,
            latencyMs: quantiles(latency),
            buckets: [...latency.counts],
            timeline,
            reasons: { ...reasons },
          });
        };
        tick();
      });
    },
    report: () => ({
      ...totals,
      open: totals.sent - totals.succeeded - totals.failed - totals.refused - totals.notProcessed,
      wrong,
      positions: positions.all(),
    }),
  };
}

/** The bank has never booked it, or no longer: it came too late to be what the bank would have made of it. */
const isUndone = (answer: number): boolean =>
  answer === bankAnswers.neverProcessed || answer === bankAnswers.reversed || answer === bankAnswers.blocked;

const emptyRun = () => ({
  offered: 0,
  sent: 0,
  heldBack: 0,
  succeeded: 0,
  failed: 0,
  refused: 0,
  notProcessed: 0,
  unknown: 0,
  mostInFlight: 0,
});

const referenceOf = (number: number) => reference.slice(0, -String(number).length) + number;

function writeReference(bytes: Uint8Array, number: number): void {
  let left = number;
  for (let digit = referenceBytes.length - 1; digit >= firstDigit; digit--) {
    bytes[digit] = 48 + (left % 10);
    left = Math.floor(left / 10);
  }
}
