/**
 * Writes what a platform of this size has behind it before the first payment: scheme, participants, float, and the
 * agreements, each asked for, confirmed and active. It goes into an empty journal as the batches that the cell would have
 * written, so that 100,000 agreements take seconds; the cell replays them when it starts. The signed bodies of these steps
 * are left out: no payment reads them.
 */
import {
  applyBatch,
  createState,
  Effects,
  encodeAdoptConfiguration,
  encodeAdvanceBusinessDay,
  encodeConfirmAgreement,
  encodeRecordFunds,
  encodeRecordSigningAnswer,
  encodeRequestAgreement,
  identifierToBytes,
  newestRules,
  outcomes,
  type State,
  snapshotPages,
} from '@clearway/core';
import type { ParticipantConfiguration } from '@clearway/gateway';
import { realCrypto } from '@clearway/ports/real';
import {
  dayOf,
  type ParticipantsDocument,
  participantsContent,
  type SchemeDocument,
  schemeContent,
} from '@clearway/server';
import { encryptBodies, headerHash, makeBatch, routingNumber, type Store } from '@clearway/store';
import { type Cast, cellOf, currency, drawAgreements, firstCode, fiveDigits, largestPayment, placeOf } from './cast.ts';

/** Minor units, so much that no payment of a run is refused for want of it. */
const netDebitCap = 4e15;
const float = 1e15;
const commandsInBatch = 1024;
const appendsAtOnce = 4;

export interface Documents {
  readonly scheme: SchemeDocument;
  readonly participants: ParticipantsDocument;
}

/**
 * The journal of one cell: the first holds all caps and float and spreads them itself when it runs; agreements are where
 * their institution pays.
 *
 * @throws Error if the core refuses one of the commands
 */
export async function prepareJournal(
  store: Store,
  cast: Cast,
  { scheme, participants }: Documents,
  cell: number,
): Promise<void> {
  const place = placeOf(cell);
  const home = cell === 1 ? undefined : routingNumber(placeOf(1));
  const { epoch, last, lastHash } = await store.journal.claim();
  if (last !== 0) throw new Error(`the journal is not empty: its last batch is ${last}`);
  const at = Date.now();
  const key = await store.bodyKeys.key(dayOf(at));
  const state = createState(place.centre, place.cell);
  const effects = new Effects();
  let previousHash = lastHash;
  const appending = new Set<Promise<void>>();

  const append = async (commands: readonly Uint8Array[]) => {
    const facts = new Uint8Array(Buffer.concat(commands));
    const sequence = state.sequence + 1;
    effects.clear();
    applyBatch(state, sequence, at, facts, effects);
    checkAccepted(facts, sequence);
    const empty = commands.map(() => new Uint8Array(0));
    const bodies = encryptBodies(realCrypto, key, { ...place, sequence }, empty);
    const count = commands.length;
    const batch = makeBatch(realCrypto, {
      ...place,
      rulesVersion: newestRules,
      epoch,
      sequence,
      at,
      commands: count,
      previousHash,
      facts,
      bodies,
    });
    previousHash = headerHash(realCrypto, batch.header);
    const appended = store.journal.append(batch).finally(() => appending.delete(appended));
    appending.add(appended);
    if (appending.size >= appendsAtOnce) await Promise.race(appending);
  };

  for (const [kind, document, content] of [
    ['scheme', scheme, schemeContent(scheme)],
    ['participants', participants, participantsContent(participants, home)],
  ] as const) {
    const bytes = new TextEncoder().encode(JSON.stringify(document));
    const hash = realCrypto.sha256(bytes);
    await store.configurations.put(kind, document.version, hash, bytes);
    await append([encodeAdoptConfiguration({ kind, version: document.version, hash, content })]);
  }
  await append([encodeAdvanceBusinessDay(cast.businessDate)]);
  const funds = ({ code }: Cast['paying'][number]) =>
    encodeRecordFunds({ participant: code, currency, entry: 1, credit: true, amount: float });
  let commands: Uint8Array[] = home === undefined ? cast.paying.map(funds) : [];
  const { institutions, banks } = drawAgreements(cast);
  for (let agreement = 0; agreement < institutions.length; agreement++) {
    if (cellOf(institutions[agreement]!, cast.settings.cells) !== cell) continue;
    if (commands.length >= commandsInBatch) {
      await append(commands);
      commands = [];
    }
    commands.push(
      ...signing(cast, agreement, firstCode.paying + institutions[agreement]!, firstCode.banks + banks[agreement]!, at),
    );
  }
  await append(commands);
  await Promise.all(appending);
  await keepSnapshot(store, state);
}

/** So that the cell begins behind all this, with no notice of it left to tell. */
async function keepSnapshot(store: Store, state: State): Promise<void> {
  const { sequence } = state;
  const hashes: Uint8Array[] = [];
  const write = async (bytes: Uint8Array) => {
    await store.snapshots.write(sequence, hashes.length, bytes);
    hashes.push(realCrypto.sha256(bytes));
  };
  for (const page of snapshotPages(state)) await write(page);
  await write(new TextEncoder().encode(JSON.stringify({ pendingNotices: [] })));
  await store.records.write({ sequence, payments: [], agreements: [], cycles: [], positions: [], workItems: [] });
  await store.snapshots.seal(sequence, hashes.length, realCrypto.sha256(...hashes));
}

/** The four steps of one agreement. */
function signing(cast: Cast, agreement: number, institution: number, bank: number, at: number): Uint8Array[] {
  const { businessDate } = cast;
  const id = identifierToBytes({
    date: businessDate,
    version: 1,
    participant: institution,
    sequence: agreement,
    ...placeOf(cellOf(institution - firstCode.paying, cast.settings.cells)),
  });
  const hash = realCrypto.sha256(id);
  const confirmationHash = realCrypto.sha256(hash);
  const signed = { id, suite: 1, keyVersion: 1 };
  const times = { expiresAt: at + 60_000, receivedAt: at };
  const expiresOn = businessDate + 10_000;
  const answer = (word: 'codeSent' | 'active', answered: Uint8Array) =>
    encodeRecordSigningAnswer({ ...signed, answer: word, reason: 0, bank, hash: answered });
  return [
    encodeRequestAgreement({ ...signed, ...times, bank, paymentLimit: largestPayment, currency, expiresOn, hash }),
    answer('codeSent', hash),
    encodeConfirmAgreement({ ...signed, ...times, hash: confirmationHash }),
    answer('active', confirmationHash),
  ];
}

function checkAccepted(facts: Uint8Array, sequence: number): void {
  const view = new DataView(facts.buffer, facts.byteOffset, facts.byteLength);
  for (let at = 0; at < facts.length; at += view.getUint32(at + 4)) {
    if (view.getUint8(at + 1) === outcomes.accepted) continue;
    throw new Error(`batch ${sequence}: a command of type ${view.getUint8(at)} has reason ${view.getUint16(at + 2)}`);
  }
}

/** What is adopted: the scheme with short time-outs, and everybody with keys, caps and certificates. */
export function documentsOf(
  cast: Cast,
  scheme: Omit<SchemeDocument, 'version'>,
  certificateOf: (code: number) => string,
): Documents {
  const { suite } = cast.settings;
  const participant = (
    member: Cast['banks'][number],
    role: ParticipantConfiguration['role'],
  ): ParticipantConfiguration => ({
    code: fiveDigits(member.code),
    name: `${role} ${member.code}`,
    role,
    status: 'active',
    idempotent: true,
    // Never called: all questions and outcomes go over the stream.
    endpoint: 'https://127.0.0.1:9',
    certificate: certificateOf(member.code),
    keys: [{ version: 1, suite, publicKey: member.publicKey }],
    sealingKey: cast.sealingKey,
    netDebitCaps: role === 'bank' ? [{ currency, amount: String(netDebitCap) }] : [],
    enquiryBudget: { perSecond: 50, burst: 200 },
  });
  return {
    scheme: { ...scheme, version: 1 },
    participants: {
      version: 1,
      participants: [
        ...cast.paying.map((member) => participant(member, 'paymentInstitution')),
        ...cast.banks.map((member) => participant(member, 'bank')),
      ],
    },
  };
}
