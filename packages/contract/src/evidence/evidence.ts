/**
 * Evidence of one payment: a file that proves it without the platform, to anybody who has the public keys
 * (docs/reference/evidence.md). Bytes are base64, hashes lower-case hex.
 */
import { type Static, type TProperties, Type } from 'typebox';
import { Signature, WireKey } from '../messages.ts';

export const evidenceFormat = 'clearway-evidence-1';

const object = <P extends TProperties>(properties: P) => Type.Object(properties, { additionalProperties: false });
const Bytes = Type.String({ pattern: '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$' });
const Hash = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Code = Type.String({ pattern: '^[0-9]{5}$' });
const Identifier = Type.String({ pattern: '^[0-9]{31}$' });
const Time = Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$' });
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Place = Type.Integer({ minimum: 0, maximum: 0xffff_ffff });

/** A signature over many messages of the signer's stream, with the proof that this one is among them. */
export const EvidenceCheckpoint = object({
  stream: Count,
  /** Places in the signer's stream: from this one on, up to but without that one. */
  from: Place,
  to: Place,
  signedAt: Time,
  root: Hash,
  signature: Signature,
  /** Siblings from the leaf of this message to the root. */
  path: Type.Array(Hash, { maxItems: 32 }),
  /** Batch of the journal that it stands in, and its command. */
  sequence: Count,
  index: Place,
});
export type EvidenceCheckpoint = Static<typeof EvidenceCheckpoint>;

/** A message as its sender wrote it, and how it is signed: by itself, or by a checkpoint. */
export const EvidenceMessage = object({
  signer: Code,
  /** JSON as over HTTP, or a message of the stream. */
  body: Bytes,
  /** What the signature, or the leaf of the checkpoint's tree, is made over. */
  canonical: Bytes,
  signature: Type.Optional(Signature),
  checkpoint: Type.Optional(EvidenceCheckpoint),
  /** Batch of the journal that it stands in, and its command. */
  sequence: Count,
  index: Place,
});
export type EvidenceMessage = Static<typeof EvidenceMessage>;

export const EvidenceJournal = object({
  /** Sequence of the first header. */
  from: Count,
  /** Headers of successive batches, 128 bytes each, in one piece. */
  headers: Bytes,
  /** What was decided in these batches, whole: it shows other payments too, and is left out unless asked for. */
  facts: Type.Array(object({ sequence: Count, facts: Bytes }), { maxItems: 2 }),
});
export type EvidenceJournal = Static<typeof EvidenceJournal>;

export const Evidence = object({
  format: Type.Literal(evidenceFormat),
  paymentId: Identifier,
  madeAt: Time,
  scheme: object({
    schemeId: Type.String({ pattern: '^[\\x21-\\x7e]{1,8}$' }),
    environment: Type.Union([Type.Literal('sandbox'), Type.Literal('production')]),
  }),
  cell: object({
    centre: Type.Integer({ minimum: 1, maximum: 99 }),
    cell: Type.Integer({ minimum: 1, maximum: 9999 }),
  }),
  request: EvidenceMessage,
  /** The bank's deciding answer, when there is one. */
  answer: Type.Optional(EvidenceMessage),
  /** Public keys of the signers, as the platform's directory had them. */
  keys: Type.Array(object({ participant: Code, key: WireKey }), { maxItems: 64 }),
  journal: Type.Optional(EvidenceJournal),
});
export type Evidence = Static<typeof Evidence>;
