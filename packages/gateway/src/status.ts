/** Payments and agreements as the cell or the records know them, told in the words of the wire. */

import { type AgreementStatus, formatAmount, formatDate, formatTime, type PaymentStatus } from '@clearway/contract';
import type { AgreementState, PaymentKind, PaymentState, Reason } from '@clearway/core/vocabulary';
import { isoFace, isoReason } from '@clearway/iso20022';
import { encodeJson } from './call.ts';
import type { AgreementView, PaymentView } from './port.ts';
import type { AgreementRecord, PaymentRecord } from './records.ts';

/** `settled`: the cycle of the payment's success is settled. Not for refused payments: they are told as problems. */
export function paymentStatus(view: PaymentView, settled: boolean): Uint8Array {
  const status: Omit<PaymentStatus, 'answer'> = {
    paymentId: view.paymentId,
    kind: view.kind,
    state: view.state,
    ...(view.reason !== 'none' && { reason: view.reason }),
    ...isoFace(view.state, view.reason, settled),
    instructingAgent: view.instructingAgent,
    instructedAgent: view.instructedAgent,
    interbankSettlementAmount: formatAmount(view.amount, view.currency),
    ...(view.cycle > 0 && { cycle: view.cycle }),
    changedAt: formatTime(view.changedAt),
  };
  return withAnswer(status, view.answer);
}

export function agreementStatus(view: AgreementView): Uint8Array {
  const status: Omit<AgreementStatus, 'answer'> = {
    agreementId: view.agreementId,
    institution: view.institution,
    bank: view.bank,
    state: view.state,
    ...(view.reason !== 'none' && { reason: view.reason, isoReason: isoReason[view.reason] }),
    paymentLimit: formatAmount(view.paymentLimit, view.currency),
    expiresOn: formatDate(view.expiresOn),
    changedAt: formatTime(view.changedAt),
  };
  return withAnswer(status, view.answer);
}

/** The bank's answer goes in byte for byte, so that nobody on the way can have changed what the bank signed. */
function withAnswer(status: object, answer: Uint8Array | undefined): Uint8Array {
  const json = encodeJson(status);
  if (!answer) return json;
  return Buffer.concat([json.subarray(0, -1), Buffer.from(',"answer":'), answer, Buffer.from('}')]);
}

const finalPaymentStates: ReadonlySet<PaymentState> = new Set(['succeeded', 'failed', 'refused']);

/** Nothing of the view changes any more, but for the settlement of its cycle. */
export function isFinal({ state }: PaymentView): boolean {
  return finalPaymentStates.has(state);
}

export function viewOfPayment(record: PaymentRecord): PaymentView {
  const { paymentId, instructingAgent, instructedAgent, currency, cycle, changedAt } = record;
  return {
    paymentId,
    kind: record.kind as PaymentKind,
    state: record.state as PaymentState,
    reason: record.reason as Reason,
    instructingAgent,
    instructedAgent,
    amount: String(record.amount),
    currency,
    cycle,
    changedAt,
  };
}

export function viewOfAgreement(record: AgreementRecord): AgreementView {
  const { agreementId, institution, bank, currency, expiresOn, changedAt } = record;
  return {
    agreementId,
    institution,
    bank,
    state: record.state as AgreementState,
    reason: record.reason as Reason,
    paymentLimit: String(record.paymentLimit),
    currency,
    expiresOn,
    changedAt,
  };
}
