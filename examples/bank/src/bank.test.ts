import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Offer, PaymentAnswer } from '@clearway/contract';
import { realChance, realClock, realCrypto } from '@clearway/ports/real';
import { createInstitution, createReceiver, type PaymentOrder } from '@clearway/sdk';
import { openJournalFile } from '@clearway/sdk/node';
import { createTestPlatform, type TestPlatform } from '@clearway/sdk/testing';
import { createBank, sendCode } from './bank.ts';
import { createCounters } from './counters.ts';
import { createWrite } from './durable-ledger.ts';
import { createLedger, type LedgerRecord } from './ledger.ts';
import { createPhoneNetwork } from './phone-network.ts';
import { createBankReconciler } from './reconciliation.ts';
import type { BankReconciliation } from './report.ts';
import type { BankBehaviour } from './settings.ts';

const currency = 'CNY';
const debtor = { name: 'Customer 1', account: '0020100000000001', document: '1', phone: '13900000001' };
const wellBehaved: BankBehaviour = {
  ...{ declineRate: 0, lateRate: 0, lateByMs: 0, lostRate: 0, duplicateRate: 0 },
  latencyMs: { median: 0.01, p99: 0.02 },
};
const deadline = '2099-01-01T00:00:00.000Z';

let folder: string;
let journals = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clearway-bank-'));
});
after(() => rm(folder, { recursive: true }));

/** The bank as its program has it, on a journal of its own; `start` begins anew from the same journal. */
async function rig(behaviour: Partial<BankBehaviour> = {}) {
  const clock = { ...realClock, after: (_delayMs: number, run: () => void) => realClock.after(0, run) };
  const ports = { clock, chance: realChance, crypto: realCrypto };
  const platform = await createTestPlatform(ports);
  const wallet = createInstitution({ ...(await platform.admit('00101', 'paymentInstitution')), attempts: 1 });
  const options = await platform.admit('00201', 'bank');
  const institution = createInstitution({ ...options, attempts: 1 });
  const path = join(folder, `${++journals}.jsonl`);
  const problems: string[] = [];
  const reports: BankReconciliation[] = [];

  async function start() {
    const ledger = createLedger({ currency, openingBalance: () => 100_000 });
    const phones = createPhoneNetwork();
    const counters = createCounters();
    const journal = await openJournalFile<LedgerRecord>({
      path,
      restore(record) {
        ledger.apply(record);
        if (record.type === 'agreement') sendCode(ledger, phones, record.agreementId);
      },
      onFailure: (error) => assert.fail(error as Error),
    });
    const write = createWrite(ledger, journal);
    const reconcile = createBankReconciler({
      ...{ institution, participant: '00201', ledger, currency, write, salary: 50_000 },
      report: (reconciliation) => reports.push(reconciliation),
    });
    const handlers = createBank({
      ...{ ports, ledger, write, institution, phones, counters },
      ...{ behaviour: { ...wellBehaved, ...behaviour }, seed: 1 },
      problem: (message) => problems.push(message),
      cycleSettled: () => {},
    });
    platform.network.connect('00201.test', createReceiver({ ...options, handlers }));
    return { ledger, phones, counters, reconcile, journal };
  }

  return { platform, wallet, start, problems, reports, path };
}

async function codeOn(phones: ReturnType<typeof createPhoneNetwork>, phone: string): Promise<string> {
  const body = Buffer.from(JSON.stringify({ phone }));
  const response = await phones.handler({ method: 'POST', url: '/phone', headers: {}, body });
  return JSON.parse(Buffer.from(response.body).toString()).codes[0].code;
}

async function signed({ wallet, start }: Awaited<ReturnType<typeof rig>>) {
  const bank = await start();
  const paymentLimit = { amount: '500.00', currency };
  const request = { bank: '00201', paymentLimit, expiresOn: '2027-11-22', debtor };
  const { agreementId } = await wallet.requestAgreement(request);
  const code = await codeOn(bank.phones, debtor.phone);
  assert.equal((await wallet.confirmAgreement({ agreementId, bank: '00201', code })).state, 'active');
  const order: PaymentOrder & { kind: 'agreementPayment' } = {
    ...{ kind: 'agreementPayment', bank: '00201', agreementId, endToEndId: 'order' },
    amount: { amount: '10.00', currency },
  };
  return { bank, order };
}

const offerOf = (platform: TestPlatform, payment: Offer['payment']) =>
  platform.ask('00201', '/v1/offers', { payment, deadline, possibleDuplicate: true });
const answerOf = async (response: ReturnType<typeof offerOf>): Promise<PaymentAnswer> =>
  JSON.parse(Buffer.from((await response).body).toString());

test('a customer signs with the code from the phone, pays, is paid and refunded, and the books agree with the file', async () => {
  const world = await rig();
  const { wallet, platform, reports } = world;
  const { bank, order } = await signed(world);
  const paid = await wallet.pay(order);
  const refund = { bank: '00201', amount: { amount: '4.00', currency }, endToEndId: 'refund' };
  await wallet.refund({ ...refund, originalPaymentId: paid.paymentId });
  const creditor = { name: debtor.name, account: debtor.account };
  await wallet.payOut({ ...refund, endToEndId: 'payout', creditor });
  assert.equal(bank.ledger.account(debtor.account)?.balance, 100_000 - 1000 + 400 + 400);
  platform.settleCycle();
  await bank.reconcile();
  await bank.reconcile();
  assert.deepEqual(reports, [
    { type: 'reconciliation', participant: '00201', cycle: 1, payments: 3, differences: 0, unmatched: 0, examples: [] },
  ]);
});

test('what was answered is in the journal, and a bank that starts again gives the same answers', async () => {
  const world = await rig();
  const { wallet, platform, start, path } = world;
  const { order } = await signed(world);
  const payment = await wallet.preparePayment(order);
  const first = await answerOf(offerOf(platform, payment));
  assert.match(await readFile(path, 'utf8'), new RegExp(`"paymentId":"${payment.paymentId}".*"answer":"succeeded"`));
  const restarted = await start();
  assert.deepEqual(await answerOf(offerOf(platform, payment)), first);
  assert.equal(restarted.counters.repeatedOffers, 1);
  assert.equal(restarted.ledger.account(debtor.account)?.balance, 99_000);
});

test('a code that was sent is on the phone again after a restart', async () => {
  const { wallet, start } = await rig();
  const before = await start();
  const request = { bank: '00201', paymentLimit: { amount: '5.00', currency }, expiresOn: '2027-11-22', debtor };
  await wallet.requestAgreement(request);
  const code = await codeOn(before.phones, debtor.phone);
  assert.equal(await codeOn((await start()).phones, debtor.phone), code);
});

test('a lost offer is neither booked nor answered, and is known as never processed only after its expiry', async () => {
  const world = await rig();
  const { wallet, platform, start } = world;
  const { order } = await signed(world);
  const losing = await rig({ lostRate: 1 });
  await losing.start();
  assert.equal((await losing.wallet.pay({ ...order, bank: '00201' })).state, 'unknown');
  await start();
  const payment = await wallet.preparePayment({ ...order, expiresInMs: 1 });
  while (Date.now() <= Date.parse(payment.expiresAt)) await new Promise(setImmediate);
  const enquire = () => answerOf(platform.ask('00201', '/v1/enquiries', { payment, deadline }));
  assert.equal((await enquire()).answer, 'neverProcessed');
  assert.equal((await answerOf(offerOf(platform, payment))).answer, 'neverProcessed');
});

test('a late answer is booked at once and told by itself', async () => {
  const world = await rig({ lateRate: 1 });
  const { wallet, platform } = world;
  const { bank, order } = await signed(world);
  const { paymentId, state } = await wallet.pay(order);
  assert.equal(state, 'unknown');
  while (platform.payment(paymentId)?.state === 'unknown') await new Promise(setImmediate);
  assert.equal(platform.payment(paymentId)?.state, 'succeeded');
  assert.equal(bank.ledger.account(debtor.account)?.balance, 99_000);
});

test('duplicate answers and declines come at the rates that were asked for', async () => {
  const world = await rig({ declineRate: 0.5, duplicateRate: 1 });
  const { wallet, platform } = world;
  const { bank, order } = await signed(world);
  for (let n = 0; n < 40; n += 1) await wallet.pay(order);
  const { succeeded, failed } = bank.counters;
  assert.ok(succeeded > 10 && failed > 10 && succeeded + failed === 40, `${succeeded} + ${failed}`);
  const answers = () => platform.network.sent.filter(({ url }) => url.endsWith('/answer')).length;
  while (answers() < 40) await new Promise(setImmediate);
});

test('a final success of what did not succeed here is refused, and a person is told', async () => {
  const world = await rig();
  const { wallet, platform, problems } = world;
  const { order } = await signed(world);
  const failed = await wallet.pay({ ...order, amount: { amount: '9999.00', currency } });
  assert.equal(failed.reason, 'bankLimitExceeded');
  const { reason: _, ...told } = { ...failed, state: 'succeeded', isoStatus: 'ACSP', cycle: 1 } as const;
  const response = await platform.tell('00201', { type: 'payment', payment: told });
  assert.deepEqual([response.status, problems.length], [409, 1]);
});

test('notices place successes in their cycles and end agreements', async () => {
  const world = await rig();
  const { wallet, platform } = world;
  const { bank, order } = await signed(world);
  const payment = await wallet.pay(order);
  await platform.tell('00201', { type: 'payment', payment });
  assert.deepEqual(
    [...bank.ledger.successesOf(1)].map(({ paymentId }) => paymentId),
    [payment.paymentId],
  );
  const agreement = await wallet.rescindAgreement(order.agreementId);
  await platform.tell('00201', { type: 'agreement', agreement });
  assert.equal((await wallet.pay(order)).reason, 'bankAgreementUnknown');
});
