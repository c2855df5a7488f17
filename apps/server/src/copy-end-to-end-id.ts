/** The sender's own reference for the archive, copied out of a request without making anything of it. */
import { isStreamMessage, paymentMessage } from '@clearway/contract';
import type { CopyReference } from '@clearway/store';

export const copyEndToEndId: CopyReference = (bodies, at, length, into, to) => {
  if (!isStreamMessage(bodies, at)) {
    const json = JSON.parse(Buffer.from(bodies.buffer, bodies.byteOffset + at, length).toString('utf8'));
    return Buffer.from(into.buffer, into.byteOffset, into.byteLength).write(json.endToEndId as string, to);
  }
  const size = bodies[at + paymentMessage.referenceLength];
  const from = at + paymentMessage.endToEndId;
  for (let i = 0; i < size; i++) into[to + i] = bodies[from + i];
  return size;
};
