import { hash } from 'node:crypto';

/** A pure function, hence no port: canonical bytes and files must come out alike everywhere. */
export function sha256(bytes: Uint8Array | string): Uint8Array {
  return new Uint8Array(hash('sha256', bytes, 'buffer'));
}
