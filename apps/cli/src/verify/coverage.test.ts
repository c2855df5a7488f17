import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headBytes, layout } from '@clearway/core';
import { realCrypto as crypto, realChance, realClock } from '@clearway/ports/real';
import { type MemoryDisk, memoryDisk, memoryStore } from '@clearway/store';
import { putOverStream } from '../testing/over-stream.ts';
import { banks, institutions, place, recordCell } from '../testing/recorded-cell.ts';
import { rewrite } from '../testing/tamper.ts';
import type { Check } from './report.ts';
import { verifyJournal } from './verify-journal.ts';

const clean = memoryDisk();
const storeOn = (disk: MemoryDisk) => memoryStore({ crypto, chance: realChance, disk });
const played = await recordCell(storeOn(clean), { clock: realClock, crypto, chance: realChance });
const { paymentId } = await played.pay({ kind: 'payout', institution: institutions[0], bank: banks[1], amount: 1000 });
await played.settle();
await played.stop();
await putOverStream(clean, crypto, played.keys, paymentId);
const { requestSequence, requestIndex, answerSequence, answerIndex } = clean.records.payments.get(paymentId)!;

const verify = (disk: MemoryDisk) => verifyJournal(storeOn(disk), { place, crypto, clock: realClock });

/** Offset of the last command: the checkpoint. */
function lastCommand(facts: Uint8Array): number {
  const view = new DataView(facts.buffer, facts.byteOffset, facts.byteLength);
  let at = 0;
  while (at + view.getUint32(at + 4) < facts.length) at += view.getUint32(at + 4);
  assert.ok(at + headBytes < facts.length);
  return at;
}

test('what came over the stream is proved by the checkpoints of its signers', async () => {
  const report = await verify(clean);
  assert.deepEqual(report.breaches, []);
  assert.ok(!report.notChecked.join().includes('stream'), report.notChecked.join());
  assert.ok(report.signatures >= 2);
});

const checkpoint = layout.recordCheckpoint;
type Batch = Parameters<Parameters<typeof rewrite>[3]>[0];
const cases: readonly {
  readonly name: string;
  readonly sequence: number;
  change(batch: Batch): void;
  readonly check: Check;
  readonly what: RegExp;
}[] = [
  {
    name: 'a message that is not the one covered',
    sequence: requestSequence,
    change: ({ bodies }) => void bodies[requestIndex].fill(0x41, 80, 85),
    check: 'signature',
    what: /messages 4 to 5 of stream 7 do not make the root that 00101 signed/,
  },
  {
    name: 'a message that says otherwise than the fact',
    sequence: requestSequence,
    change: ({ bodies }) => void bodies[requestIndex].fill(9, 47, 48),
    check: 'message',
    what: /the interbankSettlementAmount of submitPayment is not what was signed/,
  },
  {
    name: 'a message of nothing',
    sequence: answerSequence,
    change: ({ bodies }) => {
      bodies[answerIndex] = bodies[answerIndex].slice(0, 40);
    },
    check: 'message',
    what: /the message of the stream behind the fact cannot be read/,
  },
  {
    name: 'an answer of another bank',
    sequence: answerSequence,
    change: ({ bodies }) => void bodies[answerIndex].fill(0xc9, 7, 8),
    check: 'message',
    what: /the bank of recordAnswer is not what was signed/,
  },
  {
    name: 'a checkpoint without the hashes that stand behind it',
    sequence: requestSequence,
    change: ({ bodies }) => {
      bodies[bodies.length - 1] = new Uint8Array();
    },
    check: 'signature',
    what: /message 4 of stream 7, which it covers, is not in the journal/,
  },
  {
    name: 'a checkpoint over other messages',
    sequence: answerSequence,
    change: ({ facts }) =>
      void facts.fill(3, lastCommand(facts) + checkpoint.to + 3, lastCommand(facts) + checkpoint.to + 4),
    check: 'signature',
    what: /message 1 of stream 8, which it covers, is not in the journal/,
  },
  {
    name: 'a checkpoint with another signature',
    sequence: answerSequence,
    change: ({ facts }) => void facts.fill(7, facts.length - 8),
    check: 'signature',
    what: /the signature of 00202 under recordCheckpoint does not hold/,
  },
  {
    name: 'a checkpoint that was signed at another time',
    sequence: requestSequence,
    change: ({ facts }) =>
      void facts.fill(7, lastCommand(facts) + checkpoint.root - 1, lastCommand(facts) + checkpoint.root),
    check: 'signature',
    what: /the signature of 00101 under recordCheckpoint does not hold/,
  },
];

for (const { name, sequence, change, check, what } of cases) {
  test(`${name} is found`, async () => {
    const disk = structuredClone(clean);
    rewrite(disk, crypto, sequence, change);
    const { breaches } = await verify(disk);
    assert.ok(
      breaches.some((breach) => breach.check === check && breach.sequence === sequence && what.test(breach.what)),
      breaches.map((breach) => `${breach.check} ${breach.sequence} ${breach.what}`).join('\n'),
    );
  });
}

test('what is not covered yet is told as not checked', async () => {
  const disk = structuredClone(clean);
  rewrite(disk, crypto, answerSequence, (batch) => {
    batch.facts = batch.facts.slice(0, lastCommand(batch.facts));
    batch.bodies.pop();
  });
  const report = await verify(disk);
  assert.deepEqual(report.breaches, []);
  assert.match(report.notChecked.join(), /1 messages of the stream, which no checkpoint of their signers covers yet/);
});
