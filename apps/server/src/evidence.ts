/** Gathers from the journal what proves one payment without it (docs/reference/evidence.md). */
import {
  canonicalPayment,
  canonicalPaymentAnswer,
  checkPaymentAnswer,
  checkPaymentRequest,
  type Evidence,
  type EvidenceCheckpoint,
  type EvidenceMessage,
  evidenceFormat,
  formatTime,
  isStreamMessage,
  proveInclusion,
  readAnswerMessage,
  readPaymentMessage,
  rootOfProof,
  type Scheme,
  type Signature,
  type StreamPlace,
  sha256Lanes,
  type VerifyingKey,
} from '@clearway/contract';
import { commandTypes, layout, readUint64 } from '@clearway/core';
import { type Crypto, type Suite, suites } from '@clearway/ports';
import { type CellPlace, headerBytes, type Journal, type JournalBatch, type PaymentRecord } from '@clearway/store';
import { commandOffsets } from './projector.ts';

export interface EvidenceSource {
  readonly journal: Pick<Journal, 'read' | 'readOne'>;
  readonly place: CellPlace;
  readonly crypto: Pick<Crypto, 'sha256'>;
  readonly scheme: Scheme;
  /** Ended ones too. */
  keysOf(participant: string): readonly VerifyingKey[];
  /** The message behind a command, opened. */
  body(batch: JournalBatch, index: number): Promise<Uint8Array>;
  readonly signal: AbortSignal;
}

export interface EvidenceWishes {
  /** ms since 1970. */
  readonly madeAt: number;
  /** Headers reach up to this batch; by default up to that of the answer. */
  readonly anchor?: number | undefined;
  /** Also everything that was decided in the batches of request and answer: it names other payments. */
  readonly showsFacts: boolean;
}

/** The evidence cannot be made; the message says why, and what to do. */
export class EvidenceError extends Error {
  override name = 'EvidenceError';
}

/** 12.8 MB of headers. */
const mostHeaders = 100_000;
/** A checkpoint covers what came at most a few seconds before it. */
const mostBatchesBack = 100_000;

export async function gatherEvidence(
  source: EvidenceSource,
  payment: Pick<PaymentRecord, 'paymentId' | 'requestSequence' | 'requestIndex' | 'answerSequence' | 'answerIndex'>,
  wishes: EvidenceWishes,
): Promise<Evidence> {
  const { scheme, place } = source;
  const { paymentId, requestSequence, requestIndex, answerSequence, answerIndex } = payment;
  const request = await gatherMessage(source, requestSequence, requestIndex);
  const answer = answerSequence === 0 ? undefined : await gatherMessage(source, answerSequence, answerIndex);
  const shown = answer === undefined ? [request] : [request, answer];
  const last = Math.max(...shown.map(({ sequence }) => sequence));
  return {
    format: evidenceFormat,
    paymentId,
    madeAt: formatTime(wishes.madeAt),
    scheme: { schemeId: scheme.schemeId, environment: scheme.environment },
    cell: { centre: place.centre, cell: place.cell },
    request,
    ...(answer && { answer }),
    keys: shown.map((message) => keyOf(source, message)),
    ...(await gatherJournal(source, shown, last, wishes)),
  };
}

async function readBatch({ journal }: EvidenceSource, sequence: number): Promise<JournalBatch> {
  const batch = await journal.readOne(sequence);
  if (batch === undefined) throw new EvidenceError(`The journal has no batch ${sequence} (any more).`);
  return batch;
}

async function gatherMessage(source: EvidenceSource, sequence: number, index: number): Promise<EvidenceMessage> {
  const batch = await readBatch(source, sequence);
  const message = await readMessage(source, batch, index);
  const whole = { sequence, index, canonical: base64(message.canonical) };
  if (message.place === undefined) {
    return { ...whole, signer: message.signer, body: base64(message.body), signature: message.signature! };
  }
  const covered = await findCoverage(source, batch, message as StreamMessage);
  return { ...whole, signer: message.signer, body: base64(covered.body), checkpoint: covered.checkpoint };
}

interface SignedMessage {
  readonly signer: string;
  readonly body: Uint8Array;
  readonly canonical: Uint8Array;
  /** Of a message over HTTP. */
  readonly signature?: Signature | undefined;
  /** Of a message of the stream. */
  readonly place?: StreamPlace | undefined;
}
type StreamMessage = SignedMessage & { readonly place: StreamPlace };

async function readMessage(source: EvidenceSource, batch: JournalBatch, index: number): Promise<SignedMessage> {
  const view = viewOf(batch.facts);
  const at = commandOffsets(view)[index];
  const type = at === undefined ? undefined : view.getUint8(at);
  if (type !== commandTypes.submitPayment && type !== commandTypes.recordAnswer) {
    throw new EvidenceError(`Command ${index} of batch ${batch.sequence} is neither a payment nor an answer.`);
  }
  const body = await source.body(batch, index);
  return type === commandTypes.submitPayment
    ? readRequest(source, body)
    : readAnswer(source, codeOf(signerIn(view, at!)), body);
}

/** Code of who signed the payment or answer at `at`; -1 for other commands. */
function signerIn(view: DataView, at: number): number {
  switch (view.getUint8(at)) {
    case commandTypes.submitPayment:
      return view.getUint32(at + layout.submitPayment.id + 4) & 0xffffff;
    case commandTypes.recordAnswer:
      return view.getUint32(at + layout.recordAnswer.bank) >>> 8;
    default:
      return -1;
  }
}

function readRequest({ scheme }: EvidenceSource, body: Uint8Array): SignedMessage {
  if (isStreamMessage(body)) {
    const { payment, ...place } = readPaymentMessage(body);
    return { signer: place.signer, body, canonical: canonicalPayment(scheme, payment), place };
  }
  const checked = checkPaymentRequest(JSON.parse(Buffer.from(body).toString('utf8')));
  if (!checked.ok) throw new EvidenceError(`The journaled request is malformed: ${checked.path} ${checked.message}.`);
  const { value } = checked;
  const signer = value.paymentId.slice(9, 14);
  return { signer, body, canonical: canonicalPayment(scheme, value), signature: value.signature };
}

function readAnswer({ scheme }: EvidenceSource, bank: string, body: Uint8Array): SignedMessage {
  if (isStreamMessage(body)) {
    const { answer, ...place } = readAnswerMessage(body);
    return { signer: place.signer, body, canonical: canonicalPaymentAnswer(scheme, place.signer, answer), place };
  }
  const checked = checkPaymentAnswer(JSON.parse(Buffer.from(body).toString('utf8')));
  if (!checked.ok) throw new EvidenceError(`The journaled answer is malformed: ${checked.path} ${checked.message}.`);
  const { value } = checked;
  return { signer: bank, body, canonical: canonicalPaymentAnswer(scheme, bank, value), signature: value.signature };
}

// ---- checkpoints ----

/** What a signer sent on a stream, as far as it was read: hashes by position. */
type Leaves = Map<number, Uint8Array>;

interface Checkpoint {
  readonly sequence: number;
  readonly index: number;
  readonly from: number;
  readonly to: number;
  readonly signedAt: number;
  readonly root: Uint8Array;
  readonly signature: Signature;
}

/**
 * The signer's checkpoint over this message, or over a copy of it that was sent later on the same or another stream:
 * the same canonical bytes make the same leaf.
 */
async function findCoverage(
  source: EvidenceSource,
  first: JournalBatch,
  message: StreamMessage,
): Promise<{ readonly body: Uint8Array; readonly checkpoint: EvidenceCheckpoint }> {
  const { signer } = message;
  const hash = source.crypto.sha256(message.canonical);
  const streams = new Map<number, Leaves>();
  const copies = new Map<string, StreamMessage>();
  for await (const batch of source.journal.read(first.sequence)) {
    source.signal.throwIfAborted();
    await collectLeaves(source, batch, signer, streams, (leaf, copy) => {
      if (same(leaf, hash)) copies.set(`${copy.place.stream}/${copy.place.position}`, copy);
    });
    for (const { stream, ...checkpoint } of checkpointsIn(batch, signer)) {
      const covered = [...copies.values()].find(
        ({ place }) => place.stream === stream && place.position >= checkpoint.from && place.position < checkpoint.to,
      );
      if (covered === undefined) continue;
      const leaves = streams.get(stream)!;
      await readUnjournaled(source, batch, checkpoint.index, leaves);
      await collectEarlier(source, first.sequence, signer, streams, stream, checkpoint);
      return { body: covered.body, checkpoint: prove(covered, hash, leaves, checkpoint) };
    }
  }
  throw new EvidenceError(
    `${signer} has not signed message ${message.place.position} of stream ${message.place.stream} yet: try again in some seconds.`,
  );
}

function prove(
  { place: { stream, position } }: StreamMessage,
  hash: Uint8Array,
  leaves: Leaves,
  { root, signedAt, ...checkpoint }: Checkpoint,
): EvidenceCheckpoint {
  const { from, to } = checkpoint;
  const hashes = new Uint8Array((to - from) * 32);
  for (let place = from; place < to; place++) hashes.set(leaves.get(place)!, (place - from) * 32);
  const proof = proveInclusion(sha256Lanes(), hashes, to - from, position - from);
  const reached = rootOfProof(hash, proof);
  if (reached === undefined || !same(reached, root)) {
    const at = `batch ${checkpoint.sequence}, command ${checkpoint.index}`;
    throw new EvidenceError(
      `The journaled messages do not make the root of the checkpoint in ${at}: run clearway verify.`,
    );
  }
  return { ...checkpoint, stream, signedAt: formatTime(signedAt), root: hex(root), path: proof.path.map(hex) };
}

/** Leaves of the signer in a batch; `found` is told each with its message. */
async function collectLeaves(
  source: EvidenceSource,
  batch: JournalBatch,
  signer: string,
  streams: Map<number, Leaves>,
  found: (leaf: Uint8Array, message: StreamMessage) => void,
): Promise<void> {
  const view = viewOf(batch.facts);
  for (const [index, at] of commandOffsets(view).entries()) {
    if (signerIn(view, at) !== Number(signer)) continue;
    const body = await source.body(batch, index);
    if (!isStreamMessage(body)) continue;
    const isPayment = view.getUint8(at) === commandTypes.submitPayment;
    const message = isPayment ? readRequest(source, body) : readAnswer(source, signer, body);
    if (message.place === undefined) continue;
    const leaf = source.crypto.sha256(message.canonical);
    const leaves = streams.get(message.place.stream) ?? new Map<number, Uint8Array>();
    streams.set(message.place.stream, leaves.set(message.place.position, leaf));
    found(leaf, message as StreamMessage);
  }
}

/** Reads back from before batch `sequence` until the checkpoint's leaves are all there. */
async function collectEarlier(
  source: EvidenceSource,
  sequence: number,
  signer: string,
  streams: Map<number, Leaves>,
  stream: number,
  { from, to }: Checkpoint,
): Promise<void> {
  const leaves = streams.get(stream)!;
  const missing = () => {
    for (let place = from; place < to; place++) if (!leaves.has(place)) return place;
    return undefined;
  };
  for (let before = sequence - 1; missing() !== undefined; before--) {
    source.signal.throwIfAborted();
    if (before < 1 || before < sequence - mostBatchesBack) {
      throw new EvidenceError(
        `Message ${missing()} of stream ${stream} of ${signer} is not in the journal: its checkpoint cannot be proved.`,
      );
    }
    await collectLeaves(source, await readBatch(source, before), signer, streams, () => {});
  }
}

/** With a checkpoint stand the hashes of what it covers and no command was made of: position u32, hash. */
async function readUnjournaled(
  source: EvidenceSource,
  batch: JournalBatch,
  index: number,
  leaves: Leaves,
): Promise<void> {
  const body = await source.body(batch, index);
  const view = viewOf(body);
  for (let at = 0; at < body.length; at += 36) leaves.set(view.getUint32(at), body.slice(at + 4, at + 36));
}

function checkpointsIn(
  { sequence, facts }: JournalBatch,
  signer: string,
): (Checkpoint & { readonly stream: number })[] {
  const view = viewOf(facts);
  const fields = layout.recordCheckpoint;
  return commandOffsets(view).flatMap((at, index) => {
    if (view.getUint8(at) !== commandTypes.recordCheckpoint) return [];
    if (view.getUint32(at + fields.signer) !== Number(signer)) return [];
    const suite = (Object.keys(suites) as Suite[]).find((name) => suites[name] === view.getUint8(at + fields.suite))!;
    const value = base64(facts.subarray(at + fields.signature, at + fields.signature + 64));
    return [
      {
        sequence,
        index,
        stream: readUint64(view, at + fields.stream),
        from: view.getUint32(at + fields.from),
        to: view.getUint32(at + fields.to),
        signedAt: readUint64(view, at + fields.signedAt),
        root: facts.slice(at + fields.root, at + fields.root + 32),
        signature: { suite, keyVersion: view.getUint16(at + fields.keyVersion), value },
      },
    ];
  });
}

// ---- keys and journal ----

function keyOf({ keysOf }: EvidenceSource, message: EvidenceMessage): Evidence['keys'][number] {
  const { suite, keyVersion } = message.signature ?? message.checkpoint!.signature;
  const key = keysOf(message.signer).find((one) => one.version === keyVersion && one.suite === suite);
  if (key === undefined)
    throw new EvidenceError(`Key ${keyVersion} of ${message.signer} is in no participants document.`);
  const { version, publicKey, endedAt } = key;
  const ended = endedAt === undefined ? {} : { endedAt: formatTime(endedAt) };
  return { participant: message.signer, key: { version, suite, publicKey, ...ended } };
}

async function gatherJournal(
  source: EvidenceSource,
  shown: readonly EvidenceMessage[],
  last: number,
  { anchor = last, showsFacts }: EvidenceWishes,
): Promise<Pick<Evidence, 'journal'>> {
  const from = Math.min(...shown.map(({ sequence }) => sequence));
  if (anchor < last) throw new EvidenceError(`Batch ${anchor} is before batch ${last}, in which the payment ended.`);
  if (anchor - from >= mostHeaders) {
    throw new EvidenceError(
      `From batch ${from} to ${anchor} there are more than ${mostHeaders} headers: name an earlier anchor.`,
    );
  }
  const headers = new Uint8Array((anchor - from + 1) * headerBytes);
  const facts = new Map<number, string>();
  let next = from;
  for await (const batch of source.journal.read(from)) {
    source.signal.throwIfAborted();
    if (batch.sequence > anchor) break;
    headers.set(batch.header, (batch.sequence - from) * headerBytes);
    if (showsFacts && shown.some(({ sequence }) => sequence === batch.sequence)) {
      facts.set(batch.sequence, base64(batch.facts));
    }
    next = batch.sequence + 1;
    if (next > anchor) break;
  }
  if (next <= anchor) throw new EvidenceError(`The journal ends at batch ${next - 1}.`);
  return {
    journal: {
      from,
      headers: base64(headers),
      facts: [...facts].map(([sequence, bytes]) => ({ sequence, facts: bytes })),
    },
  };
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const codeOf = (number: number): string => String(number).padStart(5, '0');
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);
