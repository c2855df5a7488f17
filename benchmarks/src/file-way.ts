/**
 * The way of one long reconciliation file: made in a worker, stored in PostgreSQL, fetched from a gateway over signed
 * HTTP by the SDK and saved, and read once more line by line. All of it in this process but PostgreSQL.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { startPostgres } from '@clearway/embedded';
import { type Configuration, createGateway, createMetrics, OutcomeUnknownError } from '@clearway/gateway';
import { listen, realChance, realClock, realCrypto, realNetwork } from '@clearway/ports/real';
import { createInstitution } from '@clearway/sdk';
import { saveFile } from '@clearway/sdk/node';
import { type FileWish, startFileMaker } from '@clearway/server';
import { migrate, postgresStore } from '@clearway/store';

export interface FileWayResult {
  readonly bytes: number;
  readonly parts: number;
  /** By the clock, all that step's work included. */
  readonly seconds: { readonly stored: number; readonly saved: number; readonly read: number };
  /** Resident memory of this process at its highest in each step, and before the first. */
  readonly memoryMiB: {
    readonly before: number;
    readonly stored: number;
    readonly saved: number;
    readonly read: number;
  };
}

const place = { centre: 1, cell: 1 };
const ports = { clock: realClock, chance: realChance, crypto: realCrypto, network: realNetwork() };

/** @param folder for database and file; the caller removes it */
export async function benchFileWay(
  wish: FileWish,
  archive: string,
  folder: string,
  say: (text: string) => void,
): Promise<FileWayResult> {
  const closing: (() => Promise<unknown>)[] = [];
  try {
    const database = await startPostgres({ directory: join(folder, 'database'), settings: {} });
    closing.push(() => database.stop('immediate'));
    await migrate(database.connection, {}, ports);
    const store = await postgresStore({ ...ports, connections: [database.connection], place });
    closing.push(() => store.close());
    const maker = startFileMaker([archive]);
    closing.push(() => maker.stop());

    const code = String(wish.participant).padStart(5, '0');
    const { cycle } = wish.cycle;
    const { records } = store;
    const before = process.memoryUsage.rss();

    say('making and storing it');
    const stored = await measured(async (look) => {
      const written = await maker.make(wish, async (part) => {
        look();
        await records.putFilePart(cycle, code, part);
      });
      await records.sealFile({ cycle, participant: code, ...written });
    });
    await records.write({
      sequence: 1,
      payments: [],
      agreements: [],
      positions: [],
      workItems: [],
      cycles: [
        {
          ...wish.cycle,
          state: 'settled',
          openedAt: 1,
          cutOffAt: 2,
          nettedAt: 3,
          settledAt: 4,
          payments: 0,
          turnover: 0n,
        },
      ],
    });

    const { institution, close } = await gatewayFor(code, wish, records);
    closing.push(close);
    say('fetching and saving it');
    const path = join(folder, 'saved.csv');
    const manifest = await institution.fileManifest(cycle);
    const part = (number: number) => institution.filePart(manifest, number);
    const saved = await measured((look) => saveFile({ manifest, part, path, onProgress: look }));
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    if (hash.digest('hex') !== manifest.hash) throw new Error('what was saved is not the file');

    say('reading it');
    const read = await measured(async (look) => {
      let lines = 0;
      for await (const _ of institution.fileLines(cycle)) if (++lines % 10_000 === 0) look();
      if (lines !== manifest.payments) throw new Error(`${lines} lines were read of ${manifest.payments}`);
    });
    return {
      bytes: manifest.bytes,
      parts: manifest.parts.length,
      seconds: { stored: stored.seconds, saved: saved.seconds, read: read.seconds },
      memoryMiB: { before: before >> 20, stored: stored.memory, saved: saved.memory, read: read.memory },
    };
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

/** `look` at memory often. */
async function measured(work: (look: () => void) => Promise<void>): Promise<{ seconds: number; memory: number }> {
  let memory = 0;
  const began = performance.now();
  await work(() => {
    memory = Math.max(memory, process.memoryUsage.rss());
  });
  return { seconds: Number(((performance.now() - began) / 1000).toFixed(1)), memory: memory >> 20 };
}

/** A gateway whose cell is away: files are served all the same. */
async function gatewayFor(code: string, { scheme }: FileWish, records: Parameters<typeof createGateway>[0]['records']) {
  const keyOf = async () => ({ suite: 'ed25519' as const, ...(await realCrypto.generateSigningKey('ed25519')) });
  const [platform, own, sealing] = [await keyOf(), await keyOf(), await realCrypto.generateSealingKey()];
  const platformKeys = [{ version: 1, suite: platform.suite, publicKey: platform.publicKey }];
  const configuration: Configuration = {
    schemeVersion: 1,
    participantsVersion: 1,
    businessDate: 20261122,
    scheme: {
      ...scheme,
      currencies: [156],
      maximumAmount: '1000000000',
      offerTimeoutMs: 5_000,
      longestExpiryMs: 60_000,
      enquiryBackoffMs: 1_000,
      enquiryBackoffLargestMs: 60_000,
      reversalAfterMs: 60_000,
      workItemAfterMs: 600_000,
      signingTimeoutMs: 300_000,
      timeZone: 'Asia/Shanghai',
      routing: [{ ...place, weight: 1 }],
    },
    participants: [
      {
        code,
        name: `Bank ${code}`,
        role: 'bank',
        status: 'active',
        idempotent: true,
        endpoint: 'https://127.0.0.1:1',
        keys: [{ version: 1, suite: own.suite, publicKey: own.publicKey }],
        sealingKey: sealing.publicKey,
        netDebitCaps: [],
        enquiryBudget: { perSecond: 1, burst: 1 },
      },
    ],
  };
  const away = async (): Promise<never> => {
    throw new OutcomeUnknownError('there is no cell');
  };
  const gateway = createGateway({
    ports,
    cell: { submit: away, payment: away, agreement: away },
    records,
    configuration: () => configuration,
    configurator: { addKey: away, endKey: away },
    platformKey: { suite: platform.suite, version: 1, privateKey: platform.privateKey },
    platformKeys,
    metrics: createMetrics(),
    log: () => {},
  });
  const server = await listen(gateway.handle, { host: '127.0.0.1', port: 0, maxBodyBytes: 16_384 });
  const institution = createInstitution({
    ports,
    gateway: `http://127.0.0.1:${server.port}`,
    code,
    scheme,
    signing: { suite: own.suite, version: 1, privateKey: own.privateKey },
    sealing,
    platformKeys,
  });
  return { institution, close: () => server.close() };
}
