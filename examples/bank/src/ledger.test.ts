import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfirmationQuestion, Details, OfferQuestion, SigningQuestion } from '@clearway/sdk';
import fc from 'fast-check';
import { ContradictionError, createLedger, type Decided, type Ledger, type LedgerRecord } from './ledger.ts';

const wallet = '00101';
const account = '0020100000000001';
const debtor = {
  debtorAccount: account,
  debtorName: 'Customer 1',
  document: '110101199001010011',
  phone: '13900000001',
};
const agreementId = '2026112210010100000000001010001';
const expiresAt = 1000;

const signature = { suite: 'ed25519', keyVersion: 1, value: 'AA==' } as const;
const idOf = (number: number) => `20261122100101${String(number).padStart(11, '0')}010001`;

interface Asked {
  readonly number: number;
  readonly kind?: 'agreementPayment' | 'payout' | 'refund';
  readonly amount?: number;
  readonly currency?: string;
  readonly institution?: string;
  readonly agreement?: string;
  readonly original?: number;
  readonly details?: Details;
  readonly hash?: string;
}

function payment(asked: Asked): OfferQuestion {
  const { number, kind = 'agreementPayment', amount = 100, currency = 'CNY', institution = wallet } = asked;
  return {
    payment: {
      paymentId: idOf(number),
      kind,
      instructedAgent: '00201',
      interbankSettlementAmount: { amount: (amount / 100).toFixed(2), currency },
      ...(kind === 'agreementPayment' && { agreementId: asked.agreement ?? agreementId }),
      ...(kind === 'refund' && { originalPaymentId: idOf(asked.original ?? 1) }),
      endToEndId: `order-${number}`,
      expiresAt: '1970-01-01T00:00:01.000Z',
      signature,
    },
    paymentHash: asked.hash ?? `hash of ${number}`,
    institution,
    amount,
    currency,
    details: asked.details ?? {},
    expiresAt,
    deadline: expiresAt,
    possibleDuplicate: false,
  };
}

function signing(number: number, details: Details = debtor, hash = `signing ${number}`): SigningQuestion {
  return {
    agreement: {
      agreementId: idOf(number),
      bank: '00201',
      paymentLimit: { amount: '500.00', currency: 'CNY' },
      expiresOn: '2027-11-22',
      expiresAt: '1970-01-01T00:00:01.000Z',
      sealed: 'AAAA',
      signature,
    },
    subjectHash: hash,
    institution: wallet,
    paymentLimit: 50_000,
    currency: 'CNY',
    details,
    expiresAt,
    deadline: expiresAt,
  };
}

function confirmation(number: number, code: string): ConfirmationQuestion {
  return {
    confirmation: { agreementId: idOf(number), expiresAt: '1970-01-01T00:00:01.000Z', sealed: 'AAAA', signature },
    subjectHash: `confirmation of ${number} with ${code}`,
    institution: wallet,
    code,
    expiresAt,
    deadline: expiresAt,
  };
}

const newLedger = () => createLedger({ currency: 'CNY', openingBalance: () => 10_000 });

function take<D>(ledger: Ledger, decided: Decided<D>): D {
  for (const record of decided.records) ledger.apply(record);
  return decided.decision;
}

function ledgerWithAgreement(): Ledger {
  const ledger = newLedger();
  take(ledger, ledger.decideSigning(signing(1), 1, '123456'));
  take(ledger, ledger.decideConfirmation(confirmation(1, '123456'), 2));
  assert.equal(ledger.agreement(agreementId)?.state, 'active');
  return ledger;
}

const balance = (ledger: Ledger) => ledger.account(account)?.balance;

test('two-step signing opens an account, sends one code, and takes the code once', () => {
  const ledger = newLedger();
  assert.deepEqual(take(ledger, ledger.decideSigning(signing(1), 1, '123456')), { answer: 'codeSent', answeredAt: 1 });
  assert.deepEqual(ledger.decideSigning(signing(1), 5, '999999'), {
    decision: { answer: 'codeSent', answeredAt: 1 },
    records: [],
  });
  assert.equal(ledger.agreement(agreementId)?.code, '123456');
  const active = { answer: 'active', answeredAt: 6 };
  assert.deepEqual(take(ledger, ledger.decideConfirmation(confirmation(1, '123456'), 6)), active);
  assert.deepEqual(take(ledger, ledger.decideConfirmation(confirmation(1, '123456'), 7)), active);
  assert.equal(balance(ledger), 10_000);
});

test('a wrong code fails the agreement for good, and does not end one in force', () => {
  const ledger = newLedger();
  take(ledger, ledger.decideSigning(signing(1), 1, '123456'));
  const wrong = { answer: 'failed', reason: 'bankCodeWrong', answeredAt: 2 };
  assert.deepEqual(take(ledger, ledger.decideConfirmation(confirmation(1, '000000'), 2)), wrong);
  assert.equal(take(ledger, ledger.decideConfirmation(confirmation(1, '123456'), 3)).answer, 'failed');
  const inForce = ledgerWithAgreement();
  assert.equal(take(inForce, inForce.decideConfirmation(confirmation(1, '000000'), 3)).answer, 'failed');
  assert.equal(inForce.agreement(agreementId)?.state, 'active');
});

test('signing compares the four elements with the account', () => {
  const ledger = ledgerWithAgreement();
  for (const element of ['debtorName', 'document', 'phone']) {
    const question = signing(2, { ...debtor, [element]: 'other' }, `other ${element}`);
    assert.equal(ledger.decideSigning(question, 3, '1').decision.reason, 'bankIdentityMismatch');
  }
  assert.equal(ledger.decideSigning(signing(2, {}), 3, '1').decision.reason, 'bankIdentityMismatch');
  assert.equal(ledger.decideSigning(signing(2), 3, '1').decision.answer, 'codeSent');
});

const refusals: readonly (readonly [string, Asked, string])[] = [
  ['another currency', { number: 9, currency: 'USD' }, 'bankDeclined'],
  ['an agreement that is not known', { number: 9, agreement: idOf(8) }, 'bankAgreementUnknown'],
  ['an agreement with another institution', { number: 9, institution: '00102' }, 'bankAgreementUnknown'],
  ['more than the agreement allows', { number: 9, amount: 50_001 }, 'bankLimitExceeded'],
  ['more than the account holds', { number: 9, amount: 10_001 }, 'bankInsufficientFunds'],
  ['a payout that names nobody', { number: 9, kind: 'payout' }, 'bankAccountUnknown'],
  [
    'a payout to an unknown account',
    { number: 9, kind: 'payout', details: { creditorAccount: 'x', creditorName: 'x' } },
    'bankAccountUnknown',
  ],
  [
    'a payout to another name',
    { number: 9, kind: 'payout', details: { creditorAccount: account, creditorName: 'x' } },
    'bankIdentityMismatch',
  ],
  ['a refund of nothing', { number: 9, kind: 'refund', original: 8 }, 'bankAccountUnknown'],
  [
    'a refund by another institution',
    { number: 9, kind: 'refund', original: 1, institution: '00102' },
    'bankAccountUnknown',
  ],
  ['a refund of a payout', { number: 9, kind: 'refund', original: 2 }, 'bankDeclined'],
  ['a refund beyond its original', { number: 9, kind: 'refund', original: 1, amount: 101 }, 'bankLimitExceeded'],
];
for (const [what, asked, reason] of refusals) {
  test(`${what} fails with ${reason}, and books nothing`, () => {
    const ledger = ledgerWithAgreement();
    take(ledger, ledger.decideOffer(payment({ number: 1 }), 3, false));
    const details = { creditorAccount: account, creditorName: debtor.debtorName };
    take(ledger, ledger.decideOffer(payment({ number: 2, kind: 'payout', details }), 3, false));
    const decision = take(ledger, ledger.decideOffer(payment(asked), 4, false));
    assert.deepEqual(decision, { answer: 'failed', reason, answeredAt: 4 });
    assert.equal(balance(ledger), 10_000);
    assert.deepEqual(ledger.decideOffer(payment(asked), 5, false), { decision, records: [] });
  });
}

test('a repeated offer gets the same answer and books once; other content under the id is a contradiction', () => {
  const ledger = ledgerWithAgreement();
  const decision = take(ledger, ledger.decideOffer(payment({ number: 1 }), 3, false));
  assert.deepEqual(decision, { answer: 'succeeded', answeredAt: 3 });
  assert.deepEqual(ledger.decideOffer(payment({ number: 1 }), 4, true), { decision, records: [] });
  assert.equal(balance(ledger), 9_900);
  assert.throws(() => ledger.decideOffer(payment({ number: 1, hash: 'other' }), 4, false), ContradictionError);
});

test('refunds go to the account of the original, in parts, up to the original', () => {
  const ledger = ledgerWithAgreement();
  take(ledger, ledger.decideOffer(payment({ number: 1 }), 3, false));
  const refund = (number: number, amount: number) =>
    take(ledger, ledger.decideOffer(payment({ number, kind: 'refund', amount }), 4, false)).answer;
  assert.deepEqual(
    [refund(2, 60), refund(3, 41), refund(4, 40), refund(5, 1)],
    ['succeeded', 'failed', 'succeeded', 'failed'],
  );
  assert.equal(balance(ledger), 10_000);
});

test('an unseen payment is not known yet before its expiry, and never processed from then on, also for a late offer', () => {
  const ledger = ledgerWithAgreement();
  const question = payment({ number: 1 });
  assert.deepEqual(ledger.decideEnquiry(question, expiresAt - 1), {
    decision: { answer: 'notKnownYet', answeredAt: expiresAt - 1 },
    records: [],
  });
  const never = { answer: 'neverProcessed', answeredAt: expiresAt };
  assert.deepEqual(take(ledger, ledger.decideEnquiry(question, expiresAt)), never);
  assert.deepEqual(take(ledger, ledger.decideOffer(question, expiresAt - 1, false)), never);
  assert.equal(take(ledger, ledger.decideOffer(payment({ number: 2 }), expiresAt, false)).answer, 'neverProcessed');
  assert.equal(balance(ledger), 10_000);
});

test('a reversal gives a debit back once, and one that comes first blocks its original', () => {
  const ledger = ledgerWithAgreement();
  const question = payment({ number: 1 });
  take(ledger, ledger.decideOffer(question, 3, false));
  for (let at = 4; at < 6; at += 1)
    assert.deepEqual(take(ledger, ledger.decideReversal(question, at)), { answer: 'reversed', answeredAt: 4 });
  assert.equal(balance(ledger), 10_000);
  const first = payment({ number: 2 });
  assert.equal(take(ledger, ledger.decideReversal(first, 5)).answer, 'blocked');
  assert.equal(take(ledger, ledger.decideOffer(first, 6, false)).answer, 'blocked');
  assert.equal(balance(ledger), 10_000);
});

test('what failed, credits, and successes that the platform told are not reversed', () => {
  const ledger = ledgerWithAgreement();
  const details = { creditorAccount: account, creditorName: debtor.debtorName };
  const questions = [
    payment({ number: 1, amount: 20_000 }),
    payment({ number: 2, kind: 'payout', details }),
    payment({ number: 3 }),
  ];
  for (const question of questions) take(ledger, ledger.decideOffer(question, 3, false));
  for (const record of ledger.decideFinal(idOf(3), 7)) ledger.apply(record);
  const before = balance(ledger);
  const answers = questions.map((question) => take(ledger, ledger.decideReversal(question, 4)).answer);
  assert.deepEqual(answers, ['failed', 'succeeded', 'succeeded']);
  assert.equal(balance(ledger), before);
});

test('a success is listed under no cycle until the platform tells it, and a final success of a failure is a contradiction', () => {
  const ledger = ledgerWithAgreement();
  take(ledger, ledger.decideOffer(payment({ number: 1 }), 3, false));
  take(ledger, ledger.decideOffer(payment({ number: 2, amount: 20_000 }), 3, false));
  const listed = (cycle: number) => [...ledger.successesOf(cycle)].map(({ paymentId }) => paymentId);
  assert.deepEqual([listed(0), listed(7)], [[idOf(1)], []]);
  for (const record of ledger.decideFinal(idOf(1), 7)) ledger.apply(record);
  assert.deepEqual([listed(0), listed(7)], [[], [idOf(1)]]);
  assert.deepEqual(ledger.decideFinal(idOf(1), 7), []);
  assert.throws(() => ledger.decideFinal(idOf(2), 7), ContradictionError);
});

test('salary is paid to the poor, once a cycle', () => {
  const ledger = ledgerWithAgreement();
  for (const amount of [10_000, 10_001]) for (const record of ledger.decideSalary(amount, amount)) ledger.apply(record);
  assert.equal(balance(ledger), 20_001);
  assert.deepEqual(ledger.decideSalary(10_001, 50_000), []);
});

test('whatever comes in whatever order, each payment moves money once and replay gives the same ledger', () => {
  const step = fc.record({
    number: fc.integer({ min: 1, max: 6 }),
    ask: fc.constantFrom('offer', 'enquiry', 'reversal'),
    at: fc.integer({ min: 3, max: 1200 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const ledger = ledgerWithAgreement();
      const records: LedgerRecord[] = [];
      const final = new Map<number, string>();
      for (const { number, ask, at } of steps) {
        const question = payment({ number, amount: number });
        const decided =
          ask === 'offer'
            ? ledger.decideOffer(question, at, false)
            : ask === 'enquiry'
              ? ledger.decideEnquiry(question, at)
              : ledger.decideReversal(question, at);
        records.push(...decided.records);
        const { answer } = take(ledger, decided);
        const before = final.get(number);
        if (answer === 'notKnownYet') assert.equal(before, undefined);
        else if (before !== undefined && before !== answer)
          assert.deepEqual([before, answer], ['succeeded', 'reversed']);
        if (answer !== 'notKnownYet') final.set(number, answer);
      }
      const spent = [...final].reduce((sum, [number, answer]) => sum + (answer === 'succeeded' ? number : 0), 0);
      assert.equal(balance(ledger), 10_000 - spent);
      const replayed = ledgerWithAgreement();
      for (const record of records) replayed.apply(record);
      assert.equal(balance(replayed), balance(ledger));
      for (const number of final.keys()) assert.deepEqual(replayed.payment(idOf(number)), ledger.payment(idOf(number)));
    }),
  );
});
