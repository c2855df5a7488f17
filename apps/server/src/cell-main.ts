/** The cell as a program: core, journal, outbox, records and settlement, behind a Unix socket. */
import { existsSync, readFileSync } from 'node:fs';
import { platformCode } from '@clearway/gateway';
import {
  type Listener,
  listenLinks,
  realChance,
  realClock,
  realCrypto,
  realDisk,
  realNetwork,
} from '@clearway/ports/real';
import { cellStore, openArchive } from '@clearway/store';
import { createCell } from './cell.ts';
import { serveCellLink } from './cell-link.ts';
import { amongCells } from './cells/among-cells.ts';
import { cellsOf } from './cells/cell-address.ts';
import { type OtherRecords, openOtherRecords } from './cells/other-records.ts';
import { copyEndToEndId } from './copy-end-to-end-id.ts';
import { createLinkCertificates } from './link-certificates.ts';
import { runProgram } from './program.ts';
import { startFileMaker } from './reconciliation-worker.ts';
import { readBody } from './recover.ts';
import { type DatabaseFile, type PlatformKeyFile, readDocuments, readJson, readSettlementAgent } from './settings.ts';
import { type ClearingHouse, createClearingHouse } from './settlement/clearing-house.ts';
import { createSettlementAgent } from './settlement/settlement-agent.ts';
import { listenToStream } from './stream-listener.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

runProgram('cell', async ({ settings, log, ready }) => {
  const ca = settings.authorities === '' ? undefined : readFileSync(settings.authorities, 'utf8');
  const ports = {
    clock: realClock,
    chance: realChance,
    crypto: realCrypto,
    network: realNetwork(ca === undefined ? {} : { ca }),
  };
  const cells = cellsOf(settings);
  const own = cells.find(({ place }) => place.cell === settings.cell) ?? cells[0];
  const { place } = own;
  const { cell: connection } = readJson<DatabaseFile>(settings.database, 'CLEARWAY_DATABASE');
  const { clock, chance, crypto } = ports;
  const store = await cellStore({
    connections: [connection],
    place,
    clock,
    chance,
    crypto,
    disk: realDisk,
    journal: settings.journal,
    journalFolder: own.journalFolder,
    holds: true,
  });

  const halted = (error: Error) => {
    // Whatever is wrong here, another process that replays the journal knows better than this one.
    log('cell.halted', { error: error.name, detail: error.message });
    setImmediate(() => process.exit(70));
  };
  const archived = settings.streamPort !== undefined || existsSync(own.archive);
  const archive = archived
    ? await openArchive({ directory: own.archive, chance, copyReference: copyEndToEndId, failed: halted, log })
    : undefined;

  const among = amongCells({ cells, own, clock, log });
  const cell = await createCell({
    place,
    ...(among && { among: among.ofCell }),
    ...(archive && { archive }),
    ports,
    store,
    ...readDocuments(settings.configuration),
    snapshotEvery: settings.snapshotEvery,
    log,
    halted,
  });

  const peers = among?.attach(cell, store.records);

  const certificates = createLinkCertificates(cell);
  const address = readSettlementAgent(settings.settlementAgent);
  let house: ClearingHouse | undefined;
  const clears = own === cells[0] && address !== undefined;
  const archives = cells.map(({ archive }) => archive);
  const fileMaker = archived && clears ? startFileMaker(archives) : undefined;
  let records: OtherRecords | undefined;
  if (clears) {
    const agent = createSettlementAgent({
      ports,
      url: address.url,
      platformCode,
      platformKey: readJson<PlatformKeyFile>(settings.platformKey, 'CLEARWAY_PLATFORM_KEY'),
      agentCode: address.code,
      agentKeys: [{ version: address.version, suite: address.suite, publicKey: address.publicKey }],
    });
    const { cycleSeconds } = settings;
    records = await openOtherRecords(cells, cell.records, { connections: [connection], clock, chance, crypto });
    house = createClearingHouse({
      cell,
      ...(among && { others: among.peers }),
      ...{ records: records.ofAll, fileMaker, agent, clock, cycleSeconds, log },
    });
  }
  const link = await serveCellLink({
    cell,
    records: cell.records,
    archive,
    socketPath: own.socket,
    ...(peers && { peers: peers.served, ready: peers.ready }),
    version,
    certificates: certificates.seen,
    wake: () => house?.wake(),
    shortfalls: (cycle) => house?.shortfalls(cycle) ?? [],
    cutOffDueAt: () => house?.cutOffDueAt(),
    body: (sequence, index) => readBody(store, crypto, place, sequence, index),
    log,
  });
  await peers?.ready;
  const stream: Listener | undefined =
    settings.streamPort === undefined
      ? undefined
      : await listenToStream({
          cell,
          clock,
          crypto,
          settings,
          listen: (accept, where) => listenLinks(certificates.watch(accept), where),
          log,
        });
  ready({ socket: own.socket, ...(stream && { streamPort: stream.port }) });

  return async () => {
    await house?.stop();
    among?.stop();
    await records?.close();
    await fileMaker?.stop();
    await cell.stop();
    await stream?.close();
    await link.close();
    await store.close();
  };
});
