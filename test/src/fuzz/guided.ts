/**
 * Fuzzing that learns: an input that goes where none has been before is kept, made as small as it can be, and changed
 * further. Several inputs are looked at together, since asking for coverage takes longer than most of them.
 */
import type { Coverage, Covered } from './coverage.ts';
import { Broken } from './fuzz.ts';
import { mutate } from './mutate.ts';
import { Random } from './random.ts';
import type { Target } from './target.ts';

const together = 16;
/** Larger inputs are not kept. */
const largestKept = 4096;
/** Attempts to make one input smaller. */
const mostCuts = 24;

export interface Guided {
  readonly corpus: readonly Buffer[];
  /** Characters of code that any input has been through. */
  readonly covered: number;
  /** Goes on until `isOver`; gives how many inputs. @throws Broken */
  run(isOver: (count: number) => boolean): Promise<number>;
}

/** `onKept`: for each new input of the corpus. */
export async function createGuided(
  target: Target,
  coverage: Coverage,
  seed: number,
  kept: readonly Buffer[],
  onKept: (input: Buffer) => void = () => {},
): Promise<Guided> {
  const random = new Random(seed);
  const known = new Map<string, Uint8Array>();
  const corpus: Buffer[] = [];

  const check = async (input: Buffer) => {
    try {
      await target.check(input, new Random(1));
    } catch (error) {
      throw new Broken(target, 'an input that was kept by coverage', input, error);
    }
  };
  const coveredBy = (...inputs: readonly Buffer[]) =>
    coverage.of(async () => {
      for (const input of inputs) await check(input);
    });
  /** Where code begins that none has been through before. */
  const freshIn = (covered: Covered): [string, number][] => {
    const fresh: [string, number][] = [];
    for (const [name, characters] of covered) {
      const before = known.get(name);
      for (let at = 0; at < characters.length; at++) {
        const isFresh = characters[at] === 1 && before?.[at] !== 1;
        const wasFresh = at > 0 && characters[at - 1] === 1 && before?.[at - 1] !== 1;
        if (isFresh && !wasFresh) fresh.push([name, at]);
      }
    }
    return fresh;
  };
  const remember = (covered: Covered) => {
    for (const [name, characters] of covered) {
      const before = known.get(name);
      known.set(name, before === undefined ? characters : before.map((one, at) => one | characters[at]));
    }
  };

  /** The smallest part of it, by cutting out ever shorter pieces, that still comes to all of these places. */
  const shrunk = async (input: Buffer, places: readonly [string, number][]): Promise<Buffer> => {
    let small = input;
    let cuts = 0;
    for (let size = small.length >> 1; size >= 1 && cuts < mostCuts; size >>= 1) {
      for (let at = 0; at < small.length && cuts < mostCuts; cuts++) {
        const shorter = Buffer.concat([small.subarray(0, at), small.subarray(at + size)]);
        const covered = await coveredBy(shorter);
        if (places.every(([name, place]) => covered.get(name)?.[place] === 1)) small = shorter;
        else at += size;
      }
    }
    return small;
  };

  const next = () => {
    if (corpus.length === 0 || random.chance(0.3)) return target.generate(random);
    return mutate(random, random.pick(corpus));
  };

  for (const input of kept) {
    corpus.push(input);
    remember(await coveredBy(input));
  }

  return {
    corpus,
    get covered() {
      return [...known.values()].reduce((sum, characters) => sum + characters.reduce((part, one) => part + one, 0), 0);
    },
    async run(isOver) {
      let count = 0;
      while (!isOver(count)) {
        const inputs = Array.from({ length: together }, next);
        count += inputs.length;
        if (freshIn(await coveredBy(...inputs)).length === 0) continue;
        for (const input of inputs) {
          const covered = await coveredBy(input);
          const places = freshIn(covered);
          if (places.length === 0) continue;
          const small = await shrunk(input, places);
          remember(covered);
          if (small.length > largestKept) continue;
          corpus.push(small);
          onKept(small);
        }
      }
      return count;
    },
  };
}
