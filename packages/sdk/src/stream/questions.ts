/** Questions to a bank: hashed in bulk, then handed over one by one. */
import { type Frame, messageHashes, questionPrefixBytes, type Scheme, sizeOfMessage } from '@clearway/contract';
import type { Attachment } from './attachment.ts';
import type { StreamEvents } from './port.ts';

export function createTakeQuestions(
  scheme: Scheme,
  events: Pick<StreamEvents, 'question'>,
): (from: Attachment, frame: Frame) => void {
  const hashes = messageHashes(scheme);
  return ({ number }, { payload, view, count }) => {
    if (!events.question) return;
    hashes.start();
    for (let i = 0, at = 0; i < count; i++, at += sizeOfMessage('questions', view, at))
      hashes.addPayment(view, at + questionPrefixBytes);
    const digests = hashes.finish();
    for (let i = 0, at = 0; i < count; i++, at += sizeOfMessage('questions', view, at))
      events.question(payload, view, at, digests, i * 32, number);
  };
}
