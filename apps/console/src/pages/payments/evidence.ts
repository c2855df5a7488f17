/**
 * The evidence of a payment, checked by this browser and not by whoever sent it: each signature over its canonical
 * bytes or over the checkpoint that covers them, and each header of the journal against the hash that the next one names.
 */
import type { Evidence } from '@clearway/console-api';
import type { Ports } from '../../ports.ts';
import { checkpointBytes, isCovered } from './checkpoint.ts';

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
  const { scheme, request, answer, keys, journal } = evidence;
  const check = async (what: SignatureCheck['what'], message: typeof request): Promise<SignatureCheck> => {
    const { signer, body, canonical, signature, checkpoint } = message;
    const made = signature ?? checkpoint?.signature;
    if (made === undefined) return { what, signer, suite: '', holds: false };
    const { suite, keyVersion, value } = made;
    const own = keys.find(({ participant, key }) => participant === signer && key.version === keyVersion);
    const holds = (signed: Uint8Array<ArrayBuffer>) =>
      own === undefined ? undefined : ports.verify(suite, own.key.publicKey, signed, fromBase64(value));
    if (checkpoint === undefined) return { what, signer, suite, holds: await holds(fromBase64(canonical)) };
    const isMember = await isCovered(what, fromBase64(body), fromBase64(canonical), checkpoint, ports.digest);
    return { what, signer, suite, holds: isMember && (await holds(checkpointBytes(scheme, signer, checkpoint))) };
  };
  const signatures = [
    await check('request', request),
    ...(answer === undefined ? [] : [await check('answer', answer)]),
  ];
  const headers = piecesOf(fromBase64(journal?.headers ?? ''));
  const from = journal?.from ?? 0;
  const to = from + headers.length - 1;
  return { signatures, chain: { from, to, holds: headers.length > 0 && (await chainHolds(headers, from, ports)) } };
}

function piecesOf(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] {
  const count = Math.ceil(bytes.length / header.bytes);
  return Array.from({ length: count }, (_, index) => bytes.slice(index * header.bytes, (index + 1) * header.bytes));
}

async function chainHolds(
  headers: readonly Uint8Array<ArrayBuffer>[],
  from: number,
  ports: Pick<Ports, 'digest'>,
): Promise<boolean> {
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
