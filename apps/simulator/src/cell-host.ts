/** Runs one cell as its supervisor would: starts it, sees it die, starts it again, and takes it over while it is held. */

import { describeAccount, findBreaches, overdrawn } from '@clearway/core';
import type { Stream } from '@clearway/gateway';
import type { Chance, Crypto } from '@clearway/ports';
import type { ClearingHouse, ParticipantsDocument, Peer, RunningCell, SchemeDocument } from '@clearway/server';
import type { CellPlace, Store } from '@clearway/store';
import { type Build, thisBuild } from './builds/builds.ts';
import { submitFromNewer } from './builds/newer-words.ts';
import { type Disks, openStore } from './disk.ts';
import type { Faults } from './faults.ts';
import { losePower } from './file-disk.ts';
import type { Owner } from './link.ts';
import type { Oracle } from './oracle.ts';
import { type Answering, numberOf, type Reachable } from './peer-lines.ts';
import type { Wrap } from './planted/index.ts';
import { createProcess, type Process, type Watch } from './process.ts';
import type { SimulatedAgent } from './settlement-agent.ts';
import type { Story } from './story.ts';
import { openStream, type StreamSurroundings } from './stream-host.ts';
import type { Time } from './time.ts';

const code = (number: number) => String(number).padStart(5, '0');

export interface CellHostOptions {
  readonly place: CellPlace;
  /** Where there are several cells: all others as a process of this one sees them, the home cell first if it is another. */
  peers?(process: Process): readonly Peer[];
  /** Of caps, money and configuration, and of the clearing house. */
  readonly isHome: boolean;
  /** In the home cell: the records of all cells through one door. */
  recordsOfAll(
    own: Store['records'],
    process: Process,
  ): Pick<Store['records'], 'paymentsOfCycle' | 'positions' | 'file' | 'putFilePart' | 'sealFile'>;
  readonly time: Time;
  readonly faults: Faults;
  readonly story: Story;
  readonly oracle: Oracle;
  readonly crypto: Crypto;
  readonly chance: Chance;
  readonly disks: Disks;
  /** As it lies beside the program when it starts. */
  scheme(): SchemeDocument;
  readonly participants: ParticipantsDocument;
  /** Codes of those whose limits have been changed. */
  readonly limitsChanged: ReadonlySet<string>;
  readonly agent: SimulatedAgent;
  readonly snapshotEvery: number;
  readonly cycleSeconds: number;
  readonly plant: Wrap;
  /** Without it there is one version of the program. */
  readonly newer?: Build | undefined;
  readonly watch: Watch;
  /** Undefined: nobody is on the stream, and it is not opened. */
  readonly stream: StreamSurroundings | undefined;
  /** This cell serves, by this process: gateways connect to it. */
  serving(cell: number, owner: Owner): void;
  /** A batch is about to be made durable. */
  appending(): void;
}

export interface ServingCell extends Owner {
  /** In the home cell alone. */
  readonly house: ClearingHouse | undefined;
  readonly stream: Stream | undefined;
  /** Nothing comes from other cells any more, and nothing goes to them by itself. */
  leaveOthers(): void;
}

export interface CellHost extends Reachable {
  readonly place: CellPlace;
  readonly disks: Disks;
  readonly owner: ServingCell | undefined;
  readonly starts: number;
  start(): void;
  /** Its process dies and is started again only after so long, ms. */
  goAway(forMs: number): void;
  /** Starts another process while the owner is held. */
  takeOver(): void;
  /** The program that is started next. */
  readonly build: Build;
  /** A process of the newer program takes over, and every later one is of it. */
  upgrade(): void;
  /** Back to this program, in the same way. */
  rollBack(): void;
  /** The machine loses its power: every process that serves or is held dies, and what was not flushed may be gone. */
  losePower(): void;
  /** Every process goes on, clocks are right, one serves. */
  heal(): void;
  /** The process that serves or is held. */
  readonly process: Process | undefined;
}

export function createCellHost(options: CellHostOptions): CellHost {
  const { time, faults, story, oracle, crypto, chance, disks, agent, place, plant } = options;
  const processes = new Set<Process>();
  let owner: CellHost['owner'];
  let newest: Process | undefined;
  let starts = 0;
  let answering: Answering | undefined;
  let awayUntil = 0;
  let build = thisBuild;
  const name = options.peers === undefined ? 'cell' : `cell ${place.cell}, process`;

  function start(): void {
    const process = createProcess(`${name} ${++starts}`, time, (mine, point) => {
      if (point === 'timer' && faults.strikes('cellDiesAtTimer')) mine.die();
      if (point !== 'timer' && faults.strikes('cellDiesAtPoint')) mine.die();
      options.watch(mine, point);
    });
    newest = process;
    processes.add(process);
    story.tell(process.name, build === thisBuild ? 'starts' : `starts: ${build.name}`);
    process.onDeath(() => {
      story.tell(process.name, 'is dead');
      processes.delete(process);
      if (owner?.process === process) owner = undefined;
      if (answering?.process === process) answering = undefined;
      if (newest === process)
        time.after(Math.max(awayUntil - time.elapsed, faults.draw.between(20, 2000)), () => {
          if (newest === process) start();
        });
    });
    const program = build;
    run(process, program).catch((error: Error) => {
      story.tell(process.name, `cannot start: ${error.name} ${error.message}`);
      if (program !== options.newer && isForNewer(error)) {
        build = options.newer ?? thisBuild;
        process.die();
        return;
      }
      const isExpected = ['RefusedBeforeSequencing', 'UnavailableError', 'IndeterminateError', 'FencedError'];
      if (!isExpected.includes(error.name)) oracle.breach(process.name, `cannot start: ${error.stack}`);
      process.die();
    });
  }

  /** Whoever went back too late, or raised the rules too early, is told so and goes on with the newer program. */
  const isForNewer = ({ name, message }: Error) =>
    options.newer !== undefined && (name === 'NewerJournalError' || message.includes('this program knows'));

  /** Other cells as a process of this program speaks to them. */
  const spokenTo = (program: Build, peers: readonly Peer[] | undefined): readonly Peer[] | undefined =>
    program === thisBuild
      ? peers
      : peers?.map((peer) => ({ ...peer, command: (command) => submitFromNewer(command, peer.command) }));

  async function run(process: Process, program: Build): Promise<void> {
    let cell: RunningCell | undefined;
    const opened = openStore({
      process,
      time,
      faults,
      crypto,
      chance,
      disks,
      place,
      beforeAppend: () => {
        if (cell !== undefined) mustHold(process, cell);
      },
    });
    const store = plant.store?.(opened, time) ?? opened;
    const log = (event: string, fields: Record<string, unknown>) => {
      story.tell(process.name, event);
      if (event === 'cell.signerSigned') options.stream?.signed(String(fields.participant));
    };
    const peers = spokenTo(program, options.peers?.(process));
    const home = options.isHome ? undefined : peers?.[0];
    const joining = peers && program.joinCells({ peers, home, clock: process.clock, log });
    cell = await program.createCell({
      place,
      ...(joining && { among: joining.ofCell }),
      ports: { clock: process.clock, crypto, chance },
      store,
      scheme: options.scheme(),
      participants: options.participants,
      snapshotEvery: options.snapshotEvery,
      log,
      halted(error) {
        story.tell(process.name, `halts: ${error.name} ${error.message}`);
        oracle.check(error.name === 'FencedError', process.name, () => `halts by itself: ${error.stack}`);
        process.die();
      },
    });
    // Taken over before it was ready: whoever came later serves.
    if (!process.isAlive || newest !== process) return;
    const joined = joining?.attach(cell, store.records);
    if (joined !== undefined) answering = { process, served: joined.served, state: cell.state };
    const stream = options.stream && openStream(cell, process, place, options.stream);
    const house = options.isHome ? clear(process, program, cell, store, peers ?? []) : undefined;
    if (joined !== undefined) await joined.ready;
    if (!process.isAlive || newest !== process) return;
    owner = { process, cell, house, stream, leaveOthers: () => joining?.stop() };
    story.tell(process.name, 'serves');
    options.serving(numberOf(place), owner);
  }

  function clear(
    process: Process,
    program: Build,
    cell: RunningCell,
    { records }: Store,
    others: readonly Peer[],
  ): ClearingHouse {
    const seen = agent.seenBy(process);
    return program.createClearingHouse({
      cell,
      others,
      records: options.recordsOfAll(records, process),
      agent: plant.agent?.(seen) ?? seen,
      clock: process.clock,
      cycleSeconds: options.cycleSeconds,
      log: (event) => story.tell(process.name, event),
    });
  }

  /** The state with everything applied, as it is about to be made durable. */
  function mustHold(process: Process, { state }: RunningCell): void {
    const breaches = findBreaches(state);
    oracle.check(breaches.length === 0, process.name, () => breaches.join('; '));
    // Who gets a lower limit than it has used is over it, and offers nothing more.
    const isLowered = (row: number) => options.limitsChanged.has(code(describeAccount(state, row).participant));
    const rows = overdrawn(state).filter((row) => !isLowered(row));
    oracle.check(rows.length === 0, process.name, () => `accounts ${rows.join()} are overdrawn`);
    options.appending();
  }

  return {
    place,
    number: numberOf(place),
    disks,
    get answering() {
      return answering;
    },
    get owner() {
      return owner?.process.isAlive ? owner : undefined;
    },
    get process() {
      return newest;
    },
    get starts() {
      return starts;
    },
    start,
    goAway(forMs) {
      awayUntil = time.elapsed + forMs;
      for (const process of processes) process.die();
    },
    takeOver: start,
    get build() {
      return build;
    },
    upgrade() {
      build = options.newer ?? thisBuild;
      start();
    },
    rollBack() {
      build = thisBuild;
      start();
    },
    losePower() {
      for (const process of processes) process.die();
      if (disks.files !== undefined) losePower(disks.files, faults.draw);
    },
    heal() {
      awayUntil = 0;
      for (const process of processes) {
        process.drift(0);
        process.skewMs = 0;
        process.goOn();
      }
    },
  };
}
