/**
 * Laws checked on random values. The seed is fixed, so every run is the same run; CLEARWAY_TEST_SEED and
 * CLEARWAY_TEST_RUNS (a factor) look further. A failure prints seed and path, which repeat it; CLEARWAY_TEST_SHRINK
 * looks for a smaller example, which takes its time.
 */
import fc from 'fast-check';

const seed = Number(process.env.CLEARWAY_TEST_SEED ?? 20261122);
const endOnFailure = process.env.CLEARWAY_TEST_SHRINK === undefined;
const factor = Number(process.env.CLEARWAY_TEST_RUNS ?? 1);

export function law<T>(property: fc.IProperty<T>, { numRuns = 200 }: { numRuns?: number } = {}): void {
  fc.assert(property, { seed, numRuns: Math.ceil(numRuns * factor), endOnFailure });
}
