/**
 * The evidence of a payment, checked by this browser and not by whoever sent it: each signature over its canonical
 * bytes, and each header of the journal against the hash that the next one names.
 */
import type { Evidence } from '@clearway/console-api';
import type { Ports } from '../../ports.ts';

export interface SignatureCheck {
  readonly what: 'request' | 'answer';
  readonly signer: string;
  readonly suite: string;
  /** Undefined where this browser does not know the suite or was given no key. */
  readonly holds: boolean | undefined;
}

export interface EvidenceCheck {
  readonly signatures: readonly SignatureCheck[];
  readonly chain: { readonly from: number; readonly to: number; readonly holds: boolean };
}

/** Of a header: 128 bytes, its sequence at 16, the hash of the one before at 32 (docs/guides/read-the-journal.md). */
const header = { bytes: 128, sequence: 16, previousHash: 32, hashBytes: 32 };

export async function checkEvidence(
  evidence: Evidence,
  ports: Pick<Ports, 'digest' | 'verify'>,
): Promise<EvidenceCheck> {
  const signatures = await Promise.all(
    evidence.signedMessages.map(async ({ what, signer, suite, publicKey, canonical, signature }) => {
      const holds =
        publicKey === null
          ? undefined
          : await ports.verify(suite, publicKey, fromBase64(canonical), fromBase64(signature));
      return { what, signer, suite, holds };
    }),
  );
  const { from, to, headers } = evidence.headers;
  return { signatures, chain: { from, to, holds: await chainHolds(headers.map(fromBase64), from, to, ports) } };
}

async function chainHolds(
  headers: readonly Uint8Array<ArrayBuffer>[],
  from: number,
  to: number,
  ports: Pick<Ports, 'digest'>,
): Promise<boolean> {
  if (headers.length !== to - from + 1) return false;
  for (const [index, bytes] of headers.entries()) {
    if (bytes.length !== header.bytes) return false;
    const sequence = new DataView(bytes.buffer).getBigUint64(header.sequence);
    if (sequence !== BigInt(from + index)) return false;
    if (index === 0) continue;
    const hash = await ports.digest(headers[index - 1]);
    const named = bytes.subarray(header.previousHash, header.previousHash + header.hashBytes);
    if (!hash.every((byte, at) => byte === named[at])) return false;
  }
  return true;
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
