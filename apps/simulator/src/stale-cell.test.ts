import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawFrom } from './chance.ts';
import { scriptFaults } from './faults.ts';
import { yuan } from './institution.ts';
import { goodBuild } from './simulation.ts';
import { createWorld } from './world.ts';

const [institution, bank] = ['00101', '00201'];
/** Longer than a signer may leave a message unsigned, ms. */
const heldMs = 90_000;

test('a cell that wakes up long after another has taken it over has nobody suspended by the home cell', async () => {
  const draw = drawFrom('stale cell');
  const world = await createWorld({
    draw,
    faults: scriptFaults(draw.stream('faults'), {}),
    shape: {
      startsAt: Date.UTC(2026, 10, 23, 2),
      institutions: [institution],
      banks: [bank],
      bookingTwice: [],
      reversalAfterMs: 8000,
      netDebitCap: () => '100000000',
      deposit: () => 100_000_000n,
      journal: 'memory',
      snapshotEvery: 1000,
      cycleSeconds: 0,
      onStream: [institution, bank],
      links: 1,
      window: 64,
      uncoveredMessages: 262_144,
      // All new payments are of the second cell.
      cellWeights: [0, 1],
      beatMs: 0,
      lingerMs: 0,
      isLong: false,
    },
    plant: goodBuild,
  });
  const { time, platform, oracle, home } = world;
  const [, second] = platform.cells;
  await world.start();
  const [wallet] = world.institutions;
  const agreementId = await time.complete('signing', wallet.sign(bank), 60_000);
  const paid = wallet.pay({ kind: 'agreementPayment', bank, amount: yuan(10_00), endToEndId: 'one', agreementId });
  await time.complete('the payment', paid, 60_000);
  assert.ok(second.owner!.stream!.uncovered > 0, 'the cell holds a message that is not signed yet');
  // Nothing waits in it for which its journal would be asked.
  const stale = second.process!;
  stale.hold();
  second.takeOver();
  await time.pass(heldMs);
  assert.equal(second.owner?.stream?.uncovered, 0, 'the cell that took over has every signature');
  stale.goOn();
  await time.pass(heldMs);
  const { participants } = home.owner!.cell.configuration();
  assert.deepEqual(
    participants.map(({ code, status }) => `${code} is ${status}`),
    [`${institution} is active`, `${bank} is active`],
  );
  assert.deepEqual(oracle.breaches, []);
});
