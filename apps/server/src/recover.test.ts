import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { realClock, realCrypto, realDisk } from '@clearway/ports/real';
import { decodeHeader, fileJournal, makeBatch, memoryArchive, memoryArchiveDisk, memoryDisk } from '@clearway/store';
import { copyEndToEndId } from './copy-end-to-end-id.ts';
import { payment, place, scheme, start, storeOn, until } from './test-bed.ts';

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
  const format = /"format":\d+/;
  assert.match(meta, format);
  pages.set(0, Buffer.from(meta.replace(format, '"format":1')));
  const hashes = [...pages.values()].map((page) => realCrypto.sha256(page));
  disk.sealed.set(sequence, { pages: pages.size, hash: realCrypto.sha256(...hashes) });
  const second = await start(() => 'silent', { disk });
  assert.deepEqual((await second.pay(paid)).payment, told.payment);
  assert.equal(second.halts.length, 0);
  await second.cell.stop();
});

test('what the records hold is replayed from the facts alone: its bodies are not opened', async () => {
  const disk = memoryDisk();
  const first = await start(() => 'succeeded', { disk });
  await first.fund(1, 5_000);
  await first.pay(payment('payout', 5));
  await first.cell.stop();
  assert.equal(disk.records.cursor, disk.journal.batches.length);

  const bodies = disk.journal.batches.map((batch) => batch.bodies);
  disk.journal.batches.forEach((batch, index, all) => {
    all[index] = { ...batch, bodies: new Uint8Array(0) };
  });
  const second = await start(() => 'silent', { disk });
  assert.ok(bodies.some(({ length }) => length > 100));
  assert.equal(second.cell.state.remembered, 1);
  assert.equal(second.cell.statistics().accounts.length, first.cell.statistics().accounts.length);
  await second.cell.stop();
});

test('a body that was changed stops the start where the records have yet to be made of it', async () => {
  const disk = memoryDisk();
  const first = await start(() => 'succeeded', { disk });
  await first.fund(1, 5_000);
  await first.pay(payment('payout', 5));
  await first.cell.stop();
  const { batches } = disk.journal;
  let last = batches.length - 1;
  while (batches[last].bodies.length < 100) last--;
  batches[last] = { ...batches[last], bodies: batches[last].bodies.slice().fill(0, 40, 50) };
  disk.records.cursor = last;
  await assert.rejects(
    start(() => 'silent', { disk }),
    { name: 'JournalDamagedError', message: new RegExp(`columns of batch ${last + 1} are not`) },
  );
});

test('a journal that has lost its end is refused when records or a snapshot were made of it', async () => {
  for (const snapshotEvery of [2, 1_000_000]) {
    const disk = memoryDisk();
    const first = await start(() => 'succeeded', { disk, snapshotEvery });
    await first.fund(1, 5_000);
    await first.pay(payment('payout', 5));
    await until('a snapshot', () => snapshotEvery > 2 || disk.sealed.size > 0);
    await first.cell.stop();
    disk.journal.batches.length = 1;
    await assert.rejects(
      start(() => 'silent', { disk }),
      { name: 'JournalDamagedError', message: /the journal ends at batch 1, but .* its end is lost/ },
    );
  }
});

test('a journal that has lost its end is refused also when the archive is behind and the records alone know', async () => {
  const disk = memoryDisk();
  const archive = () => memoryArchive({ copyReference: copyEndToEndId, disk: memoryArchiveDisk() });
  const first = await start(() => 'succeeded', { disk, archive: archive() });
  await first.fund(1, 5_000);
  await first.pay(payment('payout', 5));
  await first.cell.recordsWritten();
  await first.cell.stop();
  disk.journal.batches.length = 1;
  await assert.rejects(
    start(() => 'silent', { disk, archive: archive() }),
    { name: 'JournalDamagedError', message: /the journal ends at batch 1, but .* its end is lost/ },
  );
});

test('a cell with its journal in files goes on where it ended, and told is told', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'clearway-recover-'));
  const disk = memoryDisk();
  const open = () => ({
    ...storeOn(disk),
    journal: fileJournal({ folder, place, disk: realDisk, clock: realClock, crypto: realCrypto, segmentBytes: 8_192 }),
  });
  try {
    const paid: [ReturnType<typeof payment>, unknown][] = [];
    for (let life = 1; life <= 3; life++) {
      const { cell, pay, fund, halts } = await start(() => 'succeeded', { store: open() });
      await fund(life, 5_000);
      for (const [one, view] of paid) assert.deepEqual((await pay(one)).payment, view);
      for (let i = 0; i < 20; i++) {
        const one = payment('payout', 5);
        paid.push([one, (await pay(one)).payment]);
      }
      assert.deepEqual(halts, []);
      await cell.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('a batch that says another outcome than is decided stops the start, whatever kind of bytes it comes in', async () => {
  for (const kind of [Buffer, Uint8Array]) {
    const disk = memoryDisk();
    const first = await start(() => 'succeeded', { disk });
    await first.fund(1, 5_000);
    await first.cell.stop();
    const { batches } = disk.journal;
    const batch = batches.at(-1)!;
    const facts = kind.from(batch.facts);
    facts[1] = 3;
    batches[batches.length - 1] = {
      ...makeBatch(realCrypto, { ...decodeHeader(batch.header), ...batch, facts }),
      facts,
    };
    for (const cursor of [batches.length - 1, batches.length]) {
      disk.records.cursor = cursor;
      await assert.rejects(
        start(() => 'silent', { disk }),
        { name: 'JournalDamagedError', message: /is decided otherwise than it was/ },
      );
    }
  }
});

test('a journal belongs to one scheme: a configuration with another name or environment stops the start', async () => {
  const disk = memoryDisk();
  const first = await start(() => 'succeeded', { disk });
  await first.cell.stop();
  for (const change of [{ schemeId: 'OTHER' }, { environment: 'production' as const }]) {
    const other = start(() => 'silent', { disk, scheme: { ...scheme, ...change, version: scheme.version + 1 } });
    await assert.rejects(other, /another scheme has a journal of its own/);
  }
  const newer = { ...scheme, version: scheme.version + 1, offerTimeoutMs: scheme.offerTimeoutMs + 1 };
  const second = await start(() => 'silent', { disk, scheme: newer });
  assert.equal(second.cell.configuration().schemeVersion, newer.version);
  await second.cell.stop();
});

test('a batch that was put in the place of another stops the start: the next one names another hash', async () => {
  const disk = memoryDisk();
  const first = await start(() => 'succeeded', { disk });
  await first.fund(1, 5_000);
  await first.fund(2, 5_000);
  await first.cell.stop();
  const { batches } = disk.journal;
  const last = batches.length - 2;
  const head = decodeHeader(batches[last].header);
  batches[last] = { ...batches[last], ...makeBatch(realCrypto, { ...head, ...batches[last], at: head.at + 1 }) };
  for (const cursor of [last, batches.length]) {
    disk.records.cursor = cursor;
    await assert.rejects(
      start(() => 'silent', { disk }),
      { name: 'JournalDamagedError', message: /does not follow the one before/ },
    );
  }
});
