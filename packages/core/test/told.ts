/**
 * What a cell is told, as plain values: the one form from which the tests make commands, for the core as bytes and for
 * the oracle as they are. What no encoder would make (a kind or an answer that does not exist) can be told too.
 */
import {
  type AttachedOriginal,
  type BankAnswer,
  type ConfigurationKind,
  encodeAdoptConfiguration,
  encodeAdvanceBusinessDay,
  encodeConfirmAgreement,
  encodeCutOffCycle,
  encodeGiveShare,
  encodeJoinClearing,
  encodeKnowAgreement,
  encodeNetCycle,
  encodeRecordAnswer,
  encodeRecordCheckpoint,
  encodeRecordFunds,
  encodeRecordSettlement,
  encodeRecordSigningAnswer,
  encodeRequestAgreement,
  encodeRescindAgreement,
  encodeSubmitPayment,
  encodeTakeShare,
  encodeTick,
  encodeUtf8,
  type GiveShare,
  type Identifier,
  identifierToBytes,
  type KnowAgreement,
  layout,
  type PaymentKind,
  type Reason,
  reasons,
  type SettlementState,
  type SigningAnswer,
  type TakeShare,
} from '@clearway/core';

export interface ToldPayment {
  readonly type: 'submitPayment';
  readonly id: Identifier;
  readonly kind: PaymentKind | 'unsupported';
  readonly currency: number;
  readonly instructed: number;
  readonly amount: number;
  readonly expiresAt: number;
  readonly reference?: Identifier | undefined;
  readonly original?: AttachedOriginal | undefined;
  /** Stands for the content: another number is another hash. */
  readonly content: number;
}

export interface ToldAnswer {
  readonly type: 'recordAnswer';
  readonly id: Identifier;
  readonly answer: BankAnswer | 'unsupported';
  readonly reason: Reason;
  readonly bank: number;
  readonly content: number;
}

export interface ToldAgreement {
  readonly type: 'requestAgreement';
  readonly id: Identifier;
  readonly bank: number;
  readonly paymentLimit: number;
  readonly currency: number;
  readonly expiresOn: number;
  readonly expiresAt: number;
  readonly content: number;
}

export interface ToldConfirmation {
  readonly type: 'confirmAgreement';
  readonly id: Identifier;
  readonly expiresAt: number;
  readonly content: number;
}

export interface ToldSigningAnswer {
  readonly type: 'recordSigningAnswer';
  readonly id: Identifier;
  readonly answer: SigningAnswer | 'unsupported';
  readonly reason: Reason;
  readonly bank: number;
  readonly content: number;
}

export type Told =
  | ToldPayment
  | ToldAnswer
  | ToldAgreement
  | ToldConfirmation
  | ToldSigningAnswer
  | { readonly type: 'rescindAgreement'; readonly id: Identifier; readonly by: number }
  | { readonly type: 'tick'; readonly due: number }
  | { readonly type: 'cutOffCycle'; readonly cycle: number }
  | { readonly type: 'netCycle'; readonly cycle: number }
  | {
      readonly type: 'recordSettlement';
      readonly cycle: number;
      readonly state: SettlementState;
      readonly settledAt: number;
    }
  | {
      readonly type: 'recordFunds';
      readonly participant: number;
      readonly currency: number;
      readonly entry: number;
      readonly credit: boolean;
      readonly amount: number;
    }
  | { readonly type: 'advanceBusinessDay'; readonly date: number }
  | { readonly type: 'recordCheckpoint'; readonly signer: number; readonly from: number; readonly to: number }
  | {
      readonly type: 'adoptConfiguration';
      readonly kind: ConfigurationKind;
      readonly version: number;
      /** Taken as it is when it is a text, else as JSON. */
      readonly content: unknown;
    };

/** What one cell is told of another. */
export type ToldOfOthers =
  | ({ readonly type: 'giveShare' } & GiveShare)
  | ({ readonly type: 'takeShare' } & TakeShare)
  | ({ readonly type: 'knowAgreement'; readonly id: Identifier } & Omit<KnowAgreement, 'id'>)
  | { readonly type: 'joinClearing'; readonly cycle: number };

/** No kind or answer has this number. */
const unsupported = 9;

/** 32 bytes that differ for every number; the core only compares them. */
export function hashOf(content: number): Uint8Array {
  const hash = new Uint8Array(32);
  const view = new DataView(hash.buffer);
  for (let word = 0; word < 8; word++)
    view.setUint32(word * 4, Math.imul(content + 1, 0x9e3779b1) ^ (word * 0x85ebca6b));
  return hash;
}

export function encode(told: Told | ToldOfOthers): Uint8Array {
  const signed = { suite: 1, keyVersion: 1 };
  switch (told.type) {
    case 'submitPayment': {
      const bytes = encodeSubmitPayment({
        ...signed,
        ...told,
        kind: told.kind === 'unsupported' ? 'payout' : told.kind,
        id: identifierToBytes(told.id),
        receivedAt: 0,
        reference: told.reference && identifierToBytes(told.reference),
        hash: hashOf(told.content),
      });
      if (told.kind === 'unsupported') bytes[layout.submitPayment.kind] = unsupported;
      return bytes;
    }
    case 'recordAnswer': {
      const bytes = encodeRecordAnswer({
        ...signed,
        ...told,
        answer: told.answer === 'unsupported' ? 'failed' : told.answer,
        id: identifierToBytes(told.id),
        reason: reasons[told.reason].code,
        hash: hashOf(told.content),
      });
      if (told.answer === 'unsupported') bytes[layout.recordAnswer.answer] = unsupported;
      return bytes;
    }
    case 'requestAgreement':
      return encodeRequestAgreement({
        ...signed,
        ...told,
        id: identifierToBytes(told.id),
        receivedAt: 0,
        hash: hashOf(told.content),
      });
    case 'confirmAgreement':
      return encodeConfirmAgreement({
        ...signed,
        ...told,
        id: identifierToBytes(told.id),
        receivedAt: 0,
        hash: hashOf(told.content),
      });
    case 'recordSigningAnswer': {
      const bytes = encodeRecordSigningAnswer({
        ...signed,
        ...told,
        answer: told.answer === 'unsupported' ? 'failed' : told.answer,
        id: identifierToBytes(told.id),
        reason: reasons[told.reason].code,
        hash: hashOf(told.content),
      });
      if (told.answer === 'unsupported') bytes[layout.recordSigningAnswer.answer] = unsupported;
      return bytes;
    }
    case 'rescindAgreement':
      return encodeRescindAgreement({ id: identifierToBytes(told.id), by: told.by, receivedAt: 0 });
    case 'tick':
      return encodeTick(told.due);
    case 'cutOffCycle':
      return encodeCutOffCycle(told.cycle);
    case 'netCycle':
      return encodeNetCycle(told.cycle);
    case 'recordSettlement':
      return encodeRecordSettlement(told);
    case 'recordFunds':
      return encodeRecordFunds(told);
    case 'giveShare':
      return encodeGiveShare(told);
    case 'takeShare':
      return encodeTakeShare(told);
    case 'knowAgreement':
      return encodeKnowAgreement({ ...told, id: identifierToBytes(told.id) });
    case 'joinClearing':
      return encodeJoinClearing(told.cycle);
    case 'advanceBusinessDay':
      return encodeAdvanceBusinessDay(told.date);
    case 'recordCheckpoint':
      return encodeRecordCheckpoint({
        ...told,
        suite: 1,
        keyVersion: 1,
        stream: 1,
        signedAt: 0,
        root: new Uint8Array(32),
        signature: new Uint8Array(64),
      });
    case 'adoptConfiguration': {
      const text = typeof told.content === 'string' ? told.content : JSON.stringify(told.content);
      return encodeAdoptConfiguration({
        kind: told.kind,
        version: told.version,
        hash: new Uint8Array(32),
        content: encodeUtf8(text),
      });
    }
  }
}
