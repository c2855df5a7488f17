import assert from 'node:assert/strict';
import { test } from 'node:test';
import { realCrypto } from '@clearway/ports/real';
import { memoryDisk } from '@clearway/store';
import { payment, start, until } from './test-bed.ts';

test('a flipped bit in any page of a snapshot stops the start', async () => {
  const disk = memoryDisk();
  const first = await start(() => 'succeeded', { disk, snapshotEvery: 2 });
  await first.fund(1, 5_000);
  await first.pay(payment('payout', 5));
  await until('a snapshot', () => disk.sealed.size > 0);
  await first.cell.stop();

  const pages = [...disk.pages.get(Math.max(...disk.sealed.keys()))!.values()].filter(({ length }) => length > 0);
  assert.ok(pages.length > 0);
  for (const page of pages) {
    const middle = page.length >> 1;
    page[middle] ^= 1;
    await assert.rejects(
      start(() => 'silent', { disk }),
      { name: 'JournalDamagedError' },
    );
    page[middle] ^= 1;
  }
  const second = await start(() => 'silent', { disk });
  assert.equal(second.halts.length, 0);
  await second.cell.stop();
});

test('a snapshot of an older format is passed over: the journal tells everything once more', async () => {
  const disk = memoryDisk();
  const first = await start(() => 'succeeded', { disk, snapshotEvery: 2 });
  await first.fund(1, 5_000);
  const paid = payment('payout', 5);
  const told = await first.pay(paid);
  await until('a snapshot', () => disk.sealed.size > 0);
  await first.cell.stop();

  const [sequence, pages] = [...disk.pages].sort(([a], [b]) => a - b).at(-1)!;
  const meta = Buffer.from(pages.get(0)!).toString('utf8');
  assert.match(meta, /"format":2/);
  pages.set(0, Buffer.from(meta.replace('"format":2', '"format":1')));
  const hashes = [...pages.values()].map((page) => realCrypto.sha256(page));
  disk.sealed.set(sequence, { pages: pages.size, hash: realCrypto.sha256(...hashes) });
  const second = await start(() => 'silent', { disk });
  assert.deepEqual((await second.pay(paid)).payment, told.payment);
  assert.equal(second.halts.length, 0);
  await second.cell.stop();
});
