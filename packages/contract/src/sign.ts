/** Signatures end to end: over canonical bytes, with suite and key version beside the value. */
import type { Crypto, Suite } from '@clearway/ports';
import type { Signature, WireKey } from './messages.ts';
import { parseTime } from './time.ts';

export interface SigningKey {
  readonly suite: Suite;
  /** 1 to 65535, unique for the institution. */
  readonly version: number;
  /** PEM, PKCS#8. */
  readonly privateKey: string;
}

export interface VerifyingKey {
  readonly version: number;
  readonly suite: Suite;
  /** PEM, SPKI. */
  readonly publicKey: string;
  /** ms since 1970; absent while valid. */
  readonly endedAt?: number | undefined;
}

export async function signMessage(crypto: Crypto, key: SigningKey, canonical: Uint8Array): Promise<Signature> {
  const value = await crypto.sign(key.suite, key.privateKey, canonical);
  return { suite: key.suite, keyVersion: key.version, value: Buffer.from(value).toString('base64') };
}

/**
 * Whether one of `keys` made the signature. Ended keys count too, since what they once signed stays signed: who asks
 * about a message that is new gives the time in `at` (ms), and keys that ended by then do not count.
 */
export async function verifyMessage(
  crypto: Crypto,
  keys: readonly VerifyingKey[],
  canonical: Uint8Array,
  signature: Signature,
  at?: number,
): Promise<boolean> {
  const key = keys.find(({ version, suite }) => version === signature.keyVersion && suite === signature.suite);
  if (!key || hasEnded(key, at)) return false;
  return crypto.verify(key.suite, key.publicKey, canonical, Buffer.from(signature.value, 'base64'));
}

export function hasEnded(key: VerifyingKey, at: number | undefined): boolean {
  return at !== undefined && key.endedAt !== undefined && key.endedAt <= at;
}

/** Keys of the directory or of the platform, ready to verify with. */
export function verifyingKeys(keys: readonly WireKey[]): VerifyingKey[] {
  return keys.map(({ version, suite, publicKey, endedAt }) => ({
    version,
    suite,
    publicKey,
    ...(endedAt !== undefined && { endedAt: parseTime(endedAt) }),
  }));
}
