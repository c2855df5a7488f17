import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  encodeCutOffCycle,
  encodeNetCycle,
  encodeRequestAgreement,
  encodeRescindAgreement,
  findBreaches,
  identifierFromBytes,
  identifierText,
  identifierToBytes,
  paymentAt,
  paymentHandle,
} from '@clearway/core';
import type { ParticipantConfiguration } from '@clearway/gateway';
import { realCrypto } from '@clearway/ports/real';
import { type AppendFault, type Journal, memoryDisk, type Store } from '@clearway/store';
import { businessDateAt } from './business-day.ts';
import {
  heldAppends,
  participants,
  payment,
  place,
  scheme,
  start,
  storeOn,
  tell,
  timeZone,
  until,
  utf8,
} from './test-bed.ts';

/** The store, with a journal whose claim the test has a hand in. */
const claiming = (store: Store, claim: (real: Journal['claim']) => Journal['claim']): Store => ({
  ...store,
  journal: { ...store.journal, claim: claim(store.journal.claim) },
});

/** A store whose next appends get lost, and whose claim then hangs until it is released. */
function storeWithHangingClaim(disk = memoryDisk()) {
  let fault: AppendFault | undefined;
  let release: (() => void) | undefined;
  let hanging = false;
  const store = claiming(
    storeOn(disk, () => fault),
    (real) => async () => {
      if (hanging) {
        fault = undefined;
        await new Promise<void>((resolve) => {
          release = resolve;
        });
      }
      return real();
    },
  );
  return {
    store,
    /** The append that this makes gets lost. */
    breakDown<T>(append: () => Promise<T>): Promise<T> {
      fault = 'lost';
      hanging = true;
      return append();
    },
    release() {
      hanging = false;
      release?.();
    },
    get claiming() {
      return release !== undefined;
    },
  };
}

const withKey =
  (code: string, version: number) =>
  (all: readonly ParticipantConfiguration[]): readonly ParticipantConfiguration[] =>
    all.map((one) =>
      one.code === code
        ? { ...one, keys: [...one.keys, { version, suite: 'ed25519', publicKey: `key ${version}` }] }
        : one,
    );

const keysOf = (all: readonly ParticipantConfiguration[], code: string) =>
  all.find((one) => one.code === code)!.keys.map(({ version }) => version);

test('a payment and its bank’s answer in one batch end the payment, no offer leaves, and the cell goes on', async () => {
  const { cell, bank, pay, fund, halts } = await start(() => 'silent');
  await fund(1, 5_000);
  const one = payment('payout', 5);
  const [told, answered] = await Promise.all([pay(one), tell(cell, one, 'succeeded')]);
  assert.equal(told.payment?.state, 'succeeded');
  assert.equal(answered.payment?.state, 'succeeded');
  await until('both notices', () => bank.told('paymentNotice').length === 2);
  assert.equal(bank.of('offer').length, 0);
  assert.deepEqual(halts, []);
  assert.equal(cell.statistics().serving, true);
  assert.deepEqual(findBreaches(cell.state), []);
  await cell.stop();
});

test('an offer whose flush stalls past its deadline never leaves: the payment is told as unknown and enquired about', async () => {
  const appends = heldAppends();
  const { cell, bank, pay, fund } = await start(() => 'silent', { store: storeOn(memoryDisk(), appends.onAppend) });
  await fund(1, 5_000);
  // The first payment is durable, so its deadline brings the tick that ends the second one's as well.
  void pay(payment('payout', 5, { bank: 202 }));
  await until('the first offer', () => bank.of('offer').length === 1);
  appends.hold();
  const stalled = payment('payout', 5, { bank: 202, expiresAt: Date.now() + 100 });
  const told = pay(stalled);
  const stateNow = () => {
    const handle = paymentHandle(cell.state, stalled.id);
    return handle < 0 ? undefined : paymentAt(cell.state, handle).state;
  };
  await until('the deadline', () => stateNow() === 'unknown');
  appends.release();
  assert.equal((await told).payment?.state, 'unknown');
  const asked = () => bank.asked.filter(({ subject }) => subject === stalled.paymentId).map(({ kind }) => kind);
  await until('the enquiry', () => asked().length > 0);
  assert.ok(asked().every((kind) => kind === 'enquiry'));
  await cell.stop();
});

function agreement(sequence: number) {
  const id = identifierToBytes({
    date: businessDateAt(Date.now(), timeZone),
    version: 1,
    participant: 101,
    sequence,
    ...place,
  });
  const request = encodeRequestAgreement({
    id,
    bank: 201,
    suite: 1,
    keyVersion: 1,
    paymentLimit: 1_000,
    currency: 156,
    expiresOn: 2099_12_31,
    expiresAt: Date.now() + 30_000,
    receivedAt: Date.now(),
    hash: realCrypto.sha256(id),
  });
  const rescission = encodeRescindAgreement({ id, by: 101, receivedAt: Date.now() });
  return { request, rescission, agreementId: identifierText(identifierFromBytes(id)) };
}

for (const { name, whenAsked, times } of [
  { name: 'in the batch that requests it is never asked for', whenAsked: false, times: 0 },
  { name: 'after its bank was asked is asked for no more', whenAsked: true, times: 1 },
]) {
  test(`an agreement rescinded ${name}`, async () => {
    const { cell, bank } = await start(() => 'silent');
    const signings = (agreementId: string) =>
      bank.of('signing').filter(({ subject }) => subject === agreementId).length;
    const [rescinded, other] = [agreement(900_001), agreement(900_002)];
    const requested = cell.submit(rescinded.request, utf8('{}'));
    if (whenAsked) await until('the question', () => signings(rescinded.agreementId) === 1);
    await cell.submit(rescinded.rescission, utf8('{}'));
    assert.equal((await requested).agreement?.state, 'rescinded');
    // Asked later than the first one, and asked again: the first one's turn would have come before.
    void cell.submit(other.request, utf8('{}'));
    await until('the other one’s second question', () => signings(other.agreementId) === 2);
    assert.equal(signings(rescinded.agreementId), times);
    await cell.submit(other.rescission, utf8('{}'));
    await cell.stop();
  });
}

test('a key change that is refused while the journal is away does not take effect, and the next one does', async () => {
  const broken = storeWithHangingClaim();
  const { cell } = await start(() => 'silent', { store: broken.store });
  const cut = broken.breakDown(() => cell.closeCycle());
  await until('the claim', () => broken.claiming);
  await assert.rejects(cell.changeParticipants(withKey('00101', 7)), { reason: 'journalUnavailable' });
  broken.release();
  await cut;
  const adopted = () => [cell.state.participantsVersion, cell.configuration().participantsVersion];
  assert.deepEqual(adopted(), [1, 1]);
  assert.deepEqual(keysOf(cell.configuration().participants, '00101'), []);
  assert.equal((await cell.changeParticipants(withKey('00101', 8))).outcome, 'accepted');
  assert.deepEqual(keysOf(cell.configuration().participants, '00101'), [8]);
  const [journaled, told] = adopted();
  assert.equal(journaled, told);
  await cell.stop();
});

test('a crash in the middle of a key change undoes it and does not block later ones', async () => {
  const disk = memoryDisk();
  const appends = heldAppends();
  const first = await start(() => 'silent', { store: storeOn(disk, appends.onAppend) });
  appends.hold();
  void first.cell.changeParticipants(withKey('00101', 7));
  await until('the append of the change', () => appends.count === 1);
  first.crash();

  const second = await start(() => 'silent', { disk });
  assert.deepEqual(keysOf(second.cell.configuration().participants, '00101'), []);
  for (const version of [8, 9]) {
    assert.equal((await second.cell.changeParticipants(withKey('00201', version))).outcome, 'accepted');
  }
  await second.cell.stop();

  const third = await start(() => 'silent', { disk });
  assert.deepEqual(keysOf(third.cell.configuration().participants, '00201'), [8, 9]);
  assert.deepEqual(keysOf(third.cell.configuration().participants, '00101'), []);
  await third.cell.stop();
});

test('notices of a replayed tail survive a snapshot taken during the start and a second crash', async () => {
  const disk = memoryDisk();
  const payments = Array.from({ length: 6 }, () => payment('payout', 5));
  const first = await start(() => 'succeeded', { disk, attached: false });
  await first.fund(1, 5_000);
  for (const one of payments) {
    await Promise.all([first.pay(one), tell(first.cell, one, 'succeeded')]);
  }
  await first.cell.recordsWritten();
  assert.equal(first.cell.statistics().undelivered, 2 * payments.length);
  first.crash();

  // The second run adopts two newer documents; a snapshot is sealed between them, before the start is over.
  const newer = { scheme: { ...scheme, version: 2 }, participants: { ...participants, version: 2 } };
  const store = storeOn(disk);
  const slow: Store = {
    ...store,
    configurations: {
      ...store.configurations,
      async put(kind, ...document) {
        if (kind === 'participants') await until('the snapshot', () => disk.sealed.size > 0);
        return store.configurations.put(kind, ...document);
      },
    },
  };
  const second = await start(() => 'silent', { store: slow, snapshotEvery: 5, attached: false, ...newer });
  assert.equal(second.cell.statistics().undelivered, 2 * payments.length);
  second.crash();

  const third = await start(() => 'silent', { disk, ...newer });
  await until('all notices', () => third.bank.told('paymentNotice').length === 2 * payments.length);
  assert.deepEqual(
    [...new Set(third.bank.told('paymentNotice').map(({ subject }) => subject))].sort(),
    payments.map(({ paymentId }) => paymentId).sort(),
  );
  await third.cell.stop();
});

test('what was taken is not told again after a restart, what was not is', async () => {
  const disk = memoryDisk();
  const store = storeOn(disk);
  const first = await start(() => 'succeeded', { store });
  await first.fund(1, 5_000);
  const told = payment('payout', 5);
  await first.pay(told);
  const { frontier } = first.cell.statistics();
  await until('it is told and noted', async () => (await store.records.hint('outbox.told')) === frontier);
  first.crash();
  const second = await start(() => 'succeeded', { disk, attached: false });
  assert.equal(second.cell.statistics().undelivered, 0);
  const untold = payment('payout', 6);
  await Promise.all([second.pay(untold), tell(second.cell, untold, 'succeeded')]);
  second.crash();
  const third = await start(() => 'silent', { disk });
  await until('both notices', () => third.bank.told('paymentNotice').length === 2);
  assert.ok(third.bank.told('paymentNotice').every(({ subject }) => subject === untold.paymentId));
  await third.cell.stop();
});

test('commands after stop() are refused, also when it comes while the cell claims its journal again', async () => {
  const broken = storeWithHangingClaim();
  const { cell, pay, fund } = await start(() => 'succeeded', { store: broken.store });
  await fund(1, 5_000);
  const cut = broken.breakDown(() => cell.closeCycle());
  await until('the claim', () => broken.claiming);
  const stopped = cell.stop();
  const refused = { outcome: 'refused', reason: 'cellUnavailable' };
  assert.deepEqual(await pay(payment('payout', 50)), refused);
  broken.release();
  await Promise.all([cut, stopped]);
  assert.equal(cell.statistics().serving, false);
  const { frontier } = cell.statistics();
  const late = payment('payout', 50);
  assert.deepEqual(await pay(late), refused);
  assert.equal(cell.statistics().frontier, frontier);
  assert.equal(paymentHandle(cell.state, late.id), -1);
});

test('an append of the old epoch that fails while the cell claims its journal does not halt it', async () => {
  const appends = heldAppends();
  let fault: AppendFault | undefined;
  let failures = 0;
  const real = storeOn(memoryDisk(), () => fault ?? appends.onAppend());
  const claims = claiming(real, (claim) => async () => {
    const claimed = await claim();
    // The claim is in the journal and its answer on the way; the answer to the held append comes before it.
    const before = failures;
    const held = appends.count;
    appends.release();
    await until('the stale failure', () => failures === before + held);
    return claimed;
  });
  const store: Store = {
    ...claims,
    journal: {
      ...claims.journal,
      async append(batch) {
        await real.journal.append(batch).catch((error: Error) => {
          failures++;
          throw error;
        });
      },
    },
  };
  const { cell, halts } = await start(() => 'silent', { store });
  appends.hold();
  const cut = cell.command(encodeCutOffCycle(1));
  await until('the held append', () => appends.count === 1);
  fault = 'lost';
  const netted = cell.command(encodeNetCycle(1));
  await until('the lost append', () => failures > 0);
  fault = undefined;
  assert.equal((await cut).outcome, 'accepted');
  assert.equal((await netted).outcome, 'accepted');
  assert.equal(failures, 2);
  assert.deepEqual(halts, []);
  assert.deepEqual([cell.statistics().serving, cell.statistics().epoch], [true, 2]);
  await cell.stop();
});

for (const [batches, found] of [
  [1, /is not the one that this cell wrote/],
  [2, /the journal ends at/],
] as const) {
  test(`a cell that claims its journal again and finds ${batches} batches of another halts`, async () => {
    const disk = memoryDisk();
    let armed = false;
    const store = storeOn(disk, async () => {
      if (!armed) return undefined;
      armed = false;
      const other = await start(() => 'silent', { disk });
      for (let entry = 2; entry < 2 + batches; entry++) await other.fund(entry, 100);
      await other.cell.stop();
      return 'lost';
    });
    const { fund, halts } = await start(() => 'silent', { disk, store });
    await fund(1, 10_000);
    armed = true;
    void fund(9, 500);
    await until('it halts', () => halts.length > 0);
    assert.equal(halts[0].name, 'FencedError');
    assert.match(halts[0].message, found);
  });
}
