/** The whole command line: `clearway <noun> <verb>`, a file each. */
import { Command, CommanderError } from 'commander';
import { showAgreement } from './agreements/show.ts';
import { configurationHistory } from './config/history.ts';
import { showConfiguration } from './config/show.ts';
import { verifyAudit } from './console/audit.ts';
import { loginCommands } from './console/login.ts';
import { consoleVerbs } from './console/operations.ts';
import { closeCycle } from './cycles/close.ts';
import { cycleFile } from './cycles/file.ts';
import { listCycles } from './cycles/list.ts';
import { reportCycle } from './cycles/report.ts';
import { showCycle } from './cycles/show.ts';
import { evidenceCommand } from './evidence/evidence.ts';
import { CommandError, createGiven, exitCodes, type Given, type Surroundings } from './given.ts';
import { bindJournal } from './journal/bind.ts';
import { describeBatch } from './journal/describe.ts';
import { replayJournal } from './journal/replay.ts';
import { verifyCommand } from './journal/verify.ts';
import { paint } from './output/terminal.ts';
import { listParticipants } from './participants/list.ts';
import { showParticipant } from './participants/show.ts';
import { listPayments } from './payments/list.ts';
import { showPayment } from './payments/show.ts';
import { tracePayment } from './payments/trace.ts';
import { listWorkItems } from './work/list.ts';

const nouns: readonly {
  readonly name: string;
  readonly about: string;
  readonly verbs: readonly ((noun: Command, given: Given) => void)[];
}[] = [
  { name: 'participants', about: 'who takes part', verbs: [listParticipants, showParticipant] },
  { name: 'payments', about: 'payments and their way', verbs: [listPayments, showPayment, tracePayment] },
  { name: 'agreements', about: 'what account holders have signed', verbs: [showAgreement] },
  {
    name: 'cycles',
    about: 'clearing cycles, their positions and files',
    verbs: [listCycles, showCycle, closeCycle, reportCycle, cycleFile],
  },
  {
    name: 'journal',
    about: 'the truth, and its proof',
    verbs: [verifyCommand, describeBatch, replayJournal, bindJournal],
  },
  { name: 'config', about: 'adopted configuration', verbs: [showConfiguration, configurationHistory] },
  { name: 'work', about: 'what a person must look at', verbs: [listWorkItems] },
  { name: 'console', about: 'everything that the console shows and does, after clearway login', verbs: [consoleVerbs] },
  { name: 'audit', about: 'what people did and looked at', verbs: [verifyAudit] },
];

const notes = `
Exit codes: 0 done · 1 the answer is no (something is broken, or there is no such thing) · 2 wrong usage
            3 database or cell cannot be reached · 130 interrupted

Settings:   CLEARWAY_DATA      folder of the cell's data, default ./data
            CLEARWAY_DATABASE  JSON file with the connections, default <data>/database.json
            CLEARWAY_SOCKET    the cell's socket, default from <data>/run.json
            CLEARWAY_CENTRE, CLEARWAY_CELL  which cell, default 1 and 1
            CLEARWAY_CELLS     how many cells the platform has, default 1: answers are of all of them
            NO_COLOR           no colours`;

/** @returns the exit code; never rejects */
export async function runProgram(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const { output, errors, signal } = surroundings;
  const program = new Command('clearway')
    .description('Operate and prove a Clearway cell.')
    .option('--json', 'answer in JSON, for programs')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => output.write(text),
      writeErr: (text) => errors.write(text),
      getOutHasColors: () => output.colours,
      getErrHasColors: () => errors.colours,
    })
    .configureHelp({ showGlobalOptions: true, styleTitle: (title) => paint(output, 'bold', title) })
    .addHelpText('after', notes)
    .showHelpAfterError('(add --help to see what is possible)');
  const given = createGiven(surroundings, () => program.opts<{ json?: boolean }>().json === true);
  for (const { name, about, verbs } of nouns) {
    const noun = program.command(name).description(about);
    for (const verb of verbs) verb(noun, given);
  }
  verifyCommand(program, given);
  evidenceCommand(program, given);
  loginCommands(program, given);

  try {
    await Promise.race([program.parseAsync(argv, { from: 'user' }), aborted(signal)]);
    return given.exitCode;
  } catch (error) {
    return explain(error, surroundings);
  } finally {
    await given.close();
  }
}

/** Rejects when the signal is aborted, so that no wait for a database keeps a person waiting. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function explain(error: unknown, { errors, signal }: Surroundings): number {
  // Commander has said what was wrong, or shown the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  if (signal.aborted) return exitCodes.interrupted;
  const { name, message } = error as Error;
  errors.write(`${paint(errors, 'red', message)}\n`);
  if (error instanceof CommandError) return error.exitCode;
  return name === 'UnavailableError' || name === 'LinkLostError' ? exitCodes.unavailable : exitCodes.no;
}
