/** `npm run sim -- --planted`: every known bad build in its turn, and a table of what found it. */
import { spawn } from 'node:child_process';
import { type Budget, type Finding, findAll, loaderOf } from './find.ts';
import { type PlantName, plantNames } from './index.ts';

/** Each build has to be found within this. */
export const budget: Budget = { worlds: 60, minutes: 1 };

type Write = (text: string) => void;

const row = ({ build, foundBy, after, what }: Finding) =>
  `${build.padEnd(30)} ${foundBy === undefined ? 'MISSED' : foundBy.padEnd(9)}  ${after}  ${what}`;

/** Whether all were found. `seconds`: since the beginning. */
export async function runPlanted(json: boolean, write: Write, seconds: () => number): Promise<boolean> {
  const findings = await findAll(plantNames, budget, (finding) => {
    if (!json) write(row(finding));
  });
  const missed = findings.filter(({ foundBy }) => foundBy === undefined).map(({ build }) => build);
  const summary = {
    builds: findings.length,
    found: findings.length - missed.length,
    missed,
    seconds: Math.round(seconds()),
  };
  if (json) write(JSON.stringify({ ...summary, findings }));
  else write(`${summary.found} of ${summary.builds} known bad builds found in ${summary.seconds} s`);
  return missed.length === 0;
}

/** A patched build is loaded in a process of its own: this program once more, with lines of it changed. */
export function needsPatch(plant: PlantName): boolean {
  return loaderOf(plant).some((argument) => !process.execArgv.includes(argument));
}

export function startPatched(plant: PlantName, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [...loaderOf(plant), process.argv[1], ...args], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}
