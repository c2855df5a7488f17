import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as api from '@clearway/console-api';
import { en } from './en.ts';
import { createSay, wordFor } from './say.ts';
import { zh } from './zh.ts';

const keys = Object.keys(en) as (keyof typeof en)[];
const holes = (sentence: string) => (sentence.match(/\{\w+\}/g) ?? []).sort();
const hanzi = /\p{Script=Han}/u;
/** Latin words that Chinese operators say as they are. */
const asTheyAre = /ISO 20022|SHA-256|P99|MiB|IANA|ms/g;

test('both languages say the same things with the same holes', () => {
  assert.deepEqual(Object.keys(zh).sort(), [...keys].sort());
  for (const key of keys) assert.deepEqual(holes(zh[key]), holes(en[key]), key);
  for (const key of keys) assert.ok(en[key].trim() !== '' && zh[key].trim() !== '', key);
});

test('neither language is mixed with the other', () => {
  for (const key of keys) {
    assert.doesNotMatch(en[key], hanzi, key);
    const bare = zh[key].replace(/\{\w+\}/g, '').replace(asTheyAre, '');
    assert.doesNotMatch(bare, /[A-Za-z]{2,}/, key);
  }
});

test('every word of the platform’s closed sets is said in both languages', () => {
  const groups: Readonly<Record<string, readonly string[]>> = {
    state: api.paymentStates,
    kind: api.paymentKinds,
    cycleState: api.cycleStates,
    changeKind: api.changeKinds,
    changeState: api.changeStates,
    alarmState: api.alarmStates,
    'alarm.kind': api.alarmKinds,
    workKind: api.workItemKinds,
    workNext: api.workItemKinds,
    role: api.roles,
    problem: Object.keys(api.problems),
  };
  for (const [group, words] of Object.entries(groups)) {
    for (const word of words) assert.ok(`${group}.${word}` in en, `${group}.${word}`);
  }
});

test('a hole is filled, and what is new to us is said by its own name', () => {
  const say = createSay('en');
  assert.equal(say('cycle.name', { cycle: 7 }), 'Cycle 7');
  assert.equal(wordFor(say, 'state', 'succeeded'), 'succeeded');
  assert.equal(wordFor(say, 'state', 'levitating'), 'levitating');
  assert.equal(createSay('zh')('cycle.name', { cycle: 7 }), '第 7 场');
});
