/** What can be asked of the benchmark of the stream on the command line. */
import { parseArgs } from 'node:util';
import { suites } from '@clearway/ports';
import { defaultSettings, payingOf, type StreamSettings } from './settings.ts';

export const streamHelp = `Usage: npm run bench -- --rail stream [options]

Whole payments a second over the stream: a cell, ${defaultSettings.institutions} signing institutions and banks, ${defaultSettings.links} links, on this machine.
Without --rate it looks for the highest rate that is sustained, and then stays at it.

  --seconds N        length of the measured part, 3 to 600 (default 60)
  --rate N           payments a second instead of the highest
  --links N          (default ${defaultSettings.links})
  --institutions N   that sign, one in fifteen of them paying (default ${defaultSettings.institutions}); a list for a curve
  --agreements N     (default ${defaultSettings.agreements})
  --zipf N           exponent of the skew (default ${defaultSettings.zipf})
  --linger N         ms that a message may wait for others to share its frame (default ${defaultSettings.lingerMs})
  --suite NAME       ${Object.keys(suites).join(' or ')} (default ${defaultSettings.suite})
  --journal NAME     file or postgres (default ${defaultSettings.journal})
  --no-tls           plain links, to see what TLS costs
  --profile          V8 profiles of all processes, summed by module
  --no-baseline      leave the row-per-payment baseline out

Instead of the plain run one of:
  --curve            latency at a tenth to the whole of the highest rate, for 32, 256 and 3,000 links
  --overload N       what is still carried at N times the highest rate
  --close-cycle      a cycle is closed at three quarters of the highest rate
  --recovery         payments a second replayed by a cell that starts again, after --seconds at --rate
  --held LIST        what the core takes for a payment when so many are remembered, as 10000,1000000,100000000
  --institutions A,B what a payment costs with so many who sign
  --cells N          what a payment costs with one cell, and with N of them at the same rate
  --limits           what links, hashes, signatures, core and journal of a payment cost by themselves, at --rate

Results that are kept:
  --save             the line is kept in benchmarks/results, and drawn
  --plots            all of the above one after the other, kept and drawn: takes half an hour
  --draw             draws what is kept, measures nothing
`;

export type Part =
  | 'run'
  | 'curve'
  | 'overload'
  | 'close-cycle'
  | 'recovery'
  | 'held'
  | 'institutions'
  | 'cells'
  | 'limits';

export interface StreamArguments {
  readonly settings: StreamSettings;
  readonly seconds: number;
  readonly rate: number | undefined;
  readonly profile: boolean;
  readonly baseline: boolean;
  readonly part: Part;
  readonly save: boolean;
  readonly plots: boolean;
  readonly draw: boolean;
  readonly overload: number;
  readonly held: readonly number[];
  readonly institutions: readonly number[];
  readonly cells: number;
}

/** Of `--plots`. */
const defaultInstitutions = [30, 300, 3000];
const defaultHeld = [10_000, 1_000_000, 100_000_000];

/** Says what is wrong, as a line for a person. */
export class ArgumentsError extends Error {
  override name = 'ArgumentsError';
}

/** @throws ArgumentsError */
export function readStreamArguments(args: readonly string[]): StreamArguments {
  const { values } = parse(args);
  const number = (name: string, text: string, least: number, most: number): number => {
    const value = Number(text);
    if (text !== '' && value >= least && value <= most) return value;
    throw new ArgumentsError(`--${name} is "${text}": give a number from ${least} to ${most}`);
  };
  const whole = (name: string, text: string, least: number, most: number): number => {
    const value = number(name, text, least, most);
    if (Number.isInteger(value)) return value;
    throw new ArgumentsError(`--${name} is "${text}": give a whole number`);
  };
  const list = (name: string, text: string, least: number, most: number) =>
    text.split(',').map((one) => whole(name, one, least, most));
  const oneOf = <T extends string>(name: string, text: string, allowed: readonly T[]): T => {
    if (allowed.includes(text as T)) return text as T;
    throw new ArgumentsError(`--${name} is "${text}": give one of ${allowed.join(', ')}`);
  };

  const institutions = list('institutions', values.institutions, 2, 20_000);
  const [count] = institutions;
  const settings: StreamSettings = {
    ...defaultSettings,
    institutions: count!,
    paying: payingOf(count!),
    links: whole('links', values.links, 2, 4_000),
    agreements: whole('agreements', values.agreements, 1, 4_000_000),
    zipf: number('zipf', values.zipf, 0, 3),
    lingerMs: number('linger', values.linger, 0, 1_000),
    suite: oneOf('suite', values.suite, ['ed25519', 'ecdsa-p256-sha256'] as const),
    journal: oneOf('journal', values.journal, ['file', 'postgres'] as const),
    tls: !values['no-tls'],
  };
  const asked: Readonly<Partial<Record<Part, boolean>>> = {
    curve: values.curve,
    'close-cycle': values['close-cycle'],
    recovery: values.recovery,
    overload: values.overload !== undefined,
    held: values.held !== undefined,
    institutions: institutions.length > 1,
    cells: values.cells !== undefined,
    limits: values.limits,
  };
  const parts = (Object.keys(asked) as Part[]).filter((part) => asked[part]);
  if (parts.length > 1) throw new ArgumentsError(`one of ${parts.join(', ')} at a time`);
  return {
    settings,
    seconds: whole('seconds', values.seconds, 3, 600),
    rate: values.rate === undefined ? undefined : whole('rate', values.rate, 100, 1_000_000),
    profile: values.profile,
    baseline: !values['no-baseline'],
    part: parts[0] ?? 'run',
    overload: values.overload === undefined ? 10 : whole('overload', values.overload, 2, 100),
    held: values.held === undefined ? defaultHeld : list('held', values.held, 1_000, 200_000_000),
    institutions: institutions.length > 1 ? institutions : defaultInstitutions,
    cells: values.cells === undefined ? 2 : whole('cells', values.cells, 2, 16),
    save: values.save,
    plots: values.plots,
    draw: values.draw,
  };
}

const text = (fallback: string | number) => ({ type: 'string', default: String(fallback) }) as const;
const flag = { type: 'boolean', default: false } as const;

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        rail: { type: 'string' },
        seconds: text(60),
        rate: { type: 'string' },
        links: text(defaultSettings.links),
        institutions: text(defaultSettings.institutions),
        agreements: text(defaultSettings.agreements),
        zipf: text(defaultSettings.zipf),
        linger: text(defaultSettings.lingerMs),
        suite: text(defaultSettings.suite),
        journal: text(defaultSettings.journal),
        'no-tls': flag,
        profile: flag,
        'no-baseline': flag,
        curve: flag,
        overload: { type: 'string' },
        'close-cycle': flag,
        recovery: flag,
        held: { type: 'string' },
        cells: { type: 'string' },
        limits: flag,
        save: flag,
        plots: flag,
        draw: flag,
        json: flag,
        help: flag,
      },
    });
  } catch (error) {
    throw new ArgumentsError((error as Error).message);
  }
}
