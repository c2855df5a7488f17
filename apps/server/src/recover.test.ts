import assert from 'node:assert/strict';
import { test } from 'node:test';
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
