/** The journal by itself: appends a second, and what they cost, in PostgreSQL and in files, on the same disk. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { startPostgres } from '@clearway/embedded';
import { realChance, realClock, realCrypto, realDisk } from '@clearway/ports/real';
import { fileJournal, type Journal, type JournalBatch, makeBatch, migrate, postgresStore } from '@clearway/store';
import { cpuTime } from './cpu-time.ts';

const place = { centre: 1, cell: 1 };
const sizes = [512, 32 << 10, 128 << 10, 512 << 10];
const inFlights = [1, 2, 4];
/** Bytes and appends of one measured row, at most. */
const [rowBytes, rowAppends] = [256 << 20, 3_000];

export interface JournalRow {
  readonly journal: 'postgres' | 'file';
  readonly bytes: number;
  readonly inFlight: number;
  readonly appendsPerSecond: number;
  readonly megabytesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** µs of processor time an append: of the writing process, and of PostgreSQL. */
  readonly cpuMicroseconds: { readonly writer: number; readonly postgres: number };
}

export interface JournalResult {
  readonly rows: readonly JournalRow[];
  /** One write and one flush of a file, nothing else: what the disk allows. */
  readonly flush: readonly { readonly bytes: number; readonly p50Ms: number; readonly p99Ms: number }[];
  readonly read: readonly { readonly journal: string; readonly bytes: number; readonly megabytesPerSecond: number }[];
}

export async function benchJournal(say: (text: string) => void): Promise<JournalResult> {
  const folder = await mkdtemp(join(tmpdir(), 'clearway-bench-'));
  const postgres = await startPostgres({ directory: join(folder, 'postgres') });
  try {
    const password = Buffer.from(realChance.bytes(18)).toString('base64url');
    const ports = { clock: realClock, chance: realChance, crypto: realCrypto };
    await migrate(postgres.connection, { cell: password }, ports);
    const connections = [{ ...postgres.connection, user: 'clearway_cell', password }];
    const rows: JournalRow[] = [];
    const read: JournalResult['read'][number][] = [];
    for (const bytes of sizes) {
      const store = await postgresStore({ connections, place: { ...place, cell: bytes >> 9 }, ...ports });
      const journals = [
        ['postgres', store.journal],
        ['file', fileJournal({ ...ports, folder: join(folder, `journal-${bytes}`), place, disk: realDisk })],
      ] as const;
      for (const inFlight of inFlights) {
        for (const [name, journal] of journals) {
          rows.push(await measure(name, journal, bytes, inFlight, postgres.pid));
          say(JSON.stringify(rows.at(-1)));
        }
      }
      for (const [name, journal] of journals)
        read.push({ journal: name, bytes, megabytesPerSecond: await measureReading(journal) });
      await journals[1][1].close();
      await store.close();
      await rm(join(folder, `journal-${bytes}`), { recursive: true });
    }
    const flush = [];
    for (const bytes of sizes) flush.push({ bytes, ...(await measureFlush(join(folder, `flush-${bytes}`), bytes)) });
    return { rows, flush, read };
  } finally {
    await postgres.stop('fast');
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(
  name: JournalRow['journal'],
  journal: Journal,
  bytes: number,
  inFlight: number,
  postgres: number,
): Promise<JournalRow> {
  const claim = await journal.claim();
  const count = Math.min(rowAppends, Math.floor(rowBytes / bytes));
  const batches = chain(claim, count, bytes);
  const times: number[] = [];
  let next = 0;
  const before = { own: process.cpuUsage(), postgres: cpuTime([postgres])?.get(postgres) ?? 0, at: performance.now() };
  const lane = async () => {
    for (let batch = batches[next++]; batch; batch = batches[next++]) {
      const started = performance.now();
      await journal.append(batch);
      times.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  const seconds = (performance.now() - before.at) / 1000;
  const own = process.cpuUsage(before.own);
  const ofPostgres = ((cpuTime([postgres])?.get(postgres) ?? 0) - before.postgres) * 1000;
  return {
    journal: name,
    bytes,
    inFlight,
    appendsPerSecond: Math.round(count / seconds),
    megabytesPerSecond: Math.round((count * bytes) / seconds / 1e6),
    ...quantiles(times),
    cpuMicroseconds: {
      writer: Math.round((own.user + own.system) / count),
      postgres: Math.round(Math.max(0, ofPostgres) / count),
    },
  };
}

/** Batches of about so many bytes: a third facts, the rest bodies that do not compress. */
function chain(claim: Awaited<ReturnType<Journal['claim']>>, count: number, bytes: number): JournalBatch[] {
  const facts = realChance.bytes(Math.floor(bytes / 3));
  const bodies = realChance.bytes(bytes - facts.length - 128);
  let previousHash = claim.lastHash;
  return Array.from({ length: count }, (_, index) => {
    const batch = makeBatch(realCrypto, {
      ...place,
      rulesVersion: 1,
      epoch: claim.epoch,
      sequence: claim.last + 1 + index,
      at: 1,
      commands: 1,
      previousHash,
      facts,
      bodies,
    });
    previousHash = realCrypto.sha256(batch.header);
    return batch;
  });
}

async function measureReading(journal: Journal): Promise<number> {
  const started = performance.now();
  let bytes = 0;
  for await (const batch of journal.read(1)) {
    bytes += batch.header.length + batch.facts.length + batch.bodies.length;
  }
  return Math.round(bytes / (performance.now() - started) / 1000);
}

async function measureFlush(path: string, bytes: number) {
  const file = (await realDisk.create(path))!;
  const content = realChance.bytes(bytes);
  const times: number[] = [];
  const unit = Math.ceil(bytes / 4096) * 4096;
  for (let index = 0; index < 400; index++) {
    await setImmediate();
    const started = performance.now();
    await file.write([content], index * unit);
    await file.flush();
    times.push(performance.now() - started);
  }
  await file.close();
  await rm(path);
  return quantiles(times);
}

function quantiles(times: number[]) {
  times.sort((a, b) => a - b);
  const at = (part: number) => Math.round(times[Math.floor(part * (times.length - 1))] * 1000) / 1000;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}
