/** Runs a target on one input after the other; the first that breaks its law ends the run, with what repeats it. */
import { Random } from './random.ts';
import type { Target } from './target.ts';

export class Broken extends Error {
  override name = 'Broken';
  readonly input: Buffer;
  constructor(target: Target, seed: number | string, input: Buffer, cause: unknown) {
    const repeat = typeof seed === 'number' ? `npm run fuzz -- --target ${target.name} --seed ${seed} --count 1` : seed;
    super(`${target.name} (${repeat}): ${(cause as Error).message}`, { cause });
    this.input = input;
  }
}

/** Input number `seed` of the target. @throws Broken */
export async function runSeed(target: Target, seed: number): Promise<void> {
  const random = new Random(seed);
  const input = target.generate(random);
  await run(target, seed, input, random);
}

/** An input that is kept since it once broke something. @throws Broken */
export function runKept(target: Target, name: string, input: Buffer): Promise<void> {
  return run(target, name, input, new Random(1));
}

async function run(target: Target, seed: number | string, input: Buffer, random: Random): Promise<void> {
  try {
    await target.check(input, random);
  } catch (error) {
    throw new Broken(target, seed, input, error);
  }
}

/** Seeds from `seed` on until `isOver`; gives how many. @throws Broken */
export async function runSeeds(target: Target, seed: number, isOver: (count: number) => boolean): Promise<number> {
  let count = 0;
  for (; !isOver(count); count++) await runSeed(target, (seed + count) % 0x1_0000_0000);
  return count;
}
