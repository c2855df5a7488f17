import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawFrom } from './chance.ts';
import { chooseFaults, faultNames, readWeights, usualWeights, type Weights } from './faults.ts';

const chosenBy = (seed: number, weights?: Weights) => chooseFaults(drawFrom(`seed ${seed}`), weights).chosen;

test('a weight of nothing switches a fault off, of all switches it on, in every seed that is not calm', () => {
  const weights = readWeights({ appendLost: { chance: 0 }, bankSlow: { chance: 1, least: 0.5, greatest: 0.5 } });
  assert.ok(typeof weights !== 'string');
  const seeds = Array.from({ length: 40 }, (_, seed) => chosenBy(seed, weights)).filter(({ size }) => size > 0);
  assert.ok(seeds.length > 20);
  for (const chosen of seeds) {
    assert.equal(chosen.has('appendLost'), false);
    assert.equal(chosen.get('bankSlow'), 0.5);
  }
});

test('a changed weight changes nothing about the other faults of a seed', () => {
  const weights = readWeights({ bankSlow: { chance: 0 } }) as Weights;
  for (let seed = 1; seed <= 10; seed++) {
    const before = new Map(chosenBy(seed));
    before.delete('bankSlow');
    assert.deepEqual(new Map(chosenBy(seed, weights)), before);
  }
});

test('weights are read as they are printed, and what is wrong with them is said', () => {
  assert.deepEqual(readWeights(JSON.parse(JSON.stringify(usualWeights))), usualWeights);
  assert.equal(Object.keys(usualWeights).length, faultNames.length);
  assert.match(String(readWeights({ bankSlw: {} })), /knows no fault "bankSlw"/);
  for (const wrong of [{ chance: 2 }, { least: 0 }, { least: 0.5, greatest: 0.1 }, { often: 1 }])
    assert.match(String(readWeights({ bankSlow: wrong })), /has bankSlow as/);
  assert.match(String(readWeights([])), /no object/);
});
