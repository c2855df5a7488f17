import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PlantName, plants } from './planted.ts';
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

/** For each known bad build the first seed that found it; when others have changed the runs, one after it has to. */
const found: Readonly<Record<PlantName, number>> = {
  answerBeforeFlush: 1,
  fenceIgnored: 6,
  indeterminateTakenForDurable: 3,
  offeredTwice: 1,
  noticeTakenForTold: 2,
  noticesNotInSnapshot: 2,
  unknownEndedByTime: 1,
  refundTakenForPayout: 1,
  settledUnderNewNumber: 19,
  centLostInNetting: 1,
  recordsSkipped: 1,
  paidAgainUnderNewIdentifier: 12,
};
const budget = 30;

for (const [name, { mistake }] of Object.entries(plants)) {
  test(`the judge finds a platform in which ${mistake}`, async () => {
    const plant = name as PlantName;
    for (let seed = found[plant]; seed < found[plant] + budget; seed++) {
      const { breaches } = await simulate({ seed, minutes: 1, plant });
      if (breaches.length > 0) return;
    }
    assert.fail(`${budget} seeds did not find it`);
  });
}
