/**
 * Signatures over what was sent: at intervals each signer signs the root over the hashes of all it has sent since the
 * last time, in the background. Of a stream that was cut it signs what the platform tells to have, on another link; what
 * this run or the platform does not know of it is recalled first.
 */
import {
  type Checkpoint,
  canonicalCheckpoint,
  checkpointMessage,
  checkpointMessageBytes,
  coveredMessage,
  coveredMessageBytes,
  merkleRoot,
  reasons,
  type Scheme,
  type SigningKey,
  sha256Lanes,
} from '@clearway/contract';
import { type Cancel, type Clock, type Crypto, suites } from '@clearway/ports';
import type { Attachment } from './attachment.ts';
import type { Coverage } from './coverage.ts';
import type { Departure } from './departure.ts';
import { readUint64, writeUint64 } from './payment-message.ts';
import { createRecalls } from './recalls.ts';
import type { SentHashes } from './sent-hashes.ts';

export interface StreamSigner {
  /** Code of the participant, five digits. */
  readonly code: string;
  readonly signing: SigningKey;
}

export interface SignaturesOptions extends Departure {
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly scheme: Scheme;
  readonly signers: readonly StreamSigner[];
  readonly sent: SentHashes | undefined;
  /** Links that are up. */
  readonly open: readonly Attachment[];
  /** The one that the signer prefers. */
  attachmentOf(signer: number): Attachment | undefined;
  /** Undefined: four fifths of what the welcome allows. */
  readonly everyMs: number | undefined;
  /** Undefined: half of what the welcome allows. */
  readonly everyMessages: number | undefined;
  /** A signature has left: there may be room again. */
  signed(): void;
  covered(view: DataView, at: number): void;
  failed(error: Error): void;
}

export interface Signatures {
  /** Place in the signer's stream of what has just been written; `at` of a payment, or ~at of an answer. */
  positionFor(attachment: Attachment, signer: number, at: number): number;
  takeCovered(from: Attachment, view: DataView, count: number): void;
  takeHeld(view: DataView, count: number): void;
  attached(): void;
  /** The link is no longer among those that are up. */
  detached(attachment: Attachment): void;
  /** Gives up what the platform never asks for. */
  sweep(): void;
  /** Messages that are not covered as far as the platform has told. */
  readonly uncovered: number;
  /** Resolves when everything is covered, or no link is up, or after `patienceMs`. */
  finish(patienceMs: number): Promise<void>;
}

/** Signatures of a stream that has ended, and of which the platform says nothing, are given up after this time, ms. */
const orphanMs = 600_000;
/**
 * A checkpoint that is refused for these may be taken later: this cell does not know a new key yet, cannot write now, or
 * has refused the one before.
 */
const passing: ReadonlySet<number> = new Set(
  (['keyUnknown', 'journalUnavailable', 'positionWrong'] as const).map((reason) => reasons[reason].code),
);
const shortestRoundMs = 5;
/** Signatures are spread over time, and not made for all signers at once. */
const rounds = 16;

export function createSignatures(options: SignaturesOptions): Signatures {
  const { clock, crypto, scheme, signers, open, attachmentOf, hashWritten, leave } = options;
  const signerOf = new Map(signers.map(({ code }, signer) => [Number(code), signer]));
  const recalls = createRecalls({
    ...{ clock, leave, sent: options.sent, failed: options.failed },
    codes: signers.map(({ code }) => Number(code)),
    recalled(over, coverage, own) {
      if (own) orphans.delete(own);
      orphans.set(coverage, clock.elapsed());
      const now = over.hasEnded ? attachmentOf(coverage.signer) : over;
      if (now) sign(now, coverage);
    },
  });
  const lanes = sha256Lanes();
  /** Streams that ended and are not covered, with when that was. */
  const orphans = new Map<Coverage, number>();
  /** Coverages in the order in which they are to be signed. */
  let toSign: Coverage[] = [];
  /** While something waits to be signed. */
  let cancelRound: Cancel | undefined;
  let isFinishing = false;
  let whenCovered: (() => void) | undefined;

  function positionFor(attachment: Attachment, signer: number, at: number): number {
    const coverage = attachment.coverageOf(signer);
    attachment.writtenAt.push(at);
    attachment.writtenBy.push(coverage);
    queueToSign(coverage);
    const position = coverage.position++;
    if (coverage.unsigned >= mostUnsigned(attachment) >> 1) sign(attachment, coverage);
    return position;
  }

  function mostUnsigned({ welcome }: Attachment): number {
    const wished = options.everyMessages;
    return wished === undefined ? welcome.uncoveredMessages : Math.min(2 * wished, welcome.uncoveredMessages);
  }

  function queueToSign(coverage: Coverage): void {
    if (coverage.isQueued) return;
    coverage.isQueued = true;
    coverage.unsignedSince = clock.elapsed();
    toSign.push(coverage);
    planRound();
  }

  function everyMs({ welcome }: Attachment): number {
    return options.everyMs ?? welcome.uncoveredMs * 0.8;
  }

  function planRound(): void {
    if (cancelRound || open.length === 0 || isFinishing) return;
    cancelRound = clock.after(Math.max(shortestRoundMs, everyMs(open[0]) / rounds), round);
  }

  function round(): void {
    cancelRound?.();
    cancelRound = undefined;
    signDue();
    if (toSign.length > 0) planRound();
  }

  function signDue(): void {
    if (open.length === 0) return;
    const before = clock.elapsed() - everyMs(open[0]);
    let count = 0;
    while (count < toSign.length && toSign[count].unsignedSince <= before) count++;
    for (const coverage of toSign.splice(0, count)) {
      coverage.isQueued = false;
      const attachment = attachmentWith(coverage);
      if (attachment) sign(attachment, coverage);
    }
  }

  function attachmentWith(coverage: Coverage): Attachment | undefined {
    return open.find((attachment) => attachment.coverages[coverage.signer] === coverage);
  }

  /** Signs what the coverage has without a signature, in the background; one at a time, so that they stay in order. */
  function sign(attachment: Attachment, coverage: Coverage): void {
    if (coverage.isSigning || coverage.unsigned === 0) return;
    hashWritten(attachment);
    const { signer, stream, signedTo: from, position: to } = coverage;
    const { code, signing } = signers[signer];
    const root = merkleRoot(lanes, coverage.leaves(from, to), to - from);
    const checkpoint: Checkpoint = { signer: code, stream, from, to, signedAt: clock.now(), root };
    coverage.isSigning = true;
    crypto.sign(signing.suite, signing.privateKey, canonicalCheckpoint(scheme, checkpoint)).then((signature) => {
      coverage.isSigning = false;
      const now = attachmentWith(coverage) ?? attachmentOf(signer);
      if (coverage.isCut || !now) return;
      // Meanwhile the stream has ended with less than was signed.
      if (from !== coverage.signedTo || to > coverage.position) return sign(now, coverage);
      coverage.signedTo = to;
      putCheckpoint(now, checkpoint, signing, signature);
      if (coverage.unsigned > 0) queueToSign(coverage);
      options.signed();
    }, options.failed);
  }

  function putCheckpoint(to: Attachment, checkpoint: Checkpoint, key: SigningKey, signature: Uint8Array): void {
    const { writer } = to;
    const at = writer.message('checkpoints', checkpointMessageBytes);
    const { view, bytes } = writer;
    view.setUint32(at + checkpointMessage.signer, Number(checkpoint.signer));
    view.setUint32(at + checkpointMessage.suite, (suites[key.suite] << 24) | key.version);
    writeUint64(view, at + checkpointMessage.stream, checkpoint.stream);
    view.setUint32(at + checkpointMessage.from, checkpoint.from);
    view.setUint32(at + checkpointMessage.to, checkpoint.to);
    writeUint64(view, at + checkpointMessage.signedAt, checkpoint.signedAt);
    bytes.set(checkpoint.root, at + checkpointMessage.root);
    bytes.set(signature, at + checkpointMessage.signature);
    leave(to);
  }

  function takeCovered(from: Attachment, view: DataView, count: number): void {
    for (let i = 0, at = 0; i < count; i++, at += coveredMessageBytes) {
      const signer = signerOf.get(view.getUint32(at + coveredMessage.signer));
      const stream = readUint64(view, at + coveredMessage.stream);
      if (signer !== undefined) {
        const current = from.welcome.stream === stream ? from : open.find(({ welcome }) => welcome.stream === stream);
        if (current) takeCurrent(current.coverages[signer], view, at);
        else takeEnded(from, signer, stream, view, at);
      }
      options.covered(view, at);
    }
    whenCovered?.();
  }

  function takeCurrent(coverage: Coverage | undefined, view: DataView, at: number): void {
    if (coverage === undefined) return;
    coverage.coverTo(view.getUint32(at + coveredMessage.to));
    if (!passing.has(view.getUint16(at + coveredMessage.reason))) return;
    coverage.refuse();
    if (coverage.unsigned > 0) queueToSign(coverage);
  }

  /** The platform tells how much of an ended stream it has: that is signed, and no more. */
  function takeEnded(over: Attachment, signer: number, stream: number, view: DataView, at: number): void {
    const [from, to] = [view.getUint32(at + coveredMessage.to), view.getUint32(at + coveredMessage.taken)];
    const reason = view.getUint16(at + coveredMessage.reason);
    const mine = orphanOf(signer, stream);
    if (mine && passing.has(reason) && from < to) {
      mine.coverTo(from);
      mine.refuse();
      clock.after(everyMs(over), () => {
        const now = attachmentOf(signer);
        if (now && orphans.has(mine) && !mine.isCut) sign(now, mine);
      });
    } else if (reason !== 0 || from >= to) {
      if (mine) orphans.delete(mine);
    } else if (mine === undefined || view.getUint8(at + coveredMessage.recall) === 1) {
      recalls.recall(over, { signer, stream, from, to }, mine);
    } else {
      mine.coverTo(from);
      mine.endAt(to);
      if (mine.coveredTo < mine.position) sign(over, mine);
      else orphans.delete(mine);
    }
  }

  function orphanOf(signer: number, stream: number): Coverage | undefined {
    for (const coverage of orphans.keys())
      if (coverage.signer === signer && coverage.stream === stream) return coverage;
    return undefined;
  }

  function uncovered(): number {
    let count = 0;
    for (const { coverages } of open)
      for (const coverage of coverages) if (coverage) count += coverage.position - coverage.coveredTo;
    // Of a stream that was cut perhaps nothing is left to sign: the platform asks for what it has.
    for (const coverage of orphans.keys()) if (!coverage.isCut) count += coverage.position - coverage.coveredTo;
    return count;
  }

  function signAll(): void {
    for (const attachment of open) {
      for (const coverage of attachment.coverages) if (coverage) sign(attachment, coverage);
    }
  }

  return {
    positionFor,
    takeCovered,
    takeHeld: recalls.takeHeld,
    attached: round,
    detached(attachment) {
      hashWritten(attachment);
      recalls.detached(attachment);
      // A signature over an older stream may have gone with the link: the platform says so, or has it.
      for (const coverage of orphans.keys()) coverage.isCut = true;
      for (const coverage of attachment.coverages) {
        if (!coverage || coverage.coveredTo === coverage.position) continue;
        coverage.isCut = true;
        orphans.set(coverage, clock.elapsed());
      }
      toSign = toSign.filter((coverage) => !orphans.has(coverage));
      whenCovered?.();
    },
    sweep() {
      for (const [coverage, since] of orphans) if (clock.elapsed() - since > orphanMs) orphans.delete(coverage);
    },
    get uncovered() {
      return uncovered();
    },
    finish(patienceMs) {
      isFinishing = true;
      cancelRound?.();
      return new Promise((resolve) => {
        const cancel = clock.after(patienceMs, resolve);
        whenCovered = () => {
          if (open.length > 0 && uncovered() > 0) return signAll();
          cancel();
          resolve();
        };
        whenCovered();
      });
    },
  };
}
