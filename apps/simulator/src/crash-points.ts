/**
 * Crash points, exhaustively. A flow is run once, and every place where a process touches the outside (an append, a
 * message sent or served, a line in a book) is numbered, before it and after it. Then the same flow is run once for
 * each number, with the process killed exactly there; and for pairs once more for each point that follows the first.
 * Whatever was killed is started again, and the world has to come to its end as always.
 */
import { drawFrom } from './chance.ts';
import { scriptFaults } from './faults.ts';
import { type Flow, type FlowName, flows } from './flows.ts';
import type { Watch } from './process.ts';
import { goodBuild } from './simulation.ts';
import { createWorld } from './world.ts';

/** What one run of a flow came to. */
export interface CrashRun {
  readonly flow: FlowName;
  /** Numbers of the points where a process was killed, in the order in which they come. */
  readonly kills: readonly number[];
  /** All points that the flow passed, with the process and what it was about to do or had done. */
  readonly points: readonly string[];
  readonly breaches: readonly { readonly subject: string; readonly what: string }[];
  readonly stories: Readonly<Record<string, readonly string[]>>;
  readonly checks: number;
  readonly hash: string;
}

/** How long a flow may take with everything that is killed in it, virtual ms. */
const patienceMs = 20 * 60_000;

export async function runWithKills(name: FlowName, kills: readonly number[] = []): Promise<CrashRun> {
  const flow: Flow = flows[name];
  const draw = drawFrom(`flow ${name}`);
  const faults = scriptFaults(draw.stream('magnitude'), flow.faults ?? {});
  const points: string[] = [];
  const wanted = new Set(kills);
  let isCounting = false;
  const watch: Watch = (process, point) => {
    if (!isCounting || point === 'timer') return;
    points.push(`${process.name}: ${point}`);
    if (wanted.has(points.length)) process.die();
  };

  const world = await createWorld({ draw, faults, shape: flow.shape, plant: goodBuild, watch });
  const { time, oracle, story } = world;
  await world.start();
  const prepared = await time.complete('preparation', flow.prepare(world), patienceMs);
  await time.passUntil(() => world.isQuiet, patienceMs);

  faults.isOn = true;
  isCounting = true;
  try {
    await time.complete(name, flow.run(world, prepared), patienceMs);
    await time.passUntil(() => world.isQuiet, patienceMs);
  } catch (error) {
    oracle.breach('world', (error as Error).message);
  }
  isCounting = false;
  world.heal();
  const hash = world.hash(await world.end());
  return {
    flow: name,
    kills,
    points,
    breaches: oracle.breaches,
    stories: Object.fromEntries(oracle.breaches.map(({ subject }) => [subject, story.about(subject)])),
    checks: oracle.checks,
    hash,
  };
}

/** The undisturbed run, then one for each of its points. */
export async function* killSingly(name: FlowName): AsyncIterable<CrashRun> {
  const undisturbed = await runWithKills(name);
  yield undisturbed;
  for (let first = 1; first <= undisturbed.points.length; first++) yield runWithKills(name, [first]);
}

/** For each first kill one run for every `stride`-th point that is passed after it, beginning with another each time. */
export async function* killInPairs(name: FlowName, stride = 1): AsyncIterable<CrashRun> {
  const undisturbed = await runWithKills(name);
  yield undisturbed;
  for (let first = 1; first <= undisturbed.points.length; first++) {
    const { points: after } = await runWithKills(name, [first]);
    for (let second = first + 1 + (first % stride); second <= after.length; second += stride)
      yield runWithKills(name, [first, second]);
  }
}
