import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawFrom } from './chance.ts';
import { scriptFaults } from './faults.ts';
import { flows } from './flows.ts';
import { yuan } from './institution.ts';
import { goodBuild } from './simulation.ts';
import { createWorld } from './world.ts';

/** Longer than a signer may leave a message unsigned, ms. */
const heldMs = 90_000;

test('a cell that wakes up long after another has taken it over has nobody suspended by the home cell', async () => {
  const draw = drawFrom('stale cell');
  const world = await createWorld({
    draw,
    faults: scriptFaults(draw.stream('faults'), {}),
    // All new payments are of the second cell.
    shape: { ...flows.streamPayment.shape, cellWeights: [0, 1] },
    plant: goodBuild,
  });
  const { time, platform, oracle, home } = world;
  const [, second] = platform.cells;
  await world.start();
  const [wallet] = world.institutions;
  const [{ code: bank }] = world.banks;
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
    [`${wallet.code} is active`, `${bank} is active`],
  );
  assert.deepEqual(oracle.breaches, []);
});
