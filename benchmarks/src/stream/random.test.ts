import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fateOf, isSilent } from './behaviour.ts';
import { random, zipf } from './random.ts';

const draws = 200_000;

test('rank r is drawn as often as 1 / r^exponent says', () => {
  const draw = zipf(100, 1, random(7));
  const counts = new Array<number>(100).fill(0);
  for (let i = 0; i < draws; i++) counts[draw()]!++;
  const sum = counts.reduce((total, _, rank) => total + 1 / (rank + 1), 0);
  for (const rank of [0, 1, 9, 99]) {
    const expected = draws / (rank + 1) / sum;
    assert.ok(Math.abs(counts[rank]! - expected) < 5 * Math.sqrt(expected), `rank ${rank}: ${counts[rank]}`);
  }
});

test('without skew all ranks are alike, and none is beyond the last', () => {
  const draw = zipf(10, 0, random(7));
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < draws; i++) counts[draw()]!++;
  for (const count of counts) assert.ok(Math.abs(count - draws / 10) < 5 * Math.sqrt(draws / 10), `${count}`);
});

test('the same seed draws the same, another one something else', () => {
  const three = (seed: number) => {
    const chance = random(seed);
    return [chance(), chance(), chance()];
  };
  assert.deepEqual(three(1), three(1));
  assert.notDeepEqual(three(1), three(2));
});

test('banks decline and keep silent as often as they are told to, and both sides know of which payments', () => {
  const behaviour = { declined: 0.02, silent: 0.001 };
  const counts = { approved: 0, declined: 0, silentApproved: 0, silentDeclined: 0 };
  for (let number = 1; number <= 1_000_000; number++) {
    const fate = fateOf(number, behaviour);
    counts[fate]++;
    assert.equal(isSilent(number, behaviour), fate === 'silentApproved' || fate === 'silentDeclined');
  }
  assert.ok(Math.abs(counts.declined - 20_000) < 1_000, `${counts.declined} declined`);
  assert.ok(Math.abs(counts.silentApproved - 500) < 150, `${counts.silentApproved} silent and approved`);
  assert.ok(Math.abs(counts.silentDeclined - 500) < 150, `${counts.silentDeclined} silent and declined`);
});
