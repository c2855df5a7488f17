import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, afterEach, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { realClock, realCrypto, realDisk } from '@clearway/ports/real';
import { collect, testBatches, testPlace } from '../conformance.ts';
import type { Claim, Journal } from '../port.ts';
import { verifyChain } from '../verify-chain.ts';
import { fileJournal } from './file-journal.ts';

const program = fileURLToPath(new URL('test-writer-main.js', import.meta.url));

let root: string;
/** Ended after a test that failed too: a writer goes on for ever by itself. */
const writers = new Set<ReturnType<typeof startWriter>>();
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'clearway-processes-'));
});
afterEach(async () => {
  for (const { kill, closed } of writers) {
    kill('SIGKILL');
    await closed;
  }
  writers.clear();
});
after(() => rm(root, { recursive: true, force: true }));

const journalIn = (folder: string): Journal =>
  fileJournal({ folder, place: testPlace, disk: realDisk, clock: realClock, crypto: realCrypto });

/** A writer as a process, and what it has said. */
function startWriter(
  folder: string,
  bytes: number,
  command: (args: string[]) => [string, string[]] = (args) => [process.execPath, args],
) {
  const child: ChildProcess = spawn(...command([program, folder, String(bytes)]), {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = { told: 0, ended: '' };
  const changes = new Set<() => void>();
  const lines = createInterface({ input: child.stdout! });
  lines.on('line', (line) => {
    const [word, value] = line.split(' ');
    if (word === 'told') said.told = Math.max(said.told, Number(value));
    else said.ended = value;
    for (const changed of changes) changed();
  });
  const closed = Promise.all([once(lines, 'close'), once(child, 'exit')]);
  const writer = {
    said,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    /** Resolves when the process and all that it said have ended. */
    closed,
    told: (sequence: number) =>
      new Promise<void>((resolve, reject) => {
        const changed = () => said.told >= sequence && resolve();
        changes.add(changed);
        changed();
        void closed.then(() =>
          reject(new Error(`the writer ended (${said.ended}) and had told up to ${said.told} only`)),
        );
      }),
  };
  writers.add(writer);
  return writer;
}

/** The journal has exactly what the claim says, in one chain, and goes on. */
async function checkWhole(journal: Journal, claim: Claim, told: number): Promise<void> {
  assert.ok(claim.last >= told, `batch ${told} was told of, the journal ends at ${claim.last}`);
  const mine = testBatches(realCrypto, claim, 3);
  for (const batch of mine) await journal.append(batch);
  const found = await collect(verifyChain(realCrypto, testPlace, journal.read(1)));
  assert.equal(found.length, claim.last + 3);
  assert.deepEqual(Buffer.from(found[claim.last + 2].link.hash), Buffer.from(realCrypto.sha256(mine[2].header)));
}

describe('a journal in files and its writers as processes', () => {
  test('a writer that is killed in the middle of its appends has lost nothing that it told', async () => {
    const folder = join(root, 'killed');
    for (let life = 1; life <= 4; life++) {
      const writer = startWriter(folder, 40_000 * life);
      await writer.told(120 * life);
      writer.kill('SIGKILL');
      await writer.closed;
      const journal = journalIn(folder);
      const claim = await journal.claim();
      assert.equal(claim.epoch, 2 * life);
      await checkWhole(journal, claim, writer.said.told);
      await journal.close();
    }
  });

  test('another process reads, while the writer goes on, all that was told before it asked', async () => {
    const folder = join(root, 'read');
    const writer = startWriter(folder, 20_000);
    for (const enough of [1, 100, 300]) {
      await writer.told(enough);
      const { told } = writer.said;
      const found = await collect(verifyChain(realCrypto, testPlace, journalIn(folder).read(1)));
      assert.ok(found.length >= told, `batch ${told} was told of, ${found.length} were read`);
    }
  });

  test('a writer that is stopped and wakes up after another has claimed adds nothing, and learns it', async () => {
    const folder = join(root, 'stopped');
    for (let life = 1; life <= 4; life++) {
      const writer = startWriter(folder, 100_000);
      await writer.told(150 * life);
      writer.kill('SIGSTOP');
      const journal = journalIn(folder);
      const claim = await journal.claim();
      const mine = testBatches(realCrypto, claim, 5);
      for (const batch of mine.slice(0, 2)) await journal.append(batch);
      writer.kill('SIGCONT');
      for (const batch of mine.slice(2)) await journal.append(batch);
      await writer.closed;
      assert.equal(writer.said.ended, 'FencedError');
      assert.ok(writer.said.told <= claim.last, `told up to ${writer.said.told}, but its epoch ends at ${claim.last}`);
      const found = await collect(
        verifyChain(realCrypto, testPlace, journal.read(claim.last + 1), {
          sequence: claim.last,
          hash: claim.lastHash,
          epoch: claim.epoch,
          at: 0,
        }),
      );
      assert.deepEqual(
        found.map(({ header }) => header.epoch),
        mine.map(({ epoch }) => epoch),
      );
      await journal.close();
    }
  });

  test('a claim while the writer goes on at full speed takes all that it was told, and the writer is fenced', async () => {
    const folder = join(root, 'running');
    for (let life = 1; life <= 6; life++) {
      const writer = startWriter(folder, 30_000);
      await writer.told(100 * life);
      const journal = journalIn(folder);
      const claim = await journal.claim();
      await writer.closed;
      assert.equal(writer.said.ended, 'FencedError');
      await checkWhole(journal, claim, writer.said.told);
      await journal.close();
    }
  });

  test('a process that holds the folder keeps others out until it ends, also while it is stopped', async () => {
    const folder = join(root, 'held');
    await mkdir(folder);
    const source = `import { realDisk } from ${JSON.stringify(import.meta.resolve('@clearway/ports/real'))};
      const lock = await realDisk.lock(${JSON.stringify(folder)});
      setInterval(() => {}, 1000);
      console.log(lock === undefined ? 'refused' : 'held');`;
    const holder = spawn(process.execPath, ['--input-type=module', '-e', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface({ input: holder.stdout }), 'line');
    assert.equal(line, 'held');
    assert.equal(await realDisk.lock(folder), undefined);
    holder.kill('SIGSTOP');
    assert.equal(await realDisk.lock(folder), undefined);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    const lock = await realDisk.lock(folder);
    assert.ok(lock);
    assert.equal(await realDisk.lock(folder), undefined);
    await lock.release();
    await (await realDisk.lock(folder))!.release();
  });

  test('a writer that may not make its file larger ends, and what it told is there', async () => {
    const folder = join(root, 'limited');
    // 1 MiB a file; with the signal ignored the write fails with EFBIG.
    const limited = (args: string[]): [string, string[]] => [
      'bash',
      ['-c', `trap '' XFSZ; ulimit -f 1024; exec "$0" "$@"`, process.execPath, ...args],
    ];
    const writer = startWriter(folder, 60_000, limited);
    await writer.closed;
    assert.equal(writer.said.ended, 'FlushFailedError');
    assert.ok(writer.said.told > 4);
    const journal = journalIn(folder);
    const claim = await journal.claim();
    await checkWhole(journal, claim, writer.said.told);
    await journal.close();
  });
});

describe('a journal in files on a disk that is full', () => {
  const folder = () => join(root, 'small');
  const mount = () => spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder()]).status === 0;

  test('fails with all that it told in place, and goes on when there is room again', async (context) => {
    await mkdir(folder());
    if (process.platform !== 'linux' || process.getuid?.() !== 0 || !mount())
      return context.skip('needs the right to mount a small file system');
    try {
      const ballast = join(folder(), 'ballast');
      await writeFile(ballast, new Uint8Array(512 << 10));
      const journal = journalIn(folder());
      const batches = testBatches(realCrypto, await journal.claim(), 100, { bytes: 50_000 });
      let told = 0;
      const fails = async () => {
        for (const batch of batches) {
          await journal.append(batch);
          told = batch.sequence;
        }
      };
      await assert.rejects(fails(), { name: 'FlushFailedError', message: /ENOSPC/ });
      assert.ok(told > 10);
      await rm(ballast);
      await checkWhole(journal, await journal.claim(), told);
      await journal.close();
    } finally {
      spawnSync('umount', [folder()]);
    }
  });
});
