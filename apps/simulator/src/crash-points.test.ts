import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CrashRun, killInPairs, killSingly, runWithKills } from './crash-points.ts';
import { flowNames, moneyFlows } from './flows.ts';

const words = ({ kills, points, breaches }: CrashRun) =>
  `killed at ${kills.map((number) => `${number} (${points[number - 1]})`).join(' and ')}: ${breaches
    .map(({ subject, what }) => `${subject}: ${what}`)
    .join('\n')}`;

for (const name of flowNames) {
  test(`no crash point of the flow ${name} loses, makes or doubles anything`, async (t) => {
    let runs = 0;
    for await (const run of killSingly(name)) {
      runs++;
      assert.deepEqual(run.breaches, [], words(run));
    }
    t.diagnostic(`${runs - 1} points, killed at singly`);
    assert.ok(runs > 20, 'there were points to kill at');
  });
}

/** A part of the pairs; `npm run sim -- --crash-points --pairs` kills at all of them. */
const stride = 61;
for (const name of moneyFlows) {
  test(`nor do two crashes in the flow ${name}`, async (t) => {
    let runs = 0;
    for await (const run of killInPairs(name, stride)) {
      runs++;
      assert.deepEqual(run.breaches, [], words(run));
    }
    t.diagnostic(`${runs - 1} pairs of points`);
    assert.ok(runs > 20, 'there were pairs to kill at');
  });
}

for (const second of [35, 36]) {
  test(`a refused look into the directory is no refusal of the refund that was told: killed at 2 and ${second}`, async () => {
    assert.deepEqual((await runWithKills('refund', [2, second])).breaches, []);
  });
}
