/** Content-Digest (RFC 9530) with sha-256. */
import { parseDictionary } from 'structured-headers';
import { sha256 } from './sha256.ts';

export function contentDigest(body: Uint8Array): string {
  return `sha-256=:${Buffer.from(sha256(body)).toString('base64')}:`;
}

/** Whether the field has a sha-256 digest and it is that of the body; digests of other algorithms are not looked at. */
export function contentDigestHolds(field: string, body: Uint8Array): boolean {
  if (field === contentDigest(body)) return true;
  try {
    const digest = parseDictionary(field).get('sha-256')?.[0];
    return digest instanceof ArrayBuffer && Buffer.from(digest).equals(sha256(body));
  } catch {
    return false;
  }
}
