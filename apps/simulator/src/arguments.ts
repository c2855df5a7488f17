/** The command line. */
import { type FlowName, flowNames } from './flows.ts';
import { mistakes, type PlantName } from './planted/index.ts';

export interface Arguments {
  readonly seed: number;
  readonly runs: number;
  readonly minutes: number;
  /** 0: no long run. */
  readonly days: number;
  readonly rate: number;
  readonly jobs: number;
  /** As each seed says when undefined. */
  readonly cells: number | undefined;
  readonly plant: PlantName | undefined;
  readonly crashPoints: boolean;
  readonly flow: FlowName | undefined;
  readonly pairs: boolean;
  /** Look for every known bad build. */
  readonly planted: boolean;
  /** Path of a file. */
  readonly weights: string | undefined;
  readonly printWeights: boolean;
  readonly json: boolean;
  readonly story: boolean;
  readonly help: boolean;
}

export const usage = `npm run sim -- --seed N [options]

Runs the platform in one process under virtual time and seeded faults, and judges its money from outside.
The same seed, minutes or days and rate give the same run, byte for byte.

  --seed N       which world and which faults (default 1)
  --runs R       that many seeds, from N on (default 1)
  --minutes M    minutes of traffic under faults, of virtual time (default 10)
  --days D       a long run instead: D days (0.5 is half a one) with quiet nights, nearly all traffic over the stream
  --rate P       payments ordered a second (default 2), in a long run on the average of a day
  --cells N      that many cells, 1 to 3 (default: as the seed says; in a long run mostly one)
  --jobs J       that many processes at once (default 1); --story takes one
  --plant NAME   a known bad build instead of the good one, to see that it is found
  --weights FILE how likely each fault is in a seed, and how often it then strikes; JSON as --print-weights prints it,
                 of which a part is enough
  --print-weights the usual weights, as JSON
  --crash-points kill processes at each numbered point of the core flows, instead of by chance
  --flow NAME    with --crash-points: this flow alone, of
                 ${flowNames.join(', ')}
  --pairs        with --crash-points: pairs of points of the money flows, instead of single points
  --planted      each known bad build in its turn, from seed 1 on until it is found; nothing else is run
  --story        everything that happens, as it happens
  --json         one line of JSON at the end instead of text
  --help         this

Known bad builds:
${Object.entries(mistakes)
  .map(([name, mistake]) => `  ${name.padEnd(30)} ${mistake}\n`)
  .join('')}
Exit code: 0 all held, 1 something was broken, 2 the arguments are wrong.
`;

const flags = ['planted', 'json', 'story', 'help', 'crash-points', 'pairs', 'print-weights'] as const;
const numbers = { seed: 1, runs: 1, minutes: 10, days: 0, rate: 2, jobs: 1, cells: 0 };

/** What was given, or what is wrong with it. */
export function readArguments(args: readonly string[]): Arguments | string {
  const given: Record<string, string | boolean> = {};
  for (let i = 0; i < args.length; i++) {
    const [name, value] = args[i].replace(/^--/, '').split('=', 2);
    if (!args[i].startsWith('--')) return `"${args[i]}" is no option.`;
    if (flags.some((flag) => flag === name)) given[name] = true;
    else if (name in numbers || ['plant', 'flow', 'weights'].includes(name)) given[name] = value ?? args[++i] ?? '';
    else return `There is no option --${name}.`;
  }
  const read: Record<string, number> = { ...numbers };
  for (const name of Object.keys(numbers)) {
    if (given[name] === undefined) continue;
    const number = Number(given[name]);
    const isWhole = ['seed', 'runs', 'jobs', 'cells'].includes(name);
    if (given[name] === '' || !(number >= 0) || (isWhole && !Number.isSafeInteger(number)))
      return `--${name} is "${given[name]}", and takes a ${isWhole ? 'whole ' : ''}number.`;
    read[name] = number;
  }
  if (given.cells !== undefined && !(read.cells >= 1 && read.cells <= 3))
    return `--cells is "${given.cells}", and takes 1 to 3.`;
  const { plant } = given;
  if (plant !== undefined && !Object.hasOwn(mistakes, String(plant)))
    return `--plant is "${plant}"; there are ${Object.keys(mistakes).join(', ')}.`;
  const { flow } = given;
  if (flow !== undefined && !flowNames.some((name) => name === flow))
    return `--flow is "${flow}"; there are ${flowNames.join(', ')}.`;
  if ((flow !== undefined || given.pairs === true) && given['crash-points'] !== true)
    return '--flow and --pairs go with --crash-points.';
  return {
    ...(read as typeof numbers),
    cells: read.cells === 0 ? undefined : read.cells,
    plant: plant as PlantName | undefined,
    crashPoints: given['crash-points'] === true,
    flow: flow as FlowName | undefined,
    pairs: given.pairs === true,
    planted: given.planted === true,
    weights: given.weights === undefined ? undefined : String(given.weights),
    printWeights: given['print-weights'] === true,
    json: given.json === true,
    story: given.story === true,
    help: given.help === true,
  };
}
