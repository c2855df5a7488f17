/** What a command is given of the outside world, and how it answers. main.ts makes the real one, tests their own. */
import { parseIdentifier } from '@clearway/core';
import type { Clock, Crypto } from '@clearway/ports';
import type { OperatorLink } from '@clearway/server';
import type { ArchiveReader, CellPlace, Store, Volumes } from '@clearway/store';
import type { DeskSurroundings } from './console/desk.ts';
import { jsonLine } from './output/json.ts';
import { type Progress, startProgress } from './output/progress.ts';
import type { Terminal } from './output/terminal.ts';

/** The storage of all cells as this user may read it: as that of the home cell, with the records of all. */
export interface OpenedPlatform extends OpenedStore {
  /** Each cell by itself, the home cell first; absent where there is only one. */
  readonly cells?: readonly OpenedStore[];
}

/** A cell's storage as this user may read it. */
export interface OpenedStore {
  readonly store: Store;
  /** Of a cell that has one: then what came over the stream is in it, and not among the records. */
  readonly archive?: ArchiveReader | undefined;
  /** Old days of the journal; the store's journal is read from them where it is bound. Only a place that has one can bind. */
  readonly volumes?: Volumes | undefined;
  readonly place: CellPlace;
  /** Whether this user holds the keys of the bodies. */
  readonly opensBodies: boolean;
}

export interface Surroundings {
  /** Answers, for people or programs. */
  readonly output: Terminal;
  /** Everything else: progress, warnings, errors. */
  readonly errors: Terminal;
  readonly clock: Pick<Clock, 'now' | 'elapsed' | 'after'>;
  readonly crypto: Crypto;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  openStore(): Promise<OpenedPlatform>;
  openOperator(): Promise<OperatorLink>;
  readFile(path: string): Promise<Uint8Array>;
  /** The console. */
  readonly desk: DeskSurroundings;
}

export const exitCodes = {
  done: 0,
  /** The answer is no: something is broken, or there is no such thing. */
  no: 1,
  usage: 2,
  /** Database or cell cannot be reached. */
  unavailable: 3,
  interrupted: 130,
} as const;

/** Ends the command with a message for people. */
export class CommandError extends Error {
  override name = 'CommandError';
  readonly exitCode: number;
  constructor(message: string, exitCode: number = exitCodes.no) {
    super(message);
    this.exitCode = exitCode;
  }
}

export interface Given extends Surroundings {
  /** Prints `value` for programs, or what `text` makes of it for people. */
  answer(value: unknown, text: (output: Terminal) => string): void;
  /** The exit code will be {@link exitCodes.no}. */
  answerNo(): void;
  progress(doing: string, unit: string): Progress;
  /** The storage, opened at first use. */
  read(): Promise<OpenedPlatform>;
  /** Each cell by itself, the home cell first. */
  readCells(): Promise<readonly OpenedStore[]>;
  /** The cell that this payment's identifier names; the home cell for one of no cell. */
  readCellOf(paymentId: string): Promise<OpenedStore>;
  operator(): Promise<OperatorLink>;
  readonly exitCode: number;
  /** Removes what is drawn and closes what is open. */
  close(): Promise<void>;
}

export function createGiven(surroundings: Surroundings, isJson: () => boolean): Given {
  const { output, errors, clock } = surroundings;
  const running: Progress[] = [];
  let exitCode: number = exitCodes.done;
  let opening: Promise<OpenedPlatform> | undefined;
  let opened: OpenedPlatform | undefined;
  const read = async () => {
    opening ??= surroundings.openStore();
    opened = await opening;
    return opened;
  };
  const readCells = async () => {
    const platform = await read();
    return platform.cells ?? [platform];
  };
  let isClosed = false;
  let operator: OperatorLink | undefined;
  return {
    ...surroundings,
    answer: (value, text) => output.write(isJson() ? jsonLine(value) : text(output)),
    answerNo() {
      exitCode = exitCodes.no;
    },
    progress(doing, unit) {
      const progress = startProgress(errors, clock, doing, unit);
      // An interrupted command may not have noticed yet.
      if (isClosed) progress.end();
      else running.push(progress);
      return progress;
    },
    read,
    readCells,
    async readCellOf(paymentId) {
      const cells = await readCells();
      const id = parseIdentifier(paymentId);
      return cells.find(({ place }) => place.centre === id?.centre && place.cell === id.cell) ?? cells[0];
    },
    async operator() {
      operator ??= await surroundings.openOperator();
      return operator;
    },
    get exitCode() {
      return exitCode;
    },
    async close() {
      isClosed = true;
      for (const progress of running) progress.end();
      operator?.close();
      for (const cell of opened?.cells ?? [opened]) {
        await cell?.archive?.close();
        await cell?.store.close();
      }
    },
  };
}
