/** The gateway as a program: HTTP in, signed calls out, joined to its cells by links. */
import { readFileSync } from 'node:fs';
import { problem, problemContentType } from '@clearway/contract';
import { createGateway, createMetrics, type Gateway, metricsContentType } from '@clearway/gateway';
import type { HttpHandler, HttpResponse } from '@clearway/ports';
import { listen, realChance, realClock, realCrypto, realNetwork } from '@clearway/ports/real';
import { postgresStore } from '@clearway/store';
import { type CellAddress, cellsOf } from './cells/cell-address.ts';
import { openCellLinks } from './cells/cell-links.ts';
import { recordsOf } from './cells/platform-records.ts';
import { runProgram } from './program.ts';
import { type DatabaseFile, type PlatformKeyFile, readJson, type Settings, SettingsError } from './settings.ts';

/** Signed requests are small; what is larger is refused before it is read whole. */
const largestBody = 64 * 1024;
/** To one institution: a bank may think about many questions at the same time. */
const maxConnections = 512;

/** Not signed: a body that is not read cannot be known to bear a signature that the answer could name. */
const tooLarge: HttpResponse = {
  status: 413,
  headers: { 'content-type': problemContentType },
  body: Buffer.from(JSON.stringify(problem('bodyTooLarge', `The body has more than ${largestBody} bytes`))),
};

runProgram('gateway', async ({ settings, log, ready }) => {
  const tls = tlsOf(settings);
  const ca = read(settings.authorities);
  const network = realNetwork({ maxConnections, ...(ca && { ca }), ...(tls && { cert: tls.cert, key: tls.key }) });
  const ports = { clock: realClock, chance: realChance, crypto: realCrypto, network };
  const platformKey = readJson<PlatformKeyFile>(settings.platformKey, 'CLEARWAY_PLATFORM_KEY');
  const { gateway: connection } = readJson<DatabaseFile>(settings.database, 'CLEARWAY_DATABASE');
  const { clock, chance, crypto } = ports;
  const cells = cellsOf(settings);
  const open = ({ place }: CellAddress) =>
    postgresStore({ connections: [connection], place, clock, chance, crypto, appendConnections: 1 });
  const stores = await Promise.all(cells.map(open));

  let gateway: Gateway | undefined;
  const links = openCellLinks({ cells, clock, deliverer: () => gateway!.deliverer, log });
  const metrics = createMetrics();
  gateway = createGateway({
    ports,
    cell: links.cell,
    records: recordsOf(cells, stores),
    configuration: links.configuration,
    configurator: { addKey: links.addKey, endKey: links.endKey },
    platformKey,
    platformKeys: [{ version: platformKey.version, suite: platformKey.suite, publicKey: platformKey.publicKey }],
    metrics,
    log,
  });
  const { handle } = gateway;
  /** Cells have no address of their own for Prometheus: their figures stand under the gateway's. */
  const withCellMetrics: HttpHandler = async (request) => {
    const response = await handle(request);
    if (request.url !== '/metrics' || response.headers['content-type'] !== metricsContentType) return response;
    return { ...response, body: Buffer.concat([response.body, Buffer.from(await links.metricsText())]) };
  };
  await links.connected();
  const server = await listen(withCellMetrics, {
    host: settings.host,
    port: settings.port,
    maxBodyBytes: largestBody,
    tooLarge,
    ...(tls && { tls }),
  });
  const url = `${tls ? 'https' : 'http'}://${settings.host}:${server.port}`;
  ready({ url, openapi: `${url}/openapi.json`, metrics: `${url}/metrics` });

  return async () => {
    await server.close();
    links.close();
    await Promise.all(stores.map((store) => store.close()));
  };
});

function read(file: string): string | undefined {
  return file === '' ? undefined : readFileSync(file, 'utf8');
}

/** @throws SettingsError for an address beyond this machine without TLS */
function tlsOf(settings: Settings) {
  const cert = read(settings.certificate);
  const key = read(settings.certificateKey);
  if (cert === undefined || key === undefined) {
    const isLoopback = settings.host === '127.0.0.1' || settings.host === '::1' || settings.host === 'localhost';
    if (isLoopback && settings.clientAuthorities === '') return undefined;
    throw new SettingsError(
      `the gateway listens on ${settings.host} or asks for client certificates: give CLEARWAY_CERTIFICATE and CLEARWAY_CERTIFICATE_KEY`,
    );
  }
  const ca = read(settings.clientAuthorities);
  return { cert, key, ...(ca !== undefined && { ca, requestCert: true }) };
}
