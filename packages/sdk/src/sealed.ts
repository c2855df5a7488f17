/**
 * Sealed fields: JSON that only the receiver opens. The context binds the box to the message that carries it, so that
 * it cannot be taken for another one's.
 */
import { parseJson, type Scheme, sealedMostBytes } from '@clearway/contract';
import type { Crypto } from '@clearway/ports';
import type { Details } from './question.ts';

const limits = { maxBytes: sealedMostBytes, maxDepth: 8 };

export interface SealedContext {
  readonly scheme: Scheme;
  readonly of: 'payment' | 'agreement' | 'confirmation';
  /** Of the payment or agreement. */
  readonly identifier: string;
  readonly receiver: string;
}

function contextBytes({ scheme, of, identifier, receiver }: SealedContext): Uint8Array {
  return Buffer.from(['clearway sealed 1', scheme.schemeId, scheme.environment, of, identifier, receiver].join('|'));
}

/**
 * `publicKey`: the receiver's sealing key from the directory. Returns base64.
 * @throws RangeError when it is more than fits into a message
 */
export function sealDetails(crypto: Crypto, publicKey: string, details: Details, context: SealedContext): string {
  const box = crypto.seal(publicKey, Buffer.from(JSON.stringify(details)), contextBytes(context));
  if (box.length > sealedMostBytes)
    throw new RangeError(`sealed details of ${box.length} bytes: at most ${sealedMostBytes} fit into a message`);
  return Buffer.from(box).toString('base64');
}

/** Undefined when it was not sealed for this receiver and message, or is no JSON object. */
export function openDetails(
  crypto: Crypto,
  privateKey: string,
  sealed: string,
  context: SealedContext,
): Details | undefined {
  let plain: Uint8Array;
  try {
    plain = crypto.open(privateKey, Buffer.from(sealed, 'base64'), contextBytes(context));
  } catch {
    // By its contract `open` throws for this and nothing else; what to do about it is the bank's decision.
    return undefined;
  }
  const json = parseJson(plain, limits);
  if (!json.ok || typeof json.value !== 'object' || json.value === null || Array.isArray(json.value)) return undefined;
  return json.value as Details;
}
