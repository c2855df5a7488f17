/**
 * A world of two cells, through its public doors: every payment is decided in the cell that its identifier names, a cell
 * that is paused or killed holds up nobody in the other, a cycle closes only when both have cut it, and in the end nothing
 * is lost or doubled, in either journal or between them.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connectOperator } from '@clearway/server';
import { startWorld, type World } from '@clearway/start';
import { killAndWait } from './restart.ts';
import { until } from './until.ts';
import { assertVerified } from './verify.ts';
import { examine } from './witness.ts';

const seed = Number(process.env.CLEARWAY_KILL_SEED ?? 20261123);
const ratePerSecond = 40;
const patienceMs = 120_000;
const digits = { one: '010001', two: '010002' } as const;

test('two cells share the payments; while one is paused or dead the other goes on, and nothing is lost', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'clearway-cells-'));
  let passed = false;
  const world = await startWorld({
    dataFolder: join(folder, 'data'),
    port: 0,
    logLevel: 'info',
    cycleSeconds: 0,
    cells: 2,
    fresh: true,
    seed,
  });
  try {
    await world.agreementsSigned(patienceMs);
    world.setRate(ratePerSecond);
    await until('payments in the first cell', async () => (await succeededIn(world, digits.one)) > 10);
    await until('payments in the second cell', async () => (await succeededIn(world, digits.two)) > 10);

    // Paused, it neither answers nor lets go of its links.
    const second = world.processes().find(({ name }) => name === 'cell-2')!;
    process.kill(second.pid!, 'SIGSTOP');
    const before = await succeededIn(world, digits.one);
    await until('the first goes on alone', async () => (await succeededIn(world, digits.one)) > before + 10);
    const cycle = await closeCycle(world);
    assert.equal((await world.operator.statistics())!.cycle, cycle + 1, 'the next cycle is open in the first');
    await until('payments in the next cycle', async () => (await openPayments(world, cycle + 1)) > 5);
    assert.equal(await stateOf(world, cycle), 'cut', 'nothing is netted before the second has cut it');
    process.kill(second.pid!, 'SIGCONT');
    await until('settlement of what both have cut', async () => (await stateOf(world, cycle)) === 'settled');

    for (const victim of ['cell-2', 'cell', 'gateway', 'cell-2', 'postgres', 'cell']) {
      await killAndWait(world, victim);
      await closeCycle(world);
      const [one, two] = [await succeededIn(world, digits.one), await succeededIn(world, digits.two)];
      await until(`payments in the first after the death of ${victim}`, async () => {
        return (await succeededIn(world, digits.one)) > one;
      });
      await until(`payments in the second after the death of ${victim}`, async () => {
        return (await succeededIn(world, digits.two)) > two;
      });
    }
    world.setRate(0);
    const drained = await world.drained(patienceMs);
    assert.ok(drained, `every payment ends definitely: ${JSON.stringify(world.tally.totals())}; see ${folder}`);
    const last = await closeCycle(world);
    await until('settlement of the last cycle', async () => (await stateOf(world, last)) === 'settled');
    assert.ok(await world.reconciled(last, patienceMs), 'every institution reconciles the last cycle');
    await until('the records have caught up', async () => (await world.operator.statistics())?.recordsLag === 0);

    const differences = world.tally.reconciled().filter((one) => one.differences > 0);
    assert.deepEqual(differences, [], 'every file agrees with the institution that it is for');
    const testimony = await examine(world);
    assert.deepEqual(testimony.breaches, []);
    for (let number = 1; number <= last; number++) {
      const positions = await world.records.positions(number);
      const sum = positions.reduce((total, { credits, debits }) => total + credits - debits, 0n);
      assert.equal(sum, 0n, `sum of cycle ${number}`);
    }
    await assertVerified(world);
    passed = true;
    const { answers, payments } = testimony;
    t.diagnostic(`${payments} payments, ${answers} answers, ${last} cycles`);
  } finally {
    await world.stop('at once');
    if (passed) rmSync(folder, { recursive: true, force: true });
  }
});

/** How many payments of this cell the records know as succeeded. */
async function succeededIn(world: World, cell: string): Promise<number> {
  const found = await world.records.payments({ state: 'succeeded', limit: 5_000 });
  assert.ok(found.length < 5_000, 'all of them fit into one page');
  return found.filter(({ paymentId }) => paymentId.endsWith(cell)).length;
}

const stateOf = async (world: World, cycle: number) => (await world.records.cycle(cycle))?.state;

async function openPayments(world: World, cycle: number): Promise<number> {
  const cycles = (await world.operator.statistics())?.cycles ?? [];
  return cycles.find((one) => one.cycle === cycle)?.payments ?? 0;
}

async function closeCycle(world: World): Promise<number> {
  let closed: number | undefined;
  await until('the home cell takes a cut-off', async () => {
    const operator = await connectOperator(world.environment.CLEARWAY_SOCKET).catch(() => undefined);
    closed = await operator?.closeCycle().catch(() => undefined);
    operator?.close();
    return closed !== undefined;
  });
  return closed!;
}
