/**
 * What the stream leaves behind in the journal: for every message a signature of who sent it, over a tree that is made
 * again here, message by message, by the definition of RFC 6962 and the canonical bytes of the HTTP rail.
 */
import { hash } from 'node:crypto';
import {
  canonicalCheckpoint,
  canonicalPayment,
  canonicalPaymentAnswer,
  isStreamMessage,
  readAnswerMessage,
  readPaymentMessage,
  type StreamPlace,
} from '@clearway/contract';
import { commandTypes, identifierFromBytes, identifierText, layout, outcomes, readUint64 } from '@clearway/core';
import { type Crypto, suites } from '@clearway/ports';
import type { SentHashes } from '@clearway/sdk';
import { dayOf, type ParticipantsDocument, type SchemeDocument } from '@clearway/server';
import { type CellPlace, decodeHeader, decryptBodies, type Store } from '@clearway/store';
import type { Oracle } from './oracle.ts';

/** What a participant has sent, on a disk that outlives its programs. */
export function keepSentHashes(): SentHashes {
  const sent = new Set<string>();
  const textOf = (hashes: Uint8Array, index: number) =>
    Buffer.from(hashes.buffer, hashes.byteOffset + index * 32, 32).toString('latin1');
  return {
    add(hashes) {
      for (let index = 0; index * 32 < hashes.length; index++) sent.add(textOf(hashes, index));
    },
    async findStranger(hashes) {
      for (let index = 0; index * 32 < hashes.length; index++) if (!sent.has(textOf(hashes, index))) return index;
      return undefined;
    },
  };
}

/** What one signer sent on one stream. */
interface Sent {
  readonly leaves: Map<number, { readonly leaf: Uint8Array; readonly paymentId: string }>;
  covered: number;
}

const sha256 = (...parts: readonly Uint8Array[]): Uint8Array => hash('sha256', Buffer.concat(parts), 'buffer');

/** RFC 6962, section 2.1, over hashes of messages. */
function rootOf(hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length === 1) return sha256(Uint8Array.of(0), hashes[0]);
  let half = 1;
  while (half * 2 < hashes.length) half *= 2;
  return sha256(Uint8Array.of(1), rootOf(hashes.slice(0, half)), rootOf(hashes.slice(half)));
}

export interface EvidenceOptions {
  readonly store: Pick<Store, 'journal' | 'bodyKeys'>;
  readonly place: CellPlace;
  readonly crypto: Crypto;
  readonly oracle: Oracle;
  readonly scheme: SchemeDocument;
  readonly participants: ParticipantsDocument['participants'];
  /** Those of the cell whose journal it is. */
  isHere(paymentId: string): boolean;
}

/** Every message of the stream in the journal is signed, and so is every end that was told. */
export async function compareEvidence(options: EvidenceOptions): Promise<void> {
  const { store, crypto, oracle, scheme, participants } = options;
  const sent = new Map<string, Sent>();
  /** Payments by who has proved them in the journal, on whichever rail. */
  const proved = { institution: new Set<string>(), bank: new Set<string>() };
  const open = { institution: new Map<string, string>(), bank: new Map<string, string>() };

  const sentOn = ({ signer, stream }: Pick<StreamPlace, 'signer' | 'stream'>): Sent => {
    const key = `${signer} on ${stream}`;
    const known = sent.get(key) ?? { leaves: new Map(), covered: 0 };
    sent.set(key, known);
    return known;
  };

  const add = (place: StreamPlace, leaf: Uint8Array, paymentId: string) => {
    const { signer, stream, position } = place;
    const one = sentOn(place);
    const known = one.leaves.get(position);
    oracle.check(known === undefined || Buffer.compare(known.leaf, leaf) === 0, paymentId, () => {
      return `message ${position} of ${signer} on ${stream} is in the journal with two contents`;
    });
    oracle.check(position >= one.covered, paymentId, () => {
      return `message ${position} of ${signer} on ${stream} comes after the signature over its place`;
    });
    one.leaves.set(position, { leaf, paymentId });
    return `${signer} ${stream} ${position}`;
  };

  const takePayment = (body: Uint8Array, accepted: boolean) => {
    const { payment, ...place } = readPaymentMessage(body);
    const at = add(place, crypto.sha256(canonicalPayment(scheme, payment)), payment.paymentId);
    if (accepted) open.institution.set(payment.paymentId, at);
  };

  const takeAnswer = (body: Uint8Array, accepted: boolean) => {
    const { answer, ...place } = readAnswerMessage(body);
    const canonical = canonicalPaymentAnswer(scheme, place.signer, answer);
    const at = add(place, crypto.sha256(canonical), answer.paymentId);
    if (accepted && answer.answer !== 'notKnownYet') open.bank.set(answer.paymentId, at);
  };

  const takeCheckpoint = async (view: DataView, at: number, body: Uint8Array) => {
    const field = layout.recordCheckpoint;
    const bytes = new Uint8Array(view.buffer, view.byteOffset + at, field.size);
    const signer = String(view.getUint32(at + field.signer)).padStart(5, '0');
    const stream = readUint64(view, at + field.stream);
    const [from, to] = [view.getUint32(at + field.from), view.getUint32(at + field.to)];
    const subject = `stream ${stream} of ${signer}`;
    const one = sentOn({ signer, stream });
    oracle.check(from >= one.covered, subject, () => `is signed twice from ${from} on, to ${one.covered} before`);
    const listed = new Map<number, Uint8Array>();
    const list = new DataView(body.buffer, body.byteOffset, body.byteLength);
    for (let i = 0; i < body.length; i += 36) listed.set(list.getUint32(i), body.subarray(i + 4, i + 36));
    const leaves: Uint8Array[] = [];
    for (let position = from; position < to; position++) {
      const leaf = one.leaves.get(position)?.leaf ?? listed.get(position);
      oracle.check(leaf !== undefined, subject, () => `has no message ${position}, and signs for it`);
      if (leaf === undefined) return;
      leaves.push(leaf);
    }
    for (const position of one.leaves.keys())
      oracle.check(position >= from, subject, () => `leaves message ${position} out, and signs from ${from} on`);
    const root = bytes.subarray(field.root, field.root + 32);
    oracle.check(Buffer.compare(rootOf(leaves), root) === 0, subject, () => `signs another tree over ${from} to ${to}`);
    const version = view.getUint16(at + field.keyVersion);
    const key = participants.find(({ code }) => code === signer)?.keys.find((known) => known.version === version);
    const signedAt = readUint64(view, at + field.signedAt);
    const canonical = canonicalCheckpoint(scheme, { signer, stream, from, to, signedAt, root });
    const signature = bytes.slice(field.signature);
    const isSigned =
      key !== undefined &&
      suites[key.suite] === view.getUint8(at + field.suite) &&
      (await crypto.verify(key.suite, key.publicKey, canonical, signature));
    oracle.check(isSigned, subject, () => `is covered to ${to} by a signature that does not hold`);
    one.covered = to;
    for (const position of one.leaves.keys()) if (position < to) one.leaves.delete(position);
  };

  for await (const { sequence, header, facts, bodies: column } of store.journal.read(1)) {
    const key = await store.bodyKeys.key(dayOf(decodeHeader(header).at));
    const bodies = decryptBodies(crypto, key, { ...options.place, sequence }, column);
    const view = new DataView(facts.buffer, facts.byteOffset, facts.byteLength);
    const checkpoints: { readonly at: number; readonly body: Uint8Array }[] = [];
    for (let at = 0, index = 0; at < facts.length; at += view.getUint32(at + 4), index++) {
      const type = view.getUint8(at);
      const accepted = view.getUint8(at + 1) === outcomes.accepted;
      const body = bodies[index];
      if (type === commandTypes.recordCheckpoint && accepted) checkpoints.push({ at, body });
      if (type !== commandTypes.submitPayment && type !== commandTypes.recordAnswer) continue;
      const who = type === commandTypes.submitPayment ? 'institution' : 'bank';
      if (!isStreamMessage(body)) {
        // Signed on its own; the gateway has looked at that.
        if (accepted) proved[who].add(identifierText(identifierFromBytes(facts.subarray(at + 8, at + 24))));
      } else if (who === 'institution') takePayment(body, accepted);
      else takeAnswer(body, accepted);
    }
    // A signature covers what is in its own batch too.
    for (const { at, body } of checkpoints) await takeCheckpoint(view, at, body);
  }

  const uncovered = new Set<string>();
  for (const [where, { leaves }] of sent)
    for (const [position, { paymentId }] of leaves) {
      uncovered.add(`${where.replace(' on ', ' ')} ${position}`);
      oracle.breach(paymentId, `message ${position} of ${where} is signed by nobody at the end`);
    }
  for (const { paymentId } of oracle.payments()) {
    if (oracle.finalOf(paymentId) === undefined || !options.isHere(paymentId)) continue;
    for (const who of ['institution', 'bank'] as const) {
      const at = open[who].get(paymentId);
      const isSigned = proved[who].has(paymentId) || (at !== undefined && !uncovered.has(at));
      oracle.check(isSigned, paymentId, () => `was told as ended, and no signature of its ${who} is in the journal`);
    }
  }
}
