/** A payment of the records as the API shows it. */
import type { PaymentKind, PaymentRow, PaymentState } from '@clearway/console-api';
import { formatTime } from '@clearway/contract';
import type { Reason } from '@clearway/core';
import { isoFace } from '@clearway/iso20022';
import type { PaymentRecord } from '@clearway/store';
import type { Row } from '../database.ts';
import { moneyOrNull } from '../words.ts';

export const paymentColumns = `payment_id, kind, instructing_agent, instructed_agent, end_to_end_id, amount, currency,
  reference, state, reason, cycle, received_at, submitted_at, changed_at, sequence, request_sequence, request_index,
  answer_sequence, answer_index, hash`;

export const paymentRecord = (row: Row): PaymentRecord => ({
  paymentId: row.payment_id as string,
  kind: row.kind as string,
  instructingAgent: row.instructing_agent as string,
  instructedAgent: row.instructed_agent as string,
  endToEndId: row.end_to_end_id as string,
  amount: BigInt(row.amount as string),
  currency: row.currency as number,
  reference: row.reference as string | null,
  state: row.state as string,
  reason: row.reason as string,
  cycle: Number(row.cycle),
  receivedAt: Number(row.received_at),
  submittedAt: Number(row.submitted_at),
  changedAt: Number(row.changed_at),
  sequence: Number(row.sequence),
  requestSequence: Number(row.request_sequence),
  requestIndex: row.request_index as number,
  answerSequence: Number(row.answer_sequence),
  answerIndex: row.answer_index as number,
  hash: row.hash as string,
});

export function paymentRow(record: PaymentRecord): PaymentRow {
  const { isoStatus, isoReason } = isoFace(record.state as PaymentState, record.reason as Reason);
  return {
    paymentId: record.paymentId,
    kind: record.kind as PaymentKind,
    state: record.state as PaymentState,
    reason: record.reason,
    isoStatus,
    isoReason: isoReason ?? null,
    institution: record.instructingAgent,
    bank: record.instructedAgent,
    endToEndId: record.endToEndId,
    amount: moneyOrNull(record.amount, record.currency),
    cycle: record.cycle,
    receivedAt: formatTime(record.receivedAt),
    submittedAt: formatTime(record.submittedAt),
    changedAt: formatTime(record.changedAt),
    // Two clocks, the gateway's and the cell's, may disagree by a little.
    durationMs: Math.max(0, record.changedAt - record.receivedAt),
  };
}
