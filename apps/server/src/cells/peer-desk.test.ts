import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryDisk } from '@clearway/store';
import { fakeClock, start } from '../test-bed.ts';
import { createPeerDesk } from './peer-desk.ts';
import { testAgreement } from './test-agreement.ts';

const two = 10_002;
const three = 10_003;
const current = { schemeVersion: 1, participantsVersion: 1 };
const askingFrom = (agreementsFrom: number, cell = two) => ({ cell, agreementsFrom, ...current });

async function open(disk = memoryDisk()) {
  const started = await start(() => 'succeeded', { disk, attached: false });
  const clock = fakeClock();
  const desk = createPeerDesk(clock);
  desk.attach(started.cell);
  return { ...started, clock, desk };
}

/** Whether it has resolved when nothing is left to do but wait. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  const still = Symbol('still open');
  for (let turns = 0; turns < 10; turns++) await Promise.resolve();
  return (await Promise.race([promise, Promise.resolve(still)])) !== still;
}

test('a cell that is starting answers nobody', async () => {
  await assert.rejects(createPeerDesk(fakeClock()).follow(askingFrom(0)), /starting/);
});

test('who comes anew is told at once where things stand, with every agreement that is active or rescinded', async () => {
  const { cell, desk } = await open();
  const [kept, ended] = [testAgreement(cell, 1), testAgreement(cell, 2)];
  await kept.sign();
  await ended.sign();
  await ended.rescind();
  const { agreements, agreementsFrom, cycle } = await desk.follow(askingFrom(0));
  assert.deepEqual(
    agreements.map(({ state }) => state),
    ['active', 'rescinded'],
  );
  assert.equal(agreementsFrom, cell.frontier + 1);
  assert.equal(cycle, 1);
  await cell.stop();
});

test('who has nothing new to learn waits until there is something, five seconds at most', async () => {
  const { cell, desk, clock } = await open();
  const { agreementsFrom } = await desk.follow(askingFrom(0));
  const waiting = desk.follow(askingFrom(agreementsFrom));
  assert.equal(await isDone(waiting), false);
  const agreement = testAgreement(cell, 3);
  await agreement.sign();
  // Each step of the signing wakes who waits; only its end is news.
  let news = await waiting;
  while (news.agreements.length === 0) news = await desk.follow(askingFrom(news.agreementsFrom));
  assert.deepEqual(news.agreements[0].id, agreement.id);

  const inVain = desk.follow(askingFrom(news.agreementsFrom));
  clock.pass(4_999);
  assert.equal(await isDone(inVain), false);
  clock.pass(1);
  assert.deepEqual((await inVain).agreements, []);
  await cell.stop();
});

test('a newer configuration is news, and only to those that do not have it', async () => {
  const { cell, desk } = await open();
  const { agreementsFrom } = await desk.follow(askingFrom(0));
  const waiting = desk.follow(askingFrom(agreementsFrom));
  await cell.changeParticipants((all) => all.map((one) => ({ ...one, status: 'suspended' })));
  const { participants, scheme } = await waiting;
  assert.deepEqual([participants?.version, scheme], [2, undefined]);
  await cell.stop();
});

test('what is told is told when all that follow know it, and a silent one is not waited for longer than two seconds', async () => {
  const { cell, desk, clock } = await open();
  assert.equal(await isDone(desk.spread.agreements(7)), true, 'nobody follows');
  for (const follower of [two, three]) await desk.follow(askingFrom(0, follower));

  const told = desk.spread.agreements(7);
  void desk.follow(askingFrom(8, two));
  assert.equal(await isDone(told), false, 'the other one does not know it yet');
  void desk.follow(askingFrom(8, three));
  assert.equal(await isDone(told), true);

  const again = desk.spread.agreements(9);
  clock.pass(1_999);
  assert.equal(await isDone(again), false);
  clock.pass(1);
  assert.equal(await isDone(again), true);
  await cell.stop();
});

test('who has left is not waited for', async () => {
  const { cell, desk } = await open();
  const overTheOldLink = askingFrom(0);
  const overTheNewLink = askingFrom(0);
  await desk.follow(overTheOldLink);
  const told = desk.spread.participants(2);
  void desk.follow(overTheNewLink);
  desk.left(overTheOldLink);
  assert.equal(await isDone(told), false, 'it has come back before its old link was seen to end');
  desk.left(overTheNewLink);
  assert.equal(await isDone(told), true);
  await cell.stop();
});

test('a cell that has started again still tells what had changed before', async () => {
  const disk = memoryDisk();
  const before = await open(disk);
  const { agreementsFrom } = await before.desk.follow(askingFrom(0));
  const agreement = testAgreement(before.cell, 4);
  await agreement.sign();
  await agreement.rescind();
  before.crash();

  const { cell, desk } = await open(disk);
  const { agreements } = await desk.follow(askingFrom(agreementsFrom));
  assert.deepEqual(
    agreements.map(({ id, state }) => [Buffer.from(id).toString('hex'), state]),
    [[Buffer.from(agreement.id).toString('hex'), 'rescinded']],
  );
  await cell.stop();
});
