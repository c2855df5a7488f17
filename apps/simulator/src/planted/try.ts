/**
 * One known bad build in a process of its own: `node [--import register.js] try.js NAME FIRST-SEED WORLDS MINUTES`.
 * Goes from world to world until the judge finds something; prints {@link Tried} as one line.
 */
import type { PlantName } from './index.ts';

export interface Tried {
  /** Worlds that were run, and minutes that passed in them. */
  readonly worlds: number;
  readonly minutes: number;
  readonly found?: { readonly seed: number; readonly subject: string; readonly what: string };
}

const [name, first, most, minutes] = process.argv.slice(2);
const { simulate } = await import('../simulation.ts');
// From here on whatever goes wrong is the build's doing.
process.stdout.write('loaded\n');

const findIn = async (seed: number) => {
  try {
    const { breaches, virtualMs } = await simulate({ seed, minutes: Number(minutes), plant: name as PlantName });
    return { virtualMs, breach: breaches.at(0) };
  } catch (error) {
    return { virtualMs: 0, breach: { subject: 'world', what: String(error) } };
  }
};

let virtualMs = 0;
let found: Tried['found'];
let worlds = 0;
while (worlds < Number(most) && found === undefined) {
  const seed = Number(first) + worlds++;
  const { breach, ...ran } = await findIn(seed);
  virtualMs += ran.virtualMs;
  if (breach !== undefined) found = { seed, ...breach };
}
const tried: Tried = { worlds, minutes: Math.round(virtualMs / 6000) / 10, ...(found && { found }) };
process.stdout.write(`${JSON.stringify(tried)}\n`);
process.exit();
