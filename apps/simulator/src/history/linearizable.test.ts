import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Draw, drawFrom } from '../chance.ts';
import { linearize, type Model, type Operation } from './linearizable.ts';

type Step = { readonly write: number } | { readonly read: number } | { readonly add: number; readonly gave: number };

/** A register that is written, read and added to. */
const register: Model<number, Step> = {
  initial: 0,
  key: String,
  step(value, what) {
    if ('write' in what) return what.write;
    if ('read' in what) return what.read === value ? value : undefined;
    return what.gave === value + what.add ? what.gave : undefined;
  },
};

/** Every order there is, tried one after the other. */
function isExplained<S, T>(model: Model<S, T>, state: S, left: readonly Operation<T>[]): boolean {
  const ends = left.filter(({ returnedAt }) => returnedAt !== Number.POSITIVE_INFINITY);
  if (ends.length === 0) return true;
  const first = Math.min(...ends.map(({ returnedAt }) => returnedAt));
  return left.some((one) => {
    if (one.calledAt > first) return false;
    const next = model.step(state, one.what);
    return (
      next !== undefined &&
      isExplained(
        model,
        next,
        left.filter((other) => other !== one),
      )
    );
  });
}

function drawHistory(draw: Draw): Operation<Step>[] {
  let value = 0;
  return Array.from({ length: 1 + draw.below(7) }, (_, index) => {
    const calledAt = index * 2 + draw.below(6);
    const returnedAt = draw.happens(0.15) ? Number.POSITIVE_INFINITY : calledAt + 1 + draw.below(8);
    const kind = draw.below(3);
    // Mostly what would be told by one who does it in this order; wrong now and then.
    const seen = draw.happens(0.8) ? value : draw.below(4);
    if (kind === 0) {
      value = draw.below(4);
      return { calledAt, returnedAt, what: { write: value } };
    }
    if (kind === 1) return { calledAt, returnedAt, what: { read: seen } };
    value = seen + 1;
    return { calledAt, returnedAt, what: { add: 1, gave: value } };
  });
}

test('the search says what trying every order says, over 20,000 small histories', () => {
  const counts = { linearizable: 0, impossible: 0, undecided: 0 };
  for (let seed = 1; seed <= 20_000; seed++) {
    const history = drawHistory(drawFrom(`history ${seed}`));
    const { is } = linearize(register, history);
    counts[is]++;
    assert.equal(is === 'linearizable', isExplained(register, 0, history), `seed ${seed}: ${JSON.stringify(history)}`);
  }
  assert.ok(counts.linearizable > 3000 && counts.impossible > 3000, JSON.stringify(counts));
});

test('what cannot be placed is named', () => {
  const write = { calledAt: 1, returnedAt: 2, what: { write: 1 } };
  const stale = { calledAt: 3, returnedAt: 4, what: { read: 0 } };
  assert.deepEqual(linearize(register, [write, stale]), { is: 'impossible', stuck: stale });
});

test('a search that gets too long says that it does not know', () => {
  const writes = Array.from({ length: 12 }, (_, write) => ({ calledAt: 1, returnedAt: 2, what: { write } }));
  const read = { calledAt: 3, returnedAt: 4, what: { read: 99 } };
  assert.equal(linearize(register, [...writes, read], 1000).is, 'undecided');
  assert.equal(linearize(register, [...writes, read]).is, 'impossible');
});
