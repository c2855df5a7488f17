/** Runs of different seeds in several processes at once: a run is one thread, and a machine has more. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { RunOptions, RunResult } from './simulation.ts';

const program = fileURLToPath(new URL('job-main.js', import.meta.url));
/**
 * A world keeps much of what it makes to its end: with a larger young generation it is copied less often, and a day with
 * several cells takes more than Node gives by itself.
 */
const heap = ['--max-semi-space-size=64', '--max-old-space-size=8192'];

/**
 * Gives each result as soon as those before it are given.
 * @throws Error when a process ends before it has answered
 */
export async function simulateAtOnce(
  runs: readonly RunOptions[],
  processes: number,
  onResult: (result: RunResult) => void,
): Promise<void> {
  const results = new Map<number, RunResult>();
  let next = 0;
  let given = 0;
  const work = async () => {
    const start = () => fork(program, { execArgv: [...process.execArgv, ...heap] });
    let child = start();
    try {
      for (let mine = next++; mine < runs.length; mine = next++) {
        const result = await new Promise<RunResult>((resolve, reject) => {
          child.once('message', (message) => resolve(message as RunResult));
          child.once('exit', (code) => reject(new Error(`the process of seed ${runs[mine].seed} ended with ${code}`)));
          child.send(runs[mine]);
        });
        child.removeAllListeners();
        // A day is gigabytes of garbage, and the next one would begin by collecting it.
        if (runs[mine].days !== undefined) {
          child.kill();
          child = start();
        }
        results.set(mine, result);
        for (let ready = results.get(given); ready !== undefined; ready = results.get(given)) {
          results.delete(given++);
          onResult(ready);
        }
      }
    } finally {
      child.kill();
    }
  };
  await Promise.all(Array.from({ length: Math.min(processes, runs.length) }, work));
}
