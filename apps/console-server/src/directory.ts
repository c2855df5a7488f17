/** Scheme and participants as the platform has adopted them; as they were last known while the cell is away. */

import type { Configuration, ParticipantConfiguration } from '@clearway/gateway';
import type { Clock } from '@clearway/ports';
import { atMost } from './at-most.ts';
import type { CellAccess } from './cell-access.ts';
import type { Ask } from './database.ts';
import { Refusal } from './refusal.ts';

export interface Directory {
  /** At most two seconds old while the cell can be reached. @throws Refusal when nothing is known yet */
  read(): Promise<Configuration>;
  /** As it is now. @throws Refusal `cellUnavailable` */
  readNow(): Promise<Configuration>;
  participant(code: string): Promise<ParticipantConfiguration | undefined>;
  /** Empty for a code that nobody has. */
  nameOf(code: string): string;
}

const freshMs = 2_000;
const patienceMs = 300;

export function createDirectory(options: {
  readonly cell: CellAccess;
  readonly cellNumber: number;
  readonly ask: Ask;
  readonly clock: Pick<Clock, 'elapsed' | 'after'>;
}): Directory {
  const { cell, cellNumber, ask, clock } = options;
  let known: Configuration | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  let names = new Map<string, string>();

  const keep = (configuration: Configuration) => {
    known = configuration;
    readAt = clock.elapsed();
    names = new Map(configuration.participants.map(({ code, name }) => [code, name]));
    return configuration;
  };
  const readNow = async () => keep(await cell.ask((link) => link.configuration()));

  const refresh = async () => {
    try {
      return await readNow();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (known === undefined) return keep(await readKept(ask, cellNumber, error));
      readAt = clock.elapsed(); // not every page asks a cell that is away
      return known;
    }
  };
  let refreshing: Promise<Configuration> | undefined;

  const read = async () => {
    if (known !== undefined && clock.elapsed() - readAt < freshMs) return known;
    refreshing ??= refresh().finally(() => {
      refreshing = undefined;
    });
    if (known === undefined) return refreshing;
    // No page waits for a cell that is silent: it has what was known.
    return atMost(clock, patienceMs, refreshing, known);
  };

  return {
    read,
    readNow,
    participant: async (code) => (await read()).participants.find((one) => one.code === code),
    nameOf: (code) => names.get(code) ?? '',
  };
}

/** The newest documents that are kept: all that is known when the console starts before the cell. */
async function readKept(ask: Ask, cell: number, unavailable: Refusal): Promise<Configuration> {
  const rows = await ask<{ kind: string; version: number; content: Buffer }>(
    `SELECT DISTINCT ON (kind) kind, version, content FROM journal.configuration WHERE cell = $1 ORDER BY kind, version DESC`,
    [cell],
  );
  const of = (kind: string) => rows.find((row) => row.kind === kind);
  const scheme = of('scheme');
  const participants = of('participants');
  if (scheme === undefined || participants === undefined) throw unavailable;
  const parse = (content: Buffer) => JSON.parse(content.toString('utf8'));
  return {
    schemeVersion: scheme.version,
    scheme: parse(scheme.content),
    participantsVersion: participants.version,
    participants: parse(participants.content).participants,
    businessDate: 0,
  };
}
