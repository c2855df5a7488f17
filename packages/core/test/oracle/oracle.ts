/**
 * What a cell should do, written a second time and as simply as can be: Maps, bigint, and every position summed up from
 * all payments each time it is asked. It shares with the core only the words of commands and reasons.
 */
import type { BankAnswer, Identifier, PaymentState, Reason } from '@clearway/core';
import type { Told, ToldAgreement, ToldAnswer, ToldConfirmation, ToldPayment, ToldSigningAnswer } from '../told.ts';
import { type Participants, readParticipants, readScheme, type Scheme } from './configuration.ts';

const largestPosition = 2n ** 52n;

export interface OraclePayment {
  readonly told: ToldPayment;
  readonly institution: number;
  /** 0 when there was none. */
  readonly bank: number;
  readonly currency: number;
  readonly amount: bigint;
  state: PaymentState;
  reason: Reason;
  cycle: number;
  changedAt: number;
  sequence: number;
  answer: number;
}

export interface OracleAgreement {
  readonly told: ToldAgreement;
  state: 'requested' | 'codeSent' | 'confirming' | 'active' | 'failed' | 'rescinded';
  reason: Reason;
  confirmation: number | undefined;
  attempts: number;
  changedAt: number;
  sequence: number;
  readonly request: Place;
  confirmedAt: Place;
  answeredAt: Place;
}

/** Where a body lies: batch and index. */
interface Place {
  readonly sequence: number;
  readonly index: number;
}
const nowhere: Place = { sequence: 0, index: 0 };

/** Something that waits, with its deadline. */
interface Waiting {
  readonly order: number;
  readonly payment?: OraclePayment;
  readonly agreement?: OracleAgreement;
  readonly offeredAt: number;
  readonly sequence: number;
  readonly index: number;
  dueAt: number;
  steps: number;
  overdue: boolean;
}

interface OracleCycle {
  readonly number: number;
  businessDate: number;
  state: 'open' | 'cut' | 'netted' | 'queued' | 'settled';
  /** Batch of the last change. */
  changed: number;
  readonly times: { openedAt: number; cutOffAt: number; nettedAt: number; settledAt: number };
}

function newCycle(number: number, businessDate: number, openedAt: number): OracleCycle {
  return {
    number,
    businessDate,
    state: 'open',
    changed: 0,
    times: { openedAt, cutOffAt: 0, nettedAt: 0, settledAt: 0 },
  };
}

/** `accepted`, `repeated` or a reason. */
type Result = 'accepted' | 'repeated' | Reason;

export class Oracle {
  at = 0;
  sequence = 0;
  businessDate = 0;
  scheme: Scheme | undefined;
  schemeVersion = 0;
  participantsVersion = 0;
  readonly participants = new Map<number, Participants[number]>();
  /** Identifiers that are remembered. */
  readonly payments = new Map<string, OraclePayment>();
  /** All payments there ever were. */
  readonly ledger: OraclePayment[] = [];
  readonly agreements = new Map<string, OracleAgreement>();
  waiting: Waiting[] = [];
  readonly cycles: OracleCycle[] = [newCycle(1, 0, 0)];
  /** When a payment of a date was last named. */
  private readonly named = new Map<number, number>();
  private readonly funds = new Map<string, bigint>();
  private readonly entries = new Map<string, number>();
  /** Amounts of originals, as they were at their first refund. */
  private readonly originals = new Map<string, bigint>();
  private opened = 0;
  private index = 0;
  private happened: string[] = [];

  /** Outcomes of the commands, and all effects in order as `index kind subject`. */
  apply(at: number, batch: readonly Told[]): { results: Result[]; effects: string[] } {
    this.at = at;
    this.sequence++;
    this.happened = [];
    const results = batch.map((told, index) => {
      this.index = index;
      return this.decide(told);
    });
    return { results, effects: this.happened };
  }

  // ---- quantities, from scratch ----

  private sum(
    of: (payment: OraclePayment) => boolean,
    code: number,
    currency: number,
    side: 'debit' | 'credit',
  ): bigint {
    let sum = 0n;
    for (const payment of this.ledger) {
      if (payment.currency !== currency || !of(payment)) continue;
      const { debtor, creditor } = sides(payment);
      if ((side === 'debit' ? debtor : creditor) === code) sum += payment.amount;
    }
    return sum;
  }

  credits(cycle: number, code: number, currency: number): bigint {
    return this.sum((one) => one.cycle === cycle, code, currency, 'credit');
  }

  debits(cycle: number, code: number, currency: number): bigint {
    return this.sum((one) => one.cycle === cycle, code, currency, 'debit');
  }

  position(code: number, currency: number): bigint {
    const unsettled = new Set(this.cycles.filter(({ state }) => state !== 'settled').map(({ number }) => number));
    const counts = ({ cycle }: OraclePayment) => unsettled.has(cycle);
    return this.sum(counts, code, currency, 'credit') - this.sum(counts, code, currency, 'debit');
  }

  reserved(code: number, currency: number): bigint {
    return this.sum(isInFlight, code, currency, 'debit');
  }

  incoming(code: number, currency: number): bigint {
    return this.sum(isInFlight, code, currency, 'credit');
  }

  fundsOf(code: number, currency: number): bigint {
    return this.funds.get(`${code}/${currency}`) ?? 0n;
  }

  capOf(code: number, currency: number): bigint {
    const participant = this.participants.get(code)!;
    const cap = participant.netDebitCaps.find((one) => one.currency === currency);
    return participant.role === 'bank' ? BigInt(cap?.amount ?? 0) : 0n;
  }

  /** Net debits of the cycles that are not settled; a net credit of one helps no other. */
  owed(code: number, currency: number): bigint {
    return this.cycles
      .filter(({ state }) => state !== 'settled')
      .map(({ number }) => this.debits(number, code, currency) - this.credits(number, code, currency))
      .reduce((sum, net) => sum + (net > 0n ? net : 0n), 0n);
  }

  headroom(code: number, currency: number): bigint {
    const reserved = this.reserved(code, currency);
    if (this.participants.get(code)!.role === 'bank')
      return this.capOf(code, currency) - this.owed(code, currency) - reserved;
    return this.fundsOf(code, currency) + this.position(code, currency) - reserved;
  }

  /** By original: what has been or is being refunded. */
  refunds(): Map<string, bigint> {
    const sums = new Map<string, bigint>();
    for (const payment of this.ledger) {
      if (payment.told.kind !== 'refund' || (payment.state !== 'succeeded' && !isInFlight(payment))) continue;
      const original = text(payment.told.reference!);
      sums.set(original, (sums.get(original) ?? 0n) + payment.amount);
    }
    return sums;
  }

  openCycle(): OracleCycle {
    return this.cycles[this.cycles.length - 1];
  }

  // ---- commands ----

  private decide(told: Told): Result {
    switch (told.type) {
      case 'submitPayment':
        return this.submit(told);
      case 'recordAnswer':
        return this.answer(told);
      case 'requestAgreement':
        return this.request(told);
      case 'confirmAgreement':
        return this.confirm(told);
      case 'recordSigningAnswer':
        return this.signingAnswer(told);
      case 'rescindAgreement':
        return this.rescind(told.id, told.by);
      case 'tick':
        return this.tick(told.due);
      case 'cutOffCycle':
        return this.cut(told.cycle);
      case 'netCycle':
        return this.moveCycle(told.cycle, 'netted', ['cut']);
      case 'recordSettlement':
        return this.settle(told.cycle, told.state, told.settledAt);
      case 'recordFunds':
        return this.recordFunds(told);
      case 'advanceBusinessDay':
        return this.advance(told.date);
      case 'adoptConfiguration':
        return this.adopt(told.kind, told.version, told.content);
      case 'recordCheckpoint':
        return this.participants.has(told.signer) ? 'accepted' : 'participantUnknown';
    }
  }

  private submit(told: ToldPayment): Result {
    if (this.scheme === undefined) return 'cellUnavailable';
    const shape = wrongIdentifier(told.id);
    if (shape) return shape;
    const known = this.payments.get(text(told.id));
    if (known) {
      this.named.set(told.id.date, this.at);
      return known.told.content === told.content ? 'repeated' : 'identifierReused';
    }
    if (!this.isInWindow(told.id.date)) return 'identifierDateOutsideWindow';
    const institution = this.wrongParticipant(told.id.participant, 'paymentInstitution');
    if (institution) return institution;
    const reason = this.judge(told);
    const payment: OraclePayment = {
      told,
      institution: told.id.participant,
      bank: this.participants.has(told.instructed) ? told.instructed : 0,
      currency: this.scheme.currencies.includes(told.currency) ? told.currency : 0,
      amount: BigInt(told.amount),
      state: reason ? 'refused' : 'offered',
      reason: reason ?? 'none',
      cycle: 0,
      changedAt: this.at,
      sequence: this.sequence,
      answer: this.index,
    };
    this.payments.set(text(told.id), payment);
    this.ledger.push(payment);
    this.named.set(told.id.date, this.at);
    this.tellPayment('paymentChanged', payment);
    if (reason) return reason;
    if (told.kind === 'refund') {
      const original = text(told.reference!);
      if (!this.originals.has(original)) this.originals.set(original, this.originalOf(told)!.amount);
    }
    this.wait({ payment }, Math.min(this.at + this.scheme.offerTimeoutMs, told.expiresAt));
    this.tellPayment('offer', payment);
    return 'accepted';
  }

  private judge(told: ToldPayment): Reason | undefined {
    const scheme = this.scheme!;
    if (told.kind === 'unsupported') return 'kindUnsupported';
    if (told.amount < 1) return 'amountInvalid';
    if (told.amount > scheme.maximumAmount) return 'amountAboveMaximum';
    if (!scheme.currencies.includes(told.currency)) return 'currencyUnsupported';
    const bank = this.wrongParticipant(told.instructed, 'bank');
    if (bank) return bank;
    const time = this.wrongTime(told.expiresAt);
    if (time) return time;
    if (told.kind === 'agreementPayment') {
      const wrong = this.wrongAgreement(told);
      if (wrong) return wrong;
    }
    if (told.kind === 'refund') {
      const wrong = this.wrongOriginal(told);
      if (wrong) return wrong;
    }
    const pull = told.kind === 'agreementPayment';
    const [debtor, creditor] = pull ? [told.instructed, told.id.participant] : [told.id.participant, told.instructed];
    const amount = BigInt(told.amount);
    const { currency } = told;
    if (amount > this.headroom(debtor, currency)) return pull ? 'netDebitCapExceeded' : 'floatInsufficient';
    const reserved = this.reserved(debtor, currency) + amount;
    const incoming = this.incoming(creditor, currency) + amount;
    const cycle = this.openCycle().number;
    const sums = [
      reserved - this.position(debtor, currency),
      this.position(creditor, currency) + incoming + this.fundsOf(creditor, currency),
      this.debits(cycle, debtor, currency) + reserved,
      this.credits(cycle, creditor, currency) + incoming,
    ];
    return sums.some((sum) => sum > largestPosition) ? 'positionOutOfRange' : undefined;
  }

  private wrongAgreement(told: ToldPayment): Reason | undefined {
    const agreement = told.reference && this.agreements.get(text(told.reference));
    if (!agreement) return 'agreementUnknown';
    if (agreement.told.id.participant !== told.id.participant) return 'agreementPartiesDiffer';
    if (agreement.told.bank !== told.instructed) return 'agreementPartiesDiffer';
    if (agreement.state === 'rescinded') return 'agreementRescinded';
    if (agreement.state !== 'active') return 'agreementNotActive';
    if (agreement.told.expiresOn < this.businessDate) return 'agreementExpired';
    if (agreement.told.currency !== told.currency) return 'currencyUnsupported';
    return told.amount > agreement.told.paymentLimit ? 'agreementLimitExceeded' : undefined;
  }

  private originalOf(told: ToldPayment) {
    if (told.reference === undefined || wrongIdentifier(told.reference)) return undefined;
    const held = this.payments.get(text(told.reference));
    if (held) return { ...held, kind: held.told.kind };
    if (told.original === undefined) return undefined;
    return { ...told.original, bank: told.original.instructed, amount: BigInt(told.original.amount) };
  }

  private wrongOriginal(told: ToldPayment): Reason | undefined {
    const original = this.originalOf(told);
    if (original === undefined) return 'originalUnknown';
    if (told.reference!.participant !== told.id.participant) return 'originalPartiesDiffer';
    if (original.bank !== told.instructed) return 'originalPartiesDiffer';
    if (original.kind !== 'agreementPayment') return 'originalNotRefundable';
    if (original.state !== 'succeeded') return 'originalNotSucceeded';
    if (original.currency !== told.currency) return 'currencyUnsupported';
    const limit = this.originals.get(text(told.reference!)) ?? original.amount;
    const refunded = this.refunds().get(text(told.reference!)) ?? 0n;
    return refunded + BigInt(told.amount) > limit ? 'refundAboveOriginal' : undefined;
  }

  private answer(told: ToldAnswer): Result {
    const payment = wrongIdentifier(told.id) ? undefined : this.payments.get(text(told.id));
    if (payment === undefined) return 'paymentUnknown';
    this.named.set(told.id.date, this.at);
    if (payment.bank === 0 || payment.bank !== told.bank) return 'answerFromOther';
    if (payment.told.content !== told.content) return 'answerHashDiffers';
    if (told.answer === 'unsupported') return 'answerUnasked';
    const meaning = meaningOf(payment.state, told.answer);
    if (meaning === 'nothing') return 'repeated';
    if (meaning === 'unasked') return 'answerUnasked';
    if (meaning === 'contradiction') {
      this.tellPayment('answerContradicts', payment);
      return 'answerContradicts';
    }
    const reasons: Partial<Record<BankAnswer, Reason>> = {
      failed: told.reason === 'none' ? 'bankDeclined' : told.reason,
      neverProcessed: 'bankNeverProcessed',
      reversed: 'bankReversed',
      blocked: 'bankBlocked',
    };
    payment.state = meaning;
    payment.reason = reasons[told.answer] ?? 'none';
    payment.cycle = meaning === 'succeeded' ? this.openCycle().number : 0;
    payment.answer = this.index;
    this.touch(payment);
    this.waiting = this.waiting.filter((one) => one.payment !== payment);
    this.tellPayment('paymentChanged', payment);
    return 'accepted';
  }

  private request(told: ToldAgreement): Result {
    if (this.scheme === undefined) return 'cellUnavailable';
    const shape = wrongIdentifier(told.id);
    if (shape) return shape;
    const known = this.agreements.get(text(told.id));
    if (known) return known.told.content === told.content ? 'repeated' : 'identifierReused';
    if (!this.isInWindow(told.id.date)) return 'identifierDateOutsideWindow';
    const wrong =
      this.wrongParticipant(told.id.participant, 'paymentInstitution') ??
      this.wrongParticipant(told.bank, 'bank') ??
      this.wrongTime(told.expiresAt);
    if (wrong) return wrong;
    if (!this.scheme.currencies.includes(told.currency)) return 'currencyUnsupported';
    if (told.paymentLimit < 1) return 'amountInvalid';
    if (told.paymentLimit > this.scheme.maximumAmount) return 'amountAboveMaximum';
    if (!exists(told.expiresOn) || told.expiresOn < this.businessDate) return 'agreementExpired';
    const agreement: OracleAgreement = {
      told,
      state: 'requested',
      reason: 'none',
      confirmation: undefined,
      attempts: 0,
      changedAt: this.at,
      sequence: this.sequence,
      request: this.here(),
      confirmedAt: nowhere,
      answeredAt: nowhere,
    };
    this.agreements.set(text(told.id), agreement);
    this.wait({ agreement }, this.at + this.scheme.signingTimeoutMs);
    this.tellAgreement('agreementChanged', agreement);
    this.tellAgreement('requestSigning', agreement);
    return 'accepted';
  }

  private confirm(told: ToldConfirmation): Result {
    if (this.scheme === undefined) return 'cellUnavailable';
    const agreement = wrongIdentifier(told.id) ? undefined : this.agreements.get(text(told.id));
    if (agreement === undefined) return 'agreementUnknown';
    if (agreement.confirmation === told.content) return 'repeated';
    if (agreement.state === 'rescinded') return 'agreementRescinded';
    if (agreement.state !== 'codeSent') return 'agreementStepInvalid';
    const time = this.wrongTime(told.expiresAt);
    if (time) return time;
    agreement.confirmation = told.content;
    agreement.confirmedAt = this.here();
    this.moveAgreement(agreement, 'confirming', 'none');
    this.tellAgreement('confirmSigning', agreement);
    return 'accepted';
  }

  private signingAnswer(told: ToldSigningAnswer): Result {
    const agreement = wrongIdentifier(told.id) ? undefined : this.agreements.get(text(told.id));
    if (agreement === undefined) return 'agreementUnknown';
    if (agreement.told.bank !== told.bank) return 'answerFromOther';
    const onRequest = told.content === agreement.told.content;
    const onCode = told.content === agreement.confirmation;
    if (!onRequest && !onCode) return 'answerHashDiffers';
    const isAwaited = (agreement.state === 'requested' && onRequest) || (agreement.state === 'confirming' && onCode);
    if (!isAwaited) return told.answer === 'active' && agreement.state !== 'active' ? 'answerContradicts' : 'repeated';
    const next = agreement.state === 'requested' ? 'codeSent' : 'active';
    if (told.answer !== 'failed' && told.answer !== next) return 'answerUnasked';
    agreement.answeredAt = this.here();
    if (told.answer === 'failed') {
      const reason = told.reason === 'none' ? 'bankDeclined' : told.reason;
      agreement.attempts++;
      const again = agreement.state === 'confirming' && reason === 'bankCodeWrong' && agreement.attempts < 3;
      this.moveAgreement(agreement, again ? 'codeSent' : 'failed', reason);
      return 'accepted';
    }
    this.moveAgreement(agreement, next, 'none');
    return 'accepted';
  }

  private rescind(id: Identifier, by: number): Result {
    const agreement = wrongIdentifier(id) ? undefined : this.agreements.get(text(id));
    if (agreement === undefined) return 'agreementUnknown';
    if (by !== agreement.told.id.participant && by !== agreement.told.bank) return 'agreementPartiesDiffer';
    if (agreement.state === 'rescinded') return 'repeated';
    if (agreement.state === 'failed') return 'agreementStepInvalid';
    this.moveAgreement(agreement, 'rescinded', 'none');
    return 'accepted';
  }

  private tick(due: number): Result {
    for (let left = due; left > 0; left--) {
      const [first] = [...this.waiting].sort((a, b) => a.dueAt - b.dueAt || a.order - b.order);
      if (first === undefined || first.dueAt > this.at) break;
      if (first.agreement) this.moveAgreement(first.agreement, 'failed', 'requestExpired');
      else this.expire(first, first.payment!);
    }
    return 'accepted';
  }

  private expire(waiting: Waiting, payment: OraclePayment): void {
    const scheme = this.scheme!;
    const pull = payment.told.kind === 'agreementPayment';
    const reverseAt = waiting.offeredAt + scheme.reversalAfterMs;
    if (payment.state === 'offered') {
      payment.state = 'unknown';
      this.touch(payment);
      this.tellPayment('paymentChanged', payment);
      this.tellPayment('enquire', payment);
    } else if (payment.state === 'unknown' && pull && this.at >= reverseAt) {
      payment.state = 'reversing';
      waiting.steps = 0;
      this.touch(payment);
      this.tellPayment('paymentChanged', payment);
      this.tellPayment('reverse', payment);
    } else this.tellPayment(payment.state === 'unknown' ? 'enquire' : 'reverse', payment);
    if (!waiting.overdue && this.at >= waiting.offeredAt + scheme.workItemAfterMs) {
      waiting.overdue = true;
      this.tellPayment('paymentOverdue', payment);
    }
    let pause = scheme.enquiryBackoffMs;
    for (let step = 0; step < waiting.steps && pause < scheme.enquiryBackoffLargestMs; step++) pause *= 2;
    waiting.steps++;
    waiting.dueAt = this.at + Math.min(pause, scheme.enquiryBackoffLargestMs);
    // An unknown pull is not kept waiting beyond the time from which it is reversed.
    if (pull && payment.state === 'unknown' && reverseAt > this.at) waiting.dueAt = Math.min(waiting.dueAt, reverseAt);
  }

  private cut(number: number): Result {
    const cycle = this.openCycle();
    if (cycle.number !== number) return 'cycleNotCurrent';
    cycle.state = 'cut';
    cycle.times.cutOffAt = this.at;
    const kept = this.cycles.filter(({ state, changed }) => state !== 'settled' || changed === this.sequence);
    this.cycles.splice(0, this.cycles.length, ...kept);
    this.cycles.push(newCycle(number + 1, this.businessDate, this.at));
    this.tell('cycleChanged', number);
    this.tell('cycleChanged', number + 1);
    return 'accepted';
  }

  private moveCycle(number: number, to: OracleCycle['state'], from: OracleCycle['state'][]): Result {
    const cycle = this.cycles.find((one) => one.number === number);
    if (cycle === undefined || !from.includes(cycle.state)) return 'cycleStateInvalid';
    cycle.state = to;
    cycle.changed = this.sequence;
    if (to === 'netted') cycle.times.nettedAt = this.at;
    this.tell('cycleChanged', number);
    return 'accepted';
  }

  private settle(number: number, state: 'queued' | 'settled', settledAt: number): Result {
    const cycle = this.cycles.find((one) => one.number === number);
    if (state === 'queued')
      return cycle?.state === 'queued' ? 'repeated' : this.moveCycle(number, 'queued', ['netted']);
    const moved = this.moveCycle(number, 'settled', ['netted', 'queued']);
    if (moved !== 'accepted') return moved;
    this.cycles.find((one) => one.number === number)!.times.settledAt = settledAt;
    for (const { code, role } of this.participants.values()) {
      if (role !== 'paymentInstitution') continue;
      for (const currency of this.scheme!.currencies) {
        const net = this.credits(number, code, currency) - this.debits(number, code, currency);
        if (net === 0n) continue;
        this.funds.set(`${code}/${currency}`, this.fundsOf(code, currency) + net);
        this.tell('fundsChanged', `${code}/${currency}`);
      }
    }
    return 'accepted';
  }

  private recordFunds(told: Extract<Told, { type: 'recordFunds' }>): Result {
    const { participant, currency, entry, credit } = told;
    if (this.participants.get(participant)?.role !== 'paymentInstitution') return 'accountMissing';
    if (!this.scheme!.currencies.includes(currency)) return 'currencyUnsupported';
    const account = `${participant}/${currency}`;
    if (entry <= (this.entries.get(account) ?? 0)) return 'repeated';
    const funds = this.fundsOf(participant, currency) + BigInt(credit ? told.amount : -told.amount);
    const highest = funds + this.position(participant, currency) + this.incoming(participant, currency);
    if (funds > largestPosition || funds < -largestPosition || highest > largestPosition) return 'positionOutOfRange';
    this.funds.set(account, funds);
    this.entries.set(account, entry);
    this.tell('fundsChanged', account);
    return 'accepted';
  }

  private advance(date: number): Result {
    if (!exists(date) || date <= this.businessDate) return 'businessDayInvalid';
    if (this.businessDate === 0) {
      this.openCycle().businessDate = date;
      this.openCycle().times.openedAt = this.at;
      this.tell('cycleChanged', this.openCycle().number);
    }
    this.businessDate = date;
    const busy = new Set(this.ledger.filter(isInFlight).map(({ told }) => told.id.date));
    for (const [named, at] of this.named) if (at > this.at - 60_000) busy.add(named);
    for (const [key, { told }] of this.payments) {
      if (told.id.date < daysAfter(date, -1) && !busy.has(told.id.date)) this.payments.delete(key);
    }
    this.tell('businessDayAdvanced', date);
    return 'accepted';
  }

  private adopt(kind: 'scheme' | 'participants', version: number, content: unknown): Result {
    if (version <= (kind === 'scheme' ? this.schemeVersion : this.participantsVersion))
      return 'configurationVersionInvalid';
    if (kind === 'scheme') {
      const scheme = readScheme(content);
      const known = this.scheme?.currencies ?? [];
      if (!scheme || known.some((currency, i) => scheme.currencies[i] !== currency)) return 'configurationInvalid';
      this.scheme = scheme;
      this.schemeVersion = version;
    } else {
      const list = this.scheme && readParticipants(content);
      if (!list || list.some(({ code, role }) => (this.participants.get(code)?.role ?? role) !== role))
        return 'configurationInvalid';
      for (const participant of list) this.participants.set(participant.code, participant);
      this.participantsVersion = version;
    }
    this.tell('configurationAdopted', kind);
    return 'accepted';
  }

  // ---- small things ----

  private isInWindow(date: number): boolean {
    if (this.businessDate === 0) return false;
    return [-1, 0, 1].some((days) => date === daysAfter(this.businessDate, days));
  }

  private wrongParticipant(code: number, role: 'bank' | 'paymentInstitution'): Reason | undefined {
    const participant = this.participants.get(code);
    if (participant === undefined) return 'participantUnknown';
    if (participant.role !== role) return 'roleNotAllowed';
    return participant.status === 'active' ? undefined : 'participantSuspended';
  }

  private wrongTime(expiresAt: number): Reason | undefined {
    if (expiresAt <= this.at) return 'requestExpired';
    return expiresAt > this.at + this.scheme!.longestExpiryMs ? 'expiryTooFar' : undefined;
  }

  private wait(subject: { payment: OraclePayment } | { agreement: OracleAgreement }, dueAt: number): void {
    this.waiting.push({
      ...subject,
      order: ++this.opened,
      offeredAt: this.at,
      sequence: this.sequence,
      index: this.index,
      dueAt,
      steps: 0,
      overdue: false,
    });
  }

  private moveAgreement(agreement: OracleAgreement, to: OracleAgreement['state'], reason: Reason): void {
    agreement.state = to;
    agreement.reason = reason;
    agreement.changedAt = this.at;
    agreement.sequence = this.sequence;
    if (to === 'active' || to === 'failed' || to === 'rescinded')
      this.waiting = this.waiting.filter((one) => one.agreement !== agreement);
    this.tellAgreement('agreementChanged', agreement);
  }

  private here(): Place {
    return { sequence: this.sequence, index: this.index };
  }

  private touch(payment: OraclePayment): void {
    payment.changedAt = this.at;
    payment.sequence = this.sequence;
  }

  private tell(kind: string, subject: string | number): void {
    this.happened.push(`${this.index} ${kind} ${subject}`);
  }

  private tellPayment(kind: string, payment: OraclePayment): void {
    this.tell(kind, text(payment.told.id));
  }

  private tellAgreement(kind: string, agreement: OracleAgreement): void {
    this.tell(kind, text(agreement.told.id));
  }
}

export function isInFlight({ state }: OraclePayment): boolean {
  return state === 'offered' || state === 'unknown' || state === 'reversing';
}

export function sides({ told, institution, bank }: OraclePayment): { debtor: number; creditor: number } {
  return told.kind === 'agreementPayment'
    ? { debtor: bank, creditor: institution }
    : { debtor: institution, creditor: bank };
}

/** What an answer means for a payment in a state; written from the rules, not from the core's table. */
function meaningOf(
  state: PaymentState,
  answer: BankAnswer,
): 'succeeded' | 'failed' | 'nothing' | 'unasked' | 'contradiction' {
  if (state === 'refused') return 'unasked';
  if (state === 'succeeded') return answer === 'succeeded' ? 'nothing' : 'contradiction';
  if (state === 'failed') return answer === 'succeeded' ? 'contradiction' : 'nothing';
  if (answer === 'notKnownYet') return 'nothing';
  if (answer === 'failed' || answer === 'neverProcessed') return 'failed';
  if (state === 'reversing') return answer === 'succeeded' ? 'nothing' : 'failed';
  return answer === 'succeeded' ? 'succeeded' : 'unasked';
}

function wrongIdentifier(id: Identifier): Reason | undefined {
  if (id.version !== 1 || id.participant < 1 || id.participant > 99999 || id.sequence > 99_999_999_999)
    return 'identifierMalformed';
  return id.centre === 1 && id.cell === 1 ? undefined : 'identifierForeignCell';
}

export function text({ date, version, participant, sequence, centre, cell }: Identifier): string {
  return [date, version, participant, sequence, centre, cell].join('-');
}

export function daysAfter(date: number, days: number): number {
  const day = new Date(Date.UTC(Math.floor(date / 10000), (Math.floor(date / 100) % 100) - 1, (date % 100) + days));
  return day.getUTCFullYear() * 10000 + (day.getUTCMonth() + 1) * 100 + day.getUTCDate();
}

function exists(date: number): boolean {
  return date >= 20000101 && date <= 99991231 && daysAfter(date, 0) === date;
}
