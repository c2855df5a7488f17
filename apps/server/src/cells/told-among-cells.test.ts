/** What one cell tells others, and those who ask it, only when it is journaled, or known to all that follow. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { realChance, realClock, realCrypto } from '@clearway/ports/real';
import { memoryDisk, type OnAppend } from '@clearway/store';
import { type AmongCells, createCell, type RunningCell } from '../cell.ts';
import { fakeClock, heldAppends, participants, scheme, storeOn, until } from '../test-bed.ts';
import { createShareKeeper } from './share-keeper.ts';
import { testAgreement } from './test-agreement.ts';

const two = 10_002;

function openHome(spread: Partial<AmongCells['spread']>, onAppend?: OnAppend): Promise<RunningCell> {
  const routing = [1, 0].map((weight, index) => ({ centre: 1, cell: index + 1, weight }));
  return createCell({
    place: { centre: 1, cell: 1 },
    ports: { clock: realClock, crypto: realCrypto, chance: realChance },
    store: storeOn(memoryDisk(), onAppend),
    scheme: { ...scheme, routing },
    participants,
    among: { spread: { agreements: async () => {}, participants: async () => {}, ...spread } },
    halted: (error) => assert.fail(error),
    log: () => {},
  });
}

/** Whatever waits for nothing outside is done after it. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('a share is told as taken when that is journaled, and not before', async () => {
  const appends = heldAppends();
  const cell = await openHome({}, appends.onAppend);
  const keeper = createShareKeeper({ cell, clock: fakeClock(), log: () => {} });
  const gift = { participant: 201, currency: 156, number: 1, total: 1000 };
  await until('nothing under way', () => cell.frontier === cell.state.sequence);
  appends.hold();
  let isTold = false;
  const told = keeper.exchange({ cell: two, headrooms: new Uint8Array(0), given: [gift], took: [] }).then((reply) => {
    isTold = true;
    return reply.took;
  });
  await until('its append', () => appends.count > 0);
  await turn();
  assert.equal(isTold, false);
  appends.release();
  assert.deepEqual(await told, [{ participant: 201, currency: 156, number: 1 }]);
  keeper.stop();
  await cell.stop();
});

test('the end of an agreement is told when all cells that follow know it', async () => {
  let spreads = 0;
  let letGo = () => {};
  let isSpread = () => {};
  const spread = new Promise<void>((resolve) => {
    isSpread = resolve;
  });
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let isRescinding = false;
  const cell = await openHome({
    agreements: async () => {
      if (!isRescinding) return;
      spreads++;
      isSpread();
      await held;
    },
  });
  const agreement = testAgreement(cell, 1);
  await agreement.sign();
  isRescinding = true;
  let isTold = false;
  const told = agreement.rescind().then(() => {
    isTold = true;
  });
  await Promise.race([told, spread]);
  await turn();
  assert.equal(isTold, false);
  assert.equal(spreads, 1);
  letGo();
  await told;
  await cell.stop();
});
