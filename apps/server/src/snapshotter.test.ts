import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryDisk, type Store } from '@clearway/store';
import { payment, start, storeOn, until } from './test-bed.ts';

/** The store with what is done to its snapshots written down; `fails`: the next seal is refused. */
function watched(store: Store) {
  const seen = { written: 0, same: 0, sealed: [] as { written: number; same: number }[], fails: false };
  const { snapshots } = store;
  const watchedStore: Store = {
    ...store,
    snapshots: {
      ...snapshots,
      async write(sequence, page, bytes) {
        if (page === 0) Object.assign(seen, { written: 0, same: 0 });
        seen.written++;
        await snapshots.write(sequence, page, bytes);
      },
      async writeSame(sequence, page, source, sourcePage) {
        seen.same++;
        await snapshots.writeSame(sequence, page, source, sourcePage);
      },
      async seal(sequence, pages, hash) {
        if (seen.fails) {
          seen.fails = false;
          throw new Error('refused by the test');
        }
        await snapshots.seal(sequence, pages, hash);
        seen.sealed.push({ written: seen.written, same: seen.same });
      },
    },
  };
  return { store: watchedStore, seen };
}

test('a snapshot writes what has changed since the last one, and a restart from it has all', async () => {
  const disk = memoryDisk();
  const { store, seen } = watched(storeOn(disk));
  const { cell, pay, fund } = await start(() => 'succeeded', { store, snapshotEvery: 10 });
  await fund(1, 5_000);
  await pay(payment('payout', 5));
  let entry = 1;
  const sealed = (count: number) =>
    until(`${count} snapshots`, async () => {
      await fund(++entry, 1);
      return seen.sealed.length >= count;
    });
  await sealed(3);
  assert.ok(seen.sealed[0].same === 0 && seen.sealed[0].written > 4, JSON.stringify(seen.sealed));
  const pages = seen.sealed[0].written;
  for (const { written, same } of seen.sealed.slice(1)) {
    assert.equal(written + same, pages);
    // The first page, the accounts, the edge; payments, flights and positions rest.
    assert.ok(written <= 4, `${written} of ${pages} pages were written`);
  }

  seen.fails = true;
  await until('a seal is refused', async () => {
    await fund(++entry, 1);
    return !seen.fails;
  });
  const before = seen.sealed.length;
  await sealed(before + 1);
  assert.equal(seen.sealed[before].same, 0, 'after one that failed the next is whole');
  await cell.stop();

  const again = await start(() => 'silent', { disk, attached: false });
  await again.cell.stop();
  assert.equal(again.cell.state.remembered, cell.state.remembered);
  assert.equal(again.cell.statistics().accounts[0].funds, cell.statistics().accounts[0].funds);
});
