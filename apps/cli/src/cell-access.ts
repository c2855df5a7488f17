/** Where the cells' data and sockets are: from the same settings as the server's programs. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Disk, Ports } from '@clearway/ports';
import {
  type CellAddress,
  cellsOf,
  connectOperators,
  type OperatorLink,
  readSettings,
  type Settings,
} from '@clearway/server';
import { cellStore, openVolumes, type PostgresConnection, readArchive, type Store, withVolumes } from '@clearway/store';
import { CommandError, exitCodes, type OpenedPlatform, type OpenedStore } from './given.ts';
import { recordsOfAll } from './payments/find.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Roles of the connection file. `reader` is enough but for the bodies, whose keys only `cell` may read. */
type Connections = Partial<Record<'cell' | 'reader', PostgresConnection>>;

/** @throws CommandError when a setting or the connection file is wrong; UnavailableError when nothing answers */
export async function openStore(
  environment: Environment,
  ports: Pick<Ports, 'clock' | 'chance' | 'crypto'> & { readonly disk: Disk },
): Promise<OpenedPlatform> {
  const settings = settingsOf(environment);
  const connections = readConnections(settings.database);
  const cells: OpenedStore[] = [];
  for (const address of cellsOf(settings)) cells.push(await openCell(address, settings.journal, connections, ports));
  const [home] = cells;
  if (cells.length === 1) return home;
  const records = { ...home.store.records, ...recordsOfAll(cells) };
  return { ...home, store: { ...home.store, records }, cells };
}

async function openCell(
  { place, journalFolder, archive: folder, volumes: volumesFolder }: CellAddress,
  journal: Settings['journal'],
  { reader, cell }: Connections,
  ports: Parameters<typeof openStore>[1],
): Promise<OpenedStore> {
  const open = (connection: PostgresConnection) =>
    cellStore({
      connections: [connection],
      place,
      ...ports,
      journal,
      journalFolder,
      holds: false,
      appendConnections: 1,
    });
  const archive = await readArchive(folder);
  const volumes = openVolumes({ disk: ports.disk, crypto: ports.crypto, place, folder: volumesFolder });
  const opened = await open(reader ?? cell!);
  const store = { ...opened, journal: withVolumes(opened.journal, volumes) };
  const one = { store, archive, volumes, place, opensBodies: cell !== undefined };
  if (reader === undefined || cell === undefined) return one;
  return { ...one, store: withKeysOf(store, await open(cell)) };
}

/** Reads everything as one user, but the keys of the bodies as another. */
function withKeysOf(store: Store, keyHolder: Store): Store {
  return {
    ...store,
    bodyKeys: keyHolder.bodyKeys,
    async close() {
      await Promise.all([store.close(), keyHolder.close()]);
    },
  };
}

/** @throws CommandError when no cell answers */
export async function openOperator(environment: Environment, clock: Pick<Clock, 'after'>): Promise<OperatorLink> {
  const settings = settingsOf(environment);
  try {
    return await connectOperators(cellsOf({ ...settings, socket: socketOf(environment, settings) }), clock);
  } catch (error) {
    throw new CommandError((error as Error).message, exitCodes.unavailable);
  }
}

function socketOf(environment: Environment, settings: Settings): string {
  const run = join(settings.data, 'run.json');
  if (environment.CLEARWAY_SOCKET || !existsSync(run)) return settings.socket;
  return (readJson(run) as { socket?: string }).socket ?? settings.socket;
}

function settingsOf(environment: Environment): Settings {
  try {
    return readSettings(environment);
  } catch (error) {
    throw new CommandError((error as Error).message, exitCodes.usage);
  }
}

function readConnections(file: string): Connections {
  if (!existsSync(file)) {
    throw new CommandError(
      `There is no connection file ${file}. Is CLEARWAY_DATA the folder of a cell that has been started? ` +
        'Else name the file with CLEARWAY_DATABASE.',
      exitCodes.unavailable,
    );
  }
  const connections = readJson(file) as Connections;
  if (connections.reader === undefined && connections.cell === undefined) {
    throw new CommandError(`${file} has neither a "reader" nor a "cell" connection.`, exitCodes.usage);
  }
  return connections;
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${(error as Error).message}`, exitCodes.usage);
  }
}
