/** A journal as it would be had a payment and its answer come over the stream: for tests of those who read it. */
import {
  answerMessage,
  answerMessageBytes,
  canonicalCheckpoint,
  canonicalPayment,
  canonicalPaymentAnswer,
  currencyByAlpha,
  merkleRoot,
  type PaymentAnswer,
  type PaymentRequest,
  parseAmount,
  parseTime,
  paymentMessage,
  paymentMessageBytes,
  sha256Lanes,
  signMessage,
} from '@clearway/contract';
import {
  bankAnswers,
  encodeRecordCheckpoint,
  identifierToBytes,
  layout,
  outcomes,
  parseIdentifier,
  paymentKinds,
  reasons,
} from '@clearway/core';
import { type Crypto, suites } from '@clearway/ports';
import type { MemoryDisk } from '@clearway/store';
import { type Keys, scheme } from './recorded-cell.ts';
import { bodiesOf, rewrite } from './tamper.ts';

/** The payment becomes message 1 of stream 7, under a checkpoint over 0 and 1 of which 0 never reached the journal. */
export const requestPlace = { stream: 7, position: 1, from: 0, to: 2 } as const;
/** The answer becomes message 0 of stream 8, under a checkpoint over it alone. */
export const answerPlace = { stream: 8, position: 0, from: 0, to: 1 } as const;

export async function putOverStream(disk: MemoryDisk, crypto: Crypto, keys: Keys, paymentId: string): Promise<void> {
  const record = disk.records.payments.get(paymentId)!;
  const { requestSequence, requestIndex, answerSequence, answerIndex } = record;
  const read = <M>(sequence: number, index: number): M =>
    JSON.parse(Buffer.from(bodiesOf(disk, crypto, sequence)[index]).toString('utf8'));
  const request = read<PaymentRequest>(requestSequence, requestIndex);
  const answer = read<PaymentAnswer>(answerSequence, answerIndex);
  const { instructingAgent: institution, instructedAgent: bank } = record;

  const put = async (
    signer: string,
    where: { readonly sequence: number; readonly index: number; readonly suite: number },
    place: { readonly stream: number; readonly from: number; readonly to: number },
    body: Uint8Array,
    leaves: readonly Uint8Array[],
    unjournaled: Uint8Array,
  ) => {
    const root = merkleRoot(sha256Lanes(), Buffer.concat(leaves), leaves.length);
    const { stream, from, to } = place;
    const covers = { stream, from, to, signedAt: record.changedAt, root };
    const key = keys.get(signer)!;
    const { value } = await signMessage(crypto, key, canonicalCheckpoint(scheme, { signer, ...covers }));
    const checkpoint = encodeRecordCheckpoint({
      ...covers,
      signer: Number(signer),
      suite: suites[key.suite],
      keyVersion: key.version,
      signature: Buffer.from(value, 'base64'),
    });
    checkpoint[1] = outcomes.accepted;
    rewrite(disk, crypto, where.sequence, (batch) => {
      const view = new DataView(batch.facts.buffer, batch.facts.byteOffset, batch.facts.byteLength);
      let at = 0;
      for (let index = 0; index < where.index; index++) at += view.getUint32(at + 4);
      // Suite u8 and version u16 of the key: none, since the message is not signed by itself.
      batch.facts.fill(0, at + where.suite, at + where.suite + 3);
      batch.facts = Buffer.concat([batch.facts, checkpoint]);
      batch.bodies[where.index] = body;
      batch.bodies.push(unjournaled);
    });
  };

  const lost = crypto.sha256(Buffer.from('turned away before the journal'));
  const place = Buffer.alloc(4);
  place.writeUInt32BE(requestPlace.from);
  await put(
    institution,
    { sequence: requestSequence, index: requestIndex, suite: layout.submitPayment.suite },
    requestPlace,
    paymentBytes(request),
    [lost, crypto.sha256(canonicalPayment(scheme, request))],
    Buffer.concat([place, lost]),
  );
  await put(
    bank,
    { sequence: answerSequence, index: answerIndex, suite: layout.recordAnswer.suite },
    answerPlace,
    answerBytes(bank, answer),
    [crypto.sha256(canonicalPaymentAnswer(scheme, bank, answer))],
    new Uint8Array(),
  );
}

const idOf = (text: string) => identifierToBytes(parseIdentifier(text)!);

function paymentBytes(payment: PaymentRequest): Uint8Array {
  const at = paymentMessage;
  const [text, sealed] = [Buffer.from(payment.endToEndId), Buffer.from(payment.sealed ?? '', 'base64')];
  const bytes = Buffer.alloc(Math.ceil((paymentMessageBytes + text.length + sealed.length) / 8) * 8);
  const { minor, currency } = parseAmount(payment.interbankSettlementAmount) as { minor: number; currency: number };
  bytes.writeUInt16BE(bytes.length, at.size);
  bytes.writeUInt8(text.length, at.referenceLength);
  bytes.writeUInt8(currencyByAlpha(payment.interbankSettlementAmount.currency)!.decimals, at.decimals);
  bytes.writeUInt16BE(sealed.length, at.sealedLength);
  bytes.set(idOf(payment.paymentId), at.id);
  bytes.writeUInt8(paymentKinds[payment.kind], at.kind);
  bytes.writeUInt16BE(currency, at.currency);
  bytes.writeUInt32BE(Number(payment.instructedAgent), at.instructed);
  bytes.writeUInt32BE(requestPlace.position, at.position);
  bytes.writeBigUInt64BE(BigInt(minor), at.amount);
  bytes.writeBigUInt64BE(BigInt(parseTime(payment.expiresAt)!), at.expiresAt);
  bytes.writeBigUInt64BE(BigInt(requestPlace.stream), at.stream);
  const reference = payment.agreementId ?? payment.originalPaymentId;
  if (reference !== undefined) bytes.set(idOf(reference), at.reference);
  bytes.set(text, at.endToEndId);
  bytes.set(sealed, at.endToEndId + text.length);
  return bytes;
}

function answerBytes(bank: string, answer: PaymentAnswer): Uint8Array {
  const at = answerMessage;
  const bytes = Buffer.alloc(answerMessageBytes);
  bytes.writeUInt8(bankAnswers[answer.answer], at.answer);
  bytes.writeUInt16BE(answer.reason === undefined ? 0 : reasons[answer.reason].code, at.reason);
  bytes.writeUInt32BE(Number(bank), at.bank);
  bytes.set(idOf(answer.paymentId), at.id);
  bytes.writeBigUInt64BE(BigInt(parseTime(answer.answeredAt)!), at.answeredAt);
  bytes.writeBigUInt64BE(BigInt(answerPlace.stream), at.stream);
  bytes.writeUInt32BE(answerPlace.position, at.position);
  bytes.write(answer.paymentHash, at.hash, 'hex');
  return bytes;
}
