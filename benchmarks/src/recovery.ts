/** How fast a cell is back: a journal of whole payments replayed from its first batch, from PostgreSQL and from files. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyBatch, createState, Effects } from '@clearway/core';
import { startPostgres } from '@clearway/embedded';
import { realChance, realClock, realCrypto, realDisk } from '@clearway/ports/real';
import { recover } from '@clearway/server';
import { fileJournal, type Journal, makeBatch, migrate, postgresStore, type Store } from '@clearway/store';
import { batchSize, payoutBatches, prepare, startedAt } from './payouts.ts';

const place = { centre: 1, cell: 1 };
/** Bytes of the encrypted bodies of a request and of an answer. */
const [requestBytes, answerBytes] = [400, 120];

export interface RecoveryResult {
  readonly payments: number;
  readonly journalMegabytes: number;
  /** What of it is the core alone. */
  readonly core: Replayed;
  readonly files: Replayed;
  readonly postgres: Replayed;
}

interface Replayed {
  readonly paymentsPerSecond: number;
  /** µs of processor time a payment of the replaying process: what counts on a machine that is shared. */
  readonly cpuMicroseconds: number;
}

export async function benchRecovery(payments: number, say: (text: string) => void): Promise<RecoveryResult> {
  const folder = await mkdtemp(join(tmpdir(), 'clearway-bench-'));
  const postgres = await startPostgres({ directory: join(folder, 'postgres') });
  try {
    const password = Buffer.from(realChance.bytes(18)).toString('base64url');
    const ports = { clock: realClock, chance: realChance, crypto: realCrypto };
    await migrate(postgres.connection, { cell: password }, ports);
    const connections = [{ ...postgres.connection, user: 'clearway_cell', password }];
    const store = await postgresStore({ connections, place, ...ports });
    const inFiles = {
      ...store,
      journal: fileJournal({ ...ports, folder: join(folder, 'journal'), place, disk: realDisk }),
    };
    say('writing the journals');
    const { bytes: journalBytes, sequence } = await write([store.journal, inFiles.journal], payments);
    const timed = async (name: string, run: () => Promise<unknown>): Promise<Replayed> => {
      const [began, before] = [performance.now(), process.cpuUsage()];
      await run();
      const { user, system } = process.cpuUsage(before);
      const paymentsPerSecond = Math.round((payments / (performance.now() - began)) * 1000);
      const cpuMicroseconds = Math.round(((user + system) / payments) * 100) / 100;
      say(`${name}: ${paymentsPerSecond} payments a second, ${cpuMicroseconds} µs of processor time each`);
      return { paymentsPerSecond, cpuMicroseconds };
    };
    const facts = await factsOf(inFiles.journal);
    const core = await timed('the core alone', () => applyAll(facts));
    facts.length = 0;
    const files = await timed('from files', () => replay(inFiles, sequence));
    const fromPostgres = await timed('from PostgreSQL', () => replay(store, sequence));
    await inFiles.journal.close();
    await store.close();
    return { payments, journalMegabytes: Math.round(journalBytes / 1e6), core, files, postgres: fromPostgres };
  } finally {
    await postgres.stop('fast');
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same batches into every journal; gives the bytes and batches of one. */
async function write(journals: readonly Journal[], payments: number) {
  const state = createState(place.centre, place.cell);
  const effects = new Effects();
  const claims = await Promise.all(journals.map((journal) => journal.claim()));
  const [{ epoch, lastHash }] = claims;
  const [requests, answers] = [requestBytes, answerBytes].map((bytes) => realChance.bytes(bytes * batchSize));
  let previousHash = lastHash;
  let sequence = 0;
  let bytes = 0;
  let last = Promise.resolve<unknown>(undefined);
  const append = async (commands: number, facts: Uint8Array, bodies: Uint8Array) => {
    effects.clear();
    const at = startedAt + ++sequence;
    const decided = facts.slice();
    applyBatch(state, sequence, at, decided, effects);
    const content = { ...place, rulesVersion: 1, epoch, sequence, at, commands, previousHash, facts: decided, bodies };
    const batch = makeBatch(realCrypto, content);
    previousHash = realCrypto.sha256(batch.header);
    bytes += batch.header.length + decided.length + bodies.length;
    await last;
    last = Promise.all(journals.map((journal) => journal.append(batch)));
  };
  const first: Uint8Array[] = [];
  prepare((facts) => first.push(facts));
  for (const facts of first) await append(1, facts, realChance.bytes(32));
  const batches = payoutBatches();
  for (let number = 0; number < payments; number += batchSize) {
    await append(batchSize, batches.submissions(number, startedAt + sequence), requests);
    await append(batchSize, batches.answers(number), answers);
  }
  await last;
  return { bytes, sequence };
}

async function factsOf(journal: Journal): Promise<Uint8Array[]> {
  const list: Uint8Array[] = [];
  for await (const { facts } of journal.read(1)) list.push(facts.slice());
  return list;
}

async function applyAll(list: readonly Uint8Array[]): Promise<void> {
  const state = createState(place.centre, place.cell);
  const effects = new Effects();
  list.forEach((facts, index) => {
    effects.clear();
    applyBatch(state, index + 1, startedAt + index + 1, facts, effects);
  });
}

async function replay(store: Store, recordedTo: number): Promise<void> {
  const options = { store, crypto: realCrypto, place, elapsed: () => performance.now() };
  await recover(options, {
    recordedTo,
    madeTo: recordedTo,
    restored() {},
    passed() {},
    async reached() {},
    replayed() {},
  });
}
