import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulateAtOnce } from './jobs.ts';
import { simulate } from './simulation.ts';

const words = (breaches: readonly { readonly subject: string; readonly what: string }[]) =>
  breaches.map(({ subject, what }) => `${subject}: ${what}`).join('\n');

test('the same seed is the same run, byte for byte', async () => {
  const [first, second] = [await simulate({ seed: 12, minutes: 1 }), await simulate({ seed: 12, minutes: 1 })];
  assert.equal(first.hash, second.hash);
  assert.deepEqual(first, second);
  const other = await simulate({ seed: 13, minutes: 1 });
  assert.notEqual(other.hash, first.hash);
});

test('a seed is the same run in a process of its own, and results come in order', async () => {
  const runs = [14, 15, 16].map((seed) => ({ seed, minutes: 0.3 }));
  const hashes: string[] = [];
  await simulateAtOnce(runs, 2, ({ hash }) => hashes.push(hash));
  const alone = [];
  for (const run of runs) alone.push((await simulate(run)).hash);
  assert.deepEqual(hashes, alone);
});

/** Found seeds, each by what it once showed; it must hold now. */
const regressions = [
  { seed: 16, minutes: 2, showed: 'the SDK took a replayed copy of its own request for a definite refusal' },
  { seed: 40, minutes: 2, showed: 'the same, while cells died one after the other' },
  { seed: 29, minutes: 3, showed: 'a cycle was told as settled before that was durable' },
];
for (const { seed, minutes, showed } of regressions) {
  test(`what seed ${seed} once showed is mended: ${showed}`, async () => {
    assert.equal(words((await simulate({ seed, minutes })).breaches), '');
  });
}

for (let seed = 101; seed <= 108; seed++) {
  test(`no money is lost, made or doubled, and everything ends: seed ${seed}`, async () => {
    const { breaches, payments, checks } = await simulate({ seed, minutes: 2 });
    assert.equal(words(breaches), '', `repeat it: npm run sim -- --seed ${seed} --minutes 2`);
    assert.ok(payments.succeeded > 20 && checks > 1000, 'there was something to judge');
  });
}
