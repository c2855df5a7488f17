/** One request that has been let in, what its operation replies, and how an operation refuses. */

import {
  type Check,
  formatTime,
  parseJson,
  type Signature,
  type VerifyingKey,
  verifyMessage,
} from '@clearway/contract';
import type { Reason } from '@clearway/core/vocabulary';
import type { Crypto } from '@clearway/ports';
import type { Configuration, ParticipantConfiguration } from './port.ts';

export interface Call {
  /** The snapshot under which the whole request is treated. */
  readonly configuration: Configuration;
  /** Who signed the request. */
  readonly participant: ParticipantConfiguration;
  /** Of the path, by name. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** When the gateway had the whole request, ms. */
  readonly receivedAt: number;
}

export interface Reply {
  readonly status: number;
  /** Absent with an empty body. */
  readonly contentType?: string;
  readonly body: Uint8Array;
}

export type Operation = (call: Call) => Promise<Reply>;

/** A definite refusal; with the reason `none` the one honest "what became of it is not known". */
export class Refusal extends Error {
  override name = 'Refusal';
  readonly reason: Reason;
  readonly paymentId: string | undefined;
  readonly retryAfterMs: number | undefined;
  /** `detail`: what was wrong with what, without a value that somebody sent; the contract adds what to do. */
  constructor(reason: Reason, detail = '', more: { paymentId?: string; retryAfterMs?: number } = {}) {
    super(detail);
    this.reason = reason;
    this.paymentId = more.paymentId;
    this.retryAfterMs = more.retryAfterMs;
  }
}

export const jsonContentType = 'application/json';
export const emptyReply: Reply = { status: 204, body: new Uint8Array(0) };

export function jsonReply(body: Uint8Array): Reply {
  return { status: 200, contentType: jsonContentType, body };
}

export function encodeJson(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/** Larger than any message can be: sealed fields of 4 KiB in base64 and what stands around them. */
export const largestBody = 16_384;
const deepestNesting = 4;

/** @throws Refusal for anything that is not exactly the message */
export function readMessage<T>(body: Uint8Array, check: Check<T>): T {
  const json = parseJson(body, { maxBytes: largestBody, maxDepth: deepestNesting });
  if (!json.ok) throw new Refusal(json.reason, `The body is refused: ${json.message}`);
  const message = check(json.value);
  if (!message.ok) throw new Refusal(message.reason, `${message.path || 'The message'} ${message.message}`);
  return message.value;
}

/** The end-to-end signature of a new message. @throws Refusal unless it holds under a key that is valid `at` that time */
export async function mustBeSigned(
  crypto: Crypto,
  keys: readonly VerifyingKey[],
  canonical: Uint8Array,
  signature: Signature,
  at: number,
): Promise<void> {
  if (await verifyMessage(crypto, keys, canonical, signature, at)) return;
  const { suite, keyVersion } = signature;
  const key = keys.find(({ version }) => version === keyVersion);
  if (!key || (key.endedAt !== undefined && key.endedAt <= at)) {
    throw new Refusal('keyUnknown', `No valid key ${keyVersion} for the signature in the message at ${formatTime(at)}`);
  }
  const what = key.suite === suite ? 'does not hold over the canonical bytes' : `must be of the suite ${key.suite}`;
  throw new Refusal('signatureInvalid', `The signature in the message ${what}`);
}
