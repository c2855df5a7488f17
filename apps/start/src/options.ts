/** What `npm start` can be told, by arguments and by settings; read once and checked whole. */
import { parseArgs } from 'node:util';

export interface StartOptions {
  readonly dataFolder: string;
  /** Of the gateway; 0 for any free one. */
  readonly port: number;
  /** Of the console; 0 for any free one. Absent with --exit: nobody is there to look. */
  readonly consolePort?: number;
  readonly logLevel: string;
  /** How many cells share the payments. */
  readonly cells: number;
  readonly cycleSeconds: number;
  /** Begin anew. */
  readonly fresh: boolean;
  /** Payments a second; absent in a bounded scenario: as fast as answers come. */
  readonly rate: number | undefined;
  /** Send exactly so many. */
  readonly payments: number | undefined;
  /** End when all are definite, cleared, settled, reconciled and verified. */
  readonly exit: boolean;
  /** The summary alone, as one JSON line. */
  readonly json: boolean;
}

/** Everything that is wrong, a line each. */
export class UsageError extends Error {
  override name = 'UsageError';
}

export const help = `Clearway: a payment switch and clearing house, with wallets, banks and a central bank around it.

Usage: npm start [-- options]

  --rate N         payments a second (default 100; with --payments: as fast as answers come)
  --payments N     send exactly N payments, then no more
  --exit           with --payments: close and settle the cycle, reconcile every institution, verify the
                   journal, print a summary as the last line, and end; not 0 if anything is not exact
  --json           with --exit: the summary as JSON, and nothing else on stdout
  --cells N        so many cells share the payments (default 1, or CLEARWAY_CELLS); it may grow from start to start
  --fresh          begin anew: the data folder is emptied first
  --help           this text

Settings: CLEARWAY_DATA       folder of all data (default ./data)
          CLEARWAY_PORT       port of the API (default 7400; 0 for any free one)
          CLEARWAY_CONSOLE_PORT  port of the console (default 7480; 0 for any free one)
          CLEARWAY_CYCLE_SECONDS  length of a clearing cycle (default 60)
          CLEARWAY_LOG        level of the logs in the data folder: debug, info, warn, error (default info)

Exit codes: 0 done, 1 something is not exact or failed, 2 the arguments or settings are wrong.
`;

export function readOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): StartOptions | 'help' {
  const given = parse(args);
  if (given.help) return 'help';
  const problems: string[] = [];
  const whole = (name: string, text: string | undefined, least: number, most: number): number | undefined => {
    if (text === undefined || text === '') return undefined;
    if (/^\d+$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text);
    problems.push(`${name} is a whole number from ${least} to ${most}, not '${text}'.`);
    return undefined;
  };
  const payments = whole('--payments', given.payments, 1, 100_000_000);
  const rate = whole('--rate', given.rate, 1, 100_000);
  const cells = whole('--cells', given.cells ?? environment.CLEARWAY_CELLS, 1, 16);
  const port = whole('CLEARWAY_PORT', environment.CLEARWAY_PORT, 0, 65_535);
  const consolePort = whole('CLEARWAY_CONSOLE_PORT', environment.CLEARWAY_CONSOLE_PORT, 0, 65_535);
  const cycleSeconds = whole('CLEARWAY_CYCLE_SECONDS', environment.CLEARWAY_CYCLE_SECONDS, 1, 86_400);
  const logLevel = environment.CLEARWAY_LOG ?? 'info';
  if (given.exit && given.payments === undefined)
    problems.push('--exit needs --payments: without it there is no end to come to.');
  if (given.json && !given.exit) problems.push('--json is for the summary of --exit.');
  if (!['debug', 'info', 'warn', 'error'].includes(logLevel))
    problems.push(`CLEARWAY_LOG is debug, info, warn or error, not '${logLevel}'.`);
  if (problems.length > 0) throw new UsageError(problems.join('\n'));
  return Object.freeze({
    dataFolder: environment.CLEARWAY_DATA || './data',
    port: port ?? 7400,
    ...(!given.exit && { consolePort: consolePort ?? (port === 0 ? 0 : 7480) }),
    logLevel,
    cells: cells ?? 1,
    // A bounded scenario closes its one cycle itself, when all its payments are definite.
    cycleSeconds: given.exit ? 0 : (cycleSeconds ?? 60),
    fresh: given.fresh,
    rate: rate ?? (payments === undefined ? 100 : undefined),
    payments,
    exit: given.exit,
    json: given.json,
  });
}

function parse(args: readonly string[]) {
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        rate: { type: 'string' },
        payments: { type: 'string' },
        cells: { type: 'string' },
        exit: flag,
        json: flag,
        fresh: flag,
        help: { ...flag, short: 'h' },
      },
    }).values as {
      rate?: string;
      payments?: string;
      cells?: string;
      exit: boolean;
      json: boolean;
      fresh: boolean;
      help: boolean;
    };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
