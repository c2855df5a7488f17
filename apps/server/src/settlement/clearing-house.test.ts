import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTime, readReconciliationFile, type SettlementInstruction } from '@clearway/contract';
import { findBreaches } from '@clearway/core';
import type { Clock } from '@clearway/ports';
import { realClock, realCrypto } from '@clearway/ports/real';
import type { Records } from '@clearway/store';
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
  const content = await store.records.filePart(1, '00101', 1);
  assert.ok(Buffer.from(content!).toString().includes(paid[0].paymentId));
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

test('a file that a crash has cut off in the middle of its parts is nowhere, and whole after the next start', async () => {
  const { cell, store, pay, fund } = await start(() => 'succeeded');
  await fund(1, 500_000);
  const paid = Array.from({ length: 120 }, () => payment('payout', 500));
  for (const one of paid) await pay(one);
  const agent = Object.assign(agentThatMayBeAway(), { away: false });
  const dead = () => new Promise<never>(() => {});
  const written: string[] = [];
  const houseOn = (records: Records) =>
    createClearingHouse({
      cell,
      records,
      filePartBytes: 4096,
      agent: agent.calls,
      clock: { ...realClock, after: (delayMs, run) => realClock.after(Math.min(delayMs, 5), run) },
      cycleSeconds: 0,
      log: () => {},
    });
  const watched: Records = {
    ...store.records,
    putFilePart(cycle, participant, part) {
      written.push(`${participant} ${part.part}`);
      return store.records.putFilePart(cycle, participant, part);
    },
  };
  const inPartTwoOfTheBank: Records = {
    ...watched,
    putFilePart: (cycle, participant, part) =>
      participant === '00201' && part.part === 2 ? dead() : watched.putFilePart(cycle, participant, part),
  };
  const first = houseOn(inPartTwoOfTheBank);
  await cell.closeCycle();
  first.wake();
  await until('part 1 of the bank', () => written.includes('00201 1'));
  // It is never stopped: as a process that has died, it does nothing any more.
  assert.equal(await store.records.file(1, '00201'), undefined);
  const [institution] = await store.records.fileParts(1, '00101');
  assert.ok(institution !== undefined, 'the file before it is whole');

  written.length = 0;
  const second = houseOn(watched);
  await cell.cycleReached(1, 'settled');
  assert.ok(!written.some((part) => part.startsWith('00101')), 'a file that is whole is not made again');
  const { parts, bytes, payments, hash } = (await store.records.file(1, '00201'))!;
  assert.ok(parts > 2);
  assert.equal(payments, paid.length);
  const contents: Uint8Array[] = [];
  for (let part = 1; part <= parts; part++) contents.push((await store.records.filePart(1, '00201', part))!);
  const file = Buffer.concat(contents);
  assert.deepEqual([file.length, Buffer.from(realCrypto.sha256(file)).toString('hex')], [bytes, hash]);
  assert.equal(readReconciliationFile(file).lines.length, paid.length);
  await second.stop();
  await cell.stop();
});
