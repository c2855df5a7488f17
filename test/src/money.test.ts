/** Money through the public doors: exactly once, never above a limit, cleared and settled to the last fen. */
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  canonicalPayment,
  canonicalPaymentAnswer,
  type Money,
  type PaymentStatus,
  signMessage,
  verifyMessage,
} from '@clearway/contract';
import type { BankSettings } from '@clearway/example-bank';
import { Refused } from '@clearway/sdk';
import { connectOperator } from '@clearway/server';
import { startWorld, type World } from '@clearway/start';
import { type CentralBank, callCentralBank } from './central-bank.ts';
import { type Customer, customer, type Player, play, ports, settingsFile, signAgreement } from './player.ts';
import { assertProblem, get, send, signed } from './raw.ts';
import { tameBanks } from './restart.ts';
import { until } from './until.ts';
import { bookingsOf } from './witness.ts';

const folder = mkdtempSync(join(tmpdir(), 'clearway-money-'));
const cny = (amount: string): Money => ({ amount, currency: 'CNY' });
/** The scheme's largest payment; a bank's cap is twenty of them, a wallet's float ten. */
const most = cny('5000000.00');
const mostMinor = 500_000_000;

let world: World;
let wallet: Player;
let centralBank: CentralBank;

before(async () => {
  world = await startWorld({
    dataFolder: join(folder, 'data'),
    port: 0,
    logLevel: 'info',
    cycleSeconds: 0,
    fresh: true,
  });
  assert.ok(await world.agreementsSigned(60_000));
  await tameBanks(world, '50000000000.00');
  wallet = play(world, 'wallet-00101');
  centralBank = callCentralBank(world);
});

after(async () => {
  await world?.stop('at once');
  rmSync(folder, { recursive: true, force: true });
});

/** What became of each, in the word of its state or refusal. */
async function outcomes(asked: readonly Promise<PaymentStatus>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const words = asked.map((one) => one.then(({ state, reason }) => reason ?? state, refusalOf));
  for (const word of await Promise.all(words)) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

function refusalOf(error: unknown): string {
  if (error instanceof Refused) return error.problem.reason;
  throw error;
}

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

function payUnder(player: Player, bank: string, agreementId: string) {
  return (amount: Money) => player.institution.pay({ bank, agreementId, amount, endToEndId: 'money' });
}

function payOutTo(player: Player, { bank, name, account }: Customer) {
  const creditor = { name, account };
  return (amount: Money) => player.institution.payOut({ bank, creditor, amount, endToEndId: 'money' });
}

async function account(code: string) {
  const statistics = await world.operator.statistics();
  return statistics!.accounts.find(({ participant }) => participant === code)!;
}

test('the same payment sent five times at once is one payment with one answer', async () => {
  const { institution } = wallet;
  const agreementId = await signAgreement(wallet, customer(wallet, '00201'), most);
  const message = await institution.preparePayment({
    kind: 'agreementPayment',
    bank: '00201',
    agreementId,
    amount: cny('12.34'),
    endToEndId: 'once',
  });
  const before = (await account('00201')).outstanding;
  const answers = await Promise.all(times(5, () => institution.submitPayment(message)));
  assert.equal(answers[0].state, 'succeeded');
  for (const answer of answers) assert.deepEqual(answer, answers[0]);
  assert.deepEqual(await institution.submitPayment(message, { again: true }), answers[0]);
  assert.equal((await account('00201')).outstanding, before - 1234);
  assert.equal(bookingsOf(world, 'bank-00201').filter(({ paymentId }) => paymentId === message.paymentId).length, 1);
});

test('refunds that together exceed their original: exactly those that fit', async () => {
  const agreementId = await signAgreement(wallet, customer(wallet, '00201', 901), most);
  const { paymentId } = await payUnder(wallet, '00201', agreementId)(cny('100.00'));
  const refund = (amount: string) =>
    wallet.institution.refund({ originalPaymentId: paymentId, bank: '00201', amount: cny(amount), endToEndId: 'back' });
  assert.deepEqual(await outcomes(times(7, () => refund('30.00'))), { succeeded: 3, refundAboveOriginal: 4 });
  assert.deepEqual(await outcomes([refund('10.01')]), { refundAboveOriginal: 1 });
  assert.deepEqual(await outcomes([refund('10.00')]), { succeeded: 1 });
  assert.deepEqual(await outcomes([refund('0.01')]), { refundAboveOriginal: 1 });
});

test('a refund in a later cycle than its original is cleared in the later one', async () => {
  const { institution } = wallet;
  const agreementId = await signAgreement(wallet, customer(wallet, '00202'), most);
  const original = await payUnder(wallet, '00202', agreementId)(cny('40.00'));
  const first = await world.operator.settleCycle();
  assert.equal(original.cycle, first);
  const order = { originalPaymentId: original.paymentId, bank: '00202', endToEndId: 'later' };
  const refund = await institution.refund({ ...order, amount: cny('15.00') });
  assert.equal(refund.state, 'succeeded');
  assert.equal(refund.cycle, first + 1);
  assert.deepEqual(await outcomes([institution.refund({ ...order, amount: cny('25.01') })]), {
    refundAboveOriginal: 1,
  });
  const second = await world.operator.settleCycle();

  const lineOf = async (cycle: number, paymentId: string) =>
    (await institution.file(cycle)).lines.find((line) => line.paymentId === paymentId);
  assert.equal((await lineOf(first, original.paymentId))?.side, 'credit');
  const line = await lineOf(second, refund.paymentId);
  assert.equal(line?.side, 'debit');
  assert.equal(line?.originalPaymentId, original.paymentId);
  assert.equal((await institution.enquire(refund.paymentId)).isoStatus, 'ACSC');
});

test('payouts go to the last fen of the float and no further', async () => {
  const spender = play(world, 'wallet-00103');
  const who = customer(spender, '00205');
  await signAgreement(spender, who, most);
  const payOut = payOutTo(spender, who);
  assert.equal((await account('00103')).headroom, 10 * mostMinor);
  assert.deepEqual(await outcomes(times(13, () => payOut(most))), { succeeded: 10, floatInsufficient: 3 });
  assert.equal((await account('00103')).headroom, 0);
  assert.deepEqual(await outcomes([payOut(cny('0.01'))]), { floatInsufficient: 1 });

  // What customers pay in may be paid out again, at once.
  const agreementId = await signAgreement(spender, customer(spender, '00205', 901), most);
  await payUnder(spender, '00205', agreementId)(cny('7.00'));
  assert.deepEqual(await outcomes([payOut(cny('7.00')), payOut(cny('7.00'))]), { succeeded: 1, floatInsufficient: 1 });

  // And what is brought to the account at the central bank.
  await centralBank.deposit('00103', 'top-up-1', cny('9.00'));
  await until('the cell knows of the deposit', async () => (await account('00103')).headroom === 900);
  assert.deepEqual(await outcomes([payOut(cny('9.01')), payOut(cny('9.00'))]), { succeeded: 1, floatInsufficient: 1 });
});

test('a bank pays to the last fen of its net debit cap and no further, until its cycle is settled', async () => {
  const agreementId = await signAgreement(wallet, customer(wallet, '00206'), most);
  const pay = payUnder(wallet, '00206', agreementId);
  assert.deepEqual(await outcomes(times(26, () => pay(most))), { succeeded: 20, netDebitCapExceeded: 6 });
  assert.equal((await account('00206')).headroom, 0);
  assert.deepEqual(await outcomes([pay(cny('0.01'))]), { netDebitCapExceeded: 1 });
  await world.operator.settleCycle();
  assert.equal((await account('00206')).headroom, 20 * mostMinor);
  assert.deepEqual(await outcomes([pay(cny('0.01'))]), { succeeded: 1 });
});

test('a shortfall queues the whole cycle, is shown, stops nobody else, and is settled when money comes', async () => {
  const { institution } = wallet;
  const agreementId = await signAgreement(wallet, customer(wallet, '00204'), most);
  const pay = payUnder(wallet, '00204', agreementId);
  const elsewhere = payUnder(wallet, '00203', await signAgreement(wallet, customer(wallet, '00203'), most));
  // Reserves of 500 million, a cap of 100: after five settled cycles they are used up.
  for (let cycle = 0; cycle < 5; cycle++) {
    assert.deepEqual(await outcomes(times(20, () => pay(most))), { succeeded: 20 });
    await world.operator.settleCycle();
  }
  assert.equal(await centralBank.balance('00204'), 0n);
  await pay(cny('30.00'));
  await elsewhere(cny('20.00'));
  const reserves = await centralBank.balance('00203');
  const operator = await connectOperator(world.environment.CLEARWAY_SOCKET);
  try {
    const short = await operator.closeCycle();
    await until('the cycle is queued', async () => (await world.records.cycle(short))?.state === 'queued');
    const report = await institution.cycle(short);
    assert.equal(report.state, 'queued');
    assert.deepEqual(
      report.settlement.map(({ state }) => state),
      ['queued'],
    );
    const open = async () =>
      (await operator.workItems()).filter(({ kind, subject }) => kind === 'shortfall' && subject === String(short));
    assert.equal((await open()).length, 1);
    const advice = await centralBank.settlement(report.settlement[0].instructionId);
    assert.equal(advice.state, 'queued');
    assert.deepEqual(advice.shortfalls, [{ participant: '00204', missing: '30.00' }]);
    assert.equal(await centralBank.balance('00203'), reserves, 'nobody is debited alone');

    // The next cycle is open all the while.
    const later = await elsewhere(cny('5.00'));
    assert.equal(later.cycle, short + 1);

    await centralBank.deposit('00204', 'rescue-1', cny('29.99'));
    assert.equal((await centralBank.settlement(report.settlement[0].instructionId)).state, 'queued');
    await centralBank.deposit('00204', 'rescue-2', cny('0.01'));
    await operator.cycleReached(short, 'settled');
    await operator.recordsWritten();
    assert.equal((await institution.cycle(short)).settlement[0].state, 'settled');
    assert.equal(await centralBank.balance('00204'), 0n);
    assert.equal(await centralBank.balance('00203'), reserves - 2000n);
    assert.deepEqual(await open(), []);
  } finally {
    operator.close();
  }
});

test('a key is changed under traffic without a gap', async () => {
  const old = play(world, 'wallet-00102');
  const who = customer(old, '00201');
  await signAgreement(old, who, most);
  const { suite } = old.options.signing;
  const pair = await ports.crypto.generateSigningKey(suite);
  const renewed = play(world, 'wallet-00102', {
    lane: 6,
    signing: { suite, version: 2, privateKey: pair.privateKey },
  });

  let current = old;
  let stopped = false;
  const paid = { byOld: 0, byNew: 0 };
  const words: Promise<Record<string, number>>[] = [];
  const traffic = times(4, async () => {
    while (!stopped) {
      const player = current;
      const outcome = outcomes([payOutTo(player, who)(cny('1.00'))]);
      words.push(outcome);
      await outcome;
      paid[player === old ? 'byOld' : 'byNew']++;
    }
  });
  const oldSaid = () => paid.byOld;
  const newSaid = () => paid.byNew;

  await until('payments with the old key', () => oldSaid() >= 20);
  await old.institution.addKey({ version: 2, suite, publicKey: pair.publicKey });
  await until('payments with the old key go on', () => oldSaid() >= 40);
  const third = await ports.crypto.generateSigningKey(suite);
  await assert.rejects(old.institution.addKey({ version: 3, suite, publicKey: third.publicKey }), (error) => {
    return refusalOf(error) === 'keyLimitReached';
  });
  current = renewed;
  // Each of the four has had its last answer to the old key.
  await until('payments with the new key', () => newSaid() >= 20);
  await renewed.institution.endKey(1);
  const sinceEnd = newSaid();
  await until('payments after the old key has ended', () => newSaid() >= sinceEnd + 20);
  stopped = true;
  await Promise.all(traffic);

  const all: Record<string, number> = {};
  for (const one of await Promise.all(words))
    for (const [word, count] of Object.entries(one)) all[word] = (all[word] ?? 0) + count;
  assert.deepEqual(all, { succeeded: paid.byOld + paid.byNew });
  const late = await signed(old, get(old, '/v1/platform'));
  await assertProblem(old, late, await send(late), 'keyUnknown');
  await assert.rejects(
    renewed.institution.addKey({ version: 1, suite, publicKey: third.publicKey }),
    (error) => refusalOf(error) === 'keyVersionTaken',
  );
});

test("a bank's approval reaches the wallet as the bank signed it, and proves the payment by the bank's public key alone", async () => {
  const agreementId = await signAgreement(wallet, customer(wallet, '00201', 902), most);
  const { scheme } = wallet.options;
  const message = await wallet.institution.preparePayment({
    kind: 'agreementPayment',
    bank: '00201',
    agreementId,
    amount: cny('88.00'),
    endToEndId: 'proof',
  });
  const { answer } = await wallet.institution.submitPayment(message);
  const { signature, ...said } = answer!;

  // Nothing here comes from the platform: the bank's key, the bank's words, the wallet's own message.
  const { signingKey }: BankSettings = JSON.parse(readFileSync(settingsFile(world, 'bank-00201'), 'utf8'));
  const privateKey = readFileSync(signingKey.file, 'utf8');
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
  const keys = [{ version: signingKey.version, suite: signingKey.suite, publicKey }];
  const canonical = canonicalPaymentAnswer(scheme, '00201', said);
  assert.ok(await verifyMessage(ports.crypto, keys, canonical, signature));
  assert.equal(said.answer, 'succeeded');
  const hashOf = (changed: object) =>
    Buffer.from(ports.crypto.sha256(canonicalPayment(scheme, { ...message, ...changed }))).toString('hex');
  assert.equal(said.paymentHash, hashOf({}));
  assert.notEqual(said.paymentHash, hashOf({ interbankSettlementAmount: cny('88.01') }));
  for (const changed of [{ answer: 'failed' }, { paymentHash: '0'.repeat(64) }, { answeredAt: message.expiresAt }]) {
    const forged = canonicalPaymentAnswer(scheme, '00201', { ...said, ...changed } as typeof said);
    assert.equal(await verifyMessage(ports.crypto, keys, forged, signature), false);
  }

  // Ed25519 is deterministic: what the bank would sign again is what arrived, so nobody has touched it.
  const again = await signMessage(ports.crypto, { ...signingKey, privateKey }, canonical);
  assert.deepEqual(again, signature);
  const enquired = await wallet.institution.enquire(message.paymentId);
  assert.deepEqual(enquired.answer, answer);
});

test('a flood of enquiries spends the budget of its sender and touches nobody else', async () => {
  const flooder = play(world, 'wallet-00103');
  const agreementId = await signAgreement(wallet, customer(wallet, '00202', 903), most);
  const { paymentId } = await payUnder(wallet, '00202', agreementId)(cny('1.00'));
  const pay = payUnder(wallet, '00202', agreementId);

  let flooding = true;
  const statuses: Record<number, number> = {};
  let first429: Awaited<ReturnType<typeof send>> | undefined;
  const flood = times(24, async () => {
    while (flooding) {
      // Others' payments, and so the longest way.
      const asked = await signed(flooder, get(flooder, `/v1/payments/${paymentId}`));
      const response = await send(asked);
      statuses[response.status] = (statuses[response.status] ?? 0) + 1;
      if (response.status !== 429 || first429 !== undefined) continue;
      first429 = response;
      await assertProblem(flooder, asked, response, 'enquiryBudgetSpent');
    }
  });
  await until('the budget is spent', () => (statuses[429] ?? 0) > 100);
  const paid = await outcomes(times(40, () => pay(cny('1.00'))));
  const asked = await outcomes(times(40, () => wallet.institution.enquire(paymentId)));
  flooding = false;
  await Promise.all(flood);

  assert.deepEqual(paid, { succeeded: 40 });
  assert.deepEqual(asked, { succeeded: 40 });
  assert.ok(Number(first429?.headers['retry-after']) >= 1);
  assert.deepEqual(Object.keys(statuses).sort(), ['404', '429'], JSON.stringify(statuses));
});

test('in the end all is settled, and all sums are zero', async () => {
  const last = await world.operator.settleCycle();
  for (let cycle = 1; cycle <= last; cycle++) {
    const positions = await world.records.positions(cycle);
    const sum = positions.reduce((total, { credits, debits }) => total + credits - debits, 0n);
    assert.equal(sum, 0n, `cycle ${cycle}`);
    assert.equal((await world.records.cycle(cycle))?.state, 'settled');
  }
  for (const { participant, outstanding, reserved } of (await world.operator.statistics())!.accounts) {
    assert.deepEqual({ participant, outstanding, reserved }, { participant, outstanding: 0, reserved: 0 });
  }
});
