import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answerMessage, paymentMessage } from '@clearway/contract';
import { commandTypes, layout, paymentStates } from '@clearway/core';
import { realCrypto as crypto, realChance, realClock } from '@clearway/ports/real';
import { type MemoryDisk, memoryDisk, memoryStore } from '@clearway/store';
import { readFacts } from '../journal/fact.ts';
import { banks, institutions, place, type RecordedCell, recordCell } from '../testing/recorded-cell.ts';
import type { StreamLinkEnd } from '../testing/stream-link.ts';
import { rewrite } from '../testing/tamper.ts';
import type { Check } from './report.ts';
import { verifyJournal } from './verify-journal.ts';

const ports = { clock: realClock, crypto, chance: realChance };
const storeOn = (disk: MemoryDisk) => memoryStore({ crypto, chance: realChance, disk });
const verify = (disk: MemoryDisk, options = {}) =>
  verifyJournal(storeOn(disk), { place, crypto, clock: realClock, ...options });
const [institution] = institutions;
const [bank] = banks;

/** Pays over the link, with a reference that is refused at the platform's door where `isRefused`. */
async function pay(played: RecordedCell, link: StreamLinkEnd, count: number, isRefused = false): Promise<string[]> {
  const payments = Array.from({ length: count }, (_, index) => ({
    paymentId: played.nextId(institution),
    bank,
    amount: 1000 + index,
    endToEndId: isRefused ? 'line\nbreak' : `order-${index}`,
    expiresAt: realClock.now() + 4000,
  }));
  link.send(payments);
  await played.until(() => payments.every(({ paymentId }) => link.outcomes(paymentId).length > 0));
  return payments.map(({ paymentId }) => paymentId);
}

async function checkpoint(played: RecordedCell, link: StreamLinkEnd, ...signers: string[]): Promise<void> {
  for (const signer of signers) {
    await link.checkpoint(signer);
    await played.until(() => link.covered(signer) === link.sent(signer));
  }
}

/**
 * Payments 0 to 2 and a fourth message that is turned away, then a checkpoint of the institution and one of the bank; two
 * payments more and a second pair.
 */
const clean = memoryDisk();
const played = await recordCell(storeOn(clean), ports);
const link = await played.link();
const first = await pay(played, link, 3);
await pay(played, link, 1, true);
await checkpoint(played, link, institution, bank);
const second = await pay(played, link, 2);
await checkpoint(played, link, institution, bank);
await played.settle();
await played.stop();

interface Place {
  readonly sequence: number;
  readonly index: number;
  /** Of the fact in the facts of its batch. */
  readonly offset: number;
}

function placesOf(type: 'submitPayment' | 'recordAnswer' | 'recordCheckpoint', of?: string): Place[] {
  const places: Place[] = [];
  for (const { sequence, facts } of clean.journal.batches) {
    const view = new DataView(facts.buffer, facts.byteOffset, facts.byteLength);
    const read = readFacts(facts);
    for (let offset = 0, index = 0; offset < facts.length; offset += view.getUint32(offset + 4), index++) {
      const fact = read[index];
      const isOf = of === undefined || JSON.stringify(fact).includes(of);
      if (view.getUint8(offset) === commandTypes[type] && isOf) places.push({ sequence, index, offset });
    }
  }
  return places;
}

const paid = placesOf('submitPayment');
const answered = placesOf('recordAnswer');
const [ofInstitution, secondOfInstitution] = placesOf('recordCheckpoint', institution);
const [ofBank] = placesOf('recordCheckpoint', bank);
const field = layout.recordCheckpoint;

type Change = Parameters<typeof rewrite>[3];
type Batch = Parameters<Change>[0];

/** Flips the lowest bit of a byte of a fact, or of the message behind it. */
const fact =
  ({ offset }: Place, at: number): Change =>
  ({ facts }) => {
    facts[offset + at] ^= 1;
  };
const message =
  ({ index }: Place, at: number): Change =>
  ({ bodies }) => {
    bodies[index][at] ^= 1;
  };

/** Takes a command and its body out of a batch. */
function takeOut({ index, offset }: Place): Change {
  return (batch: Batch) => {
    const size = new DataView(batch.facts.buffer, batch.facts.byteOffset).getUint32(offset + 4);
    batch.facts = Buffer.concat([batch.facts.subarray(0, offset), batch.facts.subarray(offset + size)]);
    batch.bodies.splice(index, 1);
  };
}

test('the stream that is tampered with below has what it takes', async () => {
  assert.equal(paid.length, 5);
  assert.equal(answered.length, 5);
  for (const paymentId of [...first, ...second]) assert.deepEqual(link.outcomes(paymentId), [paymentStates.succeeded]);
  assert.deepEqual([link.sent(institution), link.sent(bank)], [6, 5]);
});

test('what came over the stream is proved by the checkpoints of its signers', async () => {
  const report = await verify(clean);
  assert.deepEqual(report.breaches, []);
  assert.deepEqual(report.notChecked, ['No snapshot: none has been taken yet.']);
  assert.equal(report.checkpoints, 4);
  assert.equal(report.signatures, 4);
  assert.equal(report.messages, 10);
  assert.deepEqual(report.uncovered, { messages: 0 });
});

const cases: readonly {
  readonly name: string;
  readonly at: Place;
  readonly change: Change;
  readonly check: Check;
  readonly what: RegExp;
  readonly found?: Place;
}[] = [
  {
    name: "a payment's amount, in its message",
    at: paid[1],
    change: message(paid[1], paymentMessage.amount + 7),
    check: 'message',
    what: /interbankSettlementAmount of submitPayment is not what was signed/,
  },
  {
    name: "a payment's reference, in its message",
    at: paid[1],
    change: message(paid[1], paymentMessage.endToEndId),
    check: 'message',
    what: /hash of submitPayment is not what was signed/,
  },
  {
    name: "a payment's amount, in message, fact and hash",
    at: paid[1],
    change(batch) {
      message(paid[1], paymentMessage.amount + 7)(batch);
      fact(paid[1], layout.submitPayment.amount + 7)(batch);
    },
    check: 'coverage',
    what: /its root is not that of the messages/,
    found: ofInstitution,
  },
  {
    name: 'the sealed fields',
    at: paid[0],
    change: message(paid[0], paymentMessage.endToEndId + 'order-0'.length + 2),
    check: 'message',
    what: /hash of submitPayment/,
  },
  {
    name: 'the time of an answer, which only its message has',
    at: answered[0],
    change: message(answered[0], answerMessage.answeredAt + 7),
    check: 'coverage',
    what: /its root is not that of the messages/,
    found: ofBank,
  },
  {
    name: 'an answer, in its message',
    at: answered[0],
    change: message(answered[0], answerMessage.answer),
    check: 'message',
    what: /the answer of recordAnswer is not what was signed/,
  },
  {
    name: 'an answer of another bank',
    at: answered[0],
    change: message(answered[0], answerMessage.bank + 3),
    check: 'message',
    what: /the bank of recordAnswer is not what was signed/,
  },
  {
    name: 'a payment that is said to be signed on its own',
    at: paid[0],
    change: fact(paid[0], layout.submitPayment.suite),
    check: 'message',
    what: /the key of submitPayment is not what was signed/,
  },
  {
    name: 'half a message',
    at: paid[0],
    change({ bodies }) {
      bodies[paid[0].index] = bodies[paid[0].index].subarray(0, 88);
    },
    check: 'message',
    what: /is no message of the stream/,
  },
  {
    name: 'two messages that changed places',
    at: paid[0],
    change({ bodies }) {
      for (const { index } of [paid[0], paid[1]]) bodies[index][paymentMessage.position + 3] ^= 1;
    },
    check: 'coverage',
    what: /its root is not that of the messages/,
    found: ofInstitution,
  },
  {
    name: 'two messages in one place',
    at: paid[1],
    change: message(paid[1], paymentMessage.position + 3),
    check: 'coverage',
    what: /message 1 is neither in the journal nor listed/,
    found: ofInstitution,
  },
  {
    name: 'a message in a place that is listed',
    at: ofInstitution,
    change({ bodies }) {
      bodies[ofInstitution.index] = Buffer.concat([bodies[ofInstitution.index], Buffer.alloc(36)]);
    },
    check: 'coverage',
    what: /message 0 is there twice, with other content/,
  },
  {
    name: 'a place that comes after its checkpoint',
    at: paid[3],
    change: message(paid[3], paymentMessage.position + 3),
    check: 'coverage',
    what: /neither in the journal nor listed/,
    found: secondOfInstitution,
  },
  {
    name: 'a message of another stream',
    at: paid[0],
    change: message(paid[0], paymentMessage.stream + 7),
    check: 'coverage',
    what: /message 0 is neither in the journal nor listed/,
    found: ofInstitution,
  },
  {
    name: 'a hash in the list of what was turned away',
    at: ofInstitution,
    change: message(ofInstitution, 4),
    check: 'coverage',
    what: /its root is not that of the messages/,
  },
  {
    name: 'a place in the list of what was turned away',
    at: ofInstitution,
    change: message(ofInstitution, 0),
    check: 'coverage',
    what: /it lists message 16777219, which it does not cover/,
  },
  {
    name: 'the list of what was turned away, left out',
    at: ofInstitution,
    change({ bodies }) {
      bodies[ofInstitution.index] = new Uint8Array();
    },
    check: 'coverage',
    what: /message 3 is neither in the journal nor listed/,
  },
  {
    name: 'a list that is cut off',
    at: ofInstitution,
    change({ bodies }) {
      bodies[ofInstitution.index] = bodies[ofInstitution.index].subarray(0, 35);
    },
    check: 'coverage',
    what: /the list of what is not in the journal has 35 bytes/,
  },
  {
    name: 'the root of a checkpoint',
    at: ofInstitution,
    change: fact(ofInstitution, field.root),
    check: 'coverage',
    what: /its root is not that of the messages/,
  },
  {
    name: 'the signature of a checkpoint',
    at: ofInstitution,
    change: fact(ofInstitution, field.signature + 20),
    check: 'signature',
    what: /the signature of 00101 under the checkpoint does not hold/,
  },
  {
    name: 'the time of a checkpoint',
    at: ofInstitution,
    change: fact(ofInstitution, field.signedAt + 7),
    check: 'signature',
    what: /the signature of 00101 under the checkpoint does not hold/,
  },
  {
    name: 'a key that nobody has',
    at: ofInstitution,
    change: fact(ofInstitution, field.keyVersion),
    check: 'signature',
    what: /key 257 of 00101 is in no configuration/,
  },
  {
    name: 'the signer of a checkpoint',
    at: ofInstitution,
    change({ facts }) {
      facts[ofInstitution.offset + field.signer + 3] ^= 3;
    },
    check: 'coverage',
    what: /3 messages are, from 0 on, neither in the journal nor listed/,
  },
  {
    name: 'a checkpoint over more than there is',
    at: ofInstitution,
    change: fact(ofInstitution, field.to),
    check: 'coverage',
    what: /16777216 messages are, from 4 on, neither/,
  },
  {
    name: 'a checkpoint over nothing',
    at: ofInstitution,
    change({ facts }) {
      facts[ofInstitution.offset + field.to + 3] = 0;
    },
    check: 'coverage',
    what: /it covers nothing/,
  },
  {
    name: 'a checkpoint that begins too late',
    at: ofInstitution,
    change: fact(ofInstitution, field.from + 3),
    check: 'coverage',
    what: /it begins at message 1, where 0 is the first that is not covered/,
  },
  {
    name: 'a checkpoint that begins too early',
    at: secondOfInstitution,
    change({ facts }) {
      facts[secondOfInstitution.offset + field.from + 3] = 3;
    },
    check: 'coverage',
    what: /it begins at message 3, where 4 is the first that is not covered/,
  },
  {
    name: 'a checkpoint that was taken out',
    at: ofInstitution,
    change: takeOut(ofInstitution),
    check: 'coverage',
    what: /it begins at message 4, where 0 is the first that is not covered/,
    found: secondOfInstitution,
  },
];

describe('what was changed is found and named, all hashes of the journal made to fit:', () => {
  for (const { name, at, change, check, what, found = at } of cases) {
    test(name, async () => {
      const disk = structuredClone(clean);
      rewrite(disk, crypto, at.sequence, change);
      const { breaches, isExact } = await verify(disk);
      assert.equal(isExact, false);
      assert.ok(
        breaches.some((one) => one.check === check && one.sequence === found.sequence && what.test(one.what)),
        breaches.map((one) => `${one.check} ${one.sequence} ${one.what}`).join('\n'),
      );
    });
  }
});

test('what no checkpoint covers is counted, and its oldest named', async () => {
  const disk = structuredClone(clean);
  rewrite(disk, crypto, secondOfInstitution.sequence, takeOut(secondOfInstitution));
  const { breaches, uncovered } = await verify(disk);
  assert.deepEqual(breaches, []);
  assert.equal(uncovered.messages, 2);
  const { sequence, signer, stream, position } = uncovered.oldest!;
  assert.deepEqual([sequence, signer, stream, position], [paid[3].sequence, institution, link.stream, 4]);
});

test('what only the archive has is told as not checked', async () => {
  const disk = structuredClone(clean);
  disk.records.payments.delete(first[1]);
  const { breaches, notChecked } = await verify(disk);
  assert.deepEqual(breaches, []);
  assert.match(notChecked.join(), /Records of 1 payments over the stream: the cell's archive has them/);
  assert.match(notChecked.join(), /Files of 1 cycles: not all of their payments are in the records/);
});

test('without signatures the trees are still made again', async () => {
  const disk = structuredClone(clean);
  rewrite(disk, crypto, ofInstitution.sequence, fact(ofInstitution, field.root));
  const { breaches, signatures } = await verify(disk, { checksSignatures: false });
  assert.deepEqual(
    breaches.map(({ check }) => check),
    ['coverage'],
  );
  assert.equal(signatures, 0);
});

test('where bodies cannot be opened, what a checkpoint covers there is said to be unchecked', async () => {
  const disk = structuredClone(clean);
  for (const [date, key] of disk.bodyKeys)
    disk.bodyKeys.set(
      date,
      key.map((byte) => byte ^ 1),
    );
  const { breaches } = await verify(disk);
  assert.ok(breaches.every(({ check }) => check === 'message'));
});

test('a payment that is sent again over another link, and covered there, is owed no more', async () => {
  const disk = memoryDisk();
  const cell = await recordCell(storeOn(disk), ports);
  const [lost, next] = [await cell.link(), await cell.link()];
  const payment = {
    paymentId: cell.nextId(institution),
    bank,
    amount: 1000,
    endToEndId: 'order',
    expiresAt: realClock.now() + 4000,
  };
  lost.send([payment]);
  await cell.until(() => lost.outcomes(payment.paymentId).length > 0);
  next.send([payment]);
  await cell.until(() => next.outcomes(payment.paymentId).length > 0);
  await cell.cell.recordsWritten();
  const before = await verify(structuredClone(disk));
  assert.deepEqual(before.breaches, []);
  assert.equal(before.uncovered.messages, 2, 'the payment once, and its answer');
  await checkpoint(cell, next, institution);
  await cell.cell.recordsWritten();
  const { breaches, uncovered } = await verify(structuredClone(disk));
  assert.deepEqual(breaches, []);
  assert.equal(uncovered.messages, 1);
  assert.equal(uncovered.oldest?.signer, bank);
  await checkpoint(cell, lost, institution);
  for (const one of [lost, next]) if (one.sent(bank) > 0) await checkpoint(cell, one, bank);
  await cell.stop();
  assert.deepEqual((await verify(disk)).uncovered, { messages: 0 });
});
