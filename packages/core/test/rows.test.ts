import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { largestSplit, Rows, rowsPerPage } from '../dist/table/rows.js';
import { law } from './law.ts';

const stride = 24;
const fields = { number: 0, word: 8, half: 12, byte: 14, bytes: 15 };

function filled(count: number): Rows {
  const rows = new Rows(stride);
  for (let row = 0; row < count; row++) rows.setU32(rows.add(), fields.word, row * 7);
  return rows;
}

function copyOf(rows: Rows): Uint8Array[] {
  const pages = rows.beginCopy();
  const copied = Array.from({ length: pages }, (_, page) => rows.copyPage(page)!.slice());
  rows.endCopy();
  return copied;
}

test('a new record is all zero', () => {
  const rows = new Rows(stride);
  const row = rows.add();
  assert.equal(row, 0);
  assert.deepEqual(rows.bytes(row, 0, stride), new Uint8Array(stride));
});

test('every field keeps what was put into it, and nothing of its neighbours', () => {
  law(
    fc.property(
      fc.array(
        fc.record({
          row: fc.nat(3),
          signed: fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
          word: fc.nat(0xffffffff),
          half: fc.nat(0xffff),
          byte: fc.nat(0xff),
          bytes: fc.uint8Array({ minLength: 9, maxLength: 9 }),
        }),
      ),
      (writes) => {
        const rows = new Rows(stride);
        const model = Array.from({ length: 4 }, () => ({
          signed: 0,
          word: 0,
          half: 0,
          byte: 0,
          bytes: new Uint8Array(9),
        }));
        for (let i = 0; i < 4; i++) rows.add();
        for (const { row, ...values } of writes) {
          rows.setI64(row, fields.number, values.signed);
          rows.setU32(row, fields.word, values.word);
          rows.setU16(row, fields.half, values.half);
          rows.setU8(row, fields.byte, values.byte);
          rows.setBytes(row, fields.bytes, new DataView(values.bytes.buffer), 0, 9);
          model[row] = values;
        }
        model.forEach(({ signed, word, half, byte, bytes }, row) => {
          assert.equal(rows.i64(row, fields.number), signed);
          assert.equal(rows.u32(row, fields.word), word);
          assert.equal(rows.u16(row, fields.half), half);
          assert.equal(rows.u8(row, fields.byte), byte);
          assert.deepEqual(rows.bytes(row, fields.bytes, 9), bytes);
          assert.ok(rows.equalBytes(row, fields.bytes, new DataView(bytes.buffer), 0, 9));
        });
      },
    ),
  );
});

test('64-bit fields hold the integers at the edges of their range', () => {
  const rows = new Rows(stride);
  const row = rows.add();
  const edges = [0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 52, Number.MAX_SAFE_INTEGER];
  for (const value of edges) {
    rows.setU64(row, fields.number, value);
    assert.equal(rows.u64(row, fields.number), value);
    rows.setI64(row, fields.number, -value);
    assert.equal(rows.i64(row, fields.number), value === 0 ? 0 : -value);
  }
  for (const value of [-1, 2 ** 53, 0.5, Number.NaN]) {
    assert.throws(() => rows.setU64(row, fields.number, value), { name: 'AssertionError' });
  }
});

test('48-bit fields lie in two pieces and hold no more', () => {
  const rows = new Rows(stride);
  const row = rows.add();
  const split = { high: fields.half, low: fields.word };
  for (const value of [0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 47 + 5, largestSplit]) {
    rows.setU48(row, split, value);
    assert.equal(rows.u48(row, split), value);
  }
  for (const value of [-1, 2 ** 48, Number.NaN]) {
    assert.throws(() => rows.setU48(row, split, value), { name: 'AssertionError' });
  }
});

test('a copy gives the table as it was when the copy began, whatever is written meanwhile', () => {
  const tableSizes = fc.constantFrom(
    0,
    1,
    100,
    rowsPerPage - 1,
    rowsPerPage,
    rowsPerPage + 1,
    2 * rowsPerPage,
    3 * rowsPerPage + 5,
  );
  const steps = fc.array(
    fc.oneof(
      fc.constant('copy' as const),
      fc.constant('add' as const),
      fc.record({ row: fc.nat(), value: fc.nat(0xffffffff) }),
    ),
    { maxLength: 60 },
  );
  law(
    fc.property(tableSizes, steps, (count, moves) => {
      const rows = filled(count);
      const before = copyOf(rows);
      const pages = rows.beginCopy();
      const copied: Uint8Array[] = [];
      for (const move of moves) {
        if (move === 'copy') {
          if (copied.length < pages) copied.push(rows.copyPage(copied.length)!);
        } else if (move === 'add') {
          rows.setU32(rows.add(), fields.word, 0xdeadbeef);
        } else if (rows.count > 0) {
          rows.setU32(move.row % rows.count, fields.word, move.value);
          rows.setI64(move.row % rows.count, fields.number, -move.value);
        }
      }
      while (copied.length < pages) copied.push(rows.copyPage(copied.length)!);
      rows.endCopy();
      assert.deepEqual(copied, before);
    }),
    { numRuns: 100 },
  );
});

test('a copy of changes leaves out what is as it was in the last one that was kept', () => {
  const steps = fc.array(
    fc.oneof(
      fc.constant('copy' as const),
      fc.constant('add' as const),
      fc.record({ row: fc.nat(), value: fc.nat(0xffffffff) }),
    ),
    { maxLength: 30 },
  );
  const rounds = fc.array(fc.record({ moves: steps, isKept: fc.boolean() }), { minLength: 1, maxLength: 5 });
  law(
    fc.property(fc.constantFrom(0, 100, rowsPerPage, 3 * rowsPerPage + 5), rounds, (count, all) => {
      const rows = filled(count);
      let kept: Uint8Array[] = [];
      for (const { moves, isKept } of all) {
        const before = copyOf(rows);
        const pages = rows.beginCopy(true);
        const copied: Uint8Array[] = [];
        const take = () => {
          const page = copied.length;
          const bytes = rows.copyPage(page);
          copied.push(bytes ?? kept[page]);
        };
        for (const move of moves) {
          if (move === 'copy') {
            if (copied.length < pages) take();
          } else if (move === 'add') {
            rows.add();
          } else if (rows.count > 0) {
            rows.setU32(move.row % rows.count, fields.word, move.value);
          }
        }
        while (copied.length < pages) take();
        rows.endCopy(isKept);
        assert.deepEqual(copied, before);
        if (isKept) kept = copied;
      }
    }),
    { numRuns: 60 },
  );
});

test('of a table that rests a second copy has nothing, and of one that was written to only what was', () => {
  const rows = filled(3 * rowsPerPage + 5);
  const taken = (isKept: boolean) => {
    const pages = rows.beginCopy(true);
    const list = Array.from({ length: pages }, (_, page) => rows.copyPage(page) !== undefined);
    rows.endCopy(isKept);
    return list;
  };
  assert.deepEqual(taken(false), [true, true, true, true]);
  assert.deepEqual(taken(true), [true, true, true, true]);
  assert.deepEqual(taken(true), [false, false, false, false]);
  copyOf(rows);
  rows.setU8(rowsPerPage, fields.byte, 7);
  rows.add();
  assert.deepEqual(taken(true), [false, true, false, true]);
  assert.deepEqual(taken(true), [false, false, false, false]);
  assert.deepEqual(taken(false), [false, false, false, false]);
  assert.deepEqual(taken(true), [true, true, true, true]);
});

test('every way of writing saves the page first', () => {
  const source = new DataView(Uint8Array.of(1, 2, 3, 4).buffer);
  const writes: Record<string, (rows: Rows) => void> = {
    setU8: (rows) => rows.setU8(0, fields.byte, 1),
    setU16: (rows) => rows.setU16(0, fields.half, 1),
    setU32: (rows) => rows.setU32(0, fields.word, 1),
    setU48: (rows) => rows.setU48(0, { high: fields.half, low: fields.word }, 2 ** 32),
    setU64: (rows) => rows.setU64(0, fields.number, 1),
    setI64: (rows) => rows.setI64(0, fields.number, -1),
    setBytes: (rows) => rows.setBytes(0, fields.bytes, source, 0, 4),
  };
  for (const [name, write] of Object.entries(writes)) {
    const rows = filled(10);
    const before = copyOf(rows);
    rows.beginCopy();
    write(rows);
    assert.deepEqual(rows.copyPage(0), before[0], name);
  }
});

test('a copy that ended early lets another begin; two at a time are refused', () => {
  const rows = filled(rowsPerPage + 1);
  rows.beginCopy();
  assert.throws(() => rows.beginCopy(), { name: 'AssertionError' });
  rows.setU32(0, fields.word, 99);
  rows.endCopy();
  assert.equal(rows.beginCopy(), 2);
  rows.copyPage(0);
  const view = new DataView(rows.bytes(0, 0, stride).buffer);
  assert.equal(view.getUint32(fields.word, true), 99);
});

test('restored pages make the same table, which grows on', () => {
  for (const count of [0, 1, rowsPerPage, rowsPerPage + 3]) {
    const rows = filled(count);
    const again = new Rows(stride);
    copyOf(rows).forEach((bytes, page) => {
      again.restorePage(page, bytes);
    });
    assert.equal(again.count, count);
    for (const table of [rows, again]) table.setU32(table.add(), fields.word, 5);
    assert.deepEqual(copyOf(again), copyOf(rows));
  }
});

test('pages restored out of order or cut off are refused', () => {
  const pages = copyOf(filled(rowsPerPage + 1));
  const rows = new Rows(stride);
  assert.throws(() => rows.restorePage(1, pages[1]), { name: 'AssertionError' });
  assert.throws(() => rows.restorePage(0, pages[0].subarray(0, stride + 1)), { name: 'AssertionError' });
});
