/** Checks evidence of a payment with nothing but public keys: no platform, no database, no clock. */
import {
  commandTypes,
  identifierFromBytes,
  identifierText,
  journaled,
  outcomes,
  reasonOf,
} from '@clearway/core/vocabulary';
import type { Crypto } from '@clearway/ports';
import {
  canonicalCheckpoint,
  canonicalPayment,
  canonicalPaymentAnswer,
  type Scheme,
  type Unsigned,
} from '../canonical.ts';
import { type Check, checkPaymentAnswer, checkPaymentRequest } from '../check.ts';
import { rootOfProof } from '../merkle/merkle-tree.ts';
import type { PaymentAnswer, PaymentRequest, Signature, WireKey } from '../messages.ts';
import { hasEnded, verifyingKeys, verifyMessage } from '../sign.ts';
import { isStreamMessage } from '../stream/layout.ts';
import { readAnswerMessage, readPaymentMessage, type StreamPlace } from '../stream/read-message.ts';
import { formatTime, parseTime } from '../time.ts';
import type { Evidence, EvidenceMessage } from './evidence.ts';

/** One thing that was looked at. `notShown`: the evidence does not say; it may be enough without. */
export interface EvidenceStep {
  readonly step: keyof typeof evidenceSteps;
  readonly result: 'holds' | 'broken' | 'notShown';
  readonly detail: string;
}

/** What is looked at, in order. */
export const evidenceSteps = {
  request: 'the request says what the canonical bytes say',
  requestSignature: 'the institution signed the request',
  answer: 'the answer says what the canonical bytes say, and is to this request',
  answerSignature: 'the bank signed the answer',
  chain: 'the headers of the journal follow one another',
  decision: 'the journal took the request, and decided on it',
  recording: 'the journal took the answer',
  keys: 'the keys are those that the verifier trusts',
  anchor: 'the chain reaches the hash that the verifier trusts',
} as const;

export interface EvidenceVerdict {
  /** Nothing is broken; what is not shown is for the verifier to weigh. */
  readonly holds: boolean;
  readonly steps: readonly EvidenceStep[];
}

/** What the verifier knows from elsewhere; evidence cannot vouch for itself. */
export interface Trust {
  /** Keys of a participant, as its directory has them; without it the keys in the evidence are taken on trust. */
  readonly keysOf?: ((participant: string) => readonly WireKey[]) | undefined;
  /** Hash of the header of a batch, as published or kept from an earlier look at the journal. */
  readonly anchor?: { readonly sequence: number; readonly hash: string } | undefined;
}

class Broken extends Error {}
class NotShown extends Error {}

function must(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Broken(otherwise);
}

export async function verifyEvidence(crypto: Crypto, evidence: Evidence, trust: Trust = {}): Promise<EvidenceVerdict> {
  const { scheme } = evidence;
  const done: EvidenceStep[] = [];
  const look = async (step: EvidenceStep['step'], run: () => string | Promise<string>) => {
    try {
      done.push({ step, result: 'holds', detail: await run() });
    } catch (error) {
      if (error instanceof NotShown) done.push({ step, result: 'notShown', detail: error.message });
      else done.push({ step, result: 'broken', detail: (error as Error).message });
    }
  };
  const keysOf = (participant: string): readonly WireKey[] =>
    trust.keysOf?.(participant) ?? evidence.keys.flatMap((one) => (one.participant === participant ? [one.key] : []));
  const headers = new Map<number, Header>();
  const signed = (message: EvidenceMessage, place: StreamPlace | undefined) =>
    verifySignature(crypto, scheme, message, place, keysOf(message.signer), headers.get(message.sequence)?.at);

  let chain = '';
  let chainBroken: Error | undefined;
  try {
    chain = readHeaders(crypto, evidence, headers);
  } catch (error) {
    chainBroken = error as Error;
  }

  let request: Message<PaymentRequest> | undefined;
  await look('request', () => {
    request = readRequest(evidence);
    const { kind, interbankSettlementAmount: money, instructedAgent } = request.content;
    return `${kind} of ${money.currency} ${money.amount}, asked by ${request.signer} of bank ${instructedAgent}`;
  });
  await look('requestSignature', () => {
    must(request !== undefined, 'the request cannot be read');
    return signed(evidence.request, request.place);
  });

  let answer: Message<PaymentAnswer> | undefined;
  await look('answer', () => {
    must(request !== undefined, 'the request cannot be read');
    answer = readAnswer(crypto, evidence, request.content);
    const { content } = answer;
    const why = content.reason === undefined ? '' : ` (${content.reason})`;
    return `${content.answer}${why}, answered by ${answer.signer} at ${content.answeredAt}`;
  });
  await look('answerSignature', () => {
    if (evidence.answer === undefined) throw new NotShown('there is no answer');
    must(answer !== undefined, 'the answer cannot be read');
    return signed(evidence.answer, answer.place);
  });

  await look('chain', () => {
    if (chainBroken) throw chainBroken;
    if (headers.size === 0) throw new NotShown('there are no headers');
    return chain;
  });
  await look('decision', () => {
    const fact = readFact(crypto, evidence, headers, evidence.request, 'submitPayment');
    const canonicalHash = crypto.sha256(bytesOf(evidence.request.canonical));
    must(fact.paymentId === evidence.paymentId, `command ${evidence.request.index} is about ${fact.paymentId}`);
    must(same(fact.hash, canonicalHash), 'the command names other content (hash)');
    return fact.text;
  });
  await look('recording', () => {
    if (evidence.answer === undefined) throw new NotShown('there is no answer');
    const fact = readFact(crypto, evidence, headers, evidence.answer, 'recordAnswer');
    must(fact.paymentId === evidence.paymentId, `command ${evidence.answer.index} is about ${fact.paymentId}`);
    must(answer !== undefined, 'the answer cannot be read');
    must(fact.word === answer.word, 'the command records another answer');
    must(
      same(fact.hash, bytesOfHex(answer.content.paymentHash).subarray(0, fact.hash.length)),
      'the command names other content (hash)',
    );
    return fact.text;
  });

  await look('keys', () => {
    if (!trust.keysOf)
      throw new NotShown(`taken from the evidence itself: ${fingerprints(crypto, evidence).join(', ')}`);
    for (const { participant, key } of evidence.keys) {
      const known = trust.keysOf(participant).find(({ version }) => version === key.version);
      must(known !== undefined, `key ${key.version} of ${participant} is not among the keys given`);
      must(
        known.suite === key.suite && known.publicKey.trim() === key.publicKey.trim(),
        `key ${key.version} of ${participant} is not the one given`,
      );
    }
    return 'all as given';
  });
  await look('anchor', () => {
    if (!trust.anchor) throw new NotShown(chainEnd(headers));
    const { sequence, hash } = trust.anchor;
    const header = headers.get(sequence);
    must(!chainBroken, 'the chain is broken');
    must(header !== undefined, `the headers do not reach batch ${sequence}`);
    must(hexOf(header.hash) === hash, `batch ${sequence} has hash ${hexOf(header.hash)}`);
    return `batch ${sequence} has the hash given`;
  });
  return { holds: done.every(({ result }) => result !== 'broken'), steps: done };
}

// ---- messages ----

interface Message<M> {
  readonly signer: string;
  readonly content: Unsigned<M>;
  /** Of a message of the stream. */
  readonly place: StreamPlace | undefined;
  /** Number of the answer; 0 in a request. */
  readonly word: number;
}

function readRequest({ scheme, paymentId, request: shown }: Evidence): Message<PaymentRequest> {
  const { content, place, signature } = parseBody(shown, checkPaymentRequest, (body) => {
    const { payment, ...place } = readPaymentMessage(body);
    return { content: payment, place };
  });
  const canonical = canonicalPayment(scheme, content);
  must(same(canonical, bytesOf(shown.canonical)), 'the canonical bytes are not those of the request');
  must(content.paymentId === paymentId, `the request is of payment ${content.paymentId}`);
  must(shown.signer === paymentId.slice(9, 14), `the institution of this payment is ${paymentId.slice(9, 14)}`);
  checkSameSignature(shown, signature);
  return { signer: shown.signer, content, place, word: 0 };
}

function readAnswer(crypto: Crypto, evidence: Evidence, request: Unsigned<PaymentRequest>): Message<PaymentAnswer> {
  const { scheme, paymentId, answer: shown } = evidence;
  if (shown === undefined) throw new NotShown('there is no answer');
  const { content, place, signature } = parseBody(shown, checkPaymentAnswer, (body) => {
    const { answer, ...place } = readAnswerMessage(body);
    return { content: answer, place };
  });
  const canonical = bytesOf(shown.canonical);
  must(
    same(canonicalPaymentAnswer(scheme, shown.signer, content), canonical),
    'the canonical bytes are not those of the answer',
  );
  must(content.paymentId === paymentId, `the answer is to payment ${content.paymentId}`);
  must(shown.signer === request.instructedAgent, `bank ${request.instructedAgent} was asked, ${shown.signer} answered`);
  const asked = hexOf(crypto.sha256(bytesOf(evidence.request.canonical)));
  must(content.paymentHash === asked, 'the bank answered other content (hash)');
  checkSameSignature(shown, signature);
  return { signer: shown.signer, content, place, word: canonical[3]! };
}

function parseBody<M extends { readonly signature: Signature }>(
  { body, signer }: EvidenceMessage,
  check: Check<M>,
  readStream: (body: Uint8Array) => { readonly content: Unsigned<M>; readonly place: StreamPlace },
): { readonly content: Unsigned<M>; readonly place?: StreamPlace; readonly signature?: Signature } {
  const bytes = bytesOf(body);
  if (isStreamMessage(bytes)) {
    const read = readStream(bytes);
    must(read.place.signer === signer, `the message is of ${read.place.signer}`);
    return read;
  }
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new Broken('the message is not JSON in UTF-8');
  }
  const checked = check(json);
  if (!checked.ok) throw new Broken(`the message is malformed: ${checked.path} ${checked.message}`);
  return { content: checked.value, signature: checked.value.signature };
}

/** A message over HTTP carries its signature; it must be the one that is shown. */
function checkSameSignature({ signature: shown }: EvidenceMessage, carried: Signature | undefined): void {
  if (carried === undefined) return;
  const isSame =
    shown?.suite === carried.suite && shown.keyVersion === carried.keyVersion && shown.value === carried.value;
  must(isSame, 'the message carries another signature than is shown');
}

async function verifySignature(
  crypto: Crypto,
  scheme: Scheme,
  { signer, canonical, signature, checkpoint }: EvidenceMessage,
  place: StreamPlace | undefined,
  keys: readonly WireKey[],
  takenAt: number | undefined,
): Promise<string> {
  const by = ({ keyVersion, suite }: Signature) => `key ${keyVersion} (${suite}) of ${signer}`;
  const verify = async (bytes: Uint8Array, made: Signature, at: number | undefined) => {
    const key = verifyingKeys(keys).find(({ version, suite }) => version === made.keyVersion && suite === made.suite);
    must(key !== undefined, `${by(made)} is not known`);
    must(!hasEnded(key, at), `${by(made)} had ended`);
    must(await verifyMessage(crypto, [key], bytes, made), `the signature by ${by(made)} does not hold`);
  };
  if (place === undefined) {
    must(signature !== undefined && checkpoint === undefined, 'a message over HTTP is signed by itself');
    await verify(bytesOf(canonical), signature, takenAt);
    return `by ${by(signature)}`;
  }
  must(checkpoint !== undefined && signature === undefined, 'a message of the stream is signed by a checkpoint');
  const { stream, from, to, root } = checkpoint;
  const signedAt = parseTime(checkpoint.signedAt);
  must(signedAt !== undefined, 'the checkpoint was signed at no time');
  must(place.stream === stream, `the message is of stream ${place.stream}, the checkpoint of ${stream}`);
  const { position } = place;
  must(position >= from && position < to, `message ${position} is not among those from ${from} to before ${to}`);
  const path = checkpoint.path.map(bytesOfHex);
  const reached = rootOfProof(crypto.sha256(bytesOf(canonical)), { index: position - from, size: to - from, path });
  must(reached !== undefined && hexOf(reached) === root, 'the message does not lead to the root of the checkpoint');
  await verify(
    canonicalCheckpoint(scheme, { signer, stream, from, to, signedAt, root: bytesOfHex(root) }),
    checkpoint.signature,
    signedAt,
  );
  return `message ${position} of stream ${stream}, by the checkpoint over ${from} to ${to - 1}, ${by(checkpoint.signature)}`;
}

// ---- journal ----

const headerSize = 128;

/** What is read of a batch's header, see docs/reference/evidence.md. */
interface Header {
  readonly at: number;
  readonly hash: Uint8Array;
  readonly factsHash: Uint8Array;
}

function readHeaders(crypto: Crypto, { journal, cell }: Evidence, headers: Map<number, Header>): string {
  if (journal === undefined || journal.headers === '') return '';
  const bytes = bytesOf(journal.headers);
  must(bytes.length % headerSize === 0, `headers have ${headerSize} bytes each`);
  let previous: { readonly hash: Uint8Array; readonly at: number } | undefined;
  for (let start = 0; start < bytes.length; start += headerSize) {
    const header = bytes.subarray(start, start + headerSize);
    const view = new DataView(header.buffer, header.byteOffset, headerSize);
    const sequence = journal.from + start / headerSize;
    const at = Number(view.getBigUint64(24));
    const where = `batch ${sequence}`;
    must(view.getUint16(0) === 1, `${where} has a format that is not known here`);
    must(view.getUint8(4) === cell.centre && view.getUint16(6) === cell.cell, `${where} belongs to another cell`);
    must(Number(view.getBigUint64(16)) === sequence, `${where} is numbered otherwise`);
    must(
      previous === undefined || same(header.subarray(32, 64), previous.hash),
      `${where} does not follow the one before`,
    );
    must(previous === undefined || at >= previous.at, `${where} is earlier than the one before`);
    previous = { hash: crypto.sha256(header), at };
    headers.set(sequence, { ...previous, factsHash: header.subarray(64, 96) });
  }
  return `batches ${journal.from} to ${journal.from + headers.size - 1}`;
}

function chainEnd(headers: ReadonlyMap<number, Header>): string {
  const last = [...headers].at(-1);
  return last === undefined ? 'no headers' : `compare: batch ${last[0]} has hash ${hexOf(last[1].hash)}`;
}

interface Fact {
  readonly paymentId: string;
  readonly hash: Uint8Array;
  /** Number of an answer; 0 in a request. */
  readonly word: number;
  readonly text: string;
}

/** The command that the message was taken with, from the facts of its batch. */
function readFact(
  crypto: Crypto,
  { journal }: Evidence,
  headers: ReadonlyMap<number, Header>,
  { sequence, index }: EvidenceMessage,
  type: 'submitPayment' | 'recordAnswer',
): Fact {
  const header = headers.get(sequence);
  const shown = journal?.facts.find((one) => one.sequence === sequence);
  if (header === undefined) throw new NotShown(`the header of batch ${sequence} is not there`);
  if (shown === undefined) throw new NotShown(`what was decided in batch ${sequence} is not there`);
  const facts = bytesOf(shown.facts);
  must(
    same(crypto.sha256(facts), header.factsHash),
    `the facts of batch ${sequence} are not those that its header names`,
  );
  const view = new DataView(facts.buffer, facts.byteOffset, facts.byteLength);
  let at = 0;
  for (let passed = 0; passed < index && at + 8 <= facts.length; passed++) at += Math.max(8, view.getUint32(at + 4));
  const layout = journaled[type];
  must(at + layout.size <= facts.length, `batch ${sequence} has no command ${index}`);
  must(view.getUint8(at) === commandTypes[type], `command ${index} of batch ${sequence} is of another type`);
  const outcome = (Object.keys(outcomes) as (keyof typeof outcomes)[]).find((word) => outcomes[word] === facts[at + 1]);
  const reason = reasonOf(view.getUint16(at + 2));
  const why = reason === undefined || reason === 'none' ? '' : ` (${reason})`;
  return {
    paymentId: identifierText(identifierFromBytes(facts.slice(at + layout.id, at + layout.id + 16))),
    hash: facts.subarray(at + layout.hash, at + layout.hash + layout.hashBytes),
    word: type === 'recordAnswer' ? facts[at + journaled.recordAnswer.answer]! : 0,
    text: `${outcome}${why} in batch ${sequence} at ${formatTime(header.at)}`,
  };
}

// ---- bytes ----

function fingerprints(crypto: Crypto, { keys }: Evidence): string[] {
  return keys.map(({ participant, key }) => {
    const der = Buffer.from(key.publicKey.replace(/-----[A-Z ]+-----/g, ''), 'base64');
    return `${participant} key ${key.version} SHA-256 ${hexOf(crypto.sha256(der))}`;
  });
}

const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));
const bytesOfHex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
