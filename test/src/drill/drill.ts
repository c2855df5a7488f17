/** What a drill is: something that is broken in a running platform, and what must be true of it when it is whole again. */
import type { World, WorldOptions } from '@clearway/start';
import type { Random } from '../fuzz/random.ts';
import type { Relay } from '../relay/relay.ts';
import type { Load } from './load.ts';

export interface Drill {
  readonly name: string;
  /** One line, for people. */
  readonly about: string;
  /** Numbers in the list of 48 in docs/faults.md. */
  readonly faults: readonly number[];
  /** What is missing on this machine and how to get it; undefined when the drill can run. */
  needs?(): string | undefined;
  /** Between whom and those who connect to it a relay is put: `stream`, `gateway`, `cell`, `database`, `banks`, `wallets`, `central-bank`. */
  readonly relays?: readonly string[];
  /** What the folder of the world is to stand on; its result is undone at the end. */
  prepare?(folder: string): () => void;
  /** Over the programs' own environments. */
  environment?(program: string, folder: string): Readonly<Record<string, string>>;
  readonly world?: Partial<WorldOptions>;
  /** Breaks things until the time is over, heals them, and returns. @throws Error when something is wrong by then */
  strike(stage: Stage): Promise<void>;
}

export interface Stage {
  readonly world: World;
  readonly load: Load;
  /** Of the world, its data and all that the drill makes. */
  readonly folder: string;
  readonly random: Random;
  /** By who listens; those that the drill asked for. */
  readonly relays: ReadonlyMap<string, Relay>;
  /** False when the seconds are over. */
  lasts(): boolean;
  /** Notes that something was struck. */
  struck(what: string, times?: number): void;
  /** Waits until payments succeed on both rails, and notes how long that took. Call it when something has been healed. */
  recovers(): Promise<void>;
}

export interface Result {
  readonly drill: string;
  readonly faults: readonly number[];
  readonly seed: number;
  readonly passed: boolean;
  /** What was wrong, or undefined. */
  readonly error?: string;
  readonly seconds: number;
  /** How often what was struck. */
  readonly struck: Readonly<Record<string, number>>;
  /** What the drill's own payments were told, by rail. */
  readonly told: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly wallets: Readonly<Record<string, number>>;
  /** From a heal to the next success, ms: the longest, by rail. */
  readonly firstSuccessMs: Readonly<Record<string, number>>;
  readonly payments: number;
  readonly answers: number;
  readonly bookings: number;
  readonly cycles: number;
}
