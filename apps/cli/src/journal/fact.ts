/** The facts of a batch as objects with names, read by the layouts of core/command.ts. */
import {
  agreementStates,
  type BankAnswer,
  bankAnswers,
  type CommandType,
  type ConfigurationKind,
  commandTypes,
  configurationKinds,
  headBytes,
  identifierFromBytes,
  identifierText,
  layout,
  type Outcome,
  originalAttached,
  outcomes,
  type PaymentKind,
  type PaymentState,
  paymentKinds,
  paymentStates,
  type Reason,
  readUint64,
  reasonOf,
  type SettlementState,
  type SigningAnswer,
  settlementStates,
  shortHashBytes,
  signingAnswers,
} from '@clearway/core';
import { type Suite, suites } from '@clearway/ports';

/** What is common to all. Times are ms since 1970, amounts minor units, currencies ISO 4217 numbers, hashes hex. */
export interface FactHead {
  readonly index: number;
  readonly outcome: Outcome;
  readonly reason: Reason;
}

interface SignedBy {
  readonly suite: Suite;
  readonly keyVersion: number;
}

/** Of what came over the stream: it is signed by a checkpoint, not on its own, and names no key. */
interface SignedAnyhow {
  readonly suite: Suite | 'checkpoint';
  readonly keyVersion: number;
}

export interface SubmitPaymentFact extends FactHead, SignedAnyhow {
  readonly type: 'submitPayment';
  readonly paymentId: string;
  readonly kind: PaymentKind;
  readonly instructedAgent: string;
  readonly amount: number;
  readonly currency: number;
  readonly expiresAt: number;
  readonly receivedAt: number;
  /** Agreement of an agreement payment, original of a refund. */
  readonly reference: string | null;
  readonly hash: string;
  /** Looked up by the edge for a refund whose original the core no longer holds. */
  readonly original?: {
    readonly instructedAgent: string;
    readonly amount: number;
    readonly currency: number;
    readonly kind: PaymentKind;
    readonly state: PaymentState;
  };
}

export interface RecordAnswerFact extends FactHead, SignedAnyhow {
  readonly type: 'recordAnswer';
  readonly paymentId: string;
  readonly bank: string;
  readonly answer: BankAnswer;
  readonly bankReason: Reason;
  /** First 16 bytes. */
  readonly shortHash: string;
}

export interface RequestAgreementFact extends FactHead, SignedBy {
  readonly type: 'requestAgreement';
  readonly agreementId: string;
  readonly bank: string;
  readonly paymentLimit: number;
  readonly currency: number;
  /** yyyymmdd. */
  readonly expiresOn: number;
  readonly expiresAt: number;
  readonly receivedAt: number;
  readonly hash: string;
}

export interface ConfirmAgreementFact extends FactHead, SignedBy {
  readonly type: 'confirmAgreement';
  readonly agreementId: string;
  readonly expiresAt: number;
  readonly receivedAt: number;
  readonly hash: string;
}

export interface RecordSigningAnswerFact extends FactHead, SignedBy {
  readonly type: 'recordSigningAnswer';
  readonly agreementId: string;
  readonly bank: string;
  readonly answer: SigningAnswer;
  readonly bankReason: Reason;
  readonly shortHash: string;
}

export interface RescindAgreementFact extends FactHead {
  readonly type: 'rescindAgreement';
  readonly agreementId: string;
  readonly by: string;
  readonly receivedAt: number;
}

export interface TickFact extends FactHead {
  readonly type: 'tick';
  /** Most deadlines that it ends. */
  readonly due: number;
}

export interface CycleFact extends FactHead {
  readonly type: 'cutOffCycle' | 'netCycle';
  readonly cycle: number;
}

export interface RecordSettlementFact extends FactHead {
  readonly type: 'recordSettlement';
  readonly cycle: number;
  readonly state: SettlementState;
  /** 0 while queued. */
  readonly settledAt: number;
}

export interface RecordFundsFact extends FactHead {
  readonly type: 'recordFunds';
  readonly participant: string;
  readonly currency: number;
  readonly entry: number;
  readonly direction: 'in' | 'out';
  readonly amount: number;
}

export interface AdvanceBusinessDayFact extends FactHead {
  readonly type: 'advanceBusinessDay';
  /** yyyymmdd. */
  readonly date: number;
}

export interface RecordCheckpointFact extends FactHead, SignedBy {
  readonly type: 'recordCheckpoint';
  readonly signer: string;
  readonly stream: number;
  /** Places in the signer's stream: from this one on, up to but without that one. */
  readonly from: number;
  readonly to: number;
  readonly signedAt: number;
  readonly root: string;
  readonly signature: string;
}

export interface GiveShareFact extends FactHead {
  readonly type: 'giveShare';
  readonly participant: string;
  readonly currency: number;
  readonly number: number;
  /** Routing digits of the other cell. */
  readonly to: string;
  readonly amount: number;
}

export interface TakeShareFact extends FactHead {
  readonly type: 'takeShare';
  readonly participant: string;
  readonly currency: number;
  readonly number: number;
  readonly from: string;
  /** Of all moves up to this one. */
  readonly total: number;
}

export interface KnowAgreementFact extends FactHead {
  readonly type: 'knowAgreement';
  readonly agreementId: string;
  readonly bank: string;
  readonly state: 'active' | 'rescinded';
  readonly currency: number;
  readonly paymentLimit: number;
  readonly expiresOn: number;
  /** Batch of the home cell's journal, and when that was. */
  readonly sequence: number;
  readonly changedAt: number;
}

export interface JoinClearingFact extends FactHead {
  readonly type: 'joinClearing';
  readonly cycle: number;
}

export interface AdoptConfigurationFact extends FactHead {
  readonly type: 'adoptConfiguration';
  readonly kind: ConfigurationKind;
  readonly version: number;
  /** Of the whole document. */
  readonly hash: string;
  /** The part that the core lives by, JSON. */
  readonly content: string;
}

export type Fact =
  | SubmitPaymentFact
  | RecordAnswerFact
  | RequestAgreementFact
  | ConfirmAgreementFact
  | RecordSigningAnswerFact
  | RescindAgreementFact
  | TickFact
  | CycleFact
  | RecordSettlementFact
  | RecordFundsFact
  | AdvanceBusinessDayFact
  | RecordCheckpointFact
  | GiveShareFact
  | TakeShareFact
  | KnowAgreementFact
  | JoinClearingFact
  | AdoptConfigurationFact;

/** @throws Error for a command that this version does not know */
export function readFacts(facts: Uint8Array): Fact[] {
  const view = new DataView(facts.buffer, facts.byteOffset, facts.byteLength);
  const read: Fact[] = [];
  for (let offset = 0; offset + headBytes <= facts.length; offset += view.getUint32(offset + 4)) {
    read.push(readFact(reader(facts, view, offset), read.length));
  }
  return read;
}

/** Reads the fields of one command by their offsets in its layout. */
type Reader = ReturnType<typeof reader>;

function reader(facts: Uint8Array, view: DataView, offset: number) {
  const bytes = (field: number, length: number) => facts.subarray(offset + field, offset + field + length);
  return {
    u8: (field: number) => view.getUint8(offset + field),
    u16: (field: number) => view.getUint16(offset + field),
    u32: (field: number) => view.getUint32(offset + field),
    u64: (field: number) => readUint64(view, offset + field),
    hex: (field: number, length: number) => Buffer.from(bytes(field, length)).toString('hex'),
    text: (field: number, length: number) => Buffer.from(bytes(field, length)).toString('utf8'),
    identifier: (field: number) => identifierText(identifierFromBytes(bytes(field, 16))),
    code: (field: number) => codeText(view.getUint32(offset + field)),
  };
}

/** Five digits. */
export function codeText(code: number): string {
  return String(code).padStart(5, '0');
}

/** Routing digits: centre 2, cell 4. */
function digitsText(cell: number): string {
  return String(cell).padStart(6, '0');
}

function wordOf<W extends string>(table: Readonly<Record<W, number>>, number: number, what: string): W {
  const word = (Object.keys(table) as W[]).find((key) => table[key] === number);
  // A refused command may hold a number that nobody knows.
  return word ?? (`${what} ${number}` as W);
}

const noReference = '0'.repeat(31);

function signedBy(from: Reader, at: { readonly suite: number; readonly keyVersion: number }): SignedBy {
  return { suite: wordOf(suites, from.u8(at.suite), 'suite'), keyVersion: from.u16(at.keyVersion) };
}

function signedAnyhow(from: Reader, at: { readonly suite: number; readonly keyVersion: number }): SignedAnyhow {
  return from.u8(at.suite) === 0 ? { suite: 'checkpoint', keyVersion: from.u16(at.keyVersion) } : signedBy(from, at);
}

/** Bank in the upper 24 bits, reason less 199 in the lower 8. */
function bankAndReason(from: Reader, field: number): { readonly bank: string; readonly bankReason: Reason } {
  const word = from.u32(field);
  const reason = (word & 0xff) === 0 ? 'none' : reasonOf((word & 0xff) + 199);
  return { bank: codeText(word >>> 8), bankReason: reason ?? 'bankDeclined' };
}

function readFact(from: Reader, index: number): Fact {
  const type = wordOf<CommandType>(commandTypes, from.u8(0), 'command');
  const head: FactHead = {
    index,
    outcome: wordOf<Outcome>(outcomes, from.u8(1), 'outcome'),
    reason: reasonOf(from.u16(2)) ?? (`reason ${from.u16(2)}` as Reason),
  };
  switch (type) {
    case 'submitPayment':
      return readSubmitPayment(from, head);
    case 'recordAnswer': {
      const at = layout.recordAnswer;
      return {
        ...head,
        type,
        paymentId: from.identifier(at.id),
        ...bankAndReason(from, at.bank),
        answer: wordOf(bankAnswers, from.u8(at.answer), 'answer'),
        ...signedAnyhow(from, at),
        shortHash: from.hex(at.hash, shortHashBytes),
      };
    }
    case 'requestAgreement': {
      const at = layout.requestAgreement;
      return {
        ...head,
        type,
        agreementId: from.identifier(at.id),
        bank: from.code(at.bank),
        ...signedBy(from, at),
        paymentLimit: from.u64(at.paymentLimit),
        currency: from.u16(at.currency),
        expiresOn: from.u32(at.expiresOn),
        expiresAt: from.u64(at.expiresAt),
        receivedAt: from.u64(at.receivedAt),
        hash: from.hex(at.hash, 32),
      };
    }
    case 'confirmAgreement': {
      const at = layout.confirmAgreement;
      return {
        ...head,
        type,
        agreementId: from.identifier(at.id),
        ...signedBy(from, at),
        expiresAt: from.u64(at.expiresAt),
        receivedAt: from.u64(at.receivedAt),
        hash: from.hex(at.hash, 32),
      };
    }
    case 'recordSigningAnswer': {
      const at = layout.recordSigningAnswer;
      return {
        ...head,
        type,
        agreementId: from.identifier(at.id),
        ...bankAndReason(from, at.bank),
        answer: wordOf(signingAnswers, from.u8(at.answer), 'answer'),
        ...signedBy(from, at),
        shortHash: from.hex(at.hash, shortHashBytes),
      };
    }
    case 'rescindAgreement': {
      const at = layout.rescindAgreement;
      return {
        ...head,
        type,
        agreementId: from.identifier(at.id),
        by: from.code(at.by),
        receivedAt: from.u64(at.receivedAt),
      };
    }
    case 'tick':
      return { ...head, type, due: from.u32(layout.tick.due) };
    case 'cutOffCycle':
    case 'netCycle':
      return { ...head, type, cycle: from.u32(layout[type].cycle) };
    case 'recordSettlement': {
      const at = layout.recordSettlement;
      return {
        ...head,
        type,
        cycle: from.u32(at.cycle),
        state: wordOf(settlementStates, from.u8(at.state), 'settlement state'),
        settledAt: from.u64(at.settledAt),
      };
    }
    case 'recordFunds': {
      const at = layout.recordFunds;
      return {
        ...head,
        type,
        participant: from.code(at.participant),
        currency: from.u16(at.currency),
        entry: from.u32(at.entry),
        direction: from.u8(at.credit) === 1 ? 'in' : 'out',
        amount: from.u64(at.amount),
      };
    }
    case 'advanceBusinessDay':
      return { ...head, type, date: from.u32(layout.advanceBusinessDay.date) };
    case 'recordCheckpoint': {
      const at = layout.recordCheckpoint;
      return {
        ...head,
        type,
        signer: from.code(at.signer),
        ...signedBy(from, at),
        stream: from.u64(at.stream),
        from: from.u32(at.from),
        to: from.u32(at.to),
        signedAt: from.u64(at.signedAt),
        root: from.hex(at.root, 32),
        signature: from.hex(at.signature, 64),
      };
    }
    case 'giveShare': {
      const at = layout.giveShare;
      return {
        ...head,
        type,
        participant: from.code(at.participant),
        currency: from.u16(at.currency),
        number: from.u32(at.number),
        to: digitsText(from.u32(at.to)),
        amount: from.u64(at.amount),
      };
    }
    case 'takeShare': {
      const at = layout.takeShare;
      return {
        ...head,
        type,
        participant: from.code(at.participant),
        currency: from.u16(at.currency),
        number: from.u32(at.number),
        from: digitsText(from.u32(at.from)),
        total: from.u64(at.total),
      };
    }
    case 'knowAgreement': {
      const at = layout.knowAgreement;
      return {
        ...head,
        type,
        agreementId: from.identifier(at.id),
        bank: from.code(at.bank),
        state: wordOf(agreementStates, from.u8(at.state), 'agreement state') as 'active' | 'rescinded',
        currency: from.u16(at.currency),
        paymentLimit: from.u64(at.paymentLimit),
        expiresOn: from.u32(at.expiresOn),
        sequence: from.u64(at.sequence),
        changedAt: from.u64(at.changedAt),
      };
    }
    case 'joinClearing':
      return { ...head, type, cycle: from.u32(layout.joinClearing.cycle) };
    case 'adoptConfiguration': {
      const at = layout.adoptConfiguration;
      return {
        ...head,
        type,
        kind: wordOf(configurationKinds, from.u8(at.kind), 'configuration kind'),
        version: from.u32(at.version),
        hash: from.hex(at.hash, 32),
        content: from.text(at.content, from.u32(at.length)),
      };
    }
    default:
      throw new Error(`${type} is unknown to this version`);
  }
}

function readSubmitPayment(from: Reader, head: FactHead): SubmitPaymentFact {
  const at = layout.submitPayment;
  const reference = from.identifier(at.reference);
  const flags = from.u16(at.flags);
  return {
    ...head,
    type: 'submitPayment',
    paymentId: from.identifier(at.id),
    kind: wordOf(paymentKinds, from.u8(at.kind), 'payment kind'),
    ...signedAnyhow(from, at),
    instructedAgent: from.code(at.instructed),
    amount: from.u64(at.amount),
    currency: from.u16(at.currency),
    expiresAt: from.u64(at.expiresAt),
    receivedAt: from.u64(at.receivedAt),
    reference: reference === noReference ? null : reference,
    hash: from.hex(at.hash, 32),
    ...((flags & originalAttached) !== 0 && {
      original: {
        instructedAgent: from.code(at.originalInstructed),
        amount: from.u64(at.originalAmount),
        currency: flags >> 6,
        kind: wordOf(paymentKinds, (flags >> 4) & 3, 'payment kind'),
        state: wordOf(paymentStates, (flags >> 1) & 7, 'payment state') as PaymentState,
      },
    }),
  };
}
