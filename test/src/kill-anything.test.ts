/**
 * Kill -9 of any one process at a random moment under traffic. Afterwards every answer that an institution ever
 * received is still true, no payment happened twice, sums are zero, every file agrees with both sides.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connectOperator } from '@clearway/server';
import { startWorld, type World } from '@clearway/start';
import { killAndWait } from './restart.ts';
import { rest, until } from './until.ts';
import { assertVerified } from './verify.ts';
import { examine } from './witness.ts';

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
    world.setRate(0);
    const drained = await world.drained(patienceMs);
    assert.ok(drained, `every payment ends definitely: ${JSON.stringify(world.tally.totals())}; see ${folder}`);
    const last = await closeCycle(world);
    await until('settlement of the last cycle', async () => (await world.records.cycle(last))?.state === 'settled');
    assert.ok(await world.reconciled(last, patienceMs), 'every institution reconciles the last cycle');
    await recordsWritten(world);

    const differences = world.tally.reconciled().filter((one) => one.differences > 0);
    assert.deepEqual(differences, [], 'every file agrees with the institution that it is for');
    const testimony = await examine(world);
    assert.deepEqual(testimony.breaches, []);
    assert.ok(testimony.answers > 100, 'there was something to examine');
    for (let cycle = 1; cycle <= last; cycle++) {
      const positions = await world.records.positions(cycle);
      assert.equal(
        positions.reduce((sum, { credits, debits }) => sum + credits - debits, 0n),
        0n,
        `sum of cycle ${cycle}`,
      );
    }
    await assertVerified(world);
    passed = true;
    t.diagnostic(
      `${testimony.payments} payments, ${testimony.answers} answers, ${testimony.bookings} bookings, ${rounds * victims.length} kills, ${last} cycles`,
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

async function recordsWritten(world: World): Promise<void> {
  await until('the records have caught up', async () => (await world.operator.statistics())?.recordsLag === 0);
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
