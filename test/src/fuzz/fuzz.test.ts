import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Broken, runKept, runSeed, runSeeds } from './fuzz.ts';
import { targets } from './targets/index.ts';

/** Few enough for every run of the tests; `npm run fuzz` goes on as long as one likes. */
const count = 1500;
const corpus = fileURLToPath(new URL('../../src/fuzz/corpus/', import.meta.url));

describe('the parsers of the edge keep their laws', () => {
  for (const target of targets) {
    test(`${target.name}: over generated input`, async () => {
      assert.equal(await runSeeds(target, 1, (done) => done === count), count);
    });
  }
  for (const target of targets) {
    for (const name of readdirSync(corpus).filter((file) => file.startsWith(`${target.name}-`))) {
      test(`${target.name}: over ${name}`, () => runKept(target, name, readFileSync(corpus + name)));
    }
  }
});

test('a broken law is told with the command that repeats it', async () => {
  const broken = {
    ...targets[0],
    check: () => {
      throw new Error('this is how it looks');
    },
  };
  await assert.rejects(runSeed(broken, 77), (error) => {
    assert.ok(error instanceof Broken);
    assert.match(error.message, /--target frames --seed 77 --count 1\): this is how it looks/);
    assert.ok(error.input.length > 0);
    return true;
  });
});
