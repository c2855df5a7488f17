import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, open, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { realCrypto } from '@clearway/ports/real';
import { encryptPacked, headerHash, makeBatch, noHash } from '../batch.ts';
import { memoryStore } from '../memory/memory-store.ts';
import { archiveConformance, assertHolds, tell } from './conformance-for-tests.ts';
import { copyJsonReference, lifePlace, makeLife, paymentOf } from './life-for-tests.ts';
import { memoryArchive, memoryArchiveDisk } from './memory-archive.ts';
import { type OpenArchiveOptions, openArchive } from './open-archive.ts';
import { rebuildArchive } from './rebuild.ts';

const chance = { bytes: (count: number) => new Uint8Array(count).fill(3) };

function optionsOf(directory: string, more: Partial<OpenArchiveOptions> = {}): OpenArchiveOptions {
  const unexpected = (error: Error) => {
    throw error;
  };
  return { directory, chance, copyReference: copyJsonReference, failed: unexpected, log: () => {}, ...more };
}

archiveConformance('archive in memory', async () => {
  const disk = memoryArchiveDisk();
  return {
    open: async () => memoryArchive({ copyReference: copyJsonReference, disk }),
    remove: async () => {},
  };
});

for (const [name, more] of [
  ['archive in files', {}],
  ['archive in files, with many small segments', { segmentRecords: 40 }],
  ['archive in files, with a feed that is often full', { segmentRecords: 100, feedBytes: 1 << 17 }],
] as const) {
  archiveConformance(name, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'clearway-archive-'));
    return {
      open: () => openArchive(optionsOf(directory, more)),
      remove: () => rm(directory, { recursive: true, force: true }),
    };
  });
}

describe('archive in files', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'clearway-archive-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const filled = async (seed: number, sequence: number, more: Partial<OpenArchiveOptions> = {}) => {
    const archive = await openArchive(optionsOf(directory, more));
    const life = makeLife(seed);
    await tell(archive, life, sequence);
    await archive.kept(sequence);
    return { archive, life };
  };

  test('killed while it writes, it goes on from its cursor with nothing missing and nothing twice', async () => {
    const program = new URL('./crash-for-tests.js', import.meta.url);
    let told = 0;
    for (let round = 0; round < 3; round++) {
      const child = fork(program, [directory, '7', '400'], { execArgv: [] });
      const kills = told + 10 + round * 7;
      child.on('message', (sequence: number) => {
        told = Math.max(told, sequence);
        if (told >= kills) child.kill('SIGKILL');
      });
      await once(child, 'exit');
      assert.equal(child.signalCode, 'SIGKILL');
      const archive = await openArchive(optionsOf(directory, { segmentRecords: 10 }));
      try {
        assert.ok(archive.cursor >= told, `kept ${told}, but it begins after ${archive.cursor}`);
        const life = makeLife(7);
        await tell(archive, life, archive.cursor + 5);
        await archive.kept(life.state.sequence);
        if (round === 2) await assertHolds(archive, life);
      } finally {
        await archive.close();
      }
    }
  });

  test('neighbouring keys are merged, and files that nothing needs go', async () => {
    const { archive, life } = await filled(8, 90, { segmentRecords: 8 });
    await archive.close();
    const names = async (start: string) => (await readdir(directory)).filter((name) => name.startsWith(start)).sort();
    const segments = (await names('segment-')).length;
    assert.ok(segments > 32, `${segments} segments`);
    // Merging goes on where it was left.
    const again = await openArchive(optionsOf(directory, { segmentRecords: 8 }));
    while ((await names('keys-')).length > 2 + (segments % 16)) await again.found(0);
    assert.deepEqual((await names('keys-')).slice(0, 2), ['keys-00000000-00000015', 'keys-00000016-00000031']);
    await assertHolds(again, life);
    await again.close();
  });

  test('what is older than it has to be is dropped, and what is in flight is not', async () => {
    const { archive, life } = await filled(9, 120, { segmentRecords: 20, keepMs: 8_000 });
    const { at } = life.state;
    let dropped = 0;
    for (const { paymentId } of life.submitted) {
      const record = await archive.payment(paymentId);
      if (record === undefined) dropped++;
      const payment = paymentOf(life, paymentId);
      if (payment.flight !== undefined || payment.changedAt >= at - 8_000) assert.equal(record?.paymentId, paymentId);
    }
    assert.ok(dropped > life.submitted.length / 4, `${dropped} of ${life.submitted.length} dropped`);
    await archive.close();
    const again = await openArchive(optionsOf(directory, { segmentRecords: 20, keepMs: 8_000 }));
    await tell(again, makeLife(9), 130);
    await again.close();
  });

  test('no more is kept on disk than it may take', async () => {
    const { archive, life } = await filled(10, 120, { segmentRecords: 20, largestBytes: 400_000 });
    const newest = life.submitted.at(-1)!.paymentId;
    assert.equal((await archive.payment(newest))?.paymentId, newest);
    assert.equal(await archive.payment(life.submitted[0].paymentId), undefined);
    const segments = (await readdir(directory)).filter((name) => name.startsWith('segment-'));
    const sizes = await Promise.all(segments.map(async (name) => (await stat(join(directory, name))).size));
    assert.ok(sizes.reduce((sum, size) => sum + size, 0) <= 400_000 + 41_000);
    await archive.close();
  });

  test('it is made anew from the journal alone', async () => {
    const crypto = realCrypto;
    const store = memoryStore({ crypto, chance });
    const { epoch } = await store.journal.claim();
    const life = makeLife(11);
    const key = await store.bodyKeys.key(20261122);
    let previousHash = noHash;
    while (life.state.sequence < 80) {
      const { sequence, at, facts, packedBodies } = life.next();
      const bodies = encryptPacked(crypto, key, { ...lifePlace, sequence }, packedBodies);
      const content = { ...lifePlace, rulesVersion: 1, epoch, sequence, at, commands: 1, previousHash, facts, bodies };
      const batch = makeBatch(crypto, content);
      previousHash = headerHash(crypto, batch.header);
      await store.journal.append(batch);
    }
    const options = {
      journal: store.journal,
      bodyKeys: store.bodyKeys,
      crypto,
      place: lifePlace,
      dayOf: () => 20261122,
    };
    for (const feedBytes of [1 << 17, 1 << 20]) {
      const archive = await openArchive(optionsOf(directory, { feedBytes, segmentRecords: 50 }));
      const pause = () => archive.found(archive.feed.published);
      assert.equal(await rebuildArchive(archive, { ...options, pause }), 80);
      await assertHolds(archive, life);
      await archive.close();
    }
  });

  describe('is not believed when a file is not what was written', () => {
    const cases: [what: string, file: RegExp, harm: (path: string) => Promise<void>, error: RegExp][] = [
      ['a byte of a record', /^segment-00000000$/, (path) => flip(path, 8192 + 100), /block 1 of .*segment/],
      ['a byte of a head', /^segment-00000003$/, (path) => flip(path, 20), /block 0 of/],
      ['a segment that ends early', /^segment-00000000$/, (path) => truncate(path, 8192 + 512), /ends within block 1/],
      ['a byte of the keys', /^keys-/, (path) => flip(path, 8192 + 100), /block 1 of .*keys/],
      ['a segment that is gone', /^segment-00000002$/, (path) => rm(path), /segment-00000002 is missing/],
      ['keys that are gone', /^keys-/, (path) => rm(path), /no keys of segment/],
    ];
    for (const [what, file, harm, error] of cases) {
      test(what, async () => {
        const { archive, life } = await filled(12, 50, { segmentRecords: 20 });
        await archive.close();
        const name = (await readdir(directory)).filter((one) => file.test(one)).sort()[0];
        await harm(join(directory, name));
        await assert.rejects(async () => {
          const again = await openArchive(optionsOf(directory, { segmentRecords: 20, failed: () => {} }));
          try {
            await assertHolds(again, life);
          } finally {
            await again.close();
          }
        }, error);
      });
    }
  });

  test('what a crash left unfinished is swept away', async () => {
    const { archive, life } = await filled(13, 50, { segmentRecords: 20 });
    await archive.close();
    await writeFile(join(directory, 'segment-00009999.unfinished'), 'half');
    const runs = (await readdir(directory)).filter((name) => name.startsWith('keys-')).sort();
    await copyFile(join(directory, runs[0]), join(directory, 'keys-00009999-00009999'));
    const again = await openArchive(optionsOf(directory, { segmentRecords: 20 }));
    assert.deepEqual(
      (await readdir(directory)).filter((name) => /9999|unfinished/.test(name)),
      [],
    );
    await assertHolds(again, life);
    await again.close();
  });

  test('when it cannot write it says so, tries again, and loses nothing', async () => {
    const events: string[] = [];
    const archive = await openArchive(optionsOf(directory, { segmentRecords: 10, log: (event) => events.push(event) }));
    const life = makeLife(14);
    // A folder in the place of the file that it is about to write.
    await mkdir(join(directory, 'segment-00000000.unfinished'));
    await tell(archive, life, 20);
    const kept = archive.kept(20);
    while (!events.includes('archive.writeFailed')) await archive.found(0);
    await rm(join(directory, 'segment-00000000.unfinished'), { recursive: true });
    await kept;
    await tell(archive, life, 60);
    await archive.kept(60);
    await assertHolds(archive, life);
    await archive.close();
  });

  test('after a change of what was never submitted it takes nothing more and says why', async () => {
    let failure: Error | undefined;
    const archive = await openArchive(optionsOf(directory, { failed: (error) => (failure = error) }));
    const id = new DataView(new ArrayBuffer(16));
    archive.feed.begin(1, 0, new Uint8Array(0), 1);
    archive.feed.changed(id, 0, 5, 0, 1, 0, true);
    archive.feed.end();
    archive.feed.publish(1);
    await assert.rejects(archive.found(1), /its submission is not in the archive/);
    assert.match(failure?.message ?? '', /its submission is not in the archive/);
    await archive.close();
  });
});

async function flip(path: string, at: number): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    const byte = new Uint8Array(1);
    await handle.read(byte, 0, 1, at);
    await handle.write(Uint8Array.of(byte[0] ^ 1), 0, 1, at);
  } finally {
    await handle.close();
  }
}
