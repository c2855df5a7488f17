/** The sender's own reference in a request as received, whatever rail it came by. */
import { isStreamMessage, paymentMessage } from '@clearway/contract';

/** endToEndId of the request. */
export function endToEndIdOf(body: Uint8Array): string {
  if (!isStreamMessage(body))
    return (JSON.parse(Buffer.from(body).toString('utf8')) as { endToEndId: string }).endToEndId;
  const start = paymentMessage.endToEndId;
  return Buffer.from(body.subarray(start, start + body[paymentMessage.referenceLength])).toString('utf8');
}
