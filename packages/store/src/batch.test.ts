import assert from 'node:assert/strict';
import { test } from 'node:test';
import { realCrypto } from '@clearway/ports/real';
import fc from 'fast-check';
import {
  decodeHeader,
  decryptBodies,
  encodeHeader,
  encryptBodies,
  headerBytes,
  noHash,
  packBodies,
  unpackBodies,
} from './batch.ts';

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const header = fc.record(
  {
    rulesVersion: fc.integer({ min: 0, max: 0xffff }),
    centre: fc.integer({ min: 1, max: 99 }),
    cell: fc.integer({ min: 1, max: 9999 }),
    epoch: fc.integer({ min: 0, max: 0xffff_ffff }),
    commands: fc.integer({ min: 0, max: 0xffff_ffff }),
    sequence: fc.maxSafeNat(),
    at: fc.maxSafeNat(),
    previousHash: hash,
    factsHash: hash,
    bodiesHash: hash,
  },
  { noNullPrototype: true },
);

test('a header is read as it was written', () => {
  fc.assert(fc.property(header, (written) => assert.deepEqual(decodeHeader(encodeHeader(written)), written)));
});

test('the layout of format 1 never changes', () => {
  const bytes = encodeHeader({
    rulesVersion: 0x0203,
    centre: 4,
    cell: 0x0506,
    epoch: 0x0708_090a,
    commands: 0x0b0c_0d0e,
    sequence: 0x0f_1011_1213_14,
    at: 0x15_1617_1819_1a,
    previousHash: new Uint8Array(32).fill(0xaa),
    factsHash: new Uint8Array(32).fill(0xbb),
    bodiesHash: new Uint8Array(32).fill(0xcc),
  });
  const expected = `00010203040005060708090a0b0c0d0e00000f101112131400001516171819${'1a'}${'aa'.repeat(32)}${'bb'.repeat(32)}${'cc'.repeat(32)}`;
  assert.equal(Buffer.from(bytes).toString('hex'), expected);
});

test('what is no header of this format is refused', () => {
  const bytes = encodeHeader({
    rulesVersion: 1,
    centre: 1,
    cell: 1,
    epoch: 1,
    commands: 0,
    sequence: 1,
    at: 0,
    previousHash: noHash,
    factsHash: noHash,
    bodiesHash: noHash,
  });
  assert.throws(() => decodeHeader(bytes.subarray(1)), /128 bytes, not 127/);
  bytes[1] = 2;
  const isNewer = { name: 'NewerJournalError', message: /format 2 is newer than this program, which reads 1/ };
  assert.throws(() => decodeHeader(bytes), isNewer);
  assert.throws(() => decodeHeader(new Uint8Array([...bytes, 0])), isNewer);
  bytes[1] = 0;
  assert.throws(() => decodeHeader(bytes), /format 0 is unknown/);
  assert.equal(bytes.length, headerBytes);
});

const bodies = fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 20 });

test('bodies are unpacked as they were packed, empty ones too', () => {
  fc.assert(fc.property(bodies, (list) => assert.deepEqual(unpackBodies(packBodies(list)).map(copy), list)));
});

test('bodies cut short are refused or fewer, never others', () => {
  fc.assert(
    fc.property(bodies, fc.nat(), (list, cut) => {
      const bytes = packBodies(list);
      const short = bytes.subarray(0, bytes.length === 0 ? 0 : cut % bytes.length);
      try {
        const found = unpackBodies(short).map(copy);
        assert.deepEqual(found, list.slice(0, found.length));
      } catch (error) {
        assert.match((error as Error).message, /beyond the end/);
      }
    }),
  );
});

test('a bodies column opens under its own key, cell and sequence alone', () => {
  const key = new Uint8Array(32).fill(1);
  const place = { centre: 1, cell: 2, sequence: 3 };
  const list = [new Uint8Array([1, 2]), new Uint8Array()];
  const column = encryptBodies(realCrypto, key, place, list);
  assert.deepEqual(decryptBodies(realCrypto, key, place, column).map(copy), list);
  const changed = column.slice();
  changed[20] ^= 1;
  const wrong: [Uint8Array, typeof place, Uint8Array][] = [
    [new Uint8Array(32).fill(2), place, column],
    [key, { ...place, centre: 2 }, column],
    [key, { ...place, cell: 1 }, column],
    [key, { ...place, sequence: 4 }, column],
    [key, place, changed],
  ];
  for (const [otherKey, otherPlace, otherColumn] of wrong) {
    assert.throws(() => decryptBodies(realCrypto, otherKey, otherPlace, otherColumn));
  }
});

const copy = (bytes: Uint8Array) => Uint8Array.from(bytes);
