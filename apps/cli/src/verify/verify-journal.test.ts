import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { layout, outcomes, writeUint64 } from '@clearway/core';
import { realChance, realClock, realCrypto } from '@clearway/ports/real';
import {
  DamagedJournalError,
  type Journal,
  type MemoryDisk,
  memoryDisk,
  memoryStore,
  type PaymentRecord,
} from '@clearway/store';
import { banks, institutions, place, playDay, type RecordedCell, recordCell } from '../testing/recorded-cell.ts';
import { batchOf, flip, replaceBatch, rewrite } from '../testing/tamper.ts';
import type { Breach, Check } from './report.ts';
import { type VerifyOptions, verifyJournal } from './verify-journal.ts';

const ports = { clock: realClock, crypto: realCrypto, chance: realChance };
const clean = memoryDisk();
const day = await playDay(storeOn(clean), ports);

function storeOn(disk: MemoryDisk) {
  return memoryStore({ crypto: realCrypto, chance: realChance, disk });
}

function verify(disk: MemoryDisk, options: Partial<VerifyOptions> = {}) {
  return verifyJournal(storeOn(disk), { place, crypto: realCrypto, clock: realClock, ...options });
}

const paymentOf = (disk: MemoryDisk, paymentId: string): PaymentRecord => disk.records.payments.get(paymentId)!;

/** Writes some fields of a payment's record anew. */
function changeRecord(disk: MemoryDisk, paymentId: string, fields: Partial<PaymentRecord>): void {
  disk.records.payments.set(paymentId, { ...paymentOf(disk, paymentId), ...fields });
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const lastSequence = (disk: MemoryDisk) => disk.journal.batches.length;

function changeBody(body: Uint8Array, change: (message: Record<string, unknown>) => void): Uint8Array {
  const message = JSON.parse(Buffer.from(body).toString('utf8'));
  change(message);
  return Buffer.from(JSON.stringify(message), 'utf8');
}

test('a clean journal verifies, and everything in it was looked at', async () => {
  const report = await verify(clean);
  assert.deepEqual(report.breaches, []);
  assert.deepEqual(report.notChecked, []);
  assert.equal(report.isExact, true);
  assert.equal(report.last.sequence, lastSequence(clean));
  assert.equal(report.payments, clean.records.payments.size);
  assert.equal(report.agreements, 2);
  assert.equal(report.files, institutions.length + banks.length);
  assert.ok(report.snapshot > 0, 'a snapshot was compared');
  assert.ok(report.signatures >= 2 * report.payments - 2, 'requests and answers are signed');
});

test('the day that is tampered with below has every outcome', () => {
  const states = Object.entries(day)
    .filter(([, value]) => clean.records.payments.has(String(value)))
    .map(
      ([name, value]) => `${name} ${paymentOf(clean, String(value)).state} ${paymentOf(clean, String(value)).reason}`,
    );
  assert.deepEqual(states, [
    'succeeded succeeded none',
    'declined failed bankInsufficientFunds',
    'refused refused agreementLimitExceeded',
    'payout succeeded none',
    'late succeeded none',
    'silent failed bankBlocked',
  ]);
});

test('two replays of one journal give the same state', async () => {
  const [one, other] = [await verify(clean), await verify(clean)];
  assert.equal(one.stateHash, other.stateHash);
});

interface Case {
  readonly name: string;
  tamper(disk: MemoryDisk): void;
  readonly check: Check;
  readonly what: RegExp;
  /** Of the breach that is looked for; looked up when the day was played. */
  subject?(): string;
  sequence?(): number;
}

const requestOf = (paymentId: string) => paymentOf(clean, paymentId).requestSequence;
const answerOf = (paymentId: string) => paymentOf(clean, paymentId).answerSequence;

const cases: readonly Case[] = [
  {
    name: 'one bit of the facts',
    tamper: (disk) => {
      const batch = batchOf(disk, requestOf(day.succeeded));
      replaceBatch(disk, { ...batch, facts: flip(batch.facts, layout.submitPayment.amount + 7) });
    },
    check: 'chain',
    what: /facts were changed/,
    sequence: () => requestOf(day.succeeded),
  },
  {
    name: 'one bit of the bodies',
    tamper: (disk) => {
      const batch = batchOf(disk, requestOf(day.succeeded));
      replaceBatch(disk, { ...batch, bodies: flip(batch.bodies, 40) });
    },
    check: 'chain',
    what: /bodies were changed/,
    sequence: () => requestOf(day.succeeded),
  },
  {
    name: 'one bit of a header',
    tamper: (disk) => {
      const batch = batchOf(disk, requestOf(day.succeeded));
      replaceBatch(disk, { ...batch, header: flip(batch.header, 40) });
    },
    check: 'chain',
    what: /does not follow the batch before/,
    sequence: () => requestOf(day.succeeded),
  },
  {
    name: 'the unused byte of a header',
    tamper: (disk) => {
      const batch = batchOf(disk, lastSequence(disk));
      replaceBatch(disk, { ...batch, header: flip(batch.header, 5) });
    },
    check: 'chain',
    what: /bytes set that no field uses/,
    sequence: () => lastSequence(clean),
  },
  {
    name: 'the time in the last header',
    tamper: (disk) => {
      const batch = batchOf(disk, lastSequence(disk));
      const header = batch.header.slice();
      viewOf(header).setBigUint64(24, viewOf(header).getBigUint64(24) + 1n);
      replaceBatch(disk, { ...batch, header });
    },
    check: 'records',
    what: /changedAt differs/,
    sequence: () => lastSequence(clean),
  },
  {
    name: 'a batch missing at the end',
    tamper: (disk) => void disk.journal.batches.pop(),
    check: 'chain',
    what: /they are missing/,
    sequence: () => lastSequence(clean) - 1,
  },
  {
    name: 'two batches that changed places',
    tamper: (disk) => {
      const [one, other] = [batchOf(disk, 20), batchOf(disk, 21)];
      replaceBatch(disk, { ...one, sequence: 21 });
      replaceBatch(disk, { ...other, sequence: 20 });
    },
    check: 'chain',
    what: /its header says 21/,
    sequence: () => 20,
  },
  {
    name: 'an outcome, all hashes made to fit',
    tamper: (disk) =>
      rewrite(disk, realCrypto, requestOf(day.refused), ({ facts }) => {
        facts[1] = outcomes.accepted;
        viewOf(facts).setUint16(2, 0);
      }),
    check: 'replay',
    what: /recorded as accepted, the rules say refused \(agreementLimitExceeded\)/,
    subject: () => day.refused,
  },
  {
    name: 'an amount in the facts, all hashes made to fit',
    tamper: (disk) =>
      rewrite(disk, realCrypto, requestOf(day.payout), ({ facts }) => {
        writeUint64(viewOf(facts), layout.submitPayment.amount, 2600);
      }),
    check: 'message',
    what: /interbankSettlementAmount of submitPayment is not what was signed/,
    subject: () => day.payout,
  },
  {
    name: 'an amount in facts and request, all hashes made to fit',
    tamper: (disk) =>
      rewrite(disk, realCrypto, requestOf(day.payout), (batch) => {
        writeUint64(viewOf(batch.facts), layout.submitPayment.amount, 2600);
        batch.bodies[0] = changeBody(batch.bodies[0], (message) => {
          message.interbankSettlementAmount = { amount: '26.00', currency: 'CNY' };
        });
      }),
    check: 'signature',
    what: /signature of 00101 under submitPayment does not hold/,
    subject: () => day.payout,
  },
  {
    name: "a bank's answer in facts and body, all hashes made to fit",
    tamper: (disk) =>
      rewrite(disk, realCrypto, answerOf(day.declined), (batch) => {
        batch.facts[layout.recordAnswer.answer] = 1;
        viewOf(batch.facts).setUint32(layout.recordAnswer.bank, 201 * 0x100);
        batch.bodies[0] = changeBody(batch.bodies[0], (message) => {
          message.answer = 'succeeded';
          delete message.reason;
        });
      }),
    check: 'signature',
    what: /signature of 00201 under recordAnswer does not hold/,
    subject: () => day.declined,
  },
  {
    name: "a bank's answer taken away, all hashes made to fit",
    tamper: (disk) =>
      rewrite(disk, realCrypto, answerOf(day.succeeded), (batch) => {
        batch.bodies[0] = new Uint8Array(0);
      }),
    check: 'message',
    what: /no message behind the fact/,
    subject: () => day.succeeded,
  },
  {
    name: 'a message more than there are commands, all hashes made to fit',
    tamper: (disk) => rewrite(disk, realCrypto, answerOf(day.succeeded), ({ bodies }) => void bodies.push(bodies[0])),
    check: 'message',
    what: /it has 2 bodies for 1 commands/,
    sequence: () => answerOf(day.succeeded),
  },
  {
    name: 'the key of the bodies',
    tamper: (disk) => {
      for (const [date, key] of disk.bodyKeys) disk.bodyKeys.set(date, flip(key, 0));
    },
    check: 'message',
    what: /bodies cannot be opened/,
  },
  {
    name: "a record's amount",
    tamper: (disk) => changeRecord(disk, day.succeeded, { amount: 5001n }),
    check: 'records',
    what: /its amount differs: the records say 5001, the journal 5000/,
    subject: () => day.succeeded,
  },
  {
    name: "a record's state",
    tamper: (disk) => changeRecord(disk, day.silent, { state: 'succeeded', reason: 'none' }),
    check: 'records',
    what: /its state differs: the records say succeeded, the journal failed/,
    subject: () => day.silent,
  },
  {
    name: "a record's reference of the institution, which is not printed",
    tamper: (disk) => changeRecord(disk, day.payout, { endToEndId: 'another' }),
    check: 'records',
    what: /^its endToEndId differs$/,
    subject: () => day.payout,
  },
  {
    name: 'a record taken away',
    tamper: (disk) => void disk.records.payments.delete(day.declined),
    check: 'records',
    what: /missing from the records/,
    subject: () => day.declined,
  },
  {
    name: 'a record of a payment that never was',
    tamper: (disk) => {
      const paymentId = day.payout.replace(/.$/, '2');
      disk.records.payments.set(paymentId, { ...paymentOf(disk, day.payout), paymentId });
    },
    check: 'records',
    what: /not in the journal/,
    subject: () => day.payout.replace(/.$/, '2'),
  },
  {
    name: "an agreement's limit in the records",
    tamper: (disk) => {
      const agreement = disk.records.agreements.get(day.agreementId)!;
      disk.records.agreements.set(day.agreementId, { ...agreement, paymentLimit: 1n });
    },
    check: 'records',
    what: /its paymentLimit differs/,
    subject: () => day.agreementId,
  },
  {
    name: 'a net position in the records',
    tamper: (disk) => {
      for (const [key, position] of disk.records.positions) {
        if (position.participant === '00201')
          disk.records.positions.set(key, { ...position, debits: position.debits - 1n });
      }
    },
    check: 'records',
    what: /the debits of 00201\/156 differ/,
    subject: () => `cycle ${day.cycle}`,
  },
  {
    name: 'the turnover of a cycle in the records',
    tamper: (disk) => {
      const cycle = disk.records.cycles.get(day.cycle)!;
      disk.records.cycles.set(day.cycle, { ...cycle, turnover: cycle.turnover + 1n });
    },
    check: 'records',
    what: /its turnover differs/,
    subject: () => `cycle ${day.cycle}`,
  },
  {
    name: 'one bit of a reconciliation file',
    tamper: (disk) => {
      const key = `${day.cycle}/00101/1`;
      const part = disk.records.fileParts.get(key)!;
      disk.records.fileParts.set(key, { ...part, content: flip(part.content, -90) });
    },
    check: 'file',
    what: /is not what the payments of the cycle make/,
    subject: () => `file of 00101 for cycle ${day.cycle}`,
  },
  {
    name: 'a part of a reconciliation file taken away',
    tamper: (disk) => disk.records.fileParts.delete(`${day.cycle}/00101/1`),
    check: 'file',
    what: /is not what the payments of the cycle make \(first in line 1\)/,
    subject: () => `file of 00101 for cycle ${day.cycle}`,
  },
  {
    name: 'the hash of a reconciliation file',
    tamper: (disk) => {
      for (const [key, file] of disk.records.files)
        if (file.participant === '00101') disk.records.files.set(key, { ...file, hash: 'f'.repeat(64) });
    },
    check: 'file',
    what: /has another hash than the one stored beside it/,
    subject: () => `file of 00101 for cycle ${day.cycle}`,
  },
  {
    name: 'a reconciliation file taken away',
    tamper: (disk) => {
      for (const [key, file] of disk.records.files) if (file.participant === '00202') disk.records.files.delete(key);
    },
    check: 'file',
    what: /is missing/,
    subject: () => `file of 00202 for cycle ${day.cycle}`,
  },
  {
    name: 'one bit of a snapshot',
    tamper: (disk) => {
      const newest = disk.pages.get(Math.max(...disk.sealed.keys()))!;
      newest.set(1, flip(newest.get(1)!, 20));
    },
    check: 'snapshot',
    what: /not those that were sealed/,
  },
  {
    name: 'one bit of a snapshot, sealed again',
    tamper: (disk) => {
      const sequence = Math.max(...disk.sealed.keys());
      const pages = disk.pages.get(sequence)!;
      pages.set(1, flip(pages.get(1)!, 20));
      const hash = realCrypto.sha256(...[...pages.values()].map((page) => realCrypto.sha256(page)));
      disk.sealed.set(sequence, { pages: pages.size, hash });
    },
    check: 'snapshot',
    what: /page 1 of the snapshot is not what the journal gives/,
  },
  {
    name: 'an adopted document',
    tamper: (disk) => {
      const { hash, content } = disk.configurations.get('participants/1')!;
      const text = Buffer.from(content).toString('utf8').replace('"100000000"', '"999999999"');
      disk.configurations.set('participants/1', { hash, content: Buffer.from(text, 'utf8') });
    },
    check: 'configuration',
    what: /not the one that was adopted/,
    subject: () => 'participants 1',
  },
  {
    name: 'a cap in an adopted document that the core was told otherwise',
    tamper: (disk) => {
      const { hash, content } = disk.configurations.get('participants/1')!;
      const text = Buffer.from(content).toString('utf8').replace('"100000000"', '"999999999"');
      disk.configurations.set('participants/1', { hash, content: Buffer.from(text, 'utf8') });
    },
    check: 'configuration',
    what: /participant 201 is not in the document what the core was told/,
    subject: () => 'participants 1',
  },
  {
    name: 'a document taken away',
    tamper: (disk) => void disk.configurations.delete('scheme/1'),
    check: 'configuration',
    what: /is not kept/,
    subject: () => 'scheme 1',
  },
];

describe('what was changed is found and named:', () => {
  for (const { name, tamper, check, what, subject, sequence } of cases) {
    test(name, async () => {
      const disk = structuredClone(clean);
      tamper(disk);
      const report = await verify(disk);
      assert.equal(report.isExact, false);
      const fits = (breach: Breach) =>
        breach.check === check &&
        what.test(breach.what) &&
        (subject === undefined || breach.subject === subject()) &&
        (sequence === undefined || breach.sequence === sequence());
      assert.ok(report.breaches.some(fits), JSON.stringify(report.breaches, undefined, 2));
    });
  }
});

test('what follows a broken batch is still looked at, as far as that can be', async () => {
  const disk = structuredClone(clean);
  const first = batchOf(disk, requestOf(day.declined));
  replaceBatch(disk, { ...first, facts: flip(first.facts, 50) });
  const second = batchOf(disk, requestOf(day.silent));
  replaceBatch(disk, { ...second, bodies: flip(second.bodies, 0) });
  const report = await verify(disk);
  assert.deepEqual(
    report.breaches.filter(({ check }) => check === 'chain').map((breach) => breach.sequence),
    [first.sequence, second.sequence],
  );
  assert.match(report.notChecked.join(), new RegExp(`after batch ${first.sequence - 1}, where the replay ends`));
  assert.equal(report.last.sequence, lastSequence(clean));
});

test('a batch that is missing in the middle is named', async () => {
  const store = storeOn(clean);
  const missing = answerOf(day.payout);
  const damage = new DamagedJournalError(`Batch ${missing} is missing.`);
  const journal: Journal = {
    ...store.journal,
    async *read(from) {
      for await (const batch of store.journal.read(from)) {
        if (batch.sequence === missing) throw damage;
        yield batch;
      }
    },
    async readOne(sequence) {
      if (sequence === missing) throw damage;
      return store.journal.readOne(sequence);
    },
  };
  const report = await verifyJournal({ ...store, journal }, { place, crypto: realCrypto, clock: realClock });
  assert.deepEqual(report.breaches[0], { check: 'chain', sequence: missing, what: damage.message });
  assert.match(report.notChecked.join(), new RegExp(`Nothing from batch ${missing} on`));
});

test('a journal that was rewritten whole is found by a hash that was noted before', async () => {
  const { last } = await verify(clean);
  const anchor = { sequence: last.sequence, hash: last.hash };
  assert.equal((await verify(clean, { anchor })).isExact, true);
  const disk = structuredClone(clean);
  rewrite(disk, realCrypto, 1, () => {});
  assert.equal((await verify(disk)).isExact, true, 'by itself it is a journal like any other');
  const { breaches } = await verify(disk, { anchor });
  assert.equal(breaches.length, 1);
  assert.match(breaches[0].what, /the journal was rewritten/);
});

test('a reader without body keys proves all the rest, and is told what was left out', async () => {
  const report = await verify(clean, { opensBodies: false });
  assert.deepEqual(report.breaches, []);
  assert.deepEqual(report.notChecked, ['Requests and answers: the body keys are not open to this reader.']);
  assert.equal(report.messages, 0);
});

test('an empty journal verifies', async () => {
  const report = await verify(memoryDisk());
  assert.deepEqual(report.breaches, []);
  assert.equal(report.last.sequence, 0);
});

test('a cell that goes on working while it is verified shows no breach', async () => {
  const disk = memoryDisk();
  const played = await recordCell(storeOn(disk), ports, { snapshotEvery: 15 });
  const agreement = await played.agree(institutions[0], banks[0]);
  let working = true;
  const work = (async () => {
    for (let amount = 1000; working || disk.sealed.size === 0; amount += 100) {
      await played.pay({
        kind: 'agreementPayment',
        institution: institutions[0],
        bank: banks[0],
        amount: amount + (amount % 700 === 0 ? 9 : 0),
        reference: agreement,
      });
      if (amount % 1500 === 0) await played.settle();
    }
  })();
  for (let run = 0; run < 12; run++) assert.deepEqual((await verify(disk)).breaches, [], `in run ${run}`);
  working = false;
  await work;
  await played.until(() => played.cell.state.inFlight === 0);
  await played.stop();
  const report = await verify(disk);
  assert.deepEqual(report.breaches, []);
  assert.deepEqual(report.notChecked, []);
});

test('a cell that started again from a snapshot goes on to the state that the whole journal gives', async () => {
  const disk = memoryDisk();
  const pay = (played: RecordedCell, amount: number) =>
    played.pay({ kind: 'payout', institution: institutions[1], bank: banks[0], amount });
  const first = await recordCell(storeOn(disk), ports, { snapshotEvery: 8 });
  for (const amount of [1000, 1007, 1000, 1000]) await pay(first, amount);
  await first.settle();
  await first.stop();
  const early = Math.max(...disk.sealed.keys());
  const second = await recordCell(storeOn(disk), ports, { snapshotEvery: 8, keys: first.keys });
  for (const amount of [2000, 2007, 2000, 2000, 2000]) await pay(second, amount);
  await second.settle();
  await second.stop();
  const report = await verify(disk);
  assert.deepEqual(report.breaches, []);
  assert.ok(report.snapshot > early, 'the snapshot was taken of the state that began with an earlier one');
});

test('records that lag behind the journal are compared as far as they go', async () => {
  const disk = memoryDisk();
  const played = await recordCell(storeOn(disk), ports);
  const pay = (amount: number) => played.pay({ kind: 'payout', institution: institutions[0], bank: banks[1], amount });
  for (const amount of [1000, 1007, 1000]) await pay(amount);
  await played.settle();
  const { paymentId } = await pay(3000);
  await played.cell.recordsWritten();
  const early = structuredClone(disk.records);
  for (const amount of [2000, 2007]) await pay(amount);
  await played.stop();
  const report = await verify({ ...disk, records: early });
  assert.deepEqual(report.breaches, []);
  assert.match(report.notChecked.join(), new RegExp(`Records of batches after ${early.cursor}`));
  early.payments.delete(paymentId);
  const { breaches } = await verify({ ...disk, records: early });
  assert.deepEqual(
    breaches.map(({ subject, what }) => `${subject} ${what}`),
    [`${paymentId} is missing from the records`],
  );
});

test('an overdue payment without an open work item is found', async () => {
  const disk = memoryDisk();
  const played = await recordCell(storeOn(disk), ports);
  const silent = { kind: 'payout', institution: institutions[0], bank: banks[0], amount: 1008 } as const;
  const { paymentId, result } = await played.pay(silent);
  assert.equal(result.payment?.state, 'unknown');
  await played.until(() => disk.records.workItems.size > 0);
  await played.stop();
  assert.deepEqual((await verify(disk)).breaches, []);
  disk.records.workItems.clear();
  const { breaches } = await verify(disk);
  assert.deepEqual(
    breaches.map(({ check, subject, what }) => ({ check, subject, what })),
    [{ check: 'records', subject: paymentId, what: 'is overdue, but no work item is open' }],
  );
});

test('verification that is called off stops where it is', async () => {
  const stop = new AbortController();
  const running = verify(clean, { signal: stop.signal, onProgress: () => stop.abort(new Error('enough')) });
  await assert.rejects(running, /enough/);
});
