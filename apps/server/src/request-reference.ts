/** The sender's own reference in a request as received, whatever rail it came by. */
import { isStreamMessage, paymentMessage } from '@clearway/contract';

/** endToEndId of the request. */
export function endToEndIdOf(body: Uint8Array): string {
  if (!isStreamMessage(body))
    return (JSON.parse(Buffer.from(body).toString('utf8')) as { endToEndId: string }).endToEndId;
  const start = paymentMessage.endToEndId;
  return Buffer.from(body.subarray(start, start + body[paymentMessage.referenceLength])).toString('utf8');
}

/** Copies it as UTF-8 out of packed bodies; gives its length. */
export function copyReference(bodies: Uint8Array, at: number, length: number, into: Uint8Array, to: number): number {
  // The first byte of `{`: what comes over HTTP is a JSON object.
  if (bodies[at] === 0x7b) {
    const text = Buffer.from(endToEndIdOf(bodies.subarray(at, at + length)), 'utf8');
    into.set(text, to);
    return text.length;
  }
  const size = bodies[at + paymentMessage.referenceLength];
  const start = at + paymentMessage.endToEndId;
  for (let i = 0; i < size; i++) into[to + i] = bodies[start + i];
  return size;
}
