import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTime, type SettlementInstruction } from '@clearway/contract';
import { findBreaches } from '@clearway/core';
import type { Clock } from '@clearway/ports';
import { realClock, realCrypto } from '@clearway/ports/real';
import { payment, start, until } from '../test-bed.ts';
import { createClearingHouse } from './clearing-house.ts';
import type { SettlementAgent } from './settlement-agent.ts';

/** A settlement agent that settles everything at once, except while it is away. */
function agentThatMayBeAway() {
  const agent = { away: true, submitted: [] as SettlementInstruction[] };
  const reach = () => {
    if (agent.away) throw new Error('the agent is away');
  };
  const calls: SettlementAgent = {
    async submit(instruction) {
      reach();
      agent.submitted.push(instruction);
      const { instructionId } = instruction;
      return { instructionId, state: 'settled', settledAt: formatTime(Date.now()), shortfalls: [] };
    },
    async entries() {
      reach();
      return [];
    },
  };
  return Object.assign(agent, { calls });
}

const cycleSeconds = 600;

test('an agent that is away does not stop cut-off, netting and files, and settlement follows when it is back', async () => {
  const { cell, store, pay, fund, halts } = await start(() => 'succeeded');
  await fund(1, 5_000);
  const paid = [payment('payout', 500), payment('payout', 200)];
  const agent = agentThatMayBeAway();
  let ahead = 0;
  /** The real one, with pauses cut short; the test may set it ahead. */
  const clock: Clock = {
    ...realClock,
    now: () => realClock.now() + ahead,
    after: (delayMs, run) => realClock.after(Math.min(delayMs, 5), run),
  };
  const waits = new Set<unknown>();
  const house = createClearingHouse({
    cell,
    records: store.records,
    agent: agent.calls,
    clock,
    crypto: realCrypto,
    cycleSeconds,
    log: (event, { step }) => {
      if (event === 'settlement.waits') waits.add(step);
    },
  });
  const states = () => cell.state.cycles.map(({ number, state }) => `${number} ${state}`);
  const untilOpen = (cycle: number) => until(`cycle ${cycle}`, () => cell.statistics().cycle === cycle);

  for (const cycle of [1, 2]) {
    await pay(paid[cycle - 1]);
    ahead = cycleSeconds * 1000;
    await untilOpen(cycle + 1);
    ahead = 0;
    for (const participant of ['00101', '00201', '00202']) {
      await until(`file of ${participant}`, async () => (await store.records.file(cycle, participant)) !== undefined);
    }
  }
  const { openedAt } = cell.state.cycles.at(-1)!;
  assert.equal(house.cutOffDueAt(), openedAt + cycleSeconds * 1000, 'the open cycle is told to be cut when it is');
  await until('both are netted', () => states().includes('1 netted') && states().includes('2 netted'));
  const file = await store.records.file(1, '00101');
  assert.ok(Buffer.from(file!.bytes).toString().includes(paid[0].paymentId));
  await until('every step that needs the agent waits', () => waits.has('cycle 1') && waits.has('funds'));
  assert.deepEqual(agent.submitted, []);

  agent.away = false;
  await Promise.all([cell.cycleReached(1, 'settled'), cell.cycleReached(2, 'settled')]);
  assert.deepEqual(
    agent.submitted.filter(({ cycle }) => cycle === 1).map(({ positions }) => positions),
    [
      [
        { participant: '00101', net: '-5.00' },
        { participant: '00201', net: '5.00' },
      ],
    ],
  );
  await cell.recordsWritten();
  assert.deepEqual(
    [(await store.records.cycle(1))?.state, (await store.records.cycle(2))?.state],
    ['settled', 'settled'],
  );
  assert.deepEqual(halts, []);
  assert.deepEqual(findBreaches(cell.state), []);
  await house.stop();
  await cell.stop();
});

test('a cycle is not netted before its messages are covered', async () => {
  const { cell, store } = await start(() => 'succeeded');
  const agent = Object.assign(agentThatMayBeAway(), { away: false });
  let cover = () => {};
  let asked = 0;
  const covered = () => {
    asked++;
    return new Promise<void>((resolve) => {
      cover = resolve;
    });
  };
  const house = createClearingHouse({
    cell: { ...cell, covered },
    records: store.records,
    agent: agent.calls,
    clock: { ...realClock, after: (delayMs, run) => realClock.after(Math.min(delayMs, 5), run) },
    crypto: realCrypto,
    cycleSeconds: 0,
    log: () => {},
  });
  await cell.closeCycle();
  house.wake();
  await until('it waits for signatures', () => asked === 1);
  assert.equal(cell.state.cycles[0].state, 'cut');
  cover();
  await cell.cycleReached(1, 'settled');
  await house.stop();
  await cell.stop();
});
