import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { commandTypes, findBreaches, newestRules } from '@clearway/core';
import { Cell, verdictsOf, withoutOutcomes } from './cell.ts';
import { type History, hashOfState, unpackJournal } from './history.ts';

const folder = new URL('../test/histories/', import.meta.url);

const names = readdirSync(folder).sort();

for (const name of names) {
  const history = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as History;
  const batches = unpackJournal(history.journal);

  test(`history ${name} is replayed to the same outcomes and states (${history.about})`, () => {
    assert.equal(history.format, 1);
    assert.ok(history.rulesVersion <= newestRules);
    const again = new Cell();
    batches.forEach(({ at, facts }, i) => {
      again.apply(at, withoutOutcomes(facts));
      const replayed = again.journal[i].facts;
      assert.deepEqual(verdictsOf(replayed), verdictsOf(facts), `outcomes of batch ${i + 1}`);
      assert.deepEqual(replayed, facts, `facts of batch ${i + 1}`);
      const expected = history.states[i + 1];
      if (expected !== undefined)
        assert.equal(hashOfState(again.state, again.journal), expected, `state after batch ${i + 1}`);
    });
    assert.ok(history.states[batches.length] !== undefined, 'the last state is recorded');
    assert.deepEqual(findBreaches(again.state), []);
  });

  if (name !== names.at(-1)) continue;
  test(`history ${name}, the last, holds every command, accepted`, () => {
    const accepted = new Set<number>();
    for (const { facts } of batches) {
      const view = new DataView(facts.buffer, facts.byteOffset, facts.byteLength);
      const verdicts = verdictsOf(facts);
      for (let offset = 0, i = 0; offset < facts.length; offset += view.getUint32(offset + 4), i++)
        if (verdicts[i].outcome === 'accepted') accepted.add(facts[offset]);
    }
    assert.deepEqual(
      [...accepted].sort((a, b) => a - b),
      Object.values(commandTypes).sort((a, b) => a - b),
    );
  });
}
