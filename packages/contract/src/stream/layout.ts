/**
 * The stream, byte by byte (docs/reference/stream.md tells the same with examples).
 *
 * A link is one TLS connection. In both directions it carries frames; all numbers are big-endian, unused bytes zero,
 * frames and messages multiples of eight bytes, so that a message can be read where it lies:
 * ```
 *  0 length   u32   of the whole frame, 16 to 1 MiB
 *  4 type     u8    one of frameTypes
 *  5 version  u8    1
 *  6 count    u16   messages in the frame, at most 4096
 *  8 number   u64   of the frame in its direction: 1, 2, 3 … without a gap
 * ```
 * `hello`, `welcome` and `goodbye` carry one JSON text, padded with spaces; all others carry messages one after the
 * other.
 */

/** Of the head and the cutting of frames; in every frame. */
export const frameVersion = 1;
/** Of all else, agreed on in hello and welcome: the versions spoken here, the best first. */
export const streamVersions = [2, 1] as const;
/** From this version on an ended stream can be recalled. */
export const recallVersion = 2;
export const streamProtocol = 'clearway-stream';

export const frameHeadBytes = 16;
export const largestFrame = 1 << 20;
export const largestCount = 4096;
/** Of one payment message with reference, sealed fields and padding. */
export const largestMessage = 8192;

/** Offsets in the head of a frame. */
export const frameHead = { length: 0, type: 4, version: 5, count: 6, number: 8 } as const;

export const frameTypes = {
  /** Institution or provider → platform, the first frame of a link: whom it speaks for. JSON. */
  hello: 1,
  /** Platform → institution, the answer to it: number of the stream, windows. JSON. */
  welcome: 2,
  /** Either way, the last frame of a link: why. JSON. */
  goodbye: 3,
  /** Either way: how many may be under way from now on (flow control). */
  window: 4,
  /** Either way: nothing to say, still here. No messages. */
  alive: 5,
  /** Institution → platform: payments. */
  payments: 16,
  /** Platform → institution, and to the bank of a payment: what became of payments. */
  outcomes: 17,
  /** Platform → bank: offers, enquiries and reversals, each with the payment as its sender wrote it. */
  questions: 18,
  /** Bank → platform: its answers. */
  answers: 19,
  /** Participant → platform: what became of this payment? */
  enquiries: 20,
  /** Participant → platform: its signature over what it has sent. */
  checkpoints: 21,
  /** Platform → participant: how far its messages are covered by its signatures. */
  covered: 22,
  /** Participant → platform, from version 2 on: which of my messages of this ended stream do you have? */
  recalls: 23,
  /** Platform → participant: the answer to it, place by place. */
  held: 24,
} as const;
export type FrameType = keyof typeof frameTypes;

/**
 * A payment: 80 bytes, then endToEndId (UTF-8), then the sealed fields, then zeros to a multiple of eight.
 * Everything that is signed stands here: canonical bytes follow from it and the scheme (canonical-payments.ts).
 */
export const paymentMessage = {
  /** u16, whole message with padding. */
  size: 0,
  /** u8, 1 to 140 bytes of endToEndId. */
  referenceLength: 2,
  /** u8, places of the currency's minor unit. */
  decimals: 3,
  /** u16, 0 to 4096. */
  sealedLength: 4,
  /** 16 bytes (core/identifier.ts); its participant is the signer. */
  id: 8,
  /** u8, see paymentKinds. */
  kind: 24,
  /** u16, ISO 4217 numeric. */
  currency: 28,
  /** u32, code of the instructed bank. */
  instructed: 32,
  /** u32, the message's place among all that this signer sent on this stream: 0, 1, 2 … without a gap. */
  position: 36,
  /** u64, minor units. */
  amount: 40,
  /** u64, ms since 1970. */
  expiresAt: 48,
  /** u64, number of the stream, from the welcome. */
  stream: 56,
  /** 16 bytes: agreement, or original of a refund, or zeros. */
  reference: 64,
  endToEndId: 80,
} as const;
export const paymentMessageBytes = 80;

/** Whether a request or answer, as the journal keeps it, came over the stream: what comes over HTTP is a JSON object. */
export function isStreamMessage(body: Uint8Array, at = 0): boolean {
  // A message begins with its size or a number, both far below the first byte of `{`.
  return body.length > at && body[at] !== 0x7b;
}

/** Before each payment in a `questions` frame. */
export const questionPrefix = {
  /** u8, one of questionTypes. */
  type: 0,
  /** u8: 1 if an earlier copy may have reached the bank. */
  possibleDuplicate: 1,
  /** u8: 1 if a signature of its own follows the payment (signatureTrailer), as when it came over HTTP. */
  signed: 2,
  /** u32, ms that are left for the answer. */
  remainingMs: 4,
} as const;
export const questionPrefixBytes = 8;
export const questionTypes = { offer: 1, enquiry: 2, reversal: 3 } as const;
export type QuestionType = keyof typeof questionTypes;

/** Behind a payment that is signed on its own. */
export const signatureTrailer = { suite: 0, keyVersion: 2, value: 8 } as const;
export const signatureTrailerBytes = 72;

/** What a bank answers, 80 bytes; canonical answer bytes follow from it and the scheme. */
export const answerMessage = {
  /** u8, see bankAnswers. */
  answer: 0,
  /** u16, code of the reason of a `failed`, else 0. */
  reason: 2,
  /** u32, code of the answering bank: the signer. */
  bank: 4,
  id: 8,
  /** u64, ms since 1970. */
  answeredAt: 24,
  /** u64 and u32: place in the bank's own stream, as in a payment. */
  stream: 32,
  position: 40,
  /** 32 bytes: SHA-256 of the canonical payment. */
  hash: 48,
} as const;
export const answerMessageBytes = 80;

/** What became of a payment, 64 bytes. */
export const outcomeMessage = {
  /** u8, see paymentStates; 0: no such payment, nothing was done. */
  state: 0,
  /** u8, the bank's deciding answer; 0 for none, or when it is no longer at hand. */
  answer: 1,
  /** u16, code of the reason. */
  reason: 2,
  /** u32, code of whom it is told. */
  participant: 4,
  id: 8,
  /** u64, ms: the payment's last change. */
  changedAt: 24,
  /** u32, serial of the cycle that a success counts in, else 0. */
  cycle: 32,
  /** u32 and u64: place of the bank's answer in the bank's stream. */
  position: 36,
  stream: 40,
  /** u64, ms: the bank's answer. */
  answeredAt: 48,
  /** u8, see outcomeFlags. */
  flags: 56,
  /** u16, the reason in the bank's own answer. */
  answerReason: 58,
  /** u32, code of the bank. */
  bank: 60,
} as const;
export const outcomeMessageBytes = 64;
/**
 * `repeated`: known before. `asked`: answers an enquiry. `notProcessed`: nothing was done with this message and
 * nothing will be, the same identifier may be sent again.
 */
export const outcomeFlags = { repeated: 1, asked: 2, notProcessed: 4 } as const;

export const enquiryMessage = { participant: 0, id: 8 } as const;
export const enquiryMessageBytes = 24;

/**
 * A signature over the messages [from, to) of one signer's stream: over the canonical checkpoint (checkpoint.ts), whose
 * root is that of the Merkle tree (RFC 6962) over the SHA-256 of the canonical bytes of each message.
 */
export const checkpointMessage = {
  signer: 0,
  /** u8, see suites. */
  suite: 4,
  /** u16. */
  keyVersion: 6,
  stream: 8,
  from: 16,
  to: 20,
  /** u64, ms. */
  signedAt: 24,
  /** 32 bytes. */
  root: 32,
  /** 64 bytes in either suite. */
  signature: 64,
} as const;
export const checkpointMessageBytes = 128;

/**
 * `to`: everything before this place is covered. `reason`: 0, or why the checkpoint was not taken. `taken`: everything
 * before this place has been taken; of an ended stream that is all there will ever be, however much more was sent.
 * `recall`: u8, 1 if the platform knows of this ended stream by its journal alone: recall it before signing.
 */
export const coveredMessage = { signer: 0, recall: 4, reason: 6, stream: 8, to: 16, taken: 20 } as const;
export const coveredMessageBytes = 24;

export const recallMessage = { signer: 0, stream: 8 } as const;
export const recallMessageBytes = 16;

/**
 * One place of an ended stream, in order from where the next checkpoint begins. `known`: u8, 1 for a message that was
 * taken, with the SHA-256 of its canonical bytes; 0 for a place without one, whose leaf is 32 zero bytes.
 */
export const heldMessage = { signer: 0, known: 4, stream: 8, position: 16, hash: 24 } as const;
export const heldMessageBytes = 56;

/**
 * Payments without an outcome that the institution may have under way on this link (from the platform), or questions
 * without an answer that the bank takes at once (from the bank). What goes beyond is refused, definitely.
 */
export const windowMessage = { count: 0 } as const;
export const windowMessageBytes = 8;

/** Fixed sizes of messages; payments and questions say their own. */
export const messageBytes: Readonly<Partial<Record<FrameType, number>>> = {
  window: windowMessageBytes,
  outcomes: outcomeMessageBytes,
  answers: answerMessageBytes,
  enquiries: enquiryMessageBytes,
  checkpoints: checkpointMessageBytes,
  covered: coveredMessageBytes,
  recalls: recallMessageBytes,
  held: heldMessageBytes,
};
