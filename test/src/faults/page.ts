/** The parts of docs/faults.md that are made: the numbers and the table of the 48. */
import type { Drill } from '../drill/drill.ts';
import type { CrashPoints, Results } from './results.ts';
import type { Row } from './rows.ts';

const whole = (count: number) => count.toLocaleString('en-GB');
const sum = (counts: Readonly<Record<string, number>>) =>
  Object.values(counts).reduce((total, count) => total + count, 0);
const missing = 'not measured yet';

function crashes({ flows }: CrashPoints): string {
  const total = (read: (flow: (typeof flows)[number]) => number) => flows.reduce((all, flow) => all + read(flow), 0);
  const broken = flows.filter((flow) => flow.broken > 0).map(({ flow }) => flow);
  const runs = `${whole(total((flow) => flow.points))} in ${flows.length} flows, ${whole(total((flow) => flow.runs))} runs`;
  return `${runs}; ${broken.length === 0 ? 'none broken' : `broken in ${broken.join(', ')}`}`;
}

/** What of the numbers is there, in the order of the page. */
export function numbers({
  simulation,
  crashPoints,
  crashPairs,
  planted,
  mutation,
  drills,
}: Results): [what: string, value: string][] {
  const passed = drills.filter((one) => one.passed);
  const failed = drills.filter((one) => !one.passed).map(({ drill, seed }) => `${drill} (seed ${seed})`);
  const of = <T>(result: T | undefined, say: (result: T) => string) => (result === undefined ? missing : say(result));
  return [
    [
      'simulated time',
      of(
        simulation,
        (one) => `${one.virtualDays} days in ${whole(Math.round(one.seconds))} s, ${whole(one.runs)} runs`,
      ),
    ],
    [
      'payments',
      of(
        simulation,
        (one) =>
          `${whole(one.payments)}, in ${whole(one.cycles)} cycles, by ${whole(one.messages)} messages and ${whole(one.batches)} batches`,
      ),
    ],
    [
      'faults that struck',
      of(simulation, (one) => `${whole(one.faults)}, of ${Object.keys(one.faultsByKind).length} kinds`),
    ],
    ['cell processes', of(simulation, (one) => whole(one.cellProcesses))],
    [
      'checks of the judge',
      of(
        simulation,
        (one) =>
          `${whole(one.checks)}; ${one.broken.length === 0 ? 'none broken' : `broken with the seeds ${one.broken.map(({ seed }) => seed).join(', ')}`}`,
      ),
    ],
    ['crash points', of(crashPoints, crashes)],
    ['crash points in pairs', of(crashPairs, crashes)],
    [
      'known bad builds found',
      of(
        planted,
        (one) =>
          `${one.found} of ${one.builds}${one.missed.length === 0 ? '' : `; not found: ${one.missed.join(', ')}`}`,
      ),
    ],
    ['mutation score', of(mutation, (one) => `${one.score} % of ${whole(one.mutants)} mutants`)],
    [
      'drills passed',
      drills.length === 0
        ? missing
        : `${passed.length} of ${drills.length}${failed.length === 0 ? '' : `; not ${failed.join(', ')}`}`,
    ],
    ...(drills.length === 0
      ? []
      : ([
          ['struck in drills', `${whole(drills.reduce((total, { struck }) => total + sum(struck), 0))} times`],
          [
            'judged in drills',
            `${whole(passed.reduce((total, one) => total + one.payments, 0))} payments, ${whole(passed.reduce((total, one) => total + one.answers, 0))} answers, ${whole(passed.reduce((total, one) => total + one.bookings, 0))} bookings`,
          ],
        ] as [string, string][])),
  ];
}

export function numbersSection(results: Results): string {
  return ['| | |', '|---|---|', ...numbers(results).map(([what, value]) => `| ${what} | ${value} |`)].join('\n');
}

/** From the folder of the page. */
const link = (text: string, path: string) => `[${text}](../${path})`;

export function tableSection(rows: readonly Row[], drills: readonly Drill[], results: Results): string {
  const lines = rows.map((row, index) => {
    const number = index + 1;
    const run = new Map(results.drills.map((result) => [result.drill, result.passed]));
    const ofRow = drills.filter(({ faults }) => faults.includes(number));
    const within = Object.entries(row.within ?? {}).map(([text, path]) => link(text, path));
    const links = [
      ...ofRow.filter(({ name }) => run.get(name)).map(({ name }) => link(name, `test/results/drills/${name}.json`)),
      ...Object.entries(row.tests ?? {}).map(([text, path]) => link(text, path)),
    ];
    const notRun = ofRow.filter(({ name }) => !run.get(name)).map(({ name }) => `\`${name}\``);
    const tried = [row.simulated && 'simulated', links.length > 0 && 'processes'].filter(Boolean);
    const states = tried.length === 0 && within.length > 0 ? ['parts alone'] : tried;
    const state = states.length === 0 ? 'not done' : `${states.join(', ')}${row.lacks ? ', in part' : ''}`;
    const how = [
      row.simulated,
      [...links, ...within].join(', '),
      notRun.length > 0 && `no kept run that passed of the drill ${notRun.join(', ')}`,
      row.lacks && `not: ${row.lacks}`,
    ].filter(Boolean);
    return `| ${number} | ${row.fault} | ${state} | ${how.join('; ')} |`;
  });
  return ['| # | fault | state | how |', '|---|---|---|---|', ...lines].join('\n');
}

/** One line a drill: how often it struck, how much was judged, when the first payment succeeded again. */
export function drillsSection(drills: readonly Drill[], { drills: results }: Results): string {
  const lines = drills.map(({ name, about }) => {
    const result = results.find(({ drill }) => drill === name);
    if (result === undefined) return `| \`${name}\` | ${about} | not run | | |`;
    const { passed, struck, payments, firstSuccessMs, seed } = result;
    const back = Object.entries(firstSuccessMs).map(([rail, ms]) => `${rail} ${(ms / 1000).toFixed(1)} s`);
    return `| \`${name}\` | ${about} | ${passed ? whole(sum(struck)) : `failed, seed ${seed}`} | ${whole(payments)} | ${back.join(', ')} |`;
  });
  const head = '| drill | what is broken | struck | payments judged | first success after the heal, at most |';
  return [head, '|---|---|---|---|---|', ...lines].join('\n');
}

/** Puts the made parts between their marks. @throws Error when a mark is missing */
export function fill(page: string, parts: Readonly<Record<string, string>>): string {
  let filled = page;
  for (const [name, text] of Object.entries(parts)) {
    const [begin, end] = [`<!-- ${name} -->\n`, `<!-- end of ${name} -->`];
    const [from, to] = [filled.indexOf(begin), filled.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`docs/faults.md has no place for ${name}`);
    filled = `${filled.slice(0, from + begin.length)}${text}\n${filled.slice(to)}`;
  }
  return filled;
}
