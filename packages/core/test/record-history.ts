/**
 * Records a history: `node packages/core/dist-test/record-history.js 0002 "what is new since 0001"`. One is recorded
 * with each release and kept as it is; the script never writes over one.
 */
import { writeFileSync } from 'node:fs';
import { newestRules } from '@clearway/core';
import { Cell } from './cell.ts';
import { type History, hashOfState, packJournal } from './history.ts';
import { Oracle } from './oracle/oracle.ts';
import { dicePerMove, live, type Move, sides, type Verb, verbs, waits } from './oracle/workload.ts';
import type { ToldOfOthers } from './told.ts';

const moveCount = 2500;
const checkpointEvery = 200;

const [name, about] = process.argv.slice(2);
if (!/^\d{4}$/.test(name ?? '') || !about) throw new Error('say its number, such as 0002, and what it is about');

/** Marsaglia's xorshift32, from the history's number. */
function generator(seed: number): (below: number) => number {
  let x = Math.imul(seed, 0x9e3779b1) || 1;
  return (below) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % below;
  };
}

function randomMoves(seed: number): Move[] {
  const below = generator(seed);
  const bag = (Object.entries(verbs) as [Verb, number][]).flatMap(([verb, weight]) => Array<Verb>(weight).fill(verb));
  return Array.from({ length: moveCount }, () => ({
    verb: bag[below(bag.length)],
    joins: below(2) === 1,
    waitMs: waits[below(waits.length)],
    dice: Array.from({ length: dicePerMove }, () => below(sides)),
  }));
}

const oracle = new Oracle();
const cell = new Cell();
const states: Record<string, string> = {};
const checkpoint = () => {
  states[cell.journal.length] = hashOfState(cell.state, cell.journal);
};
const others: ToldOfOthers[] = [
  { type: 'giveShare', participant: 201, currency: 156, number: 1, to: 10_002, amount: 1 },
  { type: 'takeShare', participant: 201, currency: 156, number: 1, from: 10_002, total: 3 },
  {
    type: 'knowAgreement',
    id: { date: 20261122, version: 1, participant: 101, sequence: 1, centre: 1, cell: 2 },
    ...{ bank: 201, state: 'active', currency: 156, paymentLimit: 5, expiresOn: 20271122, sequence: 9, changedAt: 6 },
  },
];
cell.tell(0, { type: 'joinClearing', cycle: 1 });
live(oracle, randomMoves(Number(name)), (at, told) => {
  oracle.apply(at, told);
  cell.tell(at, ...told);
  if (cell.journal.length % checkpointEvery === 0) checkpoint();
});
// Another cell first takes what it gives back, so that there is something to give.
cell.tell(cell.state.at, others[1], others[0], others[2]);
checkpoint();

const history: History = { format: 1, rulesVersion: newestRules, about, journal: packJournal(cell.journal), states };
const file = new URL(`../test/histories/${name}.json`, import.meta.url);
writeFileSync(file, `${JSON.stringify(history, null, 2)}\n`, { flag: 'wx' });
console.log(`${cell.journal.length} batches in ${file.pathname}`);
