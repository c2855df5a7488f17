/**
 * For tests, as a process of its own: claims the journal in the folder that is its first argument and appends batches
 * of so many bytes (second) until it may not. Says `told N` for each that is durable, and `ended NAME` with the error.
 */
import { realClock, realCrypto, realDisk } from '@clearway/ports/real';
import { testBatch, testPlace } from '../conformance.ts';
import { fileJournal } from './file-journal.ts';

const [, , folder, bytes] = process.argv;
const inFlight = 4;
const say = (text: string) => process.stdout.write(`${text}\n`);

const journal = fileJournal({
  folder,
  place: testPlace,
  disk: realDisk,
  clock: realClock,
  crypto: realCrypto,
  segmentBytes: 2 << 20,
});
const claim = await journal.claim();
let previous = { sequence: claim.last, hash: claim.lastHash };
let hasEnded = false;

async function appendOn(): Promise<void> {
  while (!hasEnded) {
    const batch = testBatch(realCrypto, previous, { epoch: claim.epoch, bytes: Number(bytes) });
    previous = { sequence: batch.sequence, hash: realCrypto.sha256(batch.header) };
    await journal.append(batch);
    say(`told ${batch.sequence}`);
  }
}

await Promise.all(
  Array.from({ length: inFlight }, () =>
    appendOn().catch((error: Error) => {
      if (!hasEnded) say(`ended ${error.name}`);
      hasEnded = true;
    }),
  ),
);
