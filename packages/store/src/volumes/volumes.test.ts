import assert from 'node:assert/strict';
import { test } from 'node:test';
import { realChance, realCrypto } from '@clearway/ports/real';
import fc from 'fast-check';
import { collect, testBatches, testPlace } from '../conformance.ts';
import { type TestDisk, testDisk } from '../file/test-disk.ts';
import { memoryDisk, memoryStore } from '../memory/memory-store.ts';
import type { Journal } from '../port.ts';
import { ChainError } from '../verify-chain.ts';
import { openVolumes, withVolumes } from './volumes.ts';

const folder = '/volumes';
const volumesOn = (disk: TestDisk, volumeBytes = 2_000) =>
  openVolumes({ disk, folder, place: testPlace, crypto: realCrypto, volumeBytes });

async function journalOf(count: number): Promise<Journal> {
  const { journal } = memoryStore({ crypto: realCrypto, chance: realChance, disk: memoryDisk() });
  for (const batch of testBatches(realCrypto, await journal.claim(), count, { bytes: 300 }))
    await journal.append(batch);
  return journal;
}

const bindAll = async (disk: TestDisk, journal: Journal, through: number) =>
  collect(volumesOn(disk).bind(journal, through));

test('what is bound is read as the journal is, and the rest follows its anchor', async () => {
  const disk = testDisk();
  const journal = await journalOf(30);
  const volumes = volumesOn(disk);
  assert.equal((await volumes.last()).sequence, 0);
  const links = await bindAll(disk, journal, 12);
  assert.ok(links.length > 1, 'several volumes');
  const more = await bindAll(disk, journal, 25);
  assert.ok(more[0]!.sequence > 12);
  assert.deepEqual(await bindAll(disk, journal, 20), [], 'nothing is bound twice');

  const anchor = await volumes.last();
  assert.deepEqual([anchor.sequence, anchor], [25, more.at(-1)]);
  const whole = await collect(journal.read(1));
  const gone: Journal = {
    ...journal,
    read: (from) => (from > 25 ? journal.read(from) : assert.fail('it is not in the journal any more')),
    readFacts: (from) => (from > 25 ? journal.readFacts(from) : assert.fail('it is not in the journal any more')),
    readOne: async (sequence) => (sequence > 25 ? journal.readOne(sequence) : undefined),
  };
  const both = withVolumes(gone, volumes);
  const plain = (batches: readonly object[]) =>
    JSON.stringify(batches.map((batch) => Object.values(batch).map(String)));
  for (const from of [1, 13, 25, 26]) assert.equal(plain(await collect(both.read(from))), plain(whole.slice(from - 1)));
  const facts = whole.map(({ bodies: _, ...rest }) => rest);
  assert.equal(plain(await collect(both.readFacts(20))), plain(facts.slice(19)));
  for (const sequence of [1, 25, 26])
    assert.equal(plain([(await both.readOne(sequence))!]), plain([whole[sequence - 1]!]));
  assert.equal(await both.readOne(31), undefined);
});

test('what does not follow the batch before is not bound, nor is what the journal does not have', async () => {
  const disk = testDisk();
  const journal = await journalOf(10);
  const changed: Pick<Journal, 'read'> = {
    async *read(from) {
      for await (const batch of journal.read(from))
        yield batch.sequence === 7 ? { ...batch, bodies: Uint8Array.of(1) } : batch;
    },
  };
  await assert.rejects(collect(volumesOn(disk, 1_000).bind(changed, 10)), ChainError);
  assert.ok((await volumesOn(disk).last()).sequence < 7);
  await assert.rejects(bindAll(disk, journal, 11), /ends at batch 10, before 11/);
});

test('a volume that was changed, cut or taken away is not read', async () => {
  const journal = await journalOf(20);
  const spoil = async (change: (disk: TestDisk, path: string) => Promise<unknown>) => {
    const disk = testDisk();
    await bindAll(disk, journal, 20);
    const [first] = (await disk.list(folder)).sort();
    await change(disk, `${folder}/${first}`);
    return collect(volumesOn(disk).read(1));
  };
  const write = async (disk: TestDisk, path: string, position: number) =>
    (await disk.open(path, 'write')).write([Uint8Array.of(0xaa)], position);
  await assert.rejects(
    spoil((disk, path) => write(disk, path, 3)),
    /has no head/,
  );
  await assert.rejects(
    spoil((disk, path) => write(disk, path, 4096)),
    /has no batch 1/,
  );
  await assert.rejects(
    spoil((disk, path) => write(disk, path, 4096 + 200)),
    /has batch 1 changed/,
  );
  await assert.rejects(
    spoil((disk, path) => disk.remove(path)),
    /are missing before/,
  );
});

test('faults and power cuts at any moment leave whole volumes, and binding goes on behind them', async () => {
  const journal = await journalOf(24);
  const whole = (await collect(journal.read(1))).map(({ header }) => Buffer.from(header).toString('hex'));
  const lives = fc.array(
    fc.record({
      kind: fc.constantFrom('write' as const, 'flush' as const, 'stop' as const),
      inCalls: fc.integer({ min: 1, max: 60 }),
      keeps: fc.infiniteStream(fc.nat()),
    }),
    { maxLength: 5 },
  );
  await fc.assert(
    fc.asyncProperty(lives, async (faults) => {
      const disk = testDisk();
      for (const { keeps, ...fault } of faults) {
        disk.fault(fault);
        await Promise.race([bindAll(disk, journal, 24).catch(() => {}), disk.stopped()]);
        disk.losePower((below) => (keeps.next().value as number) % below);
        const kept = await collect(volumesOn(disk).read(1));
        assert.deepEqual(
          kept.map(({ header }) => Buffer.from(header).toString('hex')),
          whole.slice(0, kept.length),
        );
      }
      await bindAll(disk, journal, 24);
      assert.equal((await collect(volumesOn(disk).read(1))).length, 24);
    }),
    { numRuns: 60 },
  );
});
