/** Messages of the stream from and to the words of the HTTP rail. */
import {
  bankAnswers,
  formatAmount,
  formatTime,
  identifierFromBytes,
  identifierText,
  identifierToBytes,
  outcomeMessage,
  type PaymentAnswer,
  type PaymentRequest,
  type PaymentState,
  type PaymentStatus,
  parseAmount,
  parseIdentifier,
  parseTime,
  paymentKinds,
  paymentStates,
  type Reason,
  reasonOf,
  reasons,
  type Unsigned,
} from '@clearway/contract';
import { readUint64, type StreamAnswer, type StreamPayment } from './payment-message.ts';

const nothing = new Uint8Array(0);
/** 0 is no state: nothing is held of the payment. */
const { none: _none, ...stateNumbers } = paymentStates;
const isoStatuses = {
  refused: 'RJCT',
  offered: 'PDNG',
  unknown: 'PDNG',
  reversing: 'PDNG',
  succeeded: 'ACSP',
  failed: 'RJCT',
} as const satisfies Record<PaymentState, PaymentStatus['isoStatus']>;

function nameOf<N extends string>(table: Readonly<Record<N, number>>, number: number): N | undefined {
  return (Object.keys(table) as N[]).find((name) => table[name] === number);
}

/** @throws RangeError for what a checked message cannot hold */
export function toStreamPayment(message: Unsigned<PaymentRequest>, signer: number): StreamPayment {
  const amount = parseAmount(message.interbankSettlementAmount);
  if ('reason' in amount) throw new RangeError(`amount of ${message.paymentId}: ${amount.reason}`);
  const { sealed } = message;
  const fraction = formatAmount(amount.minor, amount.currency).amount.split('.')[1] ?? '';
  const expiresAt = parseTime(message.expiresAt);
  if (expiresAt === undefined) throw new RangeError(`expiresAt of ${message.paymentId} is no time`);
  const reference = message.agreementId ?? message.originalPaymentId;
  return {
    signer,
    id: idBytesOf(message.paymentId),
    idAt: 0,
    kind: paymentKinds[message.kind],
    currency: amount.currency,
    decimals: fraction.length,
    instructed: Number(message.instructedAgent),
    amount: amount.minor,
    expiresAt,
    reference: reference === undefined ? undefined : idBytesOf(reference),
    endToEndId: Buffer.from(message.endToEndId),
    sealed: sealed === undefined ? nothing : Buffer.from(sealed, 'base64'),
  };
}

/** What an outcome message says; the payment's own facts are in the message that was sent. */
export interface StreamOutcome {
  readonly state: PaymentState | undefined;
  readonly reason: Reason;
  readonly cycle: number;
  readonly changedAt: number;
  readonly flags: number;
}

export function readOutcome(view: DataView, at: number): StreamOutcome {
  return {
    state: nameOf<PaymentState>(stateNumbers, view.getUint8(at + outcomeMessage.state)),
    reason: reasonOf(view.getUint16(at + outcomeMessage.reason)) ?? 'none',
    cycle: view.getUint32(at + outcomeMessage.cycle),
    changedAt: readUint64(view, at + outcomeMessage.changedAt),
    flags: view.getUint8(at + outcomeMessage.flags),
  };
}

export function statusOf(
  message: Unsigned<PaymentRequest>,
  state: PaymentState,
  { reason, cycle, changedAt }: StreamOutcome,
): PaymentStatus {
  const { paymentId, kind, instructedAgent, interbankSettlementAmount } = message;
  return {
    paymentId,
    kind,
    state,
    isoStatus: isoStatuses[state],
    ...(reason !== 'none' && { reason }),
    instructingAgent: paymentId.slice(9, 14),
    instructedAgent,
    interbankSettlementAmount,
    ...(state === 'succeeded' && { cycle }),
    changedAt: formatTime(changedAt),
  };
}

export function toStreamAnswer(
  signer: number,
  link: number,
  paymentId: string,
  paymentHash: string,
  decision: { readonly answer: PaymentAnswer['answer']; readonly reason?: Reason; readonly answeredAt: number },
): StreamAnswer {
  return {
    signer,
    id: idBytesOf(paymentId),
    idAt: 0,
    answer: bankAnswers[decision.answer],
    reason: reasons[decision.reason ?? 'none'].code,
    answeredAt: decision.answeredAt,
    hash: Buffer.from(paymentHash, 'hex'),
    hashAt: 0,
    link,
  };
}

export const codeText = (code: number): string => String(code).padStart(5, '0');

export function idTextAt(bytes: Uint8Array, at: number): string {
  return identifierText(identifierFromBytes(bytes.subarray(at, at + 16)));
}

function idBytesOf(text: string): Uint8Array {
  const identifier = parseIdentifier(text);
  if (!identifier) throw new RangeError(`'${text}' is not an identifier of 31 digits`);
  return identifierToBytes(identifier);
}
