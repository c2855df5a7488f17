/** A database that dies, freezes or has no room: new payments are refused or told as unknown, and nothing told is lost. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startWorld, type World } from '@clearway/start';
import { judge } from './judge.ts';
import { customer, play, signAgreement } from './player.ts';
import { type Probe, probe } from './probe.ts';
import { family, signalIfAlive } from './processes.ts';
import { tameBanks } from './restart.ts';
import { canMount, fill, mount, unmount } from './small-disk.ts';
import { rest, until } from './until.ts';

const ratePerSecond = 40;
const killForMs = 6_000;
/** The longest that the kills go on until a refusal is seen: what was under way answers first, within its time-out. */
const killAtMostMs = 90_000;
const balance = '50000.00';

/** What a payment may be told while the database is away; all else would be a wrong word. */
const allowed = ['succeeded', 'journalUnavailable', 'cellUnavailable', 'unknown', 'unanswered'];

const start = (dataFolder: string) =>
  startWorld({ dataFolder, port: 0, logLevel: 'info', cycleSeconds: 0, fresh: true });

async function beginTraffic(world: World): Promise<Probe> {
  assert.ok(await world.agreementsSigned(60_000));
  await tameBanks(world, balance);
  const wallet = play(world, 'wallet-00101');
  const who = customer(wallet, '00201');
  await signAgreement(wallet, who, { amount: '100.00', currency: 'CNY' });
  world.setRate(ratePerSecond);
  await until('payments flow', () => world.tally.totals().succeeded > 20);
  return probe(world, 'wallet-00101', who);
}

/** Payments succeed again by themselves; then everything ends, is settled, and agrees on all sides. */
async function assertNothingLost(world: World, own: Probe): Promise<void> {
  const before = own.count('succeeded');
  const ofWallets = world.tally.totals().succeeded;
  await until('service resumes by itself', () => {
    return own.count('succeeded') > before + 20 && world.tally.totals().succeeded > ofWallets + 20;
  });
  await own.stop();
  await judge(world, own.payments);
  const wrong = Object.keys(own.counts).filter((word) => !allowed.includes(word));
  assert.deepEqual(wrong, [], JSON.stringify(own.counts));
}

test('PostgreSQL killed over and over, then frozen: refused or unknown meanwhile, and nothing told is lost', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'clearway-dead-database-'));
  const world = await start(join(folder, 'data'));
  let own: Probe | undefined;
  try {
    const probed = await beginTraffic(world);
    own = probed;
    const postgres = () => world.processes().find(({ name }) => name === 'postgres')!;

    await until('payments of the test flow', () => probed.count('succeeded') > 20);
    let kills = 0;
    const begin = performance.now();
    const refusedYet = () => probed.count('journalUnavailable') > 0;
    const enough = (ms: number) => ms > killAtMostMs || (ms > killForMs && kills >= 2 && refusedYet());
    for (let last: number | undefined; !enough(performance.now() - begin); await rest(20)) {
      const { pid } = postgres();
      if (pid === undefined || pid === last) continue;
      process.kill(pid, 'SIGKILL');
      last = pid;
      kills++;
    }
    assert.ok(kills >= 2);
    assert.ok(refusedYet(), `refused definitely: ${JSON.stringify(probed.counts)}`);
    const afterKills = probed.count('succeeded');
    await until('payments after the kills', () => probed.count('succeeded') > afterKills + 50);

    await until('PostgreSQL runs', () => postgres().pid !== undefined);
    const beforeFreeze = { ...probed.counts };
    const unknown = probed.count('unknown', 'unanswered');
    const refused = probed.count('journalUnavailable');
    const frozen = family(postgres().pid!);
    for (const pid of frozen) signalIfAlive(pid, 'SIGSTOP');
    await until('what was under way is told as unknown', () => probed.count('unknown', 'unanswered') > unknown);
    await until('new payments are refused definitely', () => probed.count('journalUnavailable') > refused);
    const succeeded = probed.count('succeeded');
    await until('some more refusals', () => probed.count('journalUnavailable') > refused + 20);
    assert.equal(probed.count('succeeded'), succeeded, 'nothing succeeds without the journal');
    for (const pid of frozen) signalIfAlive(pid, 'SIGCONT');

    await assertNothingLost(world, probed);
    t.diagnostic(
      `${kills} kills; at the freeze ${JSON.stringify(beforeFreeze)}; in the end ${JSON.stringify(probed.counts)}`,
    );
  } finally {
    await own?.stop();
    await world.stop('at once');
    rmSync(folder, { recursive: true, force: true });
  }
});

const mountable = canMount();

test('a full disk: refused definitely, and service resumes when there is room again', {
  skip: !mountable && 'only root may mount a small disk',
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'clearway-full-disk-'));
  mount(folder);
  let world: World | undefined;
  let own: Probe | undefined;
  try {
    world = await start(join(folder, 'data'));
    const probed = await beginTraffic(world);
    own = probed;
    const ballast = join(folder, 'ballast');
    fill(ballast);
    await until('payments are refused definitely', () => {
      // What is freed by rotated files goes too.
      fill(ballast);
      return probed.count('journalUnavailable', 'cellUnavailable') > 50;
    });
    const full = { ...probed.counts };
    rmSync(ballast);
    await assertNothingLost(world, probed);
    t.diagnostic(`while full ${JSON.stringify(full)}; in the end ${JSON.stringify(probed.counts)}`);
  } finally {
    await own?.stop();
    await world?.stop('at once');
    unmount(folder);
    rmSync(folder, { recursive: true, force: true });
  }
});
