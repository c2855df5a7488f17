import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCoverage } from './coverage.ts';
import { Broken, runSeeds } from './fuzz.ts';
import { createGuided } from './guided.ts';
import type { Target } from './target.ts';

/** Breaks behind six doors, each of which opens to one byte in eight. */
const doors: Target = {
  name: 'doors',
  generate: (random) => random.bytes(6),
  check(input) {
    let open = 0;
    if (input[0] >= 224) {
      open++;
      if (input[1] >= 224) {
        open++;
        if (input[2] >= 224) {
          open++;
          if (input[3] >= 224) {
            open++;
            if (input[4] >= 224) {
              open++;
              if (input[5] >= 224) throw new Error(`all are open, after ${open}`);
            }
          }
        }
      }
    }
  },
};
const most = 20_000;

test('coverage leads to where chance does not come', async () => {
  // Before the first call: V8 counts blocks only in functions that it compiles from now on.
  const coverage = startCoverage((url) => url === import.meta.url);
  try {
    const guided = await createGuided(doors, coverage, 1, []);
    await assert.rejects(
      guided.run((count) => count >= most),
      (error) => error instanceof Broken && error.input.subarray(0, 6).every((byte) => byte >= 224),
    );
    assert.ok(guided.corpus.length >= 3, 'each door was remembered');
    assert.equal(await runSeeds(doors, 1, (count) => count >= most), most, 'chance alone opens five at most');
  } finally {
    coverage.stop();
  }
});
