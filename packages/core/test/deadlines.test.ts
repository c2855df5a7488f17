import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Deadlines } from '../dist/table/deadlines.js';
import { law } from './law.ts';

interface Matter {
  dueAt: number;
  serial: number;
}

function table() {
  const matters = new Map<number, Matter>();
  const deadlines = new Deadlines();
  const set = (slot: number) => deadlines.set(slot, matters.get(slot)!.dueAt, matters.get(slot)!.serial);
  return { matters, deadlines, set };
}

/** Slots in the order in which they are due, by sorting. */
function sorted(matters: Map<number, Matter>): number[] {
  return [...matters].sort(([, a], [, b]) => a.dueAt - b.dueAt || a.serial - b.serial).map(([slot]) => slot);
}

test('the first is always the one that sorting would put first', () => {
  const step = fc.record({ slot: fc.nat(40), dueAt: fc.nat(15), remove: fc.boolean() });
  law(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { matters, deadlines, set } = table();
      let serial = 0;
      for (const { slot, dueAt, remove } of steps) {
        if (remove) {
          deadlines.remove(slot);
          matters.delete(slot);
        } else {
          matters.set(slot, { dueAt, serial: matters.get(slot)?.serial ?? ++serial });
          set(slot);
        }
        assert.equal(deadlines.size, matters.size);
        assert.equal(deadlines.first(), sorted(matters)[0] ?? -1);
      }
      for (const slot of sorted(matters)) {
        assert.equal(deadlines.first(), slot);
        deadlines.remove(slot);
      }
      assert.equal(deadlines.first(), -1);
    }),
  );
});

test('thousands of slots, set in any order and postponed, come out in order', () => {
  const { matters, deadlines, set } = table();
  const count = 5000;
  for (let i = 0; i < count; i++) {
    const slot = (i * 2741) % count;
    matters.set(slot, { dueAt: (slot * 7919) % 997, serial: i });
    set(slot);
  }
  for (let slot = 0; slot < count; slot += 3) {
    matters.get(slot)!.dueAt += 500;
    set(slot);
  }
  const order: number[] = [];
  for (let slot = deadlines.first(); slot >= 0; slot = deadlines.first()) {
    order.push(slot);
    deadlines.remove(slot);
  }
  assert.deepEqual(order, sorted(matters));
});

test('removing what is not in changes nothing', () => {
  const { deadlines } = table();
  deadlines.remove(0);
  deadlines.remove(1_000_000);
  assert.equal(deadlines.first(), -1);
  assert.equal(deadlines.size, 0);
});
