import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { newestRules } from '@clearway/core';
import { realClock, realCrypto, realDisk } from '@clearway/ports/real';
import {
  decodeHeader,
  encodeHeader,
  fileJournal,
  makeBatch,
  memoryArchive,
  memoryArchiveDisk,
  memoryDisk,
} from '@clearway/store';
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

test('an older program refuses a journal of newer rules, and leaves it to the program that has it', async () => {
  const disk = memoryDisk();
  const first = await start(() => 'succeeded', { disk });
  await first.fund(1, 5_000);
  await first.pay(payment('payout', 5));
  await first.cell.stop();
  const { batches, epoch } = disk.journal;
  const last = batches.length - 1;
  const header = { ...decodeHeader(batches[last].header), rulesVersion: newestRules + 1 };
  // Every outcome in it is as the older rules would have it: nothing else shows that the newer ones decided.
  batches[last] = { ...batches[last], header: encodeHeader(header) };
  for (const cursor of [last + 1, last, 0]) {
    disk.records.cursor = cursor;
    await assert.rejects(
      start(() => 'silent', { disk }),
      { name: 'NewerJournalError', message: new RegExp(`batch ${last + 1} was decided by rules ${newestRules + 1}`) },
    );
    assert.equal(disk.journal.epoch, epoch);
  }
  batches[last].header[1] = 2;
  await assert.rejects(
    start(() => 'silent', { disk }),
    { name: 'NewerJournalError', message: /batch format 2/ },
  );
  assert.equal(disk.journal.epoch, epoch);
});

test('a batch whose header names other rules than those in force stops the start', async () => {
  const disk = memoryDisk();
  const first = await start(() => 'succeeded', { disk });
  await first.cell.stop();
  const { batches } = disk.journal;
  const last = batches.length - 1;
  batches[last] = {
    ...batches[last],
    header: encodeHeader({ ...decodeHeader(batches[last].header), rulesVersion: 0 }),
  };
  await assert.rejects(
    start(() => 'silent', { disk }),
    { name: 'JournalDamagedError', message: /says rules 0, and 1 are in force/ },
  );
});

test('a scheme whose rules only a newer program knows is refused before the journal is claimed', async () => {
  const disk = memoryDisk();
  const first = await start(() => 'succeeded', { disk });
  const newer = { ...scheme, version: 2, rules: newestRules + 1 };
  await assert.rejects(first.cell.adopt('scheme', newer), /this program knows 1/);
  assert.equal(first.cell.state.schemeVersion, 1);
  await first.cell.adopt('scheme', { ...newer, rules: newestRules });
  assert.equal(first.cell.state.schemeVersion, 2);
  await first.cell.stop();
  const { epoch } = disk.journal;
  await assert.rejects(
    start(() => 'silent', { disk, scheme: { ...newer, version: 3 } }),
    /scheme.json, version 3, wants rules 2/,
  );
  assert.equal(disk.journal.epoch, epoch);
});

test('a command of a newer gateway or cell is refused definitely, and the cell goes on', async () => {
  const bed = await start(() => 'succeeded');
  await bed.fund(1, 5_000);
  const { command, body } = payment('payout', 5);
  const unknown = command.slice();
  unknown[0] = 200;
  const longer = new Uint8Array(command.length + 8);
  longer.set(command);
  new DataView(longer.buffer).setUint32(4, longer.length);
  const sequence = bed.cell.state.sequence;
  for (const one of [unknown, longer, command.subarray(0, 112), new Uint8Array(0)]) {
    const refused = { outcome: 'refused', reason: 'methodNotAllowed' };
    assert.deepEqual(await bed.cell.submit(one, body), refused);
    assert.deepEqual(await bed.cell.command(one), refused);
  }
  assert.equal(bed.cell.state.sequence, sequence);
  assert.equal((await bed.pay(payment('payout', 5))).outcome, 'accepted');
  assert.equal(bed.halts.length, 0);
  await bed.cell.stop();
});
