import assert from 'node:assert/strict';
import { test } from 'node:test';
import { realCrypto } from '@clearway/ports/real';
import { decodeHeader, makeBatch } from './batch.ts';
import { collect, testBatch, testBatches, testPlace } from './conformance.ts';
import type { JournalBatch } from './port.ts';
import { ChainError, verifyChain } from './verify-chain.ts';

const whole = testBatches(realCrypto, { epoch: 1, last: 0, lastHash: new Uint8Array(32) }, 6);

async function* stream(batches: readonly JournalBatch[]): AsyncGenerator<JournalBatch> {
  yield* batches;
}

const verify = (batches: readonly JournalBatch[], place = testPlace) =>
  collect(verifyChain(realCrypto, place, stream(batches)));

/** `whole` with batch `sequence` replaced. */
const replaced = (sequence: number, change: (batch: JournalBatch) => JournalBatch) =>
  whole.map((batch) => (batch.sequence === sequence ? change(batch) : batch));

function flip(bytes: Uint8Array, offset: number): Uint8Array {
  const changed = bytes.slice();
  changed[offset] ^= 1;
  return changed;
}

/** The batch made anew, with hashes that fit: what an insider without the chain would write. */
const forged = (batch: JournalBatch, change: Partial<Parameters<typeof makeBatch>[1]>) =>
  makeBatch(realCrypto, { ...decodeHeader(batch.header), facts: batch.facts, bodies: batch.bodies, ...change });

test('an untouched journal is yielded batch by batch', async () => {
  assert.deepEqual(
    (await verify(whole)).map(({ batch }) => batch),
    whole,
  );
});

const cases: [string, JournalBatch[], number, RegExp][] = [
  ['a changed fact', replaced(3, (batch) => ({ ...batch, facts: flip(batch.facts, 9) })), 3, /facts were changed/],
  ['a changed body', replaced(3, (batch) => ({ ...batch, bodies: flip(batch.bodies, 0) })), 3, /bodies were changed/],
  ['a changed header', replaced(3, (batch) => ({ ...batch, header: flip(batch.header, 31) })), 4, /previous hash/],
  ['a changed last header', replaced(6, (batch) => ({ ...batch, header: flip(batch.header, 40) })), 6, /previous hash/],
  ['a missing batch', whole.filter((batch) => batch.sequence !== 3), 3, /is missing, 4 came/],
  ['a missing first batch', whole.slice(1), 1, /is missing, 2 came/],
  ['a batch told twice', [...whole.slice(0, 3), ...whole.slice(2)], 4, /is missing, 3 came/],
  ['batches in another order', [...whole.slice(0, 2), whole[3], whole[2]], 3, /is missing, 4 came/],
  [
    'a row with another sequence than its header',
    replaced(3, (batch) => ({ ...whole[1], sequence: batch.sequence })),
    3,
    /header says 2/,
  ],
  [
    'a row with another epoch than its header',
    replaced(3, (batch) => ({ ...batch, epoch: 2 })),
    3,
    /header says epoch 1, its row 2/,
  ],
  [
    'a batch written anew with other facts',
    replaced(3, (batch) => forged(batch, { facts: flip(batch.facts, 9) })),
    4,
    /previous hash/,
  ],
  [
    'an older epoch after a newer',
    replaced(3, (batch) => ({ ...forged(batch, { epoch: 0 }), epoch: 0 })),
    3,
    /epoch 0 is before 1/,
  ],
  ['time that runs backwards', replaced(3, (batch) => forged(batch, { at: 5 })), 3, /time is before/],
  ['another format', replaced(3, (batch) => ({ ...batch, header: flip(batch.header, 0) })), 3, /format 257 is newer/],
  ['a header cut short', replaced(3, (batch) => ({ ...batch, header: batch.header.subarray(2) })), 3, /128 bytes/],
  ['fewer commands than told', replaced(6, (batch) => forged(batch, { commands: 3 })), 6, /not as many commands/],
  [
    'facts that are no commands',
    replaced(6, (batch) => forged(batch, { facts: new Uint8Array(8), commands: 1 })),
    6,
    /not as many commands/,
  ],
];

for (const [what, batches, sequence, message] of cases) {
  test(`${what} is found, and the batch named`, async () => {
    await assert.rejects(verify(batches), (error) => {
      assert.ok(error instanceof ChainError);
      assert.equal(error.sequence, sequence);
      assert.match(error.message, message);
      return true;
    });
  });
}

test('the journal of another cell is refused', async () => {
  await assert.rejects(verify(whole, { centre: 1, cell: 2 }), /another cell/);
});

test('any single flipped bit is found', async () => {
  const small = [testBatch(realCrypto, { sequence: 0 }, { bytes: 20, commands: 1 })];
  small.push(testBatch(realCrypto, small[0], { bytes: 20, commands: 1 }));
  const [first, second] = small;
  for (const column of ['header', 'facts', 'bodies'] as const) {
    for (let bit = 0; bit < first[column].length * 8; bit++) {
      const bytes = first[column].slice();
      bytes[bit >> 3] ^= 1 << (bit & 7);
      await assert.rejects(verify([{ ...first, [column]: bytes }, second]), ChainError, `${column} bit ${bit}`);
    }
  }
});
