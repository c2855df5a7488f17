/** What a bank says of a payment, however it came: answer to the offer, late answer, enquiry, reversal or notice. */
import { layout, rememberedHashBytes } from '../command.ts';
import type { Effects } from '../effects.ts';
import { post, release } from '../journal/post.ts';
import { type Reason, reasonOf, reasons } from '../reject.ts';
import { currentCycle, findPayment, refundFields, rowOf, type State, segmentOf } from '../state.ts';
import { paymentStates } from '../states.ts';
import { type Key, readKey } from '../table/identifier-index.ts';
import { checkIdentifier } from '../validation/validate-payment.ts';
import { endFlight } from './flight.ts';
import { answerRules, bankAnswerName, paymentStateName } from './lifecycle.ts';
import { amountOf, flightFields, noBank, paymentFields } from './payment.ts';

const fields = layout.recordAnswer;
const key: Key = { date: 0, high: 0, low: 0 };

/** `none`: the payment has ended by it. `repeated`: nothing changed and nothing is wrong. Else why it is refused. */
export function recordAnswer(
  state: State,
  view: DataView,
  offset: number,
  index: number,
  effects: Effects,
): 'repeated' | Reason {
  // -- refusals --
  if (checkIdentifier(state, view, offset + fields.id) !== 'none') return 'paymentUnknown';
  readKey(view, offset + fields.id, key);
  const handle = findPayment(state, key);
  if (handle < 0) return 'paymentUnknown';
  const segment = segmentOf(state, handle);
  segment.namedAt = state.at;
  const { rows } = segment;
  const row = rowOf(handle);
  const bankAndReason = view.getUint32(offset + fields.bank);
  const bank = rows.u16(row, paymentFields.bank);
  if (bank === noBank || state.participants[bank].code !== bankAndReason >>> 8) return 'answerFromOther';
  if (!rows.equalBytes(row, paymentFields.hash, view, offset + fields.hash, rememberedHashBytes))
    return 'answerHashDiffers';
  const answer = bankAnswerName(view.getUint8(offset + fields.answer));
  if (answer === undefined) return 'answerUnasked';
  const kindAndState = rows.u8(row, paymentFields.kindAndState);
  const rule = answerRules[paymentStateName(kindAndState & 15)][answer];
  if (rule === 'stays') return 'repeated';
  if (rule === 'unasked') return 'answerUnasked';
  if (rule === 'contradicts') {
    effects.add('answerContradicts', handle, index);
    return 'answerContradicts';
  }

  // ---- point of no return ----
  const { flights } = state;
  const slot = rows.u32(row, paymentFields.cycle) - 1;
  const debtor = flights.u32(slot, flightFields.debtorAccount);
  const creditor = flights.u32(slot, flightFields.creditorAccount);
  const amount = amountOf(rows, row);
  const succeeded = rule.to === 'succeeded';
  if (succeeded) {
    const cycle = currentCycle(state);
    post(state, cycle, debtor, creditor, amount);
    rows.setU32(row, paymentFields.cycle, cycle.number);
  } else {
    release(state, debtor, creditor, amount);
    rows.setU32(row, paymentFields.cycle, 0);
    const refund = flights.u32(slot, flightFields.refund) - 1;
    if (refund >= 0) {
      const { refunds } = state;
      refunds.setU64(refund, refundFields.refunded, refunds.u64(refund, refundFields.refunded) - amount);
    }
  }
  const reason = succeeded ? 'none' : rule.reason === 'answer' ? bankReason(bankAndReason & 0xff) : rule.reason;
  rows.setU8(row, paymentFields.kindAndState, (kindAndState & 0xf0) | paymentStates[rule.to]);
  rows.setU16(row, paymentFields.reason, reasons[reason].code);
  rows.setU16(row, paymentFields.answer, index);
  rows.setU48(row, paymentFields.sequence, state.sequence);
  rows.setU48(row, paymentFields.changedAt, state.at);
  endFlight(state, slot);
  segment.inFlight--;
  effects.add('paymentChanged', handle, index, slot + 1);
  return 'none';
}

/** The bank's own reason; a bank that fails without a known one has simply declined. */
export function bankReason(number: number): Reason {
  const reason = number === 0 ? undefined : reasonOf(number + 199);
  return reason !== undefined && reasons[reason].kind === 'bank' ? reason : 'bankDeclined';
}
