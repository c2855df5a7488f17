import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { realChance, realClock, realCrypto, realDisk } from '@clearway/ports/real';
import { type Journal, memoryDisk, memoryStore, openVolumes, type Store, withVolumes } from '@clearway/store';
import { exitCodes } from './given.ts';
import { banks, institutions, place, recordCell } from './testing/recorded-cell.ts';
import { runLine } from './testing/run-line.ts';

const folder = await mkdtemp(join(tmpdir(), 'clearway-volumes-'));
after(() => rm(folder, { recursive: true, force: true }));
const volumes = openVolumes({ disk: realDisk, crypto: realCrypto, place, folder });

/** One cycle that is settled, and after it a payment that its bank has not answered. */
const disk = memoryDisk();
const storeOn = () => memoryStore({ crypto: realCrypto, chance: realChance, disk });
const ports = { clock: realClock, crypto: realCrypto, chance: realChance };
const played = await recordCell(storeOn(), ports, { snapshotEvery: 5 });
const payOut = (amount: number) =>
  played.pay({ kind: 'payout', institution: institutions[0], bank: banks[0], amount, endToEndId: `order ${amount}` });
const settled = await payOut(1000);
for (let amount = 1010; amount < 1100; amount += 10) await payOut(amount);
await played.settle();
const cycleOver = played.cell.state.cycles.at(-1)!.openedAt;
const open = await payOut(2008);
const openFrom = played.cell.state.sequence;
for (let amount = 2010; Math.max(0, ...disk.sealed.keys()) <= openFrom; amount += 10) {
  await payOut(amount);
  await new Promise((turn) => setImmediate(turn));
}
await played.stop();

const dayMs = 86_400_000;
const fortyDaysOn = () => realClock.now() + 40 * dayMs;

const clearway = (line: string, store: Store = storeOn(), now = fortyDaysOn) =>
  runLine(line, {
    clock: { ...realClock, now },
    openStore: async () => ({ store, volumes, place, opensBodies: true }),
  });

test('days that are to be kept are not bound', async () => {
  const { exitCode, output } = await clearway('journal bind --keep-days 41 --json');
  assert.equal(exitCode, exitCodes.done);
  const [{ over, volumes: made }] = JSON.parse(output);
  assert.deepEqual([over, made], [{ through: 0, because: 'the days to keep begin there' }, 0]);
});

test('what is over is bound, to before the cycle that is not settled, and once', async () => {
  const [first] = JSON.parse((await clearway('journal bind --keep-days 30 --json')).output);
  assert.match(first.over.because, /^cycle 2 is not settled$/);
  assert.ok(first.over.through > 10);
  assert.ok(first.anchor.at < cycleOver);
  assert.deepEqual([first.volumes, first.anchor.sequence], [1, first.over.through]);
  const names = await readdir(folder);
  const again = await clearway('journal bind --keep-days 30');
  assert.match(again.output, /now bound +0 volumes/);
  assert.match(again.output, new RegExp(`anchor +${first.anchor.sequence}:${first.anchor.hash}`));
  assert.deepEqual(await readdir(folder), names);
});

test('a payment that is not final holds back what came after it', async () => {
  const store = storeOn();
  const cycles = async () => [];
  const [{ over }] = JSON.parse(
    (await clearway('journal bind --keep-days 30 --json', { ...store, records: { ...store.records, cycles } })).output,
  );
  const { submittedAt } = (await store.records.payment(open.paymentId))!;
  assert.equal(over.because, `payment ${open.paymentId} is not final`);
  assert.ok((await volumes.last()).at < submittedAt);
});

test('a journal whose beginning is in volumes alone is verified, and proves and shows its payments', async () => {
  const { sequence: bound } = await volumes.last();
  const store = storeOn();
  const gone = () => assert.fail('it is not in the journal any more');
  const { journal } = store;
  const rest: Journal = {
    ...journal,
    read: (from) => (from > bound ? journal.read(from) : gone()),
    readFacts: (from) => (from > bound ? journal.readFacts(from) : gone()),
    readOne: async (sequence) => (sequence > bound ? journal.readOne(sequence) : gone()),
  };
  const both = { ...store, journal: withVolumes(rest, volumes) };
  for (const line of [
    'verify',
    `evidence ${settled.paymentId}`,
    `payments trace ${settled.paymentId}`,
    'journal describe 1',
    `journal describe ${bound + 1}`,
    'journal replay',
  ]) {
    const whole = await clearway(line, storeOn(), realClock.now);
    const { exitCode, output, errors } = await clearway(line, both, realClock.now);
    assert.deepEqual([line, exitCode, errors.split('\n')[0]], [line, whole.exitCode, whole.errors.split('\n')[0]]);
    assert.equal(exitCode, exitCodes.done, `${line}: ${errors}`);
    assert.ok(output.length > 0);
  }
});
