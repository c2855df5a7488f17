/** Payments: asked for, asked about, and answered late by their bank. */

import {
  canonicalPayment,
  canonicalPaymentAnswer,
  checkPaymentAnswer,
  checkPaymentRequest,
  type PaymentAnswer,
  type PaymentRequest,
  parseAmount,
  parseTime,
} from '@clearway/contract';
import { encodeRecordAnswer, encodeSubmitPayment, identifierToBytes, parseIdentifier, reasons } from '@clearway/core';
import { suites } from '@clearway/ports';
import { jsonReply, mustBeSigned, type Operation, Refusal, readMessage } from './call.ts';
import { outcomeWithin, patienceFor } from './deadline.ts';
import type { Edge } from './edge.ts';
import { identifierOf, mustBeOfPath, mustBeOwn } from './identifiers.ts';
import type { PaymentView, SubmitResult } from './port.ts';
import { refusalOf, unknownOutcome } from './refusals.ts';
import { isFinal, paymentStatus, viewOfPayment } from './status.ts';

export function paymentOperations(edge: Edge): Record<'submitPayment' | 'getPayment' | 'answerPayment', Operation> {
  const { ports, cell, records, finality, finalPayments, settings } = edge;
  const { clock, crypto } = ports;

  function remember(view: PaymentView): PaymentView {
    if (isFinal(view)) finalPayments.set(view.paymentId, view);
    return view;
  }

  /** The payment if `code` takes part in it. Others' payments and unknown ones take the same way and the same time. */
  async function find(paymentId: string, code: string): Promise<PaymentView | undefined> {
    const kept = visible(finalPayments.get(paymentId), code);
    if (kept) return kept;
    const held = visible(await cell.payment(paymentId), code);
    if (held) return remember(held);
    const old = await records.payment(paymentId);
    return old && visible(viewOfPayment(old), code);
  }

  return {
    async submitPayment({ configuration, participant, body, receivedAt }) {
      const payment = readMessage(body, checkPaymentRequest);
      const { paymentId } = payment;
      mustBeOwn(paymentId, participant.code);
      const canonical = canonicalPayment(configuration.scheme, payment);
      await mustBeSigned(crypto, participant.keys, canonical, payment.signature, receivedAt);

      const expiresAt = parseTime(payment.expiresAt)!;
      const command = encodePayment(payment, expiresAt, receivedAt, crypto.sha256(canonical));
      const waitMs = patienceFor(clock, configuration.scheme, settings, expiresAt);
      const told = await outcomeWithin(clock, cell.submit(command, body), waitMs);
      if (told === undefined) return jsonReply(paymentStatus(unknownPayment(payment, participant.code), false));
      const view = told.payment;
      if (told.outcome === 'refused') throw refusalOf(told.reason, paymentId);
      if (view === undefined) throw unknownOutcome();
      if (view.state === 'refused') throw refusalOf(view.reason, paymentId);
      remember(view);
      return jsonReply(paymentStatus(view, told.outcome === 'repeated' && (await finality.isSettled(view.cycle))));
    },

    async getPayment({ participant, parameters }) {
      const paymentId = identifierOf(parameters.paymentId!);
      const view = await find(paymentId, participant.code);
      if (!view) throw notKnown(paymentId);
      if (view.state === 'refused') throw refusalOf(view.reason, paymentId);
      return jsonReply(paymentStatus(view, await finality.isSettled(view.cycle)));
    },

    async answerPayment({ configuration, participant, parameters, body, receivedAt }) {
      const answer = readMessage(body, checkPaymentAnswer);
      const { paymentId } = answer;
      mustBeOfPath('paymentId', paymentId, parameters.paymentId);
      if (participant.role !== 'bank') throw new Refusal('roleNotAllowed', 'Only its bank answers a payment');
      const canonical = canonicalPaymentAnswer(configuration.scheme, participant.code, answer);
      await mustBeSigned(crypto, participant.keys, canonical, answer.signature, receivedAt);

      const submitted = cell.submit(encodePaymentAnswer(answer, participant.code), body);
      const told = await outcomeWithin(clock, submitted, settings.cellPatienceMs);
      if (told === undefined) throw unknownOutcome();
      if (told.outcome === 'refused') throw hidden(told, paymentId) ?? refusalOf(told.reason, paymentId);
      const view = told.payment ?? (await find(paymentId, participant.code));
      if (!view) throw unknownOutcome();
      remember(view);
      return jsonReply(paymentStatus(view, await finality.isSettled(view.cycle)));
    },
  };

  function unknownPayment(payment: PaymentRequest, instructingAgent: string): PaymentView {
    const { minor, currency } = amountOf(payment);
    return {
      paymentId: payment.paymentId,
      kind: payment.kind,
      state: 'unknown',
      reason: 'none',
      instructingAgent,
      instructedAgent: payment.instructedAgent,
      amount: String(minor),
      currency,
      cycle: 0,
      changedAt: clock.now(),
    };
  }
}

/** For the deliverer too: the command that tells the cell what a bank has answered. */
export function encodePaymentAnswer(answer: PaymentAnswer, bank: string): Uint8Array {
  return encodeRecordAnswer({
    id: identifierToBytes(parseIdentifier(answer.paymentId)!),
    answer: answer.answer,
    reason: answer.reason === undefined ? 0 : reasons[answer.reason].code,
    suite: suites[answer.signature.suite],
    keyVersion: answer.signature.keyVersion,
    bank: Number(bank),
    hash: Buffer.from(answer.paymentHash, 'hex'),
  });
}

function encodePayment(payment: PaymentRequest, expiresAt: number, receivedAt: number, hash: Uint8Array): Uint8Array {
  const { minor, currency } = amountOf(payment);
  const reference = payment.agreementId ?? payment.originalPaymentId;
  return encodeSubmitPayment({
    id: identifierToBytes(parseIdentifier(payment.paymentId)!),
    kind: payment.kind,
    suite: suites[payment.signature.suite],
    keyVersion: payment.signature.keyVersion,
    currency,
    instructed: Number(payment.instructedAgent),
    amount: minor,
    expiresAt,
    receivedAt,
    reference: reference === undefined ? undefined : identifierToBytes(parseIdentifier(reference)!),
    hash,
  });
}

/** Of a checked message, whose amount is known to be one. */
function amountOf({ interbankSettlementAmount }: PaymentRequest): { minor: number; currency: number } {
  const amount = parseAmount(interbankSettlementAmount);
  if ('reason' in amount) throw new Refusal(amount.reason, '/interbankSettlementAmount is not an amount');
  return amount;
}

/** A refused payment was never offered: its bank does not know of it, and need not know why. */
function visible(view: PaymentView | undefined, code: string): PaymentView | undefined {
  const isOffered = view?.state !== 'refused';
  return view?.instructingAgent === code || (isOffered && view?.instructedAgent === code) ? view : undefined;
}

/** To a bank that a payment does not concern there is none. */
function hidden(told: SubmitResult & { outcome: 'refused' }, paymentId: string): Refusal | undefined {
  return told.reason === 'paymentUnknown' || told.reason === 'answerFromOther' ? notKnown(paymentId) : undefined;
}

function notKnown(paymentId: string): Refusal {
  const detail = 'No payment of yours with this identifier is known yet; before its expiresAt it may still come';
  return new Refusal('notFound', detail, { paymentId });
}
