/** What stands in the writers of links leaves once a turn of the program, or so often, hashed in bulk on its way. */
import { largestMessage, messageHashes, type Scheme } from '@clearway/contract';
import type { Clock } from '@clearway/ports';
import type { Attachment } from './attachment.ts';
import type { SentHashes } from './sent-hashes.ts';

/** Frames that grew so large leave at once; with the message that makes them so they still fit into 256 KiB. */
const earlyBytes = (1 << 18) - largestMessage - 1024;

export interface Departure {
  /** Something was written: it leaves soon. */
  leave(attachment: Attachment): void;
  /** Gives the hashes of what stands in the writer to those who sent it. */
  hashWritten(attachment: Attachment): void;
}

export function createDeparture(
  clock: Clock,
  scheme: Scheme,
  lingerMs: number,
  sent: Pick<SentHashes, 'add'> | undefined,
): Departure {
  const hashes = messageHashes(scheme);
  const due: Attachment[] = [];

  function leave(attachment: Attachment) {
    if (attachment.writer.length > earlyBytes) return flush(attachment);
    if (attachment.isDue) return;
    attachment.isDue = true;
    due.push(attachment);
    if (due.length > 1) return;
    if (lingerMs > 0) clock.after(lingerMs, flushDue);
    else queueMicrotask(flushDue);
  }

  function flushDue(): void {
    for (const attachment of due.splice(0)) {
      attachment.isDue = false;
      flush(attachment);
    }
  }

  function flush(attachment: Attachment): void {
    if (attachment.hasEnded) return;
    hashWritten(attachment);
    if (attachment.writer.length === 0) return;
    const taken = attachment.writer.take();
    attachment.isBlocked = !attachment.link.write(taken, () => attachment.writer.giveBack(taken));
  }

  function hashWritten({ writer, writtenAt, writtenBy }: Attachment): void {
    if (writtenAt.length === 0) return;
    hashes.start();
    for (const at of writtenAt) {
      if (at >= 0) hashes.addPayment(writer.view, at);
      else hashes.addAnswer(writer.view, ~at);
    }
    const digests = hashes.finish();
    for (let i = 0; i < writtenBy.length; i++) writtenBy[i].add(digests, i * 32);
    sent?.add(digests);
    writtenAt.length = 0;
    writtenBy.length = 0;
  }

  return { leave, hashWritten };
}
