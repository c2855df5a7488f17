import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { FrameReader, FrameWriter } from './frame.ts';
import { LotBytes } from './lot-bytes.ts';
import { Slabs } from './slabs.ts';

const filled = (lots: LotBytes, size: number, value: number) => {
  const at = lots.take(size);
  lots.bytes.fill(value, at, at + size);
  return lots.cut();
};

describe('memory that is used again', () => {
  let before: boolean;
  beforeEach(() => {
    before = Slabs.overwrites;
    Slabs.overwrites = true;
  });
  afterEach(() => {
    Slabs.overwrites = before;
  });

  test('lots that are out are left alone, whatever comes after them', () => {
    const lots = new LotBytes(256);
    const out = Array.from({ length: 200 }, (_, i) => filled(lots, 1 + ((i * 37) % 300), i));
    for (const [i, lot] of out.entries()) assert.ok(lot.length > 0 && lot.every((byte) => byte === i));
  });

  test('a lot that is given back is written over, and its neighbours are not', () => {
    const lots = new LotBytes(256);
    const [first, second, third] = [1, 2, 3].map((value) => filled(lots, 10, value));
    lots.giveBack(second);
    assert.deepEqual([first[0], second[0], third[0]], [1, 0xdb, 3]);
  });

  test('lots given back one after the other take one buffer, given back late no more than were out at once', () => {
    const lots = new LotBytes(4096);
    const buffers = new Set<ArrayBufferLike>();
    const out: Uint8Array[] = [];
    for (const behind of [0, 10]) {
      buffers.clear();
      for (let i = 0; i < 1000; i++) {
        const lot = filled(lots, 1000, i % 200);
        buffers.add(lot.buffer);
        out.push(lot);
        if (out.length > behind) lots.giveBack(out.shift()!);
      }
      assert.ok(buffers.size <= (behind === 0 ? 1 : 5), `${buffers.size} buffers`);
    }
  });

  test('a lot that has begun moves with what was put into it', () => {
    const lots = new LotBytes(64);
    lots.giveBack(filled(lots, 40, 1));
    for (let i = 0; i < 10; i++) {
      const at = lots.take(20);
      lots.bytes.fill(i, at, at + 20);
    }
    assert.deepEqual(
      [...lots.cut()],
      Array.from({ length: 200 }, (_, i) => Math.floor(i / 20)),
    );
  });

  test('bytes of somebody else are let go of, and a piece is given back once', () => {
    const slabs = new Slabs();
    const mine = new Uint8Array(slabs.next(16), 0, 8);
    slabs.giveBack(new Uint8Array(8));
    slabs.lend();
    slabs.giveBack(mine);
    assert.throws(() => slabs.giveBack(mine), /once/);
  });

  for (const isShared of [false, true]) {
    test(`frames arrive as they were written, whenever they are given back (${isShared ? 'shared' : 'own'} buffers)`, () => {
      const writer = new FrameWriter(isShared);
      const reader = new FrameReader();
      const out: Uint8Array[] = [];
      const read: number[] = [];
      const write = (value: number) => {
        for (let i = 0; i <= value % 9; i++) {
          const at = writer.message('outcomes', 64);
          writer.view.setUint32(at, value);
        }
        out.push(writer.take());
      };
      for (let value = 0; value < 500; value++) {
        write(value);
        if (value % 7 > value % 3) continue;
        for (const taken of out.splice(0)) {
          // In two parts, as a link may bring them.
          const cut = value % taken.length;
          for (const part of [taken.subarray(0, cut), taken.subarray(cut)])
            reader.read(part, ({ view, count }) => {
              for (let i = 0; i < count; i++) read.push(view.getUint32(i * 64));
            });
          writer.giveBack(taken);
        }
      }
      const written = Array.from({ length: 500 }, (_, value) => Array(1 + (value % 9)).fill(value)).flat();
      assert.deepEqual(read, written.slice(0, read.length));
      assert.ok(read.length > 2000);
    });
  }
});
