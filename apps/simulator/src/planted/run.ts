/** `npm run sim -- --planted`: every known bad build in its turn, and a table of what found it. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Budget, type Finding, findAll } from './find.ts';
import { isPatch, type PlantName, plantNames } from './index.ts';

/** Each build has to be found within this. */
export const budget: Budget = { worlds: 60, minutes: 1 };

type Write = (text: string) => void;

const row = ({ build, foundBy, after, what, seconds }: Finding) =>
  `${build.padEnd(30)} ${foundBy === undefined ? 'MISSED' : foundBy.padEnd(9)}  ${after}  ${what}  (${seconds} s)`;

/** The exit code: 1 when one was missed. */
export async function runPlanted(json: boolean, write: Write): Promise<number> {
  const startedAt = performance.now();
  const findings = await findAll(plantNames, budget, (finding) => {
    if (!json) write(row(finding));
  });
  const missed = findings.filter(({ foundBy }) => foundBy === undefined).map(({ build }) => build);
  const summary = {
    builds: findings.length,
    found: findings.length - missed.length,
    missed,
    seconds: Math.round((performance.now() - startedAt) / 1000),
  };
  if (json) write(JSON.stringify({ ...summary, findings }));
  else write(`${summary.found} of ${summary.builds} known bad builds found in ${summary.seconds} s`);
  return missed.length === 0 ? 0 : 1;
}

/** A patched build is loaded in a process of its own: this program once more, with its lines changed. */
export function needsPatch(plant: PlantName | undefined): boolean {
  return plant !== undefined && isPatch(plant) && process.env.CLEARWAY_PATCH !== plant;
}

export function startPatched(plant: PlantName, args: readonly string[]): Promise<number> {
  const register = fileURLToPath(new URL('register.js', import.meta.url));
  const env = { ...process.env, CLEARWAY_PATCH: plant };
  const child = spawn(process.execPath, ['--import', register, process.argv[1], ...args], { env, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}
