/**
 * Everything that is in the journal gets its sender's signature, whoever dies: the cell, an institution, a bank, or all
 * of them. Only who stays away, or denies what it is said to have sent, is suspended.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verifyJournal } from '@clearway/cli';
import { realClock, realCrypto } from '@clearway/ports/real';
import type { SentHashes } from '@clearway/sdk';
import { lastState, newWorld, type Party, payout, place, startCell, startParty, type World } from './cell-on-stream.ts';
import { until } from './until.ts';

const [institution, bank] = [101, 201];
const codes = [institution, bank];
/** Nobody signs in the course of a test by itself. */
const never = 3_600_000;
const patient = { refusedMs: never, overdueMs: never };

/** What a participant has on its disk. */
function sentOnDisk(): SentHashes & { readonly hashes: Set<string> } {
  const hashes = new Set<string>();
  const each = (bytes: Uint8Array) =>
    Array.from({ length: bytes.length / 32 }, (_, i) =>
      Buffer.from(bytes.subarray(i * 32, i * 32 + 32)).toString('hex'),
    );
  return {
    hashes,
    add(bytes) {
      for (const hash of each(bytes)) hashes.add(hash);
    },
    async findStranger(bytes) {
      const stranger = each(bytes).findIndex((hash) => !hashes.has(hash));
      return stranger < 0 ? undefined : stranger;
    },
  };
}

/** Ends the cell, proves its journal, and gives how many messages no signature covers. */
async function uncoveredAtTheEnd(world: World): Promise<number> {
  const { cell, store, kill } = world.cell!;
  await cell.recordsWritten();
  kill();
  const report = await verifyJournal(store, { place, crypto: realCrypto, clock: realClock });
  assert.deepEqual(report.breaches, []);
  assert.ok(report.messages > 0);
  return report.uncovered.messages;
}

async function linked(world: World, ...parties: Party[]): Promise<void> {
  await until(
    'links',
    () => parties.every(({ client }) => client.counts.links === 1) && world.cell!.stream.speaksFor(bank),
  );
}

async function pay(instructing: Party, count: number): Promise<void> {
  const all = Array.from({ length: count }, () => payout(institution, bank));
  for (const one of all) assert.ok(instructing.client.submit(one));
  await until('all succeeded', () => all.every((one) => lastState(instructing, one) === 'succeeded'));
}

type Victim = 'cell' | 'institution' | 'bank';

for (const victims of [['cell'], ['institution'], ['bank'], ['cell', 'institution', 'bank']] as Victim[][]) {
  test(`when ${victims.join(', ')} dies, what was taken is signed afterwards, and a cut waits for that`, async (t) => {
    const world = await newWorld(t, codes);
    const disks = { institution: sentOnDisk(), bank: sentOnDisk() };
    const start = {
      institution: (checkpointEveryMs: number) =>
        startParty(world, institution, { checkpointEveryMs, sent: disks.institution }),
      bank: (checkpointEveryMs: number) => startParty(world, bank, { checkpointEveryMs, sent: disks.bank }),
    };
    await startCell(world, patient);
    const parties = { institution: start.institution(never), bank: start.bank(never) };
    await linked(world, parties.institution, parties.bank);
    await pay(parties.institution, 20);
    assert.equal(world.cell!.stream.uncovered, 40);
    let isCovered = false;
    for (const victim of victims) {
      if (victim === 'cell') world.cell!.kill();
      else parties[victim].kill();
    }
    if (victims.includes('cell')) await startCell(world, patient);
    assert.equal(world.cell!.stream.uncovered, 40, 'it is known what nobody has signed');
    void world.cell!.stream.covered().then(() => {
      isCovered = true;
    });
    for (const name of ['institution', 'bank'] as const) if (victims.includes(name)) parties[name] = start[name](100);
    await linked(world, parties.institution, parties.bank);
    const waits = victims.length > 1 || victims[0] === 'cell' ? 0 : 20;
    await until('signatures', () => world.cell!.stream.uncovered === waits);
    assert.equal(isCovered, waits === 0);
    if (waits > 0) {
      for (const name of ['institution', 'bank'] as const) if (!victims.includes(name)) parties[name].cutLinks();
      await until('the others’ signatures', () => isCovered);
    }
    await pay(parties.institution, 1);
    for (const { failures } of Object.values(parties)) assert.deepEqual(failures, []);
    parties.institution.cutLinks();
    parties.bank.cutLinks();
    await until('the last signatures', () => world.cell!.stream.uncovered === 0);
    assert.equal(await uncoveredAtTheEnd(world), 0);
  });
}

test('what was refused before the journal leaves a hole that a restart of the cell does not stumble over', async (t) => {
  const world = await newWorld(t, codes);
  const sent = sentOnDisk();
  const { stream } = await startCell(world, { ...patient, window: 10 });
  startParty(world, bank, { checkpointEveryMs: never });
  const instructing = startParty(world, institution, { checkpointEveryMs: never, sent });
  await linked(world, instructing);
  assert.ok(stream.links === 2);
  // A bank that nobody has heard of on the stream: refused, and never in the journal.
  const hole = () => instructing.client.submit({ ...payout(institution, 299) });
  hole();
  await pay(instructing, 3);
  hole();
  await pay(instructing, 3);
  hole();
  await until('refusals', () => [...instructing.outcomes.values()].filter(([{ flags }]) => flags === 4).length === 3);
  world.cell!.kill();
  const again = await startCell(world, patient);
  await until('signatures', () => again.stream.uncovered === 0);
  await linked(world, instructing);
  await pay(instructing, 1);
  instructing.cutLinks();
  await until(
    'the last signatures',
    () => [...world.parties].every(({ failures }) => failures.length === 0) && again.stream.uncovered <= 1,
  );
  for (const party of world.parties) party.cutLinks();
  await until('all signatures', () => again.stream.uncovered === 0);
  assert.equal(await uncoveredAtTheEnd(world), 0);
});

test('a cell that dies twice before anybody has signed forgets nothing', async (t) => {
  const world = await newWorld(t, codes);
  const options = { checkpointEveryMs: never, sent: sentOnDisk() };
  await startCell(world, patient);
  const bankOptions = { checkpointEveryMs: never, sent: sentOnDisk() };
  const parties = [startParty(world, institution, options), startParty(world, bank, bankOptions)];
  await linked(world, ...parties);
  await pay(parties[0], 5);
  for (const party of parties) party.kill();
  for (let i = 0; i < 2; i++) {
    world.cell!.kill();
    await startCell(world, { ...patient, snapshotEvery: 1 });
    assert.equal(world.cell!.stream.uncovered, 10);
  }
  startParty(world, institution, options);
  startParty(world, bank, bankOptions);
  await until('signatures', () => world.cell!.stream.uncovered === 0);
  assert.equal(await uncoveredAtTheEnd(world), 0);
});

test('who does not know what it is said to have sent signs nothing, says so, and is stopped', async (t) => {
  const world = await newWorld(t, codes);
  await startCell(world, patient);
  startParty(world, bank, { checkpointEveryMs: 100 });
  const thief = startParty(world, institution, { checkpointEveryMs: never });
  await linked(world, thief);
  await pay(thief, 2);
  thief.kill();
  const honest = startParty(world, institution, { checkpointEveryMs: 100, sent: sentOnDisk() });
  await until('the refusal to sign', () => honest.failures.length > 0);
  assert.match(honest.failures[0].message, /message 0 of stream [0-9]+ of 00101, which was not sent from here/);
  assert.equal(world.cell!.stream.uncovered, 2);
  world.cell!.kill();
  const { cell, store } = await startCell(world, { refusedMs: 200, overdueMs: 1000 });
  await until('the suspension', () =>
    cell.configuration().participants.some(({ code, status }) => code === '00101' && status === 'suspended'),
  );
  await until('a work item', async () => (await store.records.workItems(true)).some(({ kind }) => kind === 'coverage'));
  assert.ok(cell.configuration().participants.some(({ code, status }) => code === '00201' && status === 'active'));
});

test('who stayed away and was stopped signs when it comes back, and the work item is closed', async (t) => {
  const world = await newWorld(t, codes);
  const options = { checkpointEveryMs: never, sent: sentOnDisk() };
  const impatient = { refusedMs: 200, overdueMs: 500 };
  await startCell(world, impatient);
  startParty(world, bank, { checkpointEveryMs: 50 });
  const instructing = startParty(world, institution, options);
  await linked(world, instructing);
  const one = payout(institution, bank);
  assert.ok(instructing.client.submit(one));
  await until('an outcome', () => lastState(instructing, one) === 'succeeded');
  instructing.kill();
  const items = async () => (await world.cell!.store.records.workItems(true)).map(({ workItemId }) => workItemId);
  await until('a work item', async () => (await items()).includes('coverage:00101'));
  await world.cell!.cell.recordsWritten();
  world.cell!.kill();
  await startCell(world, patient);
  startParty(world, institution, options);
  await until('signatures', () => world.cell!.stream.uncovered === 0);
  await until('no work item', async () => (await items()).length === 0);
  assert.equal(await uncoveredAtTheEnd(world), 0);
});
