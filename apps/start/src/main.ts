/** `npm start` */
import { DataFolderError } from './data-folder.ts';
import { PortTakenError } from './lay-out.ts';
import { help, readOptions, type StartOptions, UsageError } from './options.ts';
import { describeSummary, runScenario, type Summary } from './scenario.ts';
import { openScreen, plainLine, type Screen } from './screen.ts';
import { StartError } from './supervise.ts';
import { createWatch, type Watch } from './watch.ts';
import { startWorld, type World } from './world.ts';

const lookMs = 1_000;
/** Where there is no terminal, a line every so many looks. */
const plainEvery = 5;
/** npm hands a Ctrl-C of the terminal on to us, who have had it already: these two are one. */
const echoMs = 500;
const exitCodes = { done: 0, failed: 1, usage: 2 };

const isTerminal = process.stdout.isTTY === true && process.env.TERM !== 'dumb';
const hasColours = isTerminal && (process.env.NO_COLOR ?? '') === '';

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    const isForPeople =
      [UsageError, DataFolderError, PortTakenError, StartError].some((kind) => error instanceof kind) ||
      error.name === 'LauncherError';
    process.stderr.write(`${isForPeople ? error.message : error.stack}\n`);
    process.exit(error instanceof UsageError ? exitCodes.usage : exitCodes.failed);
  },
);

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options === 'help') {
    process.stdout.write(help);
    return exitCodes.done;
  }
  const say = (text: string) => (options.json ? process.stderr : process.stdout).write(`${text}\n`);
  const signals = listenForSignals(say);
  say(`Starting Clearway on ${options.dataFolder} …`);

  let watch: Watch | undefined;
  const screenWanted = isTerminal && !options.exit;
  const starting = startWorld({
    ...options,
    onEvent: (event) => (watch !== undefined && screenWanted ? watch.note(event) : say(event)),
  });
  const world = await Promise.race([starting, signals.stopAtOnce]);
  // Children end by themselves when we are gone; the next start ends a PostgreSQL that is left over.
  if (world === undefined) return exitCodes.failed;
  say(welcome(world));
  watch = createWatch(world);
  const screen = screenWanted ? openScreen(process.stdout, hasColours) : undefined;
  const looking = lookOn(watch, screen, say);

  const summary = await Promise.race([work(world, options, say), signals.stop]);
  await looking.end();
  screen?.close();
  say('Stopping: no new payments, those on their way are brought to an end. Ctrl-C again stops at once.');
  await Promise.race([world.stop(), signals.stopAtOnce.then(() => world.stop('at once'))]);
  if (summary !== 'stopped')
    process.stdout.write(`${options.json ? JSON.stringify(summary) : describeSummary(summary)}\n`);
  else if (options.exit) say('Stopped before the end: nothing is said of the scenario.');
  return options.exit && (summary === 'stopped' || !summary.exact) ? exitCodes.failed : exitCodes.done;
}

/** Without --exit it goes on until it is stopped. */
function work(world: World, options: StartOptions, say: (text: string) => void): Promise<Summary> {
  const { payments, rate } = options;
  if (options.exit && payments !== undefined) {
    return runScenario(world, { payments, rate, onStep: (step) => say(`${step} …`) });
  }
  if (payments !== undefined) world.pay(payments);
  if (rate !== undefined) world.setRate(rate);
  return new Promise(() => {});
}

function welcome({ gatewayUrl, console, dataFolder }: World): string {
  return [
    ...(console === undefined ? [] : [`console   ${console.url}`]),
    ...(console?.enrolment === undefined ? [] : [`          first operator, once, within a day: ${console.enrolment}`]),
    `API       ${gatewayUrl}/v1`,
    `OpenAPI   ${gatewayUrl}/openapi.json`,
    `metrics   ${gatewayUrl}/metrics`,
    `data      ${dataFolder} (logs in logs/, process numbers in run.json)`,
    '',
  ].join('\n');
}

function lookOn(watch: Watch, screen: Screen | undefined, say: (text: string) => void): { end(): Promise<void> } {
  let ended = false;
  const run = async () => {
    for (let looks = 1; !ended; looks++) {
      const view = await watch.look();
      if (ended) break;
      if (screen !== undefined) screen.draw(view);
      else if (looks % plainEvery === 0) say(plainLine(view));
      await new Promise((next) => setTimeout(next, lookMs));
    }
  };
  const running = run();
  return {
    end() {
      ended = true;
      return running;
    },
  };
}

/** The first Ctrl-C stops in order, the second at once. */
function listenForSignals(say: (text: string) => void) {
  let first = 0;
  let hear: (how: 'stopped') => void;
  let hearAgain: () => void;
  const stop = new Promise<'stopped'>((resolve) => {
    hear = resolve;
  });
  const stopAtOnce = new Promise<void>((resolve) => {
    hearAgain = resolve;
  });
  const onSignal = () => {
    if (first === 0) {
      first = performance.now();
      hear('stopped');
    } else if (performance.now() - first > echoMs) {
      say('Stopping at once.');
      hearAgain();
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  return { stop, stopAtOnce };
}
