/**
 * The messages of the wire as schemas (JSON Schema 2020-12) with their types. Unknown fields are refused everywhere.
 *
 * Amounts are major units as text, times RFC 3339 in UTC with milliseconds, codes of participants five digits,
 * bytes base64. Which fields are sealed, and to whom, is in fields.ts; what is signed, in canonical.ts.
 */
import {
  type AgreementState,
  agreementStates,
  type BankAnswer,
  bankAnswers,
  type PaymentKind,
  type PaymentState,
  paymentKinds,
  paymentStates,
  type Reason,
  reasons,
  type SigningAnswer,
  signingAnswers,
} from '@clearway/core/vocabulary';
import { type Suite, suites } from '@clearway/ports';
import { type Static, type TProperties, Type } from 'typebox';
import { parseDate, parseTime } from './time.ts';

const strict = { additionalProperties: false } as const;
const object = <P extends TProperties>(properties: P) => Type.Object(properties, strict);

function words<W extends string>(list: readonly W[]) {
  return Type.Unsafe<W>({ type: 'string', enum: list });
}

function keysOf<W extends string>(table: Record<W, unknown>): W[] {
  return (Object.keys(table) as W[]).filter((word) => word !== 'none');
}

function base64(leastBytes: number, mostBytes: number) {
  const schema = Type.String({
    pattern: '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$',
    minLength: Math.ceil(leastBytes / 3) * 4,
    maxLength: Math.ceil(mostBytes / 3) * 4,
    contentEncoding: 'base64',
  });
  const fits = (text: string) => {
    const bytes = Buffer.from(text, 'base64');
    return bytes.length >= leastBytes && bytes.length <= mostBytes && bytes.toString('base64') === text;
  };
  return Type.Refine(schema, fits, () => `must be base64 of ${leastBytes} to ${mostBytes} bytes, unused bits zero`);
}

const ParticipantCode = Type.String({ pattern: '^[0-9]{5}$', description: 'Code of a participant.' });
const PaymentId = Type.String({
  pattern: '^[0-9]{31}$',
  description: 'Date 8, version 1, instructing participant 5, sequence 11, routing digits 6.',
});
const AgreementId = Type.String({ pattern: '^[0-9]{31}$', description: 'Of the same shape as a payment identifier.' });
const Hash = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256, lower-case hex.' });
const Time = Type.Refine(
  Type.String({
    pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$',
    format: 'date-time',
    examples: ['2026-11-22T10:00:05.000Z'],
  }),
  (text) => parseTime(text) !== undefined,
  () => 'must be a time that exists, in UTC with milliseconds, as 2026-11-22T10:00:05.000Z',
);
const DateText = Type.Refine(
  Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$', format: 'date', examples: ['2026-11-22'] }),
  (text) => parseDate(text) !== undefined,
  () => 'must be a date that exists, as 2026-11-22',
);
const CurrencyCode = Type.String({ pattern: '^[A-Z]{3}$', description: 'ISO 4217.' });
const UnsignedDecimal = Type.String({ pattern: '^(0|[1-9][0-9]*)(\\.[0-9]{1,3})?$', maxLength: 24 });
const SignedDecimal = Type.String({ pattern: '^-?(0|[1-9][0-9]*)(\\.[0-9]{1,3})?$', maxLength: 32 });
/** ISO 20022 Max35Text, without control, format or separator characters: it must survive files and screens unchanged. */
const Max35Text = Type.String({ pattern: '^[^\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]{1,35}$' });
const Reference = Type.String({ pattern: '^[A-Za-z0-9:._-]{1,64}$' });
const ReasonWord = words<Exclude<Reason, 'none'>>(keysOf(reasons) as Exclude<Reason, 'none'>[]);
const BankReason = words<Reason>(keysOf(reasons).filter((reason) => reasons[reason].kind === 'bank'));
const IsoReason = Type.String({ pattern: '^[A-Z0-9]{4}$', description: 'ISO 20022 external status reason code.' });
const CycleSerial = Type.Integer({ minimum: 1, maximum: 0xffff_ffff });
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const SuiteWord = words<Suite>(keysOf(suites));
const KeyVersion = Type.Integer({ minimum: 1, maximum: 65_535 });
const PublicKeyText = Type.String({
  pattern: '^-----BEGIN PUBLIC KEY-----\\r?\\n[A-Za-z0-9+/=\\r\\n]+-----END PUBLIC KEY-----\\r?\\n?$',
  maxLength: 1024,
  description: 'SPKI, PEM.',
});

/** Largest sealed part of a message, in bytes. */
export const sealedMostBytes = 4096;
const Sealed = base64(1, sealedMostBytes);

export const Money = object({ amount: UnsignedDecimal, currency: CurrencyCode });
export type Money = Static<typeof Money>;

/** 64 bytes in either suite. */
export const Signature = object({ suite: SuiteWord, keyVersion: KeyVersion, value: base64(64, 64) });
export type Signature = Static<typeof Signature>;

/** `field` stands only in messages whose `tag` is `word`. */
const onlyWith = (field: string, tag: string, word: string) => ({
  if: { properties: { [tag]: { const: word } } },
  else: { properties: { [field]: false } },
});

/** Every message whose `tag` is `word` has `field`. */
const alwaysWith = (field: string, tag: string, word: string) => ({
  if: { properties: { [tag]: { not: { const: word } } } },
  else: { required: [field] },
});

const kindRules = [
  onlyWith('agreementId', 'kind', 'agreementPayment'),
  alwaysWith('agreementId', 'kind', 'agreementPayment'),
  onlyWith('originalPaymentId', 'kind', 'refund'),
  alwaysWith('originalPaymentId', 'kind', 'refund'),
];

export const PaymentRequest = Type.Object(
  {
    paymentId: PaymentId,
    kind: words<PaymentKind>(keysOf(paymentKinds)),
    instructedAgent: ParticipantCode,
    interbankSettlementAmount: Money,
    /** Of an agreement payment, and of no other. */
    agreementId: Type.Optional(AgreementId),
    /** Of a refund, and of no other. */
    originalPaymentId: Type.Optional(PaymentId),
    endToEndId: Max35Text,
    expiresAt: Time,
    /** Fields that the sender sealed for the instructed bank. */
    sealed: Type.Optional(Sealed),
    signature: Signature,
  },
  { ...strict, allOf: kindRules },
);
export type PaymentRequest = Static<typeof PaymentRequest>;

export const PaymentAnswer = Type.Object(
  {
    paymentId: PaymentId,
    /** SHA-256 of the canonical payment bytes that the bank decided on. */
    paymentHash: Hash,
    answer: words<BankAnswer>(keysOf(bankAnswers)),
    /** Why it failed; with no other answer. */
    reason: Type.Optional(BankReason),
    answeredAt: Time,
    signature: Signature,
  },
  { ...strict, allOf: [onlyWith('reason', 'answer', 'failed')] },
);
export type PaymentAnswer = Static<typeof PaymentAnswer>;

/** pacs.002 group: refused, pending, accepted and in settlement, settled. */
export const isoStatuses = ['RJCT', 'PDNG', 'ACSP', 'ACSC'] as const;
export type IsoStatus = (typeof isoStatuses)[number];

export const PaymentStatus = object({
  paymentId: PaymentId,
  kind: words<PaymentKind>(keysOf(paymentKinds)),
  state: words<PaymentState>(keysOf(paymentStates) as PaymentState[]),
  isoStatus: words<IsoStatus>(isoStatuses),
  reason: Type.Optional(ReasonWord),
  isoReason: Type.Optional(IsoReason),
  instructingAgent: ParticipantCode,
  instructedAgent: ParticipantCode,
  interbankSettlementAmount: Money,
  /** Of the payment's success. */
  cycle: Type.Optional(CycleSerial),
  changedAt: Time,
  /** The bank's deciding answer, as the bank signed it. */
  answer: Type.Optional(PaymentAnswer),
});
export type PaymentStatus = Static<typeof PaymentStatus>;

export const AgreementRequest = object({
  agreementId: AgreementId,
  bank: ParticipantCode,
  /** Most that one payment under the agreement may take. */
  paymentLimit: Money,
  /** Last business day of the agreement. */
  expiresOn: DateText,
  expiresAt: Time,
  sealed: Sealed,
  signature: Signature,
});
export type AgreementRequest = Static<typeof AgreementRequest>;

/** `sealed`: the bank's one-time code, for the bank. */
export const AgreementConfirmation = object({
  agreementId: AgreementId,
  expiresAt: Time,
  sealed: Sealed,
  signature: Signature,
});
export type AgreementConfirmation = Static<typeof AgreementConfirmation>;

export const AgreementRescission = object({ agreementId: AgreementId, expiresAt: Time, signature: Signature });
export type AgreementRescission = Static<typeof AgreementRescission>;

export const AgreementAnswer = Type.Object(
  {
    agreementId: AgreementId,
    /** SHA-256 of the canonical request or confirmation that the bank decided on. */
    subjectHash: Hash,
    answer: words<SigningAnswer>(keysOf(signingAnswers)),
    reason: Type.Optional(BankReason),
    answeredAt: Time,
    signature: Signature,
  },
  { ...strict, allOf: [onlyWith('reason', 'answer', 'failed')] },
);
export type AgreementAnswer = Static<typeof AgreementAnswer>;

export const AgreementStatus = object({
  agreementId: AgreementId,
  institution: ParticipantCode,
  bank: ParticipantCode,
  state: words<AgreementState>(keysOf(agreementStates) as AgreementState[]),
  reason: Type.Optional(ReasonWord),
  isoReason: Type.Optional(IsoReason),
  paymentLimit: Money,
  expiresOn: DateText,
  changedAt: Time,
  answer: Type.Optional(AgreementAnswer),
});
export type AgreementStatus = Static<typeof AgreementStatus>;

// Questions of the platform to the instructed bank. `deadline`: until when an answer counts as the bank's.

export const Offer = object({ payment: PaymentRequest, deadline: Time, possibleDuplicate: Type.Boolean() });
export type Offer = Static<typeof Offer>;

export const Enquiry = object({ payment: PaymentRequest, deadline: Time });
export type Enquiry = Static<typeof Enquiry>;

export const Reversal = object({ payment: PaymentRequest, deadline: Time });
export type Reversal = Static<typeof Reversal>;

export const Signing = object({ agreement: AgreementRequest, deadline: Time });
export type Signing = Static<typeof Signing>;

export const Confirmation = object({ confirmation: AgreementConfirmation, deadline: Time });
export type Confirmation = Static<typeof Confirmation>;

export const cycleStateWords = ['open', 'cut', 'netted', 'queued', 'settled'] as const;
const CycleStateWord = words(cycleStateWords);

export const CycleNotice = object({ cycle: CycleSerial, businessDate: DateText, state: CycleStateWord });
export type CycleNotice = Static<typeof CycleNotice>;

/** A final state. `noticeId` is the same in every repetition. */
export const Notice = object({
  noticeId: Reference,
  type: words(['payment', 'agreement', 'cycle']),
  payment: Type.Optional(PaymentStatus),
  agreement: Type.Optional(AgreementStatus),
  cycle: Type.Optional(CycleNotice),
});
export type Notice = Static<typeof Notice>;

/** Notices that one request tells at most. */
export const noticesTogether = 50;
/** Taken all together or not at all. */
export const Notices = object({ notices: Type.Array(Notice, { minItems: 1, maxItems: noticesTogether }) });
export type Notices = Static<typeof Notices>;

export const WireKey = object({
  version: KeyVersion,
  suite: SuiteWord,
  publicKey: PublicKeyText,
  /** Signatures made from then on do not count. */
  endedAt: Type.Optional(Time),
});
export type WireKey = Static<typeof WireKey>;

export const Platform = object({
  schemeId: Type.String({ pattern: '^[\\x21-\\x7e]{1,8}$' }),
  environment: words(['sandbox', 'production']),
  businessDate: DateText,
  keys: Type.Array(WireKey),
  /** Last six digits of new identifiers, to be drawn by weight; weight zero is for no new ones. */
  routing: Type.Array(
    object({ digits: Type.String({ pattern: '^[0-9]{6}$' }), weight: Type.Integer({ minimum: 0, maximum: 65_535 }) }),
  ),
  offerTimeoutMs: Type.Integer({ minimum: 1 }),
  longestExpiryMs: Type.Integer({ minimum: 1 }),
});
export type Platform = Static<typeof Platform>;

export const DirectoryParticipant = object({
  code: ParticipantCode,
  name: Type.String({ minLength: 1, maxLength: 140 }),
  role: words(['paymentInstitution', 'bank']),
  status: words(['active', 'suspended']),
  /** X25519; fields for this participant are sealed to it. */
  sealingKey: PublicKeyText,
  keys: Type.Array(WireKey),
});
export type DirectoryParticipant = Static<typeof DirectoryParticipant>;

export const Directory = object({ participants: Type.Array(DirectoryParticipant) });
export type Directory = Static<typeof Directory>;

export const KeyRequest = object({ version: KeyVersion, suite: SuiteWord, publicKey: PublicKeyText });
export type KeyRequest = Static<typeof KeyRequest>;

const cycleFields = {
  cycle: CycleSerial,
  businessDate: DateText,
  state: CycleStateWord,
  times: object({
    openedAt: Time,
    cutAt: Type.Optional(Time),
    nettedAt: Type.Optional(Time),
    settledAt: Type.Optional(Time),
  }),
};

export const Cycle = object(cycleFields);
export type Cycle = Static<typeof Cycle>;

export const CycleList = object({ cycles: Type.Array(Cycle) });
export type CycleList = Static<typeof CycleList>;

const turnover = {
  currency: CurrencyCode,
  creditCount: Count,
  credits: UnsignedDecimal,
  debitCount: Count,
  debits: UnsignedDecimal,
  /** Credits − debits; negative owes. */
  net: SignedDecimal,
};

export const CyclePosition = object({ participant: ParticipantCode, ...turnover });
export type CyclePosition = Static<typeof CyclePosition>;

export const CycleTotal = object(turnover);
export type CycleTotal = Static<typeof CycleTotal>;

const Shortfalls = Type.Array(object({ participant: ParticipantCode, missing: UnsignedDecimal }));

export const CycleSettlement = object({
  instructionId: Reference,
  currency: CurrencyCode,
  state: words(['submitted', 'queued', 'settled']),
  settledAt: Type.Optional(Time),
  shortfalls: Shortfalls,
});
export type CycleSettlement = Static<typeof CycleSettlement>;

/** An institution sees its own positions, and the totals of all. */
export const CycleReport = object({
  ...cycleFields,
  positions: Type.Array(CyclePosition),
  totals: Type.Array(CycleTotal),
  settlement: Type.Array(CycleSettlement),
});
export type CycleReport = Static<typeof CycleReport>;

/** One after the other, the parts are the file; a part is whole lines. */
export const ReconciliationManifest = object({
  cycle: CycleSerial,
  participant: ParticipantCode,
  payments: Count,
  bytes: Count,
  /** Over all bytes. */
  hash: Hash,
  /** Part 1 first. */
  parts: Type.Array(object({ payments: Count, bytes: Count, hash: Hash })),
});
export type ReconciliationManifest = Static<typeof ReconciliationManifest>;

/** The nets of a cycle in one currency; their sum is zero. */
export const SettlementInstruction = object({
  instructionId: Reference,
  cycle: CycleSerial,
  businessDate: DateText,
  currency: CurrencyCode,
  positions: Type.Array(object({ participant: ParticipantCode, net: SignedDecimal })),
});
export type SettlementInstruction = Static<typeof SettlementInstruction>;

/** `queued`: nothing is booked, since those in `shortfalls` lack funds. */
export const SettlementAdvice = object({
  instructionId: Reference,
  state: words(['settled', 'queued']),
  settledAt: Type.Optional(Time),
  shortfalls: Shortfalls,
});
export type SettlementAdvice = Static<typeof SettlementAdvice>;

/** `entry`: serial on the account's statement, ascending without gaps. `amount`: negative for money out. */
export const AccountEntry = object({
  entry: Type.Integer({ minimum: 1, maximum: 0xffff_ffff }),
  kind: words(['deposit', 'withdrawal', 'settlement']),
  amount: SignedDecimal,
  currency: CurrencyCode,
  bookedAt: Time,
  reference: Reference,
});
export type AccountEntry = Static<typeof AccountEntry>;

export const AccountEntries = object({ entries: Type.Array(AccountEntry) });
export type AccountEntries = Static<typeof AccountEntries>;

/** Idempotent by `reference`. */
export const Deposit = object({ reference: Reference, amount: UnsignedDecimal, currency: CurrencyCode });
export type Deposit = Static<typeof Deposit>;
