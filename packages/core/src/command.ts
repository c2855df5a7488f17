/**
 * Commands: what the core is told, as fixed-layout records that are at the same time the journal's *facts*.
 *
 * Every record starts with the same eight bytes, all numbers big-endian:
 * ```
 *  0 type      u8    one of commandTypes
 *  1 outcome   u8    written by apply: one of outcomes
 *  2 reason    u16   written by apply: code of a Reason, 0 for none
 *  4 size      u32   of the whole record, a multiple of 8
 * ```
 * The layouts are format 1 of the journal: they are never changed, only joined by new types.
 */
import { identifierBytes } from './identifier.ts';
import { agreementStates, type PaymentState, paymentStates } from './states.ts';

export const commandTypes = {
  submitPayment: 1,
  recordAnswer: 2,
  tick: 3,
  adoptConfiguration: 4,
  requestAgreement: 5,
  confirmAgreement: 6,
  recordSigningAnswer: 7,
  rescindAgreement: 8,
  cutOffCycle: 9,
  netCycle: 10,
  recordSettlement: 11,
  recordFunds: 12,
  advanceBusinessDay: 13,
  recordCheckpoint: 14,
  giveShare: 15,
  takeShare: 16,
  knowAgreement: 17,
  joinClearing: 18,
} as const;
export type CommandType = keyof typeof commandTypes;

/** `accepted`: the command did what it says. `repeated`: known already, nothing changed. `refused`: see the reason. */
export const outcomes = { undecided: 0, accepted: 1, repeated: 2, refused: 3 } as const;
export type Outcome = keyof typeof outcomes;

export const paymentKinds = { agreementPayment: 1, payout: 2, refund: 3 } as const;
export type PaymentKind = keyof typeof paymentKinds;

/** What a bank says of an offered payment; each answer is signed by the bank. */
export const bankAnswers = {
  succeeded: 1,
  failed: 2,
  notKnownYet: 3,
  neverProcessed: 4,
  reversed: 5,
  blocked: 6,
} as const;
export type BankAnswer = keyof typeof bankAnswers;

/** What a bank says in the course of signing an agreement. */
export const signingAnswers = { codeSent: 1, active: 2, failed: 3 } as const;
export type SigningAnswer = keyof typeof signingAnswers;

export const settlementStates = { queued: 1, settled: 2 } as const;
export type SettlementState = keyof typeof settlementStates;

export const configurationKinds = { scheme: 1, participants: 2 } as const;
export type ConfigurationKind = keyof typeof configurationKinds;

export const headBytes = 8;
/** How much of a content hash answers repeat. */
export const shortHashBytes = 16;
/** How much of it the hot tables keep, and compare. */
export const rememberedHashBytes = 14;

/** Offsets, so that the core can read in place. */
export const layout = {
  submitPayment: {
    size: 120,
    id: 8,
    kind: 24,
    suite: 25,
    keyVersion: 26,
    currency: 28,
    flags: 30,
    instructed: 32,
    originalInstructed: 36,
    amount: 40,
    expiresAt: 48,
    receivedAt: 56,
    reference: 64,
    hash: 80,
    originalAmount: 112,
  },
  recordAnswer: { size: 48, id: 8, answer: 24, suite: 25, keyVersion: 26, bank: 28, hash: 32 },
  tick: { size: 16, due: 8 },
  adoptConfiguration: { kind: 8, version: 12, hash: 16, length: 48, content: 56 },
  requestAgreement: {
    size: 96,
    id: 8,
    bank: 24,
    suite: 28,
    keyVersion: 30,
    paymentLimit: 32,
    currency: 40,
    expiresOn: 44,
    expiresAt: 48,
    receivedAt: 56,
    hash: 64,
  },
  confirmAgreement: { size: 80, id: 8, suite: 24, keyVersion: 26, expiresAt: 32, receivedAt: 40, hash: 48 },
  recordSigningAnswer: { size: 48, id: 8, answer: 24, suite: 25, keyVersion: 26, bank: 28, hash: 32 },
  rescindAgreement: { size: 40, id: 8, by: 24, receivedAt: 32 },
  cutOffCycle: { size: 16, cycle: 8 },
  netCycle: { size: 16, cycle: 8 },
  recordSettlement: { size: 24, cycle: 8, state: 12, settledAt: 16 },
  recordFunds: { size: 32, participant: 8, currency: 12, entry: 16, credit: 20, amount: 24 },
  advanceBusinessDay: { size: 16, date: 8 },
  recordCheckpoint: {
    size: 136,
    signer: 8,
    suite: 12,
    keyVersion: 14,
    stream: 16,
    from: 24,
    to: 28,
    signedAt: 32,
    root: 40,
    signature: 72,
  },
  giveShare: { size: 32, participant: 8, currency: 12, number: 16, to: 20, amount: 24 },
  takeShare: { size: 32, participant: 8, currency: 12, number: 16, from: 20, total: 24 },
  knowAgreement: {
    size: 64,
    id: 8,
    bank: 24,
    state: 28,
    currency: 30,
    paymentLimit: 32,
    expiresOn: 40,
    sequence: 48,
    changedAt: 56,
  },
  joinClearing: { size: 16, cycle: 8 },
} as const;

/** Whether this program knows such a record: an end that is newer may send others, which must not get into a batch. */
export function isKnownCommand(command: Uint8Array): boolean {
  if (command.length < headBytes) return false;
  const view = new DataView(command.buffer, command.byteOffset, command.byteLength);
  const known = knownLayouts.get(view.getUint8(0));
  if (known === undefined || view.getUint32(4) !== command.length) return false;
  return 'size' in known ? command.length === known.size : command.length >= known.content;
}

const knownLayouts = new Map(
  Object.entries(commandTypes).map(([name, type]) => [type as number, layout[name as CommandType]]),
);

/** What evidence shows of a journaled command, see contract/evidence. */
export const journaled = {
  submitPayment: { ...layout.submitPayment, hashBytes: 32 },
  recordAnswer: { ...layout.recordAnswer, hashBytes: shortHashBytes },
} as const;

/**
 * flags of submitPayment: bit 0, the edge attached the original of a refund that the core no longer holds; then its
 * state in 3 bits, its kind in 2, its currency (ISO 4217 numeric) in 10.
 */
export const originalAttached = 1;

export function readUint64(view: DataView, offset: number): number {
  return view.getUint32(offset) * 0x1_0000_0000 + view.getUint32(offset + 4);
}

export function writeUint64(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, Math.floor(value / 0x1_0000_0000));
  view.setUint32(offset + 4, value % 0x1_0000_0000);
}

export interface SubmitPayment {
  /** 16 bytes, see identifier.ts. */
  readonly id: Uint8Array;
  readonly kind: PaymentKind;
  /** Number of the suite and version of the key that the edge verified the end-to-end signature with. */
  readonly suite: number;
  readonly keyVersion: number;
  /** ISO 4217 numeric. */
  readonly currency: number;
  /** Code of the instructed bank. */
  readonly instructed: number;
  /** Minor units, 1 to 10^13. */
  readonly amount: number;
  /** Milliseconds since 1970; the sender signed it. */
  readonly expiresAt: number;
  /** When the gateway had the whole request, by its clock; a trace time that decides nothing. */
  readonly receivedAt: number;
  /** Agreement of an agreement payment, original of a refund, 16 bytes; absent in a payout. */
  readonly reference?: Uint8Array | undefined;
  /** SHA-256 of the canonical payment bytes. */
  readonly hash: Uint8Array;
  /** The original of a refund that is older than the date window, from the records. */
  readonly original?: AttachedOriginal | undefined;
}

export interface AttachedOriginal {
  readonly instructed: number;
  /** Minor units. */
  readonly amount: number;
  /** ISO 4217 numeric. */
  readonly currency: number;
  readonly kind: PaymentKind;
  readonly state: PaymentState;
}

function record(type: CommandType, size: number): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, commandTypes[type]);
  view.setUint32(4, size);
  return { bytes, view };
}

export function encodeSubmitPayment(command: SubmitPayment): Uint8Array {
  const at = layout.submitPayment;
  const { bytes, view } = record('submitPayment', at.size);
  bytes.set(command.id.subarray(0, identifierBytes), at.id);
  view.setUint8(at.kind, paymentKinds[command.kind]);
  view.setUint8(at.suite, command.suite);
  view.setUint16(at.keyVersion, command.keyVersion);
  view.setUint16(at.currency, command.currency);
  view.setUint32(at.instructed, command.instructed);
  writeUint64(view, at.amount, command.amount);
  writeUint64(view, at.expiresAt, command.expiresAt);
  writeUint64(view, at.receivedAt, command.receivedAt);
  if (command.reference) bytes.set(command.reference.subarray(0, identifierBytes), at.reference);
  bytes.set(command.hash.subarray(0, 32), at.hash);
  if (command.original) attachOriginal(bytes, command.original);
  return bytes;
}

/** Puts the original of an old refund, looked up in the records, into an encoded submitPayment. */
export function attachOriginal(command: Uint8Array, original: AttachedOriginal): void {
  const at = layout.submitPayment;
  const view = new DataView(command.buffer, command.byteOffset, command.byteLength);
  const state = paymentStates[original.state] << 1;
  view.setUint16(at.flags, originalAttached | state | (paymentKinds[original.kind] << 4) | (original.currency << 6));
  view.setUint32(at.originalInstructed, original.instructed);
  writeUint64(view, at.originalAmount, original.amount);
}

export interface RecordAnswer {
  readonly id: Uint8Array;
  readonly answer: BankAnswer;
  /** Code of the reason in `reasons` (kind `bank`) when the answer is `failed`, else 0. */
  readonly reason: number;
  readonly suite: number;
  readonly keyVersion: number;
  /** Code of the bank whose signature the edge verified. */
  readonly bank: number;
  /** SHA-256 of the canonical bytes that the bank answers; its first 16 bytes are journaled. */
  readonly hash: Uint8Array;
}

/** Bank and reason share a word: bank in the upper 24 bits, reason as code - 199 in the lower 8 (0 for none). */
export function encodeRecordAnswer(command: RecordAnswer): Uint8Array {
  const at = layout.recordAnswer;
  const { bytes, view } = record('recordAnswer', at.size);
  bytes.set(command.id.subarray(0, identifierBytes), at.id);
  view.setUint8(at.answer, bankAnswers[command.answer]);
  view.setUint8(at.suite, command.suite);
  view.setUint16(at.keyVersion, command.keyVersion);
  view.setUint32(at.bank, command.bank * 0x100 + (command.reason === 0 ? 0 : command.reason - 199));
  bytes.set(command.hash.subarray(0, shortHashBytes), at.hash);
  return bytes;
}

export interface RequestAgreement {
  readonly id: Uint8Array;
  readonly bank: number;
  readonly suite: number;
  readonly keyVersion: number;
  /** Minor units; most that one payment under the agreement may take. */
  readonly paymentLimit: number;
  readonly currency: number;
  /** Last business day of the agreement, yyyymmdd. */
  readonly expiresOn: number;
  readonly expiresAt: number;
  readonly receivedAt: number;
  /** SHA-256 of the canonical agreement bytes. */
  readonly hash: Uint8Array;
}

export function encodeRequestAgreement(command: RequestAgreement): Uint8Array {
  const at = layout.requestAgreement;
  const { bytes, view } = record('requestAgreement', at.size);
  bytes.set(command.id.subarray(0, identifierBytes), at.id);
  view.setUint32(at.bank, command.bank);
  view.setUint8(at.suite, command.suite);
  view.setUint16(at.keyVersion, command.keyVersion);
  writeUint64(view, at.paymentLimit, command.paymentLimit);
  view.setUint16(at.currency, command.currency);
  view.setUint32(at.expiresOn, command.expiresOn);
  writeUint64(view, at.expiresAt, command.expiresAt);
  writeUint64(view, at.receivedAt, command.receivedAt);
  bytes.set(command.hash.subarray(0, 32), at.hash);
  return bytes;
}

export interface ConfirmAgreement {
  readonly id: Uint8Array;
  readonly suite: number;
  readonly keyVersion: number;
  readonly expiresAt: number;
  readonly receivedAt: number;
  /** SHA-256 of the canonical confirmation bytes: another code makes another hash. */
  readonly hash: Uint8Array;
}

export function encodeConfirmAgreement(command: ConfirmAgreement): Uint8Array {
  const at = layout.confirmAgreement;
  const { bytes, view } = record('confirmAgreement', at.size);
  bytes.set(command.id.subarray(0, identifierBytes), at.id);
  view.setUint8(at.suite, command.suite);
  view.setUint16(at.keyVersion, command.keyVersion);
  writeUint64(view, at.expiresAt, command.expiresAt);
  writeUint64(view, at.receivedAt, command.receivedAt);
  bytes.set(command.hash.subarray(0, 32), at.hash);
  return bytes;
}

export interface RecordSigningAnswer {
  readonly id: Uint8Array;
  readonly answer: SigningAnswer;
  readonly reason: number;
  readonly suite: number;
  readonly keyVersion: number;
  readonly bank: number;
  /** SHA-256 of the canonical agreement or confirmation bytes that the bank answers. */
  readonly hash: Uint8Array;
}

export function encodeRecordSigningAnswer(command: RecordSigningAnswer): Uint8Array {
  const at = layout.recordSigningAnswer;
  const { bytes, view } = record('recordSigningAnswer', at.size);
  bytes.set(command.id.subarray(0, identifierBytes), at.id);
  view.setUint8(at.answer, signingAnswers[command.answer]);
  view.setUint8(at.suite, command.suite);
  view.setUint16(at.keyVersion, command.keyVersion);
  view.setUint32(at.bank, command.bank * 0x100 + (command.reason === 0 ? 0 : command.reason - 199));
  bytes.set(command.hash.subarray(0, shortHashBytes), at.hash);
  return bytes;
}

/** `by`: code of the institution or bank that ends the agreement. */
export function encodeRescindAgreement(command: {
  readonly id: Uint8Array;
  readonly by: number;
  readonly receivedAt: number;
}): Uint8Array {
  const at = layout.rescindAgreement;
  const { bytes, view } = record('rescindAgreement', at.size);
  bytes.set(command.id.subarray(0, identifierBytes), at.id);
  view.setUint32(at.by, command.by);
  writeUint64(view, at.receivedAt, command.receivedAt);
  return bytes;
}

/** Ends everything whose deadline is at or before the batch's `at`, oldest first, at most `due` of them (0 to 65535). */
export function encodeTick(due: number): Uint8Array {
  const { bytes, view } = record('tick', layout.tick.size);
  view.setUint32(layout.tick.due, due);
  return bytes;
}

/** `content`: canonical JSON of what the core needs of this configuration; `hash` is of the whole adopted document. */
export function encodeAdoptConfiguration(command: {
  readonly kind: ConfigurationKind;
  readonly version: number;
  readonly hash: Uint8Array;
  readonly content: Uint8Array;
}): Uint8Array {
  const at = layout.adoptConfiguration;
  const size = Math.ceil((at.content + command.content.length) / 8) * 8;
  const { bytes, view } = record('adoptConfiguration', size);
  view.setUint8(at.kind, configurationKinds[command.kind]);
  view.setUint32(at.version, command.version);
  bytes.set(command.hash.subarray(0, 32), at.hash);
  view.setUint32(at.length, command.content.length);
  bytes.set(command.content, at.content);
  return bytes;
}

/** The cut-off of the current cycle, which must be `cycle`; the next one opens in the same step. */
export function encodeCutOffCycle(cycle: number): Uint8Array {
  const { bytes, view } = record('cutOffCycle', layout.cutOffCycle.size);
  view.setUint32(layout.cutOffCycle.cycle, cycle);
  return bytes;
}

/** Nets a cycle that is cut: its positions become irrevocable. */
export function encodeNetCycle(cycle: number): Uint8Array {
  const { bytes, view } = record('netCycle', layout.netCycle.size);
  view.setUint32(layout.netCycle.cycle, cycle);
  return bytes;
}

/** What the settlement agent says of a cycle's instruction. `settledAt`: its booking time in ms, 0 while queued. */
export function encodeRecordSettlement(command: {
  readonly cycle: number;
  readonly state: SettlementState;
  readonly settledAt: number;
}): Uint8Array {
  const at = layout.recordSettlement;
  const { bytes, view } = record('recordSettlement', at.size);
  view.setUint32(at.cycle, command.cycle);
  view.setUint8(at.state, settlementStates[command.state]);
  writeUint64(view, at.settledAt, command.settledAt);
  return bytes;
}

/** One entry of a payment institution's account at the settlement agent that is not a settlement of ours. */
export function encodeRecordFunds(command: {
  readonly participant: number;
  readonly currency: number;
  /** Number of the entry on that account's statement, ascending, gaps allowed (settlements are not told again). */
  readonly entry: number;
  /** True for money in. */
  readonly credit: boolean;
  readonly amount: number;
}): Uint8Array {
  const at = layout.recordFunds;
  const { bytes, view } = record('recordFunds', at.size);
  view.setUint32(at.participant, command.participant);
  view.setUint16(at.currency, command.currency);
  view.setUint32(at.entry, command.entry);
  view.setUint8(at.credit, command.credit ? 1 : 0);
  writeUint64(view, at.amount, command.amount);
  return bytes;
}

/** `date`: the business day that begins, yyyymmdd, later than the current one. */
export function encodeAdvanceBusinessDay(date: number): Uint8Array {
  const { bytes, view } = record('advanceBusinessDay', layout.advanceBusinessDay.size);
  view.setUint32(layout.advanceBusinessDay.date, date);
  return bytes;
}

/**
 * A participant's signature over the messages [from, to) of its stream, as the edge verified it. It decides nothing; it
 * stands in the journal as the proof of what was taken before. `root`: 32 bytes, `signature`: 64.
 */
export function encodeRecordCheckpoint(command: {
  readonly signer: number;
  readonly suite: number;
  readonly keyVersion: number;
  readonly stream: number;
  readonly from: number;
  readonly to: number;
  readonly signedAt: number;
  readonly root: Uint8Array;
  readonly signature: Uint8Array;
}): Uint8Array {
  const at = layout.recordCheckpoint;
  const { bytes, view } = record('recordCheckpoint', at.size);
  view.setUint32(at.signer, command.signer);
  view.setUint8(at.suite, command.suite);
  view.setUint16(at.keyVersion, command.keyVersion);
  writeUint64(view, at.stream, command.stream);
  view.setUint32(at.from, command.from);
  view.setUint32(at.to, command.to);
  writeUint64(view, at.signedAt, command.signedAt);
  bytes.set(command.root.subarray(0, 32), at.root);
  bytes.set(command.signature.subarray(0, 64), at.signature);
  return bytes;
}

/**
 * Moves a part of what a participant may still pay from this cell to another: of a bank's net debit cap, or of a payment
 * institution's float. It is spent here from now on.
 */
export interface GiveShare {
  readonly participant: number;
  /** ISO 4217 numeric. */
  readonly currency: number;
  /** Of the moves of this account to that cell: 1 for the first, then without a gap. */
  readonly number: number;
  /** Routing digits of the other cell as a number. */
  readonly to: number;
  /** Minor units. */
  readonly amount: number;
}

export function encodeGiveShare(command: GiveShare): Uint8Array {
  const at = layout.giveShare;
  const { bytes, view } = record('giveShare', at.size);
  view.setUint32(at.participant, command.participant);
  view.setUint16(at.currency, command.currency);
  view.setUint32(at.number, command.number);
  view.setUint32(at.to, command.to);
  writeUint64(view, at.amount, command.amount);
  return bytes;
}

/** What another cell has given to this one: the sum of all its moves up to `number`. Later ones include the earlier. */
export interface TakeShare {
  readonly participant: number;
  readonly currency: number;
  readonly number: number;
  /** Routing digits of the cell that gave, as a number. */
  readonly from: number;
  /** Minor units. */
  readonly total: number;
}

export function encodeTakeShare(command: TakeShare): Uint8Array {
  const at = layout.takeShare;
  const { bytes, view } = record('takeShare', at.size);
  view.setUint32(at.participant, command.participant);
  view.setUint16(at.currency, command.currency);
  view.setUint32(at.number, command.number);
  view.setUint32(at.from, command.from);
  writeUint64(view, at.total, command.total);
  return bytes;
}

/** An agreement as its home cell has it: here it is known from now on, active or rescinded. */
export interface KnowAgreement {
  /** Its last digits name the home cell. */
  readonly id: Uint8Array;
  readonly bank: number;
  readonly state: 'active' | 'rescinded';
  readonly currency: number;
  readonly paymentLimit: number;
  /** yyyymmdd. */
  readonly expiresOn: number;
  /** Batch of the home cell's journal that brought it into this state; they come in this order. */
  readonly sequence: number;
  /** When that was, ms. */
  readonly changedAt: number;
}

export function encodeKnowAgreement(command: KnowAgreement): Uint8Array {
  const at = layout.knowAgreement;
  const { bytes, view } = record('knowAgreement', at.size);
  bytes.set(command.id.subarray(0, identifierBytes), at.id);
  view.setUint32(at.bank, command.bank);
  view.setUint8(at.state, agreementStates[command.state]);
  view.setUint16(at.currency, command.currency);
  writeUint64(view, at.paymentLimit, command.paymentLimit);
  view.setUint32(at.expiresOn, command.expiresOn);
  writeUint64(view, at.sequence, command.sequence);
  writeUint64(view, at.changedAt, command.changedAt);
  return bytes;
}

/** A new cell begins with the cycle that is open in the others: before its first business day. */
export function encodeJoinClearing(cycle: number): Uint8Array {
  const { bytes, view } = record('joinClearing', layout.joinClearing.size);
  view.setUint32(layout.joinClearing.cycle, cycle);
  return bytes;
}
