/** The console as a program: its API, its stream and its pages. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { realChance, realClock, realCrypto, realDisk } from '@clearway/ports/real';
import {
  cellsOf,
  connectOperator,
  connectOperators,
  type DatabaseFile,
  readJson,
  runProgram,
  type Settings,
  SettingsError,
} from '@clearway/server';
import { cellStore } from '@clearway/store';
import { createConsole } from './console.ts';
import { serveConsole } from './http/serve.ts';
import { readStaticFiles } from './http/static-files.ts';

const keyBytes = 32;
/** Beside this file in dist, as in src. */
const pagesFolder = fileURLToPath(new URL('../../console/dist/web/', import.meta.url));
const manifest = new URL('../package.json', import.meta.url);

runProgram('console', async ({ settings, log, ready }) => {
  const ports = { clock: realClock, chance: realChance, crypto: realCrypto };
  const { console: connection } = readJson<DatabaseFile>(settings.database, 'CLEARWAY_DATABASE');
  const addresses = cellsOf(settings);
  const stores = await Promise.all(
    addresses.map(({ place, journalFolder }) =>
      cellStore({
        connections: [connection],
        place,
        ...ports,
        disk: realDisk,
        journal: settings.journal,
        journalFolder,
        holds: false,
        appendConnections: 1,
        queryConnections: 2,
      }),
    ),
  );
  const [home, ...others] = addresses.map(({ place, socket }, index) => ({
    place,
    store: stores[index],
    connect: () => connectOperator(socket),
  }));
  const desk = await createConsole({
    cells: [home, ...others],
    connect: () => connectOperators(addresses, realClock),
    ports,
    connection,
    key: ownKey(join(settings.data, 'secrets', 'console-key')),
    version: (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version,
    memory: () => process.memoryUsage.rss(),
    log,
  });
  await desk.lookAround();
  const server = await serveConsole({
    desk,
    files: readStaticFiles(pagesFolder),
    ports,
    host: settings.consoleHost,
    port: settings.consolePort,
    tls: tlsOf(settings),
    ...(settings.consoleName !== '' && { name: settings.consoleName }),
    listening: desk.listensAt,
    log,
  });
  desk.start();
  const first = await desk.enrolments.first();
  // The link opens the console to whoever reads it: it goes to who started this, and into no log.
  ready({ address: server.address, ...(first && { enrolment: first.link }) });

  return async () => {
    await server.close();
    await desk.stop();
    await Promise.all(stores.map((store) => store.close()));
  };
});

/** @throws SettingsError for an address beyond this machine without TLS */
function tlsOf({ consoleHost, consoleCertificate, consoleCertificateKey }: Settings) {
  if (consoleCertificate !== '' && consoleCertificateKey !== '') {
    return { cert: readFileSync(consoleCertificate, 'utf8'), key: readFileSync(consoleCertificateKey, 'utf8') };
  }
  const isLoopback = ['127.0.0.1', '::1', 'localhost'].includes(consoleHost);
  if (isLoopback && consoleCertificate === '' && consoleCertificateKey === '') return undefined;
  throw new SettingsError(
    `the console listens on ${consoleHost}: give CLEARWAY_CONSOLE_CERTIFICATE and CLEARWAY_CONSOLE_CERTIFICATE_KEY`,
  );
}

/** Made at the first start; without it no second factor can be read any more. */
function ownKey(file: string): Uint8Array {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, Buffer.from(realChance.bytes(keyBytes)).toString('base64'), { mode: 0o600 });
  }
  return Buffer.from(readFileSync(file, 'utf8'), 'base64');
}
