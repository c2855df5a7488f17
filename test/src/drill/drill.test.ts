/** Some drills in one world, a few seconds each: those whose faults no other test has. All are run by `npm run drill`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Drill } from './drill.ts';
import { drills } from './drills/index.ts';
import { runDrill } from './run.ts';

const seed = Number(process.env.CLEARWAY_DRILL_SEED ?? 20261122);
const chosen = ['link-damaged', 'link-silent', 'database-sessions', 'black-start'];
const secondsEach = 2;

test(`damaged and silent links, ended sessions, a black start (CLEARWAY_DRILL_SEED=${seed})`, async (t) => {
  const parts = drills.filter(({ name, needs }) => chosen.includes(name) && needs?.() === undefined);
  const together: Drill = {
    name: 'together',
    about: chosen.join(', '),
    faults: parts.flatMap(({ faults }) => faults),
    relays: [...new Set(parts.flatMap(({ relays = [] }) => relays))],
    async strike(stage) {
      for (const part of parts) {
        const over = performance.now() + secondsEach * 1000;
        await part.strike({ ...stage, lasts: () => performance.now() < over });
        for (const relay of stage.relays.values()) relay.set({});
        await stage.recovers();
      }
    },
  };
  const seconds = secondsEach * parts.length;
  const result = await runDrill(together, { seconds, seed, ratePerSecond: 40, say: (line) => t.diagnostic(line) });
  assert.ok(result.passed, result.error);
  t.diagnostic(JSON.stringify(result));
});
