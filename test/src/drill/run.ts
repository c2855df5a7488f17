/** Runs one drill: a whole world of real processes, load, the fault, its end, and the judgement. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startWorld, type World } from '@clearway/start';
import { Random } from '../fuzz/random.ts';
import { judge, type Verdict } from '../judge.ts';
import { type Relay, startRelay } from '../relay/relay.ts';
import { until } from '../until.ts';
import type { Drill, Result, Stage } from './drill.ts';
import { type Load, rails, startLoad, streamed } from './load.ts';

export interface RunOptions {
  /** How long things are broken. */
  readonly seconds: number;
  /** Any integer from 0 to 2^32 - 1. */
  readonly seed: number;
  /** Payments a second of the wallets together. */
  readonly ratePerSecond: number;
  say(line: string): void;
  /** Aborted: everything is ended and removed, and the run throws. */
  readonly signal?: AbortSignal;
}

const patienceMs = 180_000;
const endMs = 60_000;

/** @throws Error only when the world could not be started, or was told to end */
export async function runDrill(drill: Drill, options: RunOptions): Promise<Result> {
  const { seed, seconds, say, signal } = options;
  const folder = mkdtempSync(join(tmpdir(), `clearway-${drill.name}-`));
  // PostgreSQL runs as an ordinary user and has to pass through.
  chmodSync(folder, 0o711);
  const undo = drill.prepare?.(folder);
  const random = new Random(seed);
  const relays = new Map<string, Relay>();
  const struck: Record<string, number> = {};
  const firstSuccessMs: Record<string, number> = {};
  const began = performance.now();
  let world: World | undefined;
  let load: Load | undefined;
  let error: string | undefined;
  let verdict: Verdict | undefined;
  const end = async () => {
    await world?.stop('at once');
    await load?.stop();
    for (const relay of relays.values()) relay.close();
    undo?.();
  };
  const interrupted = new Promise<never>((_, reject) =>
    signal?.addEventListener('abort', () => reject(new Error('interrupted'))),
  );
  interrupted.catch(() => {});

  try {
    say('starting the platform');
    world = await startWorld({
      ...{ dataFolder: join(folder, 'data'), port: 0, logLevel: 'info', cycleSeconds: 0, fresh: true, seed },
      stream: { codes: streamed },
      detour: async (who, address) => {
        if (!drill.relays?.includes(groupOf(who))) return address;
        const path = address.startsWith('/') && who !== 'database' ? { path: `${address}.relay` } : {};
        const relay = await startRelay({ target: address, seed: random.word(), ...path });
        relays.set(who, relay);
        return relay.address;
      },
      ...(drill.environment && { environment: (program) => drill.environment!(program, folder) }),
      ...drill.world,
    });
    if (!(await world.agreementsSigned(patienceMs))) throw new Error('the agreements were not signed');
    load = await startLoad(world);
    world.setRate(options.ratePerSecond);
    const [running, ofDrill] = [world, load];
    await until('payments on both rails', () =>
      rails.every((rail) => ofDrill.probes[rail].count('succeeded') > 10 && running.tally.totals().succeeded > 10),
    );

    say(`striking for ${seconds} s`);
    const over = performance.now() + seconds * 1000;
    const stage: Stage = {
      ...{ world, load, folder, random, relays },
      lasts: () => performance.now() < over,
      struck(what, times = 1) {
        struck[what] = (struck[what] ?? 0) + times;
      },
      recovers: async () => {
        const healedAt = performance.now();
        const wait = async (rail: (typeof rails)[number]) => {
          const { count } = ofDrill.probes[rail];
          const before = count('succeeded');
          await until(`a success over ${rail}`, () => count('succeeded') > before);
          const ms = Math.round(performance.now() - healedAt);
          firstSuccessMs[rail] = Math.max(firstSuccessMs[rail] ?? 0, ms);
        };
        await Promise.all(rails.map(wait));
      },
    };
    const work = async () => {
      await drill.strike(stage);
      for (const relay of relays.values()) relay.set({});
      await stage.recovers();
      say('healed; waiting for the end of everything, then judging');
      for (const { struck: counts } of relays.values())
        for (const [kind, times] of Object.entries(counts)) stage.struck(`relay: ${kind}`, times);
      if (Object.keys(struck).length === 0) throw new Error('nothing was struck, so nothing is shown');
      const before = ofDrill.count('succeeded');
      const ofWallets = running.tally.totals().succeeded;
      await until('service resumes by itself', () => {
        return ofDrill.count('succeeded') > before + 20 && running.tally.totals().succeeded > ofWallets + 20;
      });
      await ofDrill.stop();
      verdict = await judge(running, ofDrill.payments);
    };
    await Promise.race([work(), interrupted]);
  } catch (problem) {
    if (signal?.aborted || world === undefined) {
      await end();
      rmSync(folder, { recursive: true, force: true });
      throw problem;
    }
    error = (problem as Error).message;
    say(`failed; journals and logs are in ${folder}`);
  }
  const told = Object.fromEntries(rails.map((rail) => [rail, { ...load?.probes[rail].counts }]));
  const { sent, succeeded, failed, refused, unknown } = world.tally.totals();
  // Let the last answers of a failed run come, or not: nobody judges them.
  await Promise.race([end(), impatience()]);
  if (error === undefined) rmSync(folder, { recursive: true, force: true });
  return {
    drill: drill.name,
    faults: drill.faults,
    seed,
    passed: error === undefined,
    ...(error !== undefined && { error }),
    seconds: Math.round((performance.now() - began) / 100) / 10,
    struck,
    told,
    wallets: { sent, succeeded, failed, refused, unknown },
    firstSuccessMs,
    payments: verdict?.payments ?? 0,
    answers: verdict?.answers ?? 0,
    bookings: verdict?.bookings ?? 0,
    cycles: verdict?.cycles ?? 0,
  };
}

/** Resolves after a while, if the process is still there then. */
const impatience = () => new Promise<void>((resolve) => void setTimeout(resolve, endMs).unref());

/** `bank-00201` is one of the banks. */
function groupOf(who: string): string {
  const [kind] = who.split('-');
  return kind === 'bank' || kind === 'wallet' ? `${kind}s` : who;
}
