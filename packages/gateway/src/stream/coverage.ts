/**
 * Which messages of a signer its own signature covers. A message is taken on the word of the authenticated link and
 * must be covered by a checkpoint soon after: what is open is bounded in number and time.
 */
import {
  canonicalCheckpoint,
  checkpointMessage,
  hasEnded,
  merkleRoot,
  type Scheme,
  sha256Lanes,
} from '@clearway/contract';
import { encodeRecordCheckpoint, type Reason, readUint64 } from '@clearway/core';
import { type Clock, type Crypto, type SignatureCheck, type Suite, suites } from '@clearway/ports';
import type { ParticipantConfiguration } from '../port.ts';
import type { UncoveredStream } from './port.ts';

const hashBytes = 32;
/** Stands for a message that is not in the journal when its stream was recalled. */
const noLeaf = new Uint8Array(hashBytes);
const suiteNames: Suite[] = [];
for (const [name, number] of Object.entries(suites)) suiteNames[number] = name as Suite;

/** What one signer has sent on one stream. */
export class SignerStream {
  readonly code: number;
  readonly stream: number;
  /** Place of its next message. */
  next = 0;
  /** Everything before this place is covered; everything before `claimed` is said to be, by checkpoints under way. */
  covered = 0;
  claimed = 0;
  /** When the oldest message from `claimed` on was taken, by the duration clock. */
  openSince = Number.POSITIVE_INFINITY;
  /** Payment and answer hashes of the places from `claimed` on. */
  private leaves = new Uint8Array(16 * hashBytes);
  private held = 0;
  /** What checkpoints under way claim: their leaves are needed until they are journaled. */
  private claims: { readonly from: number; readonly to: number; readonly leaves: Uint8Array }[] = [];
  /** Places that never reached the journal: evidence needs their leaves to rebuild the tree. */
  private unjournaled: { readonly position: number; leaf: Uint8Array }[] = [];
  /** Known by the journal alone: what its sender sent and the journal does not have is not known. */
  readonly isRecovered: boolean = false;
  /** When places were taken: what is behind a mark's place came behind its batch. */
  private marks: { readonly position: number; readonly batch: number }[] = [];

  /** Why a checkpoint of it was refused: what that claimed stays claimed, so those behind it are refused too. */
  refused: Verdict | undefined;
  /** One of its checkpoints is being journaled. */
  isRecorded = false;

  constructor(code: number, stream: number, recovered?: UncoveredStream, now = 0) {
    this.code = code;
    this.stream = stream;
    if (recovered === undefined) return;
    const { from, leaves, missing, behind } = recovered;
    this.isRecovered = true;
    this.covered = from;
    this.claimed = from;
    this.leaves = leaves.slice();
    this.held = leaves.length / hashBytes;
    this.next = from + this.held;
    this.openSince = now;
    for (const position of missing) this.unjournaled.push({ position, leaf: noLeaf });
    this.marks.push({ position: from, batch: behind });
  }

  /** What is taken from now on comes behind this batch. */
  mark(batch: number): void {
    if (this.marks.at(-1)?.position !== this.next) this.marks.push({ position: this.next, batch });
    let passed = 0;
    while (passed + 1 < this.marks.length && this.marks[passed + 1].position <= this.covered) passed++;
    if (passed > 0) this.marks = this.marks.slice(passed);
  }

  /** Batches up to this one hold nothing of it that is not covered; infinite when everything is. */
  get coveredBatch(): number {
    if (this.covered === this.next) return Number.POSITIVE_INFINITY;
    const behind = this.marks.filter(({ position }) => position <= this.covered);
    return behind.at(-1)?.batch ?? 0;
  }

  /** Whether a checkpoint is being judged. */
  get isJudged(): boolean {
    return this.claims.length > 0;
  }

  get hasMissing(): boolean {
    return this.unjournaled.length > 0;
  }

  /** Hashes of the places from `covered` on, one after the other; undefined for what is not in the journal. */
  *places(): Generator<Uint8Array | undefined> {
    const missing = new Set(this.unjournaled.map(({ position }) => position));
    for (let position = this.covered; position < this.next; position++)
      yield missing.has(position) ? undefined : this.leafAt(position);
  }

  private leafAt(position: number): Uint8Array {
    const claim = this.claims.find(({ from, to }) => position >= from && position < to);
    const at = (position - (claim?.from ?? this.claimed)) * hashBytes;
    return (claim?.leaves ?? this.leaves).slice(at, at + hashBytes);
  }

  /** Whoever recalls its stream signs zeros for what is not in the journal. */
  forgetMissing(leaves: Uint8Array, from: number, to: number): Uint8Array {
    const without = leaves.slice();
    for (const { position } of this.unjournaled)
      if (position >= from && position < to) without.set(noLeaf, (position - from) * hashBytes);
    return without;
  }

  /** The checkpoint over these places was signed over zeros for what is not in the journal. */
  dropMissing(from: number, to: number): void {
    for (const one of this.unjournaled) if (one.position >= from && one.position < to) one.leaf = noLeaf;
  }

  /** Adds the leaf of the next place. */
  add(digests: Uint8Array, at: number, journaled: boolean, now: number): void {
    if (this.held === 0) this.openSince = now;
    const end = (this.held + 1) * hashBytes;
    if (end > this.leaves.length) {
      const grown = new Uint8Array(this.leaves.length * 2);
      grown.set(this.leaves);
      this.leaves = grown;
    }
    for (let i = 0, to = end - hashBytes; i < hashBytes; i++) this.leaves[to + i] = digests[at + i];
    this.held++;
    if (!journaled) this.unjournal(this.claimed + this.held - 1);
  }

  /** The message at this place, which is not covered yet, will never be in the journal. */
  unjournal(position: number): void {
    this.unjournaled.push({ position, leaf: this.leafAt(position) });
  }

  /** Messages that no checkpoint claims yet. */
  get open(): number {
    return this.held;
  }

  /** The leaves up to `to`; they are not open any more. */
  claim(to: number, now: number): Uint8Array {
    const count = to - this.claimed;
    const leaves = this.leaves.slice(0, count * hashBytes);
    this.leaves.copyWithin(0, count * hashBytes, this.held * hashBytes);
    this.claims.push({ from: this.claimed, to, leaves });
    this.held -= count;
    this.claimed = to;
    this.openSince = this.held === 0 ? Number.POSITIVE_INFINITY : now;
    return leaves;
  }

  /** Of these places, which no journaled checkpoint covers, those that are not in the journal, with their leaves. */
  missing(from: number, to: number): Uint8Array {
    const missing = this.unjournaled.filter(({ position }) => position >= from && position < to);
    missing.sort((a, b) => a.position - b.position);
    const body = new Uint8Array(missing.length * (4 + hashBytes));
    const view = new DataView(body.buffer);
    missing.forEach(({ position, leaf }, index) => {
      view.setUint32(index * (4 + hashBytes), position);
      body.set(leaf, index * (4 + hashBytes) + 4);
    });
    return body;
  }

  /** The checkpoint up to `to` is journaled. */
  cover(to: number): void {
    this.covered = to;
    this.claims = this.claims.filter((claim) => claim.to > to);
    this.unjournaled = this.unjournaled.filter(({ position }) => position >= to);
  }
}

/** A checkpoint to journal. */
export interface CheckpointToRecord {
  readonly command: Uint8Array;
  /** Asked for at each attempt. */
  body(): Uint8Array;
}

export interface CoverageOptions {
  readonly clock: Clock;
  readonly crypto: Crypto;
  scheme(): Scheme;
  participant(code: number): ParticipantConfiguration | undefined;
  /** Resolves when all are durable; for each the reason why it was refused, or undefined. */
  record(checkpoints: readonly CheckpointToRecord[]): Promise<readonly (string | undefined)[]>;
  /** Signatures have been checked: `record` is due, best together with what else is handed on. */
  checked(): void;
}

export type Verdict =
  | { readonly covered: number }
  | { readonly reason: Extract<Reason, 'checkpointFalse' | 'positionWrong' | 'keyUnknown' | 'journalUnavailable'> };

export interface Coverage {
  /**
   * Judges the checkpoint message at `at` of a signer's stream and journals it. Those of one stream are journaled and
   * told in their order.
   */
  check(signer: SignerStream, view: DataView, at: number, judged: (verdict: Verdict) => void): void;
  /** Has the signatures of what came since checked, all together. */
  verify(): void;
  /** Journals those whose signatures hold. */
  record(): void;
}

interface Checkpoint extends SignatureCheck {
  readonly signer: SignerStream;
  readonly to: number;
  readonly record: CheckpointToRecord;
  /** Whether the leaves give the root that was signed. */
  readonly isRoot: boolean;
  holds: boolean;
  judged(verdict: Verdict): void;
}

/** Journaled in one go: a batch holds others beside them. */
const mostRecorded = 1024;

export function createCoverage(options: CoverageOptions): Coverage {
  const { clock, crypto } = options;
  const lanes = sha256Lanes();
  let unverified: Checkpoint[] = [];
  /** Whose signatures have been checked, in the order in which they came. */
  let verified: Checkpoint[] = [];
  let verifying: Promise<void> = Promise.resolve();

  /** A key that is none makes no signature hold, and is nobody else's trouble. */
  const oneByOne = (checkpoints: readonly Checkpoint[]) =>
    Promise.all(
      checkpoints.map(({ suite, publicKey, bytes, signature }) =>
        crypto.verify(suite, publicKey, bytes, signature).catch(() => false),
      ),
    );

  const verify = async (checkpoints: readonly Checkpoint[], earlier: Promise<void>) => {
    const answers = await crypto.verifyAll(checkpoints).catch(() => oneByOne(checkpoints));
    await earlier;
    checkpoints.forEach((one, index) => {
      one.holds = one.isRoot && answers[index]!;
      verified.push(one);
    });
    options.checked();
  };

  /** What may be journaled now: while one of a stream is under way, those behind it wait. */
  const takeVerified = (): Checkpoint[] => {
    const taken: Checkpoint[] = [];
    const signers = new Set<SignerStream>();
    verified = verified.filter((one) => {
      const waits = one.signer.isRecorded && !signers.has(one.signer);
      if (waits || taken.length === mostRecorded) return true;
      one.signer.isRecorded = true;
      signers.add(one.signer);
      taken.push(one);
      return false;
    });
    return taken;
  };

  const record = async (taken: readonly Checkpoint[]) => {
    const broken = new Set<SignerStream>();
    const recorded = taken.filter(({ signer, holds }) => {
      if (signer.refused !== undefined || !holds) broken.add(signer);
      return !broken.has(signer);
    });
    const refusals = recorded.length === 0 ? [] : await options.record(recorded.map((one) => one.record));
    const refused = new Set(recorded.filter((_, index) => refusals[index] !== undefined));
    for (const one of taken) {
      const { signer, to, holds, judged } = one;
      if (signer.refused === undefined && !holds) signer.refused = { reason: 'checkpointFalse' };
      if (signer.refused === undefined && refused.has(one)) signer.refused = { reason: 'journalUnavailable' };
      if (signer.refused === undefined) signer.cover(to);
      signer.isRecorded = false;
      judged(signer.refused ?? { covered: to });
    }
    if (verified.length > 0) options.checked();
  };

  return {
    check(signer, view, at, judged) {
      const field = checkpointMessage;
      const from = view.getUint32(at + field.from);
      const to = view.getUint32(at + field.to);
      // Sent twice, after a link was lost: there is nothing left to cover.
      if (from < signer.claimed && to <= signer.claimed) return judged({ covered: signer.covered });
      if (from !== signer.claimed || to <= from || to > signer.next) return judged({ reason: 'positionWrong' });
      const bytes = new Uint8Array(view.buffer, view.byteOffset + at, field.signature + 64);
      const root = bytes.slice(field.root, field.root + hashBytes);
      const signature = bytes.slice(field.signature);
      const suite = suiteNames[view.getUint8(at + field.suite)];
      const keyVersion = view.getUint16(at + field.keyVersion);
      const signedAt = readUint64(view, at + field.signedAt);
      const key = options
        .participant(signer.code)
        ?.keys.find((one) => one.version === keyVersion && one.suite === suite && !hasEnded(one, clock.now()));
      if (key === undefined || suite === undefined) return judged({ reason: 'keyUnknown' });
      const leaves = signer.claim(to, clock.elapsed());
      const isRootOf = (of: Uint8Array) => Buffer.compare(merkleRoot(lanes, of, to - from), root) === 0;
      let isRoot = isRootOf(leaves);
      if (!isRoot && isRootOf(signer.forgetMissing(leaves, from, to))) {
        isRoot = true;
        signer.dropMissing(from, to);
      }
      const code = String(signer.code).padStart(5, '0');
      const { stream } = signer;
      const checkpoint = {
        signer: signer.code,
        stream,
        from,
        to,
        signedAt,
        root,
        suite: suites[suite],
        keyVersion,
        signature,
      };
      const command = encodeRecordCheckpoint(checkpoint);
      const canonical = canonicalCheckpoint(options.scheme(), { signer: code, stream, from, to, signedAt, root });
      const record = { command, body: () => signer.missing(from, to) };
      const { publicKey } = key;
      unverified.push({
        signer,
        to,
        isRoot,
        holds: false,
        judged,
        suite,
        publicKey,
        signature,
        bytes: canonical,
        record,
      });
    },
    verify() {
      if (unverified.length === 0) return;
      const checkpoints = unverified;
      unverified = [];
      verifying = verify(checkpoints, verifying);
    },
    record() {
      const taken = takeVerified();
      if (taken.length > 0) void record(taken);
    },
  };
}
