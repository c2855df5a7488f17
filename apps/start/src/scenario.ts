/**
 * A bounded run from end to end: exactly so many payments, all of them definite, one cycle cleared and settled, every
 * institution reconciled, the journal verified. What is not exact is named.
 */
import { spawn } from 'node:child_process';
import { banks, money, paymentInstitutions } from './cast.ts';
import { repositoryFile } from './repository.ts';
import { amount } from './screen.ts';
import { until } from './until.ts';
import type { World } from './world.ts';

export interface Summary {
  /** True when nothing below is wrong. */
  readonly exact: boolean;
  /** Everything that is not exact, in words. */
  readonly wrong: readonly string[];
  readonly payments: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly refused: number;
  /** Told as unknown at first; each was resolved. */
  readonly unknown: number;
  readonly unresolved: number;
  /** From the first payment sent until each had an answer, and until each had a definite one. */
  readonly seconds: number;
  readonly secondsToDefinite: number;
  /** Answered payments by `seconds`. */
  readonly paymentsPerSecond: number;
  /** As the cell measures it: from the submission to the told outcome. */
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  readonly cycle: {
    readonly cycle: number;
    readonly state: string;
    readonly payments: number;
    readonly turnover: string;
    readonly sumOfPositions: string;
  };
  readonly reconciliation: { readonly institutions: number; readonly payments: number; readonly differences: number };
  /** What `clearway verify` says, its exit code first. */
  readonly verification: unknown;
  readonly restarts: number;
}

export interface ScenarioOptions {
  readonly payments: number;
  /** Payments a second; undefined: as fast as the wallets' windows allow. */
  readonly rate: number | undefined;
  onStep(step: string): void;
}

const unlimitedRate = 5_000;
const patienceMs = {
  sign: 5 * 60_000,
  drain: 15 * 60_000,
  perPaymentMs: 100,
  reconcile: 5 * 60_000,
  settlementTold: 10_000,
};
const cli = repositoryFile('apps/cli/dist/main.js');

export async function runScenario(world: World, options: ScenarioOptions): Promise<Summary> {
  const { payments, onStep } = options;
  const wrong: string[] = [];

  onStep('signing agreements');
  if (!(await world.agreementsSigned(patienceMs.sign)))
    wrong.push('not every customer could sign an agreement in time');
  if (!(await until(() => world.tally.totals().unresolved === 0, patienceMs.drain)))
    wrong.push('payments of an earlier run are unresolved');
  world.tally.begin();
  onStep(`sending ${payments} payments`);
  const began = performance.now();
  world.pay(payments);
  world.setRate(options.rate ?? unlimitedRate);
  await world.answered(patienceMs.drain + payments * patienceMs.perPaymentMs);
  const seconds = (performance.now() - began) / 1000;
  onStep('bringing every unknown to its end');
  if (!(await world.drained(patienceMs.drain + payments * patienceMs.perPaymentMs)))
    wrong.push('not every payment came to a definite outcome in time');
  const secondsToDefinite = (performance.now() - began) / 1000;
  const totals = world.tally.totals();
  const latencyMs = (await world.operator.statistics())?.latencyMs ?? { p50: 0, p99: 0 };

  onStep('closing and settling the cycle');
  const before = balances(world);
  const number = await world.operator.settleCycle();
  const [record, positions] = await Promise.all([world.records.cycle(number), world.records.positions(number)]);
  const sum = positions.reduce((total, { credits, debits }) => total + credits - debits, 0n);

  onStep('waiting for every institution to reconcile');
  if (!(await world.reconciled(number, patienceMs.reconcile)))
    wrong.push(`not every institution reconciled cycle ${number} in time`);
  const reconciled = world.tally.reconciled().filter(({ cycle }) => cycle === number);
  const institutions = paymentInstitutions.length + banks.length;
  const differences = reconciled.reduce((total, one) => total + one.differences, 0);
  const listed = reconciled.reduce((total, one) => total + one.payments, 0);

  onStep('verifying the journal');
  const verification = await verify(world);

  const ended = totals.succeeded + totals.failed + totals.refused;
  if (totals.sent !== payments) wrong.push(`${totals.sent} payments were sent, not ${payments}`);
  if (ended !== totals.sent) wrong.push(`${totals.sent} payments were sent, ${ended} have ended`);
  if (totals.unresolved !== 0) wrong.push(`${totals.unresolved} payments are unresolved`);
  if (record?.state !== 'settled') wrong.push(`cycle ${number} is ${record?.state ?? 'not recorded'}, not settled`);
  if (sum !== 0n) wrong.push(`the positions of cycle ${number} sum to ${amount(sum)}, not to zero`);
  if (reconciled.length !== institutions) wrong.push(`${reconciled.length} of ${institutions} institutions reconciled`);
  for (const one of reconciled)
    if (one.differences > 0)
      wrong.push(`${one.participant}: ${one.differences} differences (${one.examples.join('; ')})`);
  // Each payment stands in two files, one of each side.
  if (record !== undefined && listed !== 2 * record.payments)
    wrong.push(`the files list ${listed} payments, the cycle has ${record.payments} of two sides each`);
  wrong.push(...(await settlementFaults(world, before, positions)));
  if (verification.code !== 0) wrong.push('clearway verify is not clean');

  return {
    exact: wrong.length === 0,
    wrong,
    payments: totals.sent,
    succeeded: totals.succeeded,
    failed: totals.failed,
    refused: totals.refused,
    unknown: totals.unknown,
    unresolved: totals.unresolved,
    seconds: round(seconds),
    secondsToDefinite: round(secondsToDefinite),
    paymentsPerSecond: round(ended / seconds),
    latencyMs,
    cycle: {
      cycle: number,
      state: record?.state ?? 'unknown',
      payments: record?.payments ?? 0,
      turnover: `${plain(record?.turnover ?? 0n)} ${money.currency}`,
      sumOfPositions: plain(sum),
    },
    reconciliation: { institutions: reconciled.length, payments: listed, differences },
    verification: verification.told,
    restarts: world.processes().reduce((total, { restarts }) => total + restarts, 0),
  };
}

/** Minor units on the settlement accounts. */
function balances(world: World): Map<string, bigint> {
  const { accounts } = world.tally.totals();
  return new Map(accounts.map(({ participant, balance }) => [participant, BigInt(balance.replace('.', ''))]));
}

/** The central bank must have moved exactly the positions; it tells its balances once a second. */
async function settlementFaults(
  world: World,
  before: ReadonlyMap<string, bigint>,
  positions: readonly { readonly participant: string; readonly credits: bigint; readonly debits: bigint }[],
): Promise<string[]> {
  const faults = () => {
    const now = balances(world);
    return positions.flatMap(({ participant, credits, debits }) => {
      const moved = (now.get(participant) ?? 0n) - (before.get(participant) ?? 0n);
      const net = credits - debits;
      return moved === net
        ? []
        : [`${participant}: the central bank moved ${amount(moved)}, the position is ${amount(net)}`];
    });
  };
  await until(() => faults().length === 0, patienceMs.settlementTold);
  return faults();
}

/** Runs `clearway verify` as anybody would: it replays the whole journal into an empty core. */
function verify(world: World): Promise<{ code: number; told: unknown }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, 'verify', '--json'], {
      env: { ...process.env, ...world.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      errors += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      const last = output.trim().split('\n').at(-1) ?? '';
      resolve({ code: code ?? 1, told: last.startsWith('{') ? JSON.parse(last) : last || errors.trim() });
    });
  });
}

/** Minor units of a currency with two decimals, for programs: `-1234.50`. */
function plain(minor: bigint): string {
  return amount(minor).replaceAll(',', '');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** For people: what came of it, a line each, and one line that says it all. */
export function describeSummary(summary: Summary): string {
  const { cycle, reconciliation, latencyMs } = summary;
  return [
    `payments        ${summary.payments} in ${summary.seconds} s, ${summary.paymentsPerSecond} payments/s, p50 ${latencyMs.p50} ms, p99 ${latencyMs.p99} ms`,
    `outcomes        ${summary.succeeded} succeeded, ${summary.failed} failed, ${summary.refused} refused; ${summary.unknown} were unknown for a while`,
    `cycle           ${cycle.cycle} ${cycle.state}: ${cycle.payments} payments, ${cycle.turnover}, positions sum to ${cycle.sumOfPositions}`,
    `reconciliation  ${reconciliation.institutions} institutions, ${reconciliation.differences} differences`,
    ...summary.wrong.map((wrong) => `wrong           ${wrong}`),
    summary.exact ? 'Exact: every payment is definite, settled, reconciled and verified.' : 'Not exact.',
  ].join('\n');
}
