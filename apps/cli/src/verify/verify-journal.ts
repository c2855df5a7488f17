/**
 * Proves a cell's storage: replays its journal into an empty core and compares everything with what comes out. It only
 * reads. A cell may go on working meanwhile: what it changes after the reading began is left out of the comparison.
 *
 * Each comparison has a file of its own beside this one.
 */
import type { Scheme } from '@clearway/contract';
import {
  applyBatch,
  createState,
  Effects,
  effectKinds,
  findBreaches,
  newestRules,
  paymentAt,
  rulesInForce,
} from '@clearway/core';
import type { Clock, Crypto } from '@clearway/ports';
import { archivedRecords } from '@clearway/server';
import type { ArchiveReader, BatchHeader, CellPlace, JournalBatch, Records, Store } from '@clearway/store';
import { type Fact, readFacts } from '../journal/fact.ts';
import { compareAgreements } from './agreements.ts';
import { checkConfiguration } from './configuration.ts';
import { createCyclesCheck, type FollowedCycle } from './cycles.ts';
import { compareFiles, cyclesWithoutPayments } from './files.ts';
import { createKeyring } from './keyring.ts';
import { createMessagesCheck } from './messages.ts';
import { compareOutcomes } from './outcomes.ts';
import { createPaymentsCheck } from './payments.ts';
import { readChain } from './read-chain.ts';
import { createFindings, type VerifyReport } from './report.ts';
import { createShares, type FollowedShares } from './shares.ts';
import { createSnapshotCheck, stateHash } from './snapshot.ts';
import { createWorkItemsCheck } from './work-items.ts';

export interface VerifyOptions {
  readonly place: CellPlace;
  /** Where the cell has its payments beside the records, if it has an archive. */
  readonly archive?: ArchiveReader | undefined;
  readonly crypto: Crypto;
  readonly clock: Pick<Clock, 'elapsed'>;
  /** False leaves messages and signatures unchecked: for readers without the body keys. Default true. */
  readonly opensBodies?: boolean;
  /** False leaves out the end-to-end signatures, which take most of the time. Default true. */
  readonly checksSignatures?: boolean;
  /** What was noted of a batch earlier: its hash must be this one still, so that nothing before it was changed since. */
  readonly anchor?: { readonly sequence: number; readonly hash: string };
  readonly signal?: AbortSignal;
  onProgress?(progress: VerifyProgress): void;
}

export interface VerifyProgress {
  readonly stage: 'journal' | 'records' | 'files';
  /** Batches or files. */
  readonly done: number;
  /** 0 while it is not known. */
  readonly of: number;
}

/** @throws what the store throws when it cannot be read, and `signal.reason` once that is aborted */
export async function verifyJournal(store: Store, options: VerifyOptions): Promise<VerifyReport> {
  const cell = await verifyCell(store, options);
  const { records } = store;
  const { archive } = options;
  const files = archive === undefined ? records : archivedRecords(records, archive);
  return verifyFiles(cell, files, cell.leftOut, options);
}

/** What a journal tells about its cell, beside the report. */
export interface VerifiedCell {
  readonly report: VerifyReport;
  /** Empty when the journal could not be replayed to its end. */
  readonly cycles: readonly FollowedCycle[];
  readonly scheme: Scheme | undefined;
  /** Cycles of whose payments some cannot be found. */
  readonly leftOut: ReadonlySet<number>;
  readonly shares: FollowedShares;
}

/** Adds to a cell's report what its files are found to be. @param records of all cells */
export async function verifyFiles(
  { report, cycles, scheme }: VerifiedCell,
  records: Pick<Records, 'file' | 'fileParts' | 'filePart' | 'paymentsOfCycle'>,
  leftOut: ReadonlySet<number>,
  { clock, signal, onProgress }: VerifyOptions,
): Promise<VerifyReport> {
  const began = clock.elapsed();
  const findings = createFindings(report);
  let files = 0;
  if (scheme !== undefined) {
    for await (const _ of compareFiles(records, scheme, cycles, findings, leftOut)) {
      signal?.throwIfAborted();
      files++;
      onProgress?.({ stage: 'files', done: files, of: 0 });
    }
  }
  return {
    ...report,
    ...findings.verdict,
    files,
    elapsedMs: report.elapsedMs + Math.round(clock.elapsed() - began),
  };
}

/** All but the files, which are of all cells. */
export async function verifyCell(store: Store, options: VerifyOptions): Promise<VerifiedCell> {
  const { place, archive, crypto, clock, signal, anchor, opensBodies = true, checksSignatures = true } = options;
  const { journal, records, configurations } = store;
  const progress = options.onProgress ?? (() => {});
  const began = clock.elapsed();

  const findings = createFindings();
  const keyring = createKeyring();
  const bodyKeys = opensBodies ? store.bodyKeys : undefined;
  const messages = createMessagesCheck({ place, crypto, keyring, bodyKeys, checksSignatures }, findings);
  const payments = createPaymentsCheck(records, archive, findings);
  const cycles = createCyclesCheck(findings);
  const workItems = createWorkItemsCheck(findings);
  const snapshot = await createSnapshotCheck(store.snapshots, crypto, findings);
  const cursorAtStart = await records.cursor();

  const state = createState(place.centre, place.cell);
  const effects = new Effects();
  let last = { sequence: 0, at: 0, hash: '0'.repeat(64) };
  let commands = 0;
  const shares = createShares();
  let isReplaying = true;

  const checkInvariants = () => {
    for (const breach of findBreaches(state)) findings.breach('invariant', breach, { sequence: state.sequence });
  };

  /** Decides a batch again; undefined when that cannot be done. */
  const decide = ({ sequence, facts }: JournalBatch, header: BatchHeader): Fact[] | undefined => {
    const decided = facts.slice();
    effects.clear();
    try {
      if (header.rulesVersion > newestRules) throw new Error(`rules version ${header.rulesVersion} is not known here`);
      applyBatch(state, sequence, header.at, decided, effects);
      if (header.rulesVersion !== rulesInForce(state))
        throw new Error(`its header says rules ${header.rulesVersion}, and ${rulesInForce(state)} are in force`);
      return readFacts(decided);
    } catch (error) {
      findings.breach('replay', `it cannot be decided again: ${(error as Error).message}`, { sequence });
      return undefined;
    }
  };

  /** Follows what a batch has changed: command by command, then payment by payment. */
  const follow = async (batch: JournalBatch, header: BatchHeader, facts: readonly Fact[]) => {
    const { sequence, at } = header;
    const bodies = await messages.open(batch, header);
    const messageOf: ReturnType<typeof messages.read>[] = [];
    for (const fact of facts) {
      if (fact.type === 'adoptConfiguration' && fact.outcome === 'accepted') {
        await checkConfiguration(fact, sequence, configurations, crypto, keyring, findings);
      }
      messageOf.push(messages.read(fact, bodies?.[fact.index], sequence));
      if (fact.outcome === 'accepted') {
        cycles.follow(fact, state, sequence, at);
        shares.follow(fact);
      }
    }
    /** The command that changed a payment last: the state is read after the whole batch. */
    const changedBy = new Map<number, Fact>();
    for (let i = 0; i < effects.count; i++) {
      const handle = effects.subjects[i];
      const fact = facts[effects.commands[i]];
      if (effects.kinds[i] !== effectKinds.paymentChanged) continue;
      if (fact.type === 'submitPayment') {
        payments.submitted(handle, fact, sequence, at, messageOf[fact.index]?.endToEndId);
      }
      changedBy.set(handle, fact);
    }
    for (const [handle, fact] of changedBy) {
      const answer = fact.type === 'recordAnswer' && { ...messageOf[fact.index] };
      const payment = payments.changed(handle, paymentAt(state, handle), answer);
      if (payment.state === 'succeeded') cycles.succeeded(payment);
    }
    if (cycles.compareWithCore(state, sequence)) checkInvariants();
    workItems.follow(effects, sequence);
    await messages.endBatch({ sequence, at });
    await snapshot.look(state);
  };

  for await (const { batch, header, link, factsHold } of readChain(journal, crypto, place, findings)) {
    signal?.throwIfAborted();
    commands += header.commands;
    last = { sequence: link.sequence, at: link.at, hash: Buffer.from(link.hash).toString('hex') };
    if (anchor?.sequence === last.sequence && anchor.hash !== last.hash) {
      findings.breach('chain', `its hash was ${anchor.hash} when it was noted: the journal was rewritten`, {
        sequence: last.sequence,
      });
    }
    await payments.begin(link.sequence, header.at);
    const facts: readonly Fact[] | undefined = isReplaying && factsHold ? decide(batch, header) : undefined;
    isReplaying = facts !== undefined;
    if (facts !== undefined) {
      compareOutcomes(batch.facts, facts, batch.sequence, findings);
      await follow(batch, header, facts);
    }
    progress({ stage: 'journal', done: link.sequence, of: cursorAtStart });
  }
  await messages.end();
  const wasDurable = Math.max(cursorAtStart, anchor?.sequence ?? 0);
  if (last.sequence < wasDurable) {
    const what = `the journal ends here, but batches up to ${wasDurable} were durable: they are missing`;
    findings.breach('chain', what, { sequence: last.sequence });
  }
  if (isReplaying) checkInvariants();
  snapshot.end(last.sequence, state.sequence);

  if (isReplaying) {
    progress({ stage: 'records', done: 0, of: 0 });
    await payments.end(state.sequence);
    signal?.throwIfAborted();
    await compareAgreements(state, records, findings);
    await cycles.end(records, state.sequence);
    await workItems.compare(records, state);
  }
  const leftOut = cyclesWithoutPayments(cycles.all, archive, payments.archivedCycles, findings);

  const recordsCursor = await records.cursor();
  if (!isReplaying) {
    findings.notChecked(`Outcomes, state, records and files after batch ${state.sequence}, where the replay ends.`);
  } else if (recordsCursor < state.sequence) {
    findings.notChecked(`Records of batches after ${recordsCursor}: they are not written yet.`);
  }
  if (archive !== undefined && isReplaying && archive.cursor < state.sequence) {
    findings.notChecked(`Payments of batches after ${archive.cursor} in the archive: they are not kept yet.`);
  }
  if (!opensBodies) findings.notChecked('Requests and answers: the body keys are not open to this reader.');
  else if (!checksSignatures) findings.notChecked('End-to-end signatures, as asked.');

  const report: VerifyReport = {
    ...findings.verdict,
    commands,
    last,
    stateHash: stateHash(state, crypto),
    payments: payments.count,
    agreements: state.agreements.count,
    cycles: cycles.all.length,
    messages: messages.messages,
    signatures: messages.signatures,
    checkpoints: messages.checkpoints,
    uncovered: messages.uncovered,
    files: 0,
    snapshot: snapshot.sequence,
    recordsCursor,
    elapsedMs: Math.round(clock.elapsed() - began),
  };
  return { report, cycles: isReplaying ? cycles.all : [], scheme: keyring.scheme, leftOut, shares };
}
