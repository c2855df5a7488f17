/**
 * The bank's ledger: accounts, agreements, and what was decided on each payment, for ever.
 *
 * It is a pure function of its records. `decide…` reads and gives a decision with the records that make it so; `apply`
 * alone changes the ledger. The caller makes the records durable before it tells the decision. What was decided once
 * is decided for good: asked again, the ledger gives the same decision and no record.
 *
 * A payment unseen is decided by what comes first: an offer books it, an enquiry after its `expiresAt` closes it as
 * never processed, a reversal blocks it. Only a debit that succeeded can be reversed.
 */
import type {
  AgreementDecision,
  ConfirmationQuestion,
  Details,
  PaymentDecision,
  PaymentQuestion,
  SigningQuestion,
} from '@clearway/sdk';

/** Amounts are minor units of the bank's one currency. */
export type LedgerRecord =
  | { readonly type: 'account'; readonly account: string; readonly holder: Holder; readonly balance: number }
  | {
      readonly type: 'agreement';
      readonly agreementId: string;
      readonly institution: string;
      readonly hash: string;
      readonly account?: string;
      readonly paymentLimit: number;
      /** The one-time code, when one was sent. */
      readonly code?: string;
      readonly decision: AgreementDecision;
    }
  | {
      readonly type: 'confirmation';
      readonly agreementId: string;
      readonly hash: string;
      readonly decision: AgreementDecision;
    }
  | { readonly type: 'rescission'; readonly agreementId: string }
  | {
      readonly type: 'payment';
      readonly paymentId: string;
      readonly hash: string;
      readonly kind: 'agreementPayment' | 'payout' | 'refund';
      readonly institution: string;
      readonly amount: number;
      readonly endToEndId: string;
      readonly originalPaymentId?: string;
      /** The account booked; absent when nothing was. */
      readonly account?: string;
      readonly decision: PaymentDecision;
    }
  | { readonly type: 'reversal'; readonly paymentId: string; readonly decision: PaymentDecision }
  /** The platform's final word, with the cycle of a success. */
  | { readonly type: 'final'; readonly paymentId: string; readonly cycle: number }
  /** The cycle's file was compared with this ledger. */
  | { readonly type: 'reconciled'; readonly cycle: number; readonly differences: number }
  | { readonly type: 'salary'; readonly cycle: number; readonly amount: number; readonly accounts: readonly string[] };

export interface Holder {
  readonly name: string;
  /** Number of the identity document. */
  readonly document: string;
  readonly phone: string;
}

export interface Account {
  readonly account: string;
  readonly holder: Holder;
  readonly balance: number;
}

export interface Agreement {
  readonly agreementId: string;
  readonly institution: string;
  readonly hash: string;
  readonly account: string | undefined;
  readonly paymentLimit: number;
  readonly code: string | undefined;
  readonly decision: AgreementDecision;
  /** Decisions by the hash of the confirmation that they answer. */
  readonly confirmations: ReadonlyMap<string, AgreementDecision>;
  readonly state: 'codeSent' | 'active' | 'failed' | 'rescinded';
}

export type Payment = Omit<Extract<LedgerRecord, { type: 'payment' }>, 'type'> & {
  /** Sum of the refunds of this payment. */
  readonly refunded: number;
  /** Clearing cycle of its success, once the platform told it. */
  readonly cycle: number | undefined;
};

export interface Decided<D> {
  readonly decision: D;
  /** Empty when it was decided before. */
  readonly records: readonly LedgerRecord[];
}

/** The asked id is known with another content: the asker is wrong, and gets no decision. */
export class ContradictionError extends Error {
  override name = 'ContradictionError';
}

export interface LedgerOptions {
  /** ISO 4217 alphabetic code; payments in others are declined. */
  readonly currency: string;
  /** Balance to open an account with. */
  openingBalance(account: string): number;
}

export type Ledger = ReturnType<typeof createLedger>;

type Reason = NonNullable<PaymentDecision['reason']>;
type Writable<T> = { -readonly [K in keyof T]: T[K] };

export function createLedger({ currency, openingBalance }: LedgerOptions) {
  const accounts = new Map<string, Writable<Account>>();
  const agreements = new Map<string, Writable<Agreement> & { confirmations: Map<string, AgreementDecision> }>();
  const payments = new Map<string, Writable<Payment>>();
  /** Successes by cycle, for reconciliation; under 0 those whose cycle is not told yet. */
  const successes = new Map<number, Set<Payment>>([[0, new Set()]]);
  const paidSalaries = new Set<number>();
  const reconciled = new Set<number>();

  function decidePayment(
    question: PaymentQuestion,
    decision: PaymentDecision,
    account?: string,
  ): Decided<PaymentDecision> {
    const { payment, paymentHash: hash, institution, amount } = question;
    const { paymentId, kind, endToEndId, originalPaymentId } = payment;
    const facts = { paymentId, hash, kind, institution, amount, endToEndId, decision };
    const record = { type: 'payment' as const, ...facts, ...(originalPaymentId && { originalPaymentId }) };
    return { decision, records: [account === undefined ? record : { ...record, account }] };
  }

  function known({ payment, paymentHash }: PaymentQuestion): Payment | undefined {
    const found = payments.get(payment.paymentId);
    if (found && found.hash !== paymentHash)
      throw new ContradictionError(`payment ${payment.paymentId} is known with other content`);
    return found;
  }

  /** The ladder of refusals, first fault first; gives the account to book on. */
  function findAccount(question: PaymentQuestion): { readonly account: Account } | { readonly reason: Reason } {
    if (question.currency !== currency) return { reason: 'bankDeclined' };
    switch (question.payment.kind) {
      case 'agreementPayment':
        return findDebtor(question);
      case 'payout':
        return findCreditor(question.details);
      case 'refund':
        return findRefunded(question);
    }
  }

  function findDebtor({ payment, institution, amount }: PaymentQuestion) {
    const agreement = agreements.get(payment.agreementId!);
    if (agreement?.state !== 'active' || agreement.institution !== institution)
      return { reason: 'bankAgreementUnknown' } as const;
    if (amount > agreement.paymentLimit) return { reason: 'bankLimitExceeded' } as const;
    const account = accounts.get(agreement.account!)!;
    if (amount > account.balance) return { reason: 'bankInsufficientFunds' } as const;
    return { account };
  }

  function findCreditor(details: Details | undefined) {
    const account = accounts.get(String(details?.creditorAccount));
    if (!account) return { reason: 'bankAccountUnknown' } as const;
    if (details?.creditorName !== account.holder.name) return { reason: 'bankIdentityMismatch' } as const;
    return { account };
  }

  /** A refund names no account: it goes back to where its original came from. */
  function findRefunded({ payment, institution, amount }: PaymentQuestion) {
    const original = payments.get(payment.originalPaymentId!);
    const account = original?.account === undefined ? undefined : accounts.get(original.account);
    if (!original || !account || original.institution !== institution || original.decision.answer !== 'succeeded')
      return { reason: 'bankAccountUnknown' } as const;
    if (original.kind !== 'agreementPayment') return { reason: 'bankDeclined' } as const;
    if (original.refunded + amount > original.amount) return { reason: 'bankLimitExceeded' } as const;
    return { account };
  }

  function book(account: string, amount: number): void {
    const booked = accounts.get(account)!;
    booked.balance += amount;
    if (!Number.isSafeInteger(booked.balance) || booked.balance < 0)
      throw new Error('an account would be overdrawn or out of range: the ledger is wrong');
  }

  /** What a success moves on the customer's account; a reversal moves it back. */
  const effectOf = ({ kind, amount }: Payment) => (kind === 'agreementPayment' ? -amount : amount);

  return {
    account: (account: string): Account | undefined => accounts.get(account),
    agreement: (agreementId: string): Agreement | undefined => agreements.get(agreementId),
    payment: (paymentId: string): Payment | undefined => payments.get(paymentId),
    counts: () => ({ accounts: accounts.size, agreements: agreements.size, payments: payments.size }),

    /** `declined`: the bank does not want to, for a reason of its own. */
    decideOffer(question: PaymentQuestion, at: number, declined: boolean): Decided<PaymentDecision> {
      const decided = known(question);
      if (decided) return { decision: decided.decision, records: [] };
      if (at >= question.expiresAt) return decidePayment(question, { answer: 'neverProcessed', answeredAt: at });
      const found = declined ? { reason: 'bankDeclined' as const } : findAccount(question);
      if ('reason' in found) return decidePayment(question, { answer: 'failed', reason: found.reason, answeredAt: at });
      return decidePayment(question, { answer: 'succeeded', answeredAt: at }, found.account.account);
    },

    decideEnquiry(question: PaymentQuestion, at: number): Decided<PaymentDecision> {
      const decided = known(question);
      if (decided) return { decision: decided.decision, records: [] };
      // Not a decision: the offer may still come, and would be booked.
      if (at < question.expiresAt) return { decision: { answer: 'notKnownYet', answeredAt: at }, records: [] };
      return decidePayment(question, { answer: 'neverProcessed', answeredAt: at });
    },

    decideReversal(question: PaymentQuestion, at: number): Decided<PaymentDecision> {
      const decided = known(question);
      if (!decided) return decidePayment(question, { answer: 'blocked', answeredAt: at });
      // Credits may be spent already, and a success that the platform told is only ever refunded.
      const reversible = decided.kind === 'agreementPayment' && decided.cycle === undefined;
      if (decided.decision.answer !== 'succeeded' || !reversible) return { decision: decided.decision, records: [] };
      const decision: PaymentDecision = { answer: 'reversed', answeredAt: at };
      return { decision, records: [{ type: 'reversal', paymentId: decided.paymentId, decision }] };
    },

    /** `code`: the one-time code to send, should it come to that. */
    decideSigning(question: SigningQuestion, at: number, code: string): Decided<AgreementDecision> {
      const { agreement, institution, paymentLimit, subjectHash: hash } = question;
      const { agreementId } = agreement;
      const decided = agreements.get(agreementId);
      if (decided && decided.hash !== hash)
        throw new ContradictionError(`agreement ${agreementId} is known with other content`);
      if (decided) return { decision: decided.decision, records: [] };

      const facts = { type: 'agreement' as const, agreementId, institution, hash, paymentLimit };
      const debtor = readDebtor(question.details);
      const holder = debtor && accounts.get(debtor.account)?.holder;
      const fault =
        question.currency !== currency
          ? 'bankDeclined'
          : debtor && sameHolder(debtor, holder)
            ? undefined
            : 'bankIdentityMismatch';
      if (!debtor || fault || at >= question.expiresAt) {
        const decision = { answer: 'failed', reason: fault ?? 'bankDeclined', answeredAt: at } as const;
        return { decision, records: [{ ...facts, decision }] };
      }
      const decision = { answer: 'codeSent', answeredAt: at } as const;
      const { account, name, document, phone } = debtor;
      const opened = {
        type: 'account',
        account,
        holder: { name, document, phone },
        balance: openingBalance(account),
      } as const;
      const signed = { ...facts, account, code, decision };
      return { decision, records: holder ? [signed] : [opened, signed] };
    },

    decideConfirmation(question: ConfirmationQuestion, at: number): Decided<AgreementDecision> {
      const { agreementId } = question.confirmation;
      const agreement = agreements.get(agreementId);
      const decided = agreement?.confirmations.get(question.subjectHash);
      if (decided) return { decision: decided, records: [] };
      const holds =
        agreement?.state === 'codeSent' &&
        agreement.institution === question.institution &&
        agreement.code === question.code &&
        at < question.expiresAt;
      const decision: AgreementDecision = holds
        ? { answer: 'active', answeredAt: at }
        : { answer: 'failed', reason: agreement ? 'bankCodeWrong' : 'bankAgreementUnknown', answeredAt: at };
      if (!agreement) return { decision, records: [] };
      return { decision, records: [{ type: 'confirmation', agreementId, hash: question.subjectHash, decision }] };
    },

    /** The platform told that the agreement was ended. */
    decideRescission(agreementId: string): readonly LedgerRecord[] {
      const agreement = agreements.get(agreementId);
      if (!agreement || agreement.state === 'rescinded') return [];
      return [{ type: 'rescission', agreementId }];
    },

    /**
     * The platform told that the payment succeeded in `cycle`.
     * @throws ContradictionError when by this ledger it did not
     */
    decideFinal(paymentId: string, cycle: number): readonly LedgerRecord[] {
      const payment = payments.get(paymentId);
      if (payment?.decision.answer !== 'succeeded')
        throw new ContradictionError(`payment ${paymentId} is told as succeeded and did not succeed here`);
      if (payment.cycle === cycle) return [];
      return [{ type: 'final', paymentId, cycle }];
    },

    /** Pays `amount` to each account that holds less, once for each cycle. */
    decideSalary(cycle: number, amount: number): readonly LedgerRecord[] {
      if (paidSalaries.has(cycle)) return [];
      const poor = [...accounts.values()].filter(({ balance }) => balance < amount).map(({ account }) => account);
      return [{ type: 'salary', cycle, amount, accounts: poor }];
    },

    isReconciled: (cycle: number): boolean => reconciled.has(cycle),

    /** Successes that the platform placed in `cycle`; in 0, those whose cycle it has not told yet. */
    successesOf: (cycle: number): Iterable<Payment> => successes.get(cycle) ?? [],

    apply(record: LedgerRecord): void {
      switch (record.type) {
        case 'account':
          accounts.set(record.account, { account: record.account, holder: record.holder, balance: record.balance });
          break;
        case 'agreement': {
          const { agreementId, institution, hash, account, paymentLimit, code, decision } = record;
          const state = decision.answer;
          const confirmations = new Map<string, AgreementDecision>();
          agreements.set(agreementId, {
            agreementId,
            institution,
            hash,
            account,
            paymentLimit,
            code,
            decision,
            confirmations,
            state,
          });
          break;
        }
        case 'confirmation': {
          const agreement = agreements.get(record.agreementId)!;
          agreement.confirmations.set(record.hash, record.decision);
          // A late or repeated attempt does not end what is in force.
          if (agreement.state === 'codeSent') agreement.state = record.decision.answer;
          break;
        }
        case 'rescission':
          agreements.get(record.agreementId)!.state = 'rescinded';
          break;
        case 'payment': {
          const { type: _, ...facts } = record;
          const payment: Writable<Payment> = { ...facts, refunded: 0, cycle: undefined };
          payments.set(payment.paymentId, payment);
          if (payment.decision.answer !== 'succeeded') break;
          book(payment.account!, effectOf(payment));
          if (payment.kind === 'refund') payments.get(payment.originalPaymentId!)!.refunded += payment.amount;
          successes.get(0)!.add(payment);
          break;
        }
        case 'reversal': {
          const payment = payments.get(record.paymentId)!;
          payment.decision = record.decision;
          book(payment.account!, -effectOf(payment));
          successes.get(payment.cycle ?? 0)!.delete(payment);
          break;
        }
        case 'final': {
          const payment = payments.get(record.paymentId)!;
          successes.get(payment.cycle ?? 0)!.delete(payment);
          payment.cycle = record.cycle;
          const ofCycle = successes.get(record.cycle) ?? new Set();
          successes.set(record.cycle, ofCycle.add(payment));
          break;
        }
        case 'reconciled':
          reconciled.add(record.cycle);
          break;
        case 'salary':
          for (const account of record.accounts) book(account, record.amount);
          paidSalaries.add(record.cycle);
          break;
      }
    },
  };
}

function readDebtor(details: Details | undefined): (Holder & { readonly account: string }) | undefined {
  const { debtorAccount: account, debtorName: name, document, phone } = details ?? {};
  if (typeof account !== 'string' || typeof name !== 'string') return undefined;
  if (typeof document !== 'string' || typeof phone !== 'string') return undefined;
  return { account, name, document, phone };
}

/** The four elements must agree with the account; a new account takes them. */
function sameHolder(debtor: Holder, holder: Holder | undefined): boolean {
  return (
    !holder || (debtor.name === holder.name && debtor.document === holder.document && debtor.phone === holder.phone)
  );
}
