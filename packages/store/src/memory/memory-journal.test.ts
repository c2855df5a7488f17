import assert from 'node:assert/strict';
import { test } from 'node:test';
import { realChance, realCrypto } from '@clearway/ports/real';
import { sequences, testBatches } from '../conformance.ts';
import { FencedError, IndeterminateError, UnavailableError } from '../port.ts';
import type { AppendFault, OnAppend } from './memory-journal.ts';
import { memoryDisk, memoryStore } from './memory-store.ts';

const open = (onAppend?: OnAppend, disk = memoryDisk()) =>
  memoryStore({ crypto: realCrypto, chance: realChance, disk, ...(onAppend && { onAppend }) });

const faults: [AppendFault, typeof UnavailableError | typeof IndeterminateError, number][] = [
  ['refused', UnavailableError, 0],
  ['lost', IndeterminateError, 0],
  ['answerLost', IndeterminateError, 1],
];

for (const [fault, error, last] of faults) {
  test(`an append with the fault ${fault} throws ${error.name} and leaves ${last} batches`, async () => {
    const { journal } = open(() => fault);
    const [batch] = testBatches(realCrypto, await journal.claim(), 1);
    await assert.rejects(journal.append(batch), error);
    assert.deepEqual((await sequences(journal.read(1))).length, last);
    assert.equal((await journal.claim()).last, last);
  });
}

test('after an indeterminate append nothing is appended before the next claim', async () => {
  let fault: AppendFault | undefined = 'lost';
  const { journal } = open(() => fault);
  const batches = testBatches(realCrypto, await journal.claim(), 1);
  await assert.rejects(journal.append(batches[0]), IndeterminateError);
  fault = undefined;
  await assert.rejects(journal.append(batches[0]), UnavailableError);
  await journal.append(testBatches(realCrypto, await journal.claim(), 1)[0]);
});

test('appends become durable in the order the test chooses, and count once those before them are', async () => {
  const release = new Map<number, () => void>();
  const { journal } = open((batch) => new Promise((resolve) => release.set(batch.sequence, () => resolve(undefined))));
  const batches = testBatches(realCrypto, await journal.claim(), 2);
  const [first, second] = batches.map((batch) => journal.append(batch));
  release.get(2)!();
  await second;
  assert.deepEqual(await sequences(journal.read(1)), []);
  assert.equal(await journal.readOne(2), undefined);
  release.get(1)!();
  await first;
  assert.deepEqual(await sequences(journal.read(1)), [1, 2]);
});

test('the first gap ends an epoch, and an append in flight across a claim is fenced', async () => {
  const disk = memoryDisk();
  let release = () => {};
  const old = open((batch) => {
    if (batch.sequence !== 2) return undefined;
    return new Promise((resolve) => {
      release = () => resolve(undefined);
    });
  }, disk);
  const owner = open(undefined, disk);
  const batches = testBatches(realCrypto, await old.journal.claim(), 3);
  await old.journal.append(batches[0]);
  const second = assert.rejects(old.journal.append(batches[1]), FencedError);
  await old.journal.append(batches[2]);
  assert.equal((await owner.journal.claim()).last, 1);
  release();
  await second;
  assert.deepEqual(await sequences(owner.journal.read(1)), [1]);
});

test('what was appended does not change with the caller’s buffers', async () => {
  const { journal } = open();
  const [batch] = testBatches(realCrypto, await journal.claim(), 1);
  const facts = batch.facts.slice();
  await journal.append(batch);
  batch.facts.fill(0);
  assert.deepEqual((await journal.readOne(1))?.facts, facts);
});
