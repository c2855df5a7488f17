import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { realClock, realCrypto } from '@clearway/ports/real';
import fc from 'fast-check';
import { collect, testBatch, testPlace } from '../conformance.ts';
import { type Claim, type Journal, type JournalBatch, UnavailableError } from '../port.ts';
import { verifyChain } from '../verify-chain.ts';
import { fileJournal } from './file-journal.ts';
import { FlushFailedError } from './file-writer.ts';
import { type DiskFault, type TestDisk, testDisk, testFolder } from './test-disk.ts';

const openOn = (disk: TestDisk): Journal =>
  fileJournal({
    folder: testFolder,
    place: testPlace,
    disk,
    clock: realClock,
    crypto: realCrypto,
    segmentBytes: 40_000,
    claimDeadlineMs: 50,
  });

/** A life of a process: it claims, appends some batches a few at a time, meets faults, and then the power goes. */
interface Life {
  readonly groups: readonly { readonly batches: number; readonly bytes: number }[];
  readonly faults: readonly DiskFault[];
  readonly seed: number;
}

const lives: fc.Arbitrary<Life[]> = fc.array(
  fc.record({
    groups: fc.array(
      fc.record({ batches: fc.integer({ min: 1, max: 5 }), bytes: fc.integer({ min: 0, max: 9_000 }) }),
      {
        maxLength: 6,
      },
    ),
    faults: fc.array(
      fc.record({
        kind: fc.constantFrom('write' as const, 'flush' as const, 'stop' as const),
        inCalls: fc.integer({ min: 1, max: 80 }),
      }),
      { maxLength: 3 },
    ),
    seed: fc.nat(),
  }),
  { minLength: 1, maxLength: 4 },
);

/** Enough for a test: Park and Miller's generator. */
function numbersFrom(seed: number): (below: number) => number {
  let state = (seed % 2_147_483_646) + 1;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

/** Undefined when the disk stops first: then no answer will come. */
const unlessStopped = <T>(disk: TestDisk, asked: Promise<T>): Promise<T | undefined> =>
  Promise.race([asked, disk.stopped().then(() => undefined)]);

/** Lives as a sequencer does: after an error it claims anew, and says again what is not in the journal. */
async function live(disk: TestDisk, { groups, faults }: Life, told: Map<number, string>): Promise<void> {
  const journal = openOn(disk);
  for (const fault of faults) disk.fault(fault);
  let claim = await claimOf(disk, journal);
  let previous: Pick<JournalBatch, 'sequence'> & { hash: Uint8Array } = {
    sequence: claim?.last ?? 0,
    hash: claim?.lastHash ?? new Uint8Array(32),
  };
  for (const { batches, bytes } of groups) {
    if (!claim) return;
    const { epoch } = claim;
    const list: JournalBatch[] = [];
    for (let i = 0; i < batches; i++) {
      const batch = testBatch(realCrypto, previous, { epoch, bytes });
      list.push(batch);
      previous = { sequence: batch.sequence, hash: realCrypto.sha256(batch.header) };
    }
    const tell = ({ sequence, header }: JournalBatch) => {
      assert.ok(!told.has(sequence), `batch ${sequence} was told of twice`);
      told.set(sequence, hex(header));
    };
    const appended = list.map((batch) => journal.append(batch).then(() => tell(batch)));
    const done = await unlessStopped(disk, Promise.allSettled(appended));
    if (done === undefined) return;
    const errors = done.flatMap((one) => (one.status === 'rejected' ? [one.reason as Error] : []));
    for (const error of errors)
      assert.ok(error instanceof FlushFailedError || error instanceof UnavailableError, error.stack);
    if (errors.length > 0) {
      claim = await claimOf(disk, journal);
      previous = { sequence: claim?.last ?? 0, hash: claim?.lastHash ?? new Uint8Array(32) };
    }
  }
}

async function claimOf(disk: TestDisk, journal: Journal): Promise<Claim | undefined> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const claim = await unlessStopped(
      disk,
      journal.claim().catch((error: Error) => error),
    );
    if (!(claim instanceof Error)) return claim;
    assert.ok(claim instanceof UnavailableError, claim.stack);
  }
  return undefined;
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('a journal in files whose disk fails and whose power goes', () => {
  test('has every batch that was told of, as it was told, in one chain without a gap', async () => {
    await fc.assert(
      fc.asyncProperty(lives, async (all) => {
        const disk = testDisk();
        const told = new Map<number, string>();
        for (const life of all) {
          await live(disk, life, told);
          disk.losePower(numbersFrom(life.seed));
        }
        const journal = openOn(disk);
        const { last, lastHash } = await journal.claim();
        const found = await collect(verifyChain(realCrypto, testPlace, journal.read(1)));
        assert.equal(found.length, last);
        if (last > 0) assert.deepEqual(Buffer.from(found[last - 1].link.hash), Buffer.from(lastHash));
        const batches = await collect(journal.read(1));
        for (const [sequence, header] of told) assert.equal(hex(batches[sequence - 1]?.header ?? noBytes), header);
      }),
      { numRuns: 200 },
    );
  });
});

const noBytes = new Uint8Array(0);
