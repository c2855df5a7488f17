import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Stage, stageCosts, stageOf } from './stages.ts';

const table: readonly (readonly [module: string, functionName: string, stage: Stage])[] = [
  ['node', 'writeBuffer', 'links'],
  ['native', 'writeBuffer', 'links'],
  ['ports/real-link', 'write', 'links'],
  ['node', 'verifyOneShot', 'signatures'],
  ['gateway/stream/coverage', 'check', 'signatures'],
  ['sdk/stream/signatures', 'round', 'signatures'],
  ['gateway/stream/intake', 'close', 'frames'],
  ['contract/stream/frame', 'read', 'frames'],
  ['contract/stream/canonical-payments', 'addPayment', 'hashes'],
  ['hashes in lanes', 'wasm-function[0]', 'hashes'],
  ['core/payment/flight', 'openFlight', 'core'],
  ['server/stream-desk', 'applied', 'sequencing'],
  ['store/archive/feed', 'add', 'storage'],
  ['(garbage collector)', '(garbage collector)', 'garbage'],
  ['benchmarks/stream/load', 'pay', 'load'],
  ['(program)', '(program)', 'other'],
];

for (const [module, functionName, stage] of table) {
  test(`${functionName} of ${module} is of the stage ${stage}`, () =>
    assert.equal(stageOf(module, functionName), stage));
}

test('a stage costs its share of the main thread, and other threads what they cost', () => {
  const shares = { cell: { stages: { core: 0.25, links: 0.5 } } };
  const costs = { cell: { total: 14, main: 10, others: 4 }, postgres: { total: 1, main: 1, others: 0 } };
  assert.deepEqual(stageCosts(costs, shares), { cell: { core: 2.5, links: 5, threads: 4 } });
});
