/**
 * Kill -9 of any one process at a random moment under traffic. Afterwards every answer that an institution ever
 * received is still true, no payment happened twice, sums are zero, every file agrees with both sides.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connectOperator } from '@clearway/server';
import { startWorld, type World } from '@clearway/start';
import { judge } from './judge.ts';
import { killAndWait } from './restart.ts';
import { rest, until } from './until.ts';

/** The order of the kills and the moments are drawn from this; a failing run prints it. */
const seed = Number(process.env.CLEARWAY_KILL_SEED ?? 20261122);
const rounds = Number(process.env.CLEARWAY_KILL_ROUNDS ?? 2);
const victims = ['cell', 'postgres', 'gateway', 'bank-00203', 'central-bank', 'wallet-00102'];
const ratePerSecond = 60;
const patienceMs = 120_000;

test(`kill -9 of any one process loses nothing and doubles nothing (CLEARWAY_KILL_SEED=${seed})`, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'clearway-kill-'));
  let passed = false;
  const world = await startWorld({
    dataFolder: join(folder, 'data'),
    port: 0,
    logLevel: 'info',
    cycleSeconds: 0,
    fresh: true,
    seed,
  });
  try {
    await world.agreementsSigned(patienceMs);
    world.setRate(ratePerSecond);
    await until('the first payments', () => world.tally.totals().succeeded > 20);
    const chance = random(seed);
    for (let round = 0; round < rounds; round++) {
      for (const victim of shuffled(victims, chance)) {
        await rest(Math.floor(chance() * 1500));
        await killAndWait(world, victim);
        if (victim === 'cell') await closeCycle(world);
        const before = world.tally.totals().succeeded;
        await until(`payments after the death of ${victim}`, () => world.tally.totals().succeeded > before);
      }
    }
    const { payments, answers, bookings, cycles } = await judge(world);
    passed = true;
    t.diagnostic(
      `${payments} payments, ${answers} answers, ${bookings} bookings, ${rounds * victims.length} kills, ${cycles} cycles`,
    );
  } finally {
    await world.stop('at once');
    // What went wrong can be read from the journals and logs that are left.
    if (passed) rmSync(folder, { recursive: true, force: true });
  }
});

async function closeCycle(world: World): Promise<number> {
  let closed: number | undefined;
  await until('the cell takes a cut-off', async () => {
    const operator = await connectOperator(world.environment.CLEARWAY_SOCKET).catch(() => undefined);
    // A cell that dies while it cuts may have cut: then the next one is cut too, which hurts nobody.
    closed = await operator?.closeCycle().catch(() => undefined);
    operator?.close();
    return closed !== undefined;
  });
  return closed!;
}

/** mulberry32: uniform in [0, 1). */
function random(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled<T>(list: readonly T[], chance: () => number): T[] {
  const left = [...list];
  return list.map(() => left.splice(Math.floor(chance() * left.length), 1)[0]);
}
