/**
 * What the journal promises, and nothing more: append, durable frontier, claim, read.
 *
 * One cell has one journal and one writer at a time, named by its epoch. Every implementation (memory, PostgreSQL)
 * passes the same suite, `conformance.ts`.
 */

/** One batch: what was decided together, became durable together and is told together. */
export interface JournalBatch {
  /** 1 for the first, then without a gap. */
  readonly sequence: number;
  readonly epoch: number;
  /** Fixed layout, see batch.ts: format, rules version, previous hash, epoch, at, hashes of the two columns. */
  readonly header: Uint8Array;
  /** Fixed-layout commands with their outcomes (core/command.ts), one after the other. */
  readonly facts: Uint8Array;
  /** Encrypted bodies; see batch.ts for the plain layout. */
  readonly bodies: Uint8Array;
}

/** A batch without its bodies. */
export type BatchFacts = Omit<JournalBatch, 'bodies'>;

/** The writer's epoch is over: another has claimed the cell. Nothing of this append is or will be in the journal. */
export class FencedError extends Error {
  override name = 'FencedError';
}

/**
 * It is not known whether the batch is durable (connection lost in commit, cancelled wait for a standby).
 * The only way on is {@link Journal.claim} and reading the tail; nothing may be told before.
 */
export class IndeterminateError extends Error {
  override name = 'IndeterminateError';
}

/** The journal cannot be reached or refuses; nothing was written and nothing will be. */
export class UnavailableError extends Error {
  override name = 'UnavailableError';
}

/** A newer program has written this: only such a one may go on with it. */
export class NewerJournalError extends Error {
  override name = 'NewerJournalError';
}

export interface Claim {
  /** The new epoch: one more than the last. */
  readonly epoch: number;
  /** Sequence of the last valid batch, 0 for an empty journal. The old epoch ends here, durably. */
  readonly last: number;
  /** Hash of that batch's header; 32 zero bytes for an empty journal. */
  readonly lastHash: Uint8Array;
}

export interface Journal {
  /** Takes the cell: raises the epoch, finds and durably records where the old one ended (the first gap ends it). */
  claim(): Promise<Claim>;
  /**
   * Resolves when the batch is durable. Several may be in flight, handed over in sequence order; they may become
   * durable in any order. Batch n counts only when all before it are durable: the caller keeps that frontier.
   * @throws FencedError, IndeterminateError, UnavailableError
   */
  append(batch: JournalBatch): Promise<void>;
  /** Valid batches in order, from `from` on, up to the last one durable when reading began. Needs no claim. */
  read(from: number): AsyncIterable<JournalBatch>;
  /**
   * As `read`, without the bodies: what a replay needs, several times as fast. Whether the facts are those that the
   * header names is for the caller to check. The bytes are valid until the next batch is asked for.
   */
  readFacts(from: number): AsyncIterable<BatchFacts>;
  /** One valid batch, or undefined. */
  readOne(sequence: number): Promise<JournalBatch | undefined>;
  close(): Promise<void>;
}

/** A snapshot is pages of core state as of the end of batch `sequence`; it exists only when sealed. */
export interface SnapshotStore {
  /** Starts anew, dropping an unsealed one. Pages are at most 16 MiB. */
  write(sequence: number, page: number, bytes: Uint8Array): Promise<void>;
  /** The page is page `sourcePage` of the sealed snapshot `source`; it is kept for this one when that is dropped. */
  writeSame(sequence: number, page: number, source: number, sourcePage: number): Promise<void>;
  /** `hash`: SHA-256 over the pages' SHA-256 in order. Older snapshots but one may be dropped. */
  seal(sequence: number, pages: number, hash: Uint8Array): Promise<void>;
  /** The newest sealed one, or undefined. */
  latest(): Promise<{ readonly sequence: number; readonly pages: number; readonly hash: Uint8Array } | undefined>;
  read(sequence: number): AsyncIterable<Uint8Array>;
}

/** Adopted configuration documents, kept as long as the journal. */
export interface ConfigurationStore {
  put(kind: string, version: number, hash: Uint8Array, content: Uint8Array): Promise<void>;
  get(kind: string, version: number): Promise<Uint8Array | undefined>;
}

/** Keys of the bodies, one a cell and day, outside the journal: destroying one erases that day's bodies. */
export interface BodyKeyStore {
  /** The 32-byte key of the day (yyyymmdd), made at first use. */
  key(day: number): Promise<Uint8Array>;
}

/** One payment as records keep it: everything from the journal, nothing that a person could be known by. */
export interface PaymentRecord {
  readonly paymentId: string;
  readonly kind: string;
  readonly instructingAgent: string;
  readonly instructedAgent: string;
  readonly endToEndId: string;
  /** Minor units. */
  readonly amount: bigint;
  /** ISO 4217 numeric. */
  readonly currency: number;
  readonly reference: string | null;
  readonly state: string;
  readonly reason: string;
  /** Serial of the cycle of its success, 0 for none. */
  readonly cycle: number;
  readonly receivedAt: number;
  readonly submittedAt: number;
  /** `at` and place of its last change. */
  readonly changedAt: number;
  readonly sequence: number;
  /** Where the signed request stands: batch and index of its body. */
  readonly requestSequence: number;
  readonly requestIndex: number;
  /** Where the bank's deciding answer stands; 0, 0 for none. */
  readonly answerSequence: number;
  readonly answerIndex: number;
  /** First 16 bytes of the content hash, hex. */
  readonly hash: string;
}

export interface AgreementRecord {
  readonly agreementId: string;
  readonly institution: string;
  readonly bank: string;
  readonly paymentLimit: bigint;
  readonly currency: number;
  readonly expiresOn: number;
  readonly state: string;
  readonly reason: string;
  readonly changedAt: number;
  readonly sequence: number;
}

export interface CycleRecord {
  readonly cycle: number;
  readonly businessDate: number;
  readonly state: string;
  readonly openedAt: number;
  readonly cutOffAt: number;
  readonly nettedAt: number;
  readonly settledAt: number;
  readonly payments: number;
  readonly turnover: bigint;
}

/** One participant's position in one cycle and currency. */
export interface PositionRecord {
  readonly cycle: number;
  readonly participant: string;
  readonly currency: number;
  readonly credits: bigint;
  readonly debits: bigint;
  readonly creditCount: number;
  readonly debitCount: number;
}

/** A reconciliation file. Its parts, one after the other, are its bytes; it exists only when sealed, and then for ever. */
export interface FileRecord {
  readonly cycle: number;
  readonly participant: string;
  readonly payments: number;
  readonly bytes: number;
  /** SHA-256 of all bytes, hex. */
  readonly hash: string;
  readonly parts: number;
}

export interface FilePartRecord {
  /** Counted from 1. */
  readonly part: number;
  readonly payments: number;
  readonly bytes: number;
  /** SHA-256 of the content, hex. */
  readonly hash: string;
}

export interface WorkItemRecord {
  readonly workItemId: string;
  readonly kind: string;
  /** Payment, agreement or cycle that it is about. */
  readonly subject: string;
  readonly openedAt: number;
  readonly dueAt: number;
  readonly owner: string;
  readonly closedAt: number;
  readonly resolution: string;
}

/** Everything that one or more durable batches change in the records; written in one transaction with the cursor. */
export interface RecordsChange {
  /** Last batch that is contained. */
  readonly sequence: number;
  readonly payments: readonly PaymentRecord[];
  readonly agreements: readonly AgreementRecord[];
  readonly cycles: readonly CycleRecord[];
  readonly positions: readonly PositionRecord[];
  readonly workItems: readonly WorkItemRecord[];
}

export interface PaymentQuery {
  readonly participant?: string;
  readonly endToEndId?: string;
  readonly state?: string;
  readonly cycle?: number;
  readonly from?: number;
  readonly to?: number;
  readonly limit: number;
  /** Continue after this payment (order: submittedAt descending, then id). */
  readonly after?: string;
}

/** A projection of the journal for search, files and reports: it can be thrown away and made again. */
export interface Records {
  /** Sequence up to which the records are written. */
  cursor(): Promise<number>;
  /** Rows replace earlier rows of the same key. */
  write(change: RecordsChange): Promise<void>;
  payment(paymentId: string): Promise<PaymentRecord | undefined>;
  payments(query: PaymentQuery): Promise<PaymentRecord[]>;
  /** The records of these payments, as many as there are, in no order. */
  paymentsNamed(paymentIds: readonly string[]): Promise<PaymentRecord[]>;
  /** All succeeded payments of a cycle that touch the participant, ordered by id. */
  paymentsOfCycle(cycle: number, participant: string): AsyncIterable<PaymentRecord>;
  agreement(agreementId: string): Promise<AgreementRecord | undefined>;
  cycles(limit: number): Promise<CycleRecord[]>;
  cycle(cycle: number): Promise<CycleRecord | undefined>;
  positions(cycle: number): Promise<PositionRecord[]>;
  /**
   * Writes a part of a file that is not sealed, over one of the same number that a crash has left. The content is its
   * caller's again when it resolves.
   */
  putFilePart(
    cycle: number,
    participant: string,
    part: Omit<FilePartRecord, 'bytes'> & { readonly content: Uint8Array },
  ): Promise<void>;
  /** Its parts, 1 to the last, are there. Sealing the same once more changes nothing. */
  sealFile(file: FileRecord): Promise<void>;
  file(cycle: number, participant: string): Promise<FileRecord | undefined>;
  /** Of a sealed file, part 1 first; none of another. */
  fileParts(cycle: number, participant: string): Promise<FilePartRecord[]>;
  /** Content of one part of a sealed file. */
  filePart(cycle: number, participant: string, part: number): Promise<Uint8Array | undefined>;
  workItems(open: boolean): Promise<WorkItemRecord[]>;
  /** A small value of the edge (outbox cursor and the like): a lazy hint, never the truth. */
  hint(name: string): Promise<number | undefined>;
  putHint(name: string, value: number): Promise<void>;
}

/** All of one cell's storage. */
export interface Store {
  readonly journal: Journal;
  readonly snapshots: SnapshotStore;
  readonly configurations: ConfigurationStore;
  readonly bodyKeys: BodyKeyStore;
  readonly records: Records;
  close(): Promise<void>;
}
