/** The thread of verifier.ts. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import type { ChecksMessage } from './verifier.ts';

const signatureBytes = 64;
const keys: { readonly hash: string | null; readonly key: KeyObject }[] = [];

parentPort!.on('message', ({ keys: fresh, count, packed }: ChecksMessage) => {
  for (const [number, suite, pem] of fresh)
    keys[number] = { hash: suite === 'ed25519' ? null : 'sha256', key: createPublicKey(pem) };
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const answer = new Uint8Array(count);
  for (let i = 0, at = 0; i < count; i++) {
    const { hash, key } = keys[view.getUint32(at)]!;
    const bytesEnd = at + 8 + view.getUint32(at + 4);
    const end = bytesEnd + 4 + view.getUint32(bytesEnd);
    const signature = packed.subarray(bytesEnd + 4, end);
    const bytes = packed.subarray(at + 8, bytesEnd);
    const holds =
      signature.length === signatureBytes && verify(hash, bytes, { key, dsaEncoding: 'ieee-p1363' }, signature);
    answer[i] = holds ? 1 : 0;
    at = end;
  }
  parentPort!.postMessage(answer);
});
