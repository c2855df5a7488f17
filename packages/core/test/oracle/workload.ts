/**
 * Random lives of a cell. A move is a verb and some dice; what it tells the cell depends on what the oracle knows, so
 * that answers mostly meet payments in flight and refunds originals. A die that shows 0 takes the ordinary way.
 */
import type { BankAnswer, Identifier, PaymentKind, Reason, SigningAnswer } from '@clearway/core';
import fc from 'fast-check';
import { cell, centre } from '../cell.ts';
import type { Told } from '../told.ts';
import { daysAfter, isInFlight, type Oracle, type OraclePayment, text } from './oracle.ts';

/** Verbs with their weights. */
export const verbs = {
  pay: 30,
  answer: 30,
  tick: 12,
  again: 6,
  request: 5,
  confirm: 6,
  sign: 11,
  rescind: 1,
  cut: 3,
  net: 3,
  settle: 5,
  funds: 3,
  day: 2,
  scheme: 1,
  participants: 2,
  checkpoint: 2,
} as const;
export type Verb = keyof typeof verbs;

export const waits = [0, 0, 0, 0, 1, 500, 2000, 2000, 5000, 5000, 20_000, 60_000, 3_600_000];
export const dicePerMove = 20;
export const sides = 1000;

export interface Move {
  readonly verb: Verb;
  /** In the same batch as the move before. */
  readonly joins: boolean;
  /** Time that passes before it, ms. */
  readonly waitMs: number;
  readonly dice: readonly number[];
}

export const moves: fc.Arbitrary<Move[]> = fc.array(
  fc.record(
    {
      verb: fc.oneof(
        ...Object.entries(verbs).map(([verb, weight]) => ({ arbitrary: fc.constant(verb as Verb), weight })),
      ),
      joins: fc.boolean(),
      waitMs: fc.constantFrom(...waits),
      dice: fc.array(fc.nat(sides - 1), { minLength: dicePerMove, maxLength: dicePerMove }),
    },
    { noNullPrototype: true },
  ),
  { minLength: 1, maxLength: 150, size: 'max' },
);

export const begins = Date.UTC(2026, 10, 22, 8);
const institutions = [101, 102, 103];
const banks = [201, 202, 203];
const currencies = [156, 840];

const firstScheme = {
  currencies,
  maximumAmount: 1_000_000,
  offerTimeoutMs: 5000,
  longestExpiryMs: 60_000,
  enquiryBackoffMs: 2000,
  enquiryBackoffLargestMs: 16_000,
  reversalAfterMs: 20_000,
  workItemAfterMs: 60_000,
  signingTimeoutMs: 300_000,
};

function caps(amount: number) {
  return currencies.map((currency) => ({ currency, amount }));
}

/** Lives through the moves, batch by batch; what the moves tell depends on how the oracle stands by then. */
export function live(oracle: Oracle, all: readonly Move[], batch: (at: number, told: Told[]) => void): void {
  const workload = new Workload(oracle);
  const tell = (at: number, told: Told[]) => {
    try {
      batch(at, told);
    } catch (error) {
      throw new Error(`after ${at - begins} ms, told ${JSON.stringify(told)}`, { cause: error });
    }
  };
  tell(begins, workload.prologue());
  let at = begins;
  for (let i = 0; i < all.length; ) {
    at += all[i].waitMs;
    const told = [workload.tell(all[i++], at)];
    while (i < all.length && all[i].joins && told.length < 5) told.push(workload.tell(all[i++], at));
    tell(at, told);
  }
}

class Dice {
  private readonly shown: number[];

  constructor(shown: readonly number[]) {
    this.shown = [...shown];
  }

  next(): number {
    return this.shown.shift() ?? 0;
  }

  of<T>(values: readonly T[]): T {
    return values[this.next() % values.length];
  }

  /** True once in `times`, never for a 0. */
  rarely(times: number): boolean {
    return this.next() % times === times - 1;
  }
}

class Workload {
  private readonly oracle: Oracle;
  private sequence = 0;
  private content = 0;
  private schemeVersion = 1;
  private scheme: Record<string, unknown> = firstScheme;
  private entry = 1;
  private participantsVersion = 1;
  private readonly told: Told[] = [];

  constructor(oracle: Oracle) {
    this.oracle = oracle;
  }

  /** A cell that is open for business: configured, with money and an active agreement of everyone with everyone. */
  prologue(): Told[] {
    const told: Told[] = [
      { type: 'adoptConfiguration', kind: 'scheme', version: 1, content: firstScheme },
      {
        type: 'adoptConfiguration',
        kind: 'participants',
        version: 1,
        content: {
          participants: [
            ...institutions.map((code) => ({ code, role: 'paymentInstitution', status: 'active', netDebitCaps: [] })),
            ...banks.map((code) => ({ code, role: 'bank', status: 'active', netDebitCaps: caps(20_000) })),
          ],
        },
      },
      { type: 'advanceBusinessDay', date: 20261122 },
      ...institutions.map(
        (participant) =>
          ({ type: 'recordFunds', participant, currency: 156, entry: 1, credit: true, amount: 20_000 }) as const,
      ),
    ];
    for (const institution of institutions) {
      for (const bank of banks) {
        const id = this.newIdentifier(20261122, institution);
        const content = ++this.content;
        const code = ++this.content;
        const expiresAt = begins + 30_000;
        const signed = { id, reason: 'none', bank } as const;
        told.push(
          {
            type: 'requestAgreement',
            id,
            bank,
            paymentLimit: 15_000,
            currency: 156,
            expiresOn: bank === 203 ? 20261124 : 20271122,
            expiresAt,
            content,
          },
          { type: 'recordSigningAnswer', ...signed, answer: 'codeSent', content },
          { type: 'confirmAgreement', id, expiresAt, content: code },
          { type: 'recordSigningAnswer', ...signed, answer: 'active', content: code },
        );
      }
    }
    return told;
  }

  /** What a move tells the cell at `at`. */
  tell(move: Move, at: number): Told {
    const told = this.make(move.verb, new Dice(move.dice), at);
    this.told.push(told);
    return told;
  }

  private make(verb: Verb, dice: Dice, at: number): Told {
    switch (verb) {
      case 'pay':
        return this.pay(dice, at);
      case 'answer':
        return this.answer(dice);
      case 'tick':
        return { type: 'tick', due: dice.of([65535, 1, 2, 3]) };
      case 'again':
        return this.again(dice);
      case 'request':
        return {
          type: 'requestAgreement',
          id: this.mangled(dice, this.newIdentifier(this.oracle.businessDate, this.institution(dice))),
          bank: this.bank(dice),
          paymentLimit: dice.rarely(9) ? dice.of([0, 1_000_001]) : dice.of([15_000, 5000]),
          currency: this.currency(dice),
          expiresOn: dice.rarely(9) ? 20261131 : daysAfter(this.oracle.businessDate, dice.of([30, 0, 1, 300, -1])),
          expiresAt: at + (dice.rarely(9) ? 60_001 : 30_000),
          content: ++this.content,
        };
      case 'confirm': {
        const agreement = this.agreement(dice, ['codeSent']);
        return {
          type: 'confirmAgreement',
          id: this.mangled(dice, agreement.id),
          expiresAt: at + (dice.rarely(9) ? 0 : 30_000),
          content: ++this.content,
        };
      }
      case 'sign':
        return this.sign(dice);
      case 'rescind': {
        const states = dice.rarely(6) ? ['active'] : ['requested', 'codeSent', 'confirming'];
        const { id, bank } = this.agreement(dice, states);
        return { type: 'rescindAgreement', id: this.mangled(dice, id), by: dice.of([id.participant, bank, 101, 201]) };
      }
      case 'cut':
        return { type: 'cutOffCycle', cycle: this.oracle.openCycle().number + dice.of([0, 0, 0, -1, 1]) };
      case 'net':
        return { type: 'netCycle', cycle: this.cycle(dice, ['cut']) };
      case 'settle':
        return {
          type: 'recordSettlement',
          cycle: this.cycle(dice, ['netted', 'queued']),
          state: dice.of(['settled', 'queued']),
          settledAt: at,
        };
      case 'funds':
        return {
          type: 'recordFunds',
          participant: dice.rarely(20) ? dice.of([201, 199]) : dice.of(institutions),
          currency: this.currency(dice),
          entry: this.nextEntry(dice),
          credit: !dice.rarely(4),
          amount: dice.of([5000, 1, 20_000, 0, 2 ** 52 - 30_000, 2 ** 53]),
        };
      case 'day':
        return { type: 'advanceBusinessDay', date: daysAfter(this.oracle.businessDate, dice.of([1, 1, 2, 0, -1])) };
      case 'scheme':
        return this.adoptScheme(dice);
      case 'participants':
        return this.adoptParticipants(dice);
      case 'checkpoint':
        return { type: 'recordCheckpoint', signer: dice.of([101, 201, 199]), from: 0, to: 7 };
    }
  }

  /** The very same once more, or the same number with other content. */
  private again(dice: Dice): Told {
    const told = this.pick(dice, this.told) ?? { type: 'tick', due: 1 };
    return told.type === 'submitPayment' && dice.rarely(4) ? { ...told, content: ++this.content } : told;
  }

  private pay(dice: Dice, at: number): Told {
    const kind = dice.rarely(40)
      ? 'unsupported'
      : dice.of<PaymentKind>(['agreementPayment', 'payout', 'refund', 'agreementPayment', 'refund']);
    const references = this.references(dice, kind);
    const institution = dice.rarely(25) ? this.institution(dice) : (references.institution ?? this.institution(dice));
    const bank = dice.rarely(25) ? this.bank(dice) : (references.bank ?? this.bank(dice));
    const amount = dice.rarely(25)
      ? dice.of([0, 1_000_001, 2 ** 53, 2 ** 60, 15_001])
      : dice.of([references.amount ?? 1000, 1, 5000, 9999, 10_000, 10_001]);
    const date = dice.rarely(8)
      ? daysAfter(this.oracle.businessDate, dice.of([-1, 1, -2, 2]))
      : this.oracle.businessDate;
    return {
      type: 'submitPayment',
      id: this.mangled(dice, this.newIdentifier(date, institution, dice.of([0, 0, 0, 0, 2 ** 32, 2 ** 36]))),
      kind,
      currency: this.currency(dice, references.currency),
      instructed: bank,
      amount,
      expiresAt: at + (dice.rarely(20) ? dice.of([0, -1, 60_001]) : dice.of([30_000, 60_000, 1, 3000])),
      reference: references.reference,
      original: references.original,
      content: ++this.content,
    };
  }

  /** What a payment refers to, and what goes with it. */
  private references(dice: Dice, kind: PaymentKind | 'unsupported') {
    if (kind === 'agreementPayment') {
      const { id, bank } = this.agreement(dice, ['active']);
      const reference = this.mangled(dice, id);
      return { reference, institution: id.participant, bank };
    }
    if (kind !== 'refund') return {};
    const pulls = this.oracle.ledger.filter(({ told }) => told.kind === 'agreementPayment');
    const succeeded = pulls.filter(({ state }) => state === 'succeeded');
    const original = this.pick(dice, dice.rarely(10) || succeeded.length === 0 ? this.oracle.ledger : succeeded);
    if (original === undefined) return { reference: this.newIdentifier(this.oracle.businessDate, 101) };
    const { id } = original.told;
    const isHeld = this.oracle.payments.has(text(id));
    const recorded = {
      instructed: original.bank,
      amount: Number(original.amount),
      currency: original.currency,
      kind: original.told.kind === 'unsupported' ? ('payout' as const) : original.told.kind,
      state: original.state,
    };
    const isRecorded = !isHeld && original.state !== 'refused' && !dice.rarely(4);
    return {
      reference: this.mangled(dice, id),
      original: isRecorded ? recorded : undefined,
      institution: original.institution,
      bank: original.bank,
      amount: Math.min(dice.of([1, 3]) * Number(original.amount), 20_000),
      currency: original.currency,
    };
  }

  private answer(dice: Dice): Told {
    const inFlight = this.oracle.ledger.filter(isInFlight);
    const among = dice.rarely(5) || inFlight.length === 0 ? this.oracle.ledger : inFlight;
    const payment: OraclePayment | undefined = this.pick(dice, among);
    const answers: (BankAnswer | 'unsupported')[] = [
      'succeeded',
      'failed',
      'succeeded',
      'reversed',
      'succeeded',
      'neverProcessed',
      'succeeded',
      'blocked',
      'notKnownYet',
      'unsupported',
    ];
    return {
      type: 'recordAnswer',
      id: this.mangled(dice, payment?.told.id ?? this.newIdentifier(this.oracle.businessDate, 101)),
      answer: dice.of(answers),
      reason: dice.of<Reason>(['none', 'bankInsufficientFunds', 'bankAccountClosed', 'bankBlocked']),
      bank: dice.rarely(15) ? this.bank(dice) : (payment?.bank ?? 201),
      content: dice.rarely(15) ? ++this.content : (payment?.told.content ?? 0),
    };
  }

  private sign(dice: Dice): Told {
    const { id, bank, request, confirmation, state } = this.agreement(dice, ['requested', 'confirming']);
    const usual: SigningAnswer = state === 'confirming' ? 'active' : 'codeSent';
    const content = state === 'confirming' || dice.rarely(5) ? (confirmation ?? request) : request;
    return {
      type: 'recordSigningAnswer',
      id: this.mangled(dice, id),
      answer: dice.of([usual, 'failed', usual, 'codeSent', 'active', usual, 'unsupported']),
      reason: dice.of<Reason>(['bankCodeWrong', 'none', 'bankCodeWrong', 'bankDeclined']),
      bank: dice.rarely(15) ? this.bank(dice) : bank,
      content: dice.rarely(10) ? dice.of([request, ++this.content]) : content,
    };
  }

  private agreement(dice: Dice, states: readonly string[]) {
    const all = [...this.oracle.agreements.values()];
    const fitting = all.filter(({ state }) => states.includes(state));
    const agreement = this.pick(dice, dice.rarely(8) || fitting.length === 0 ? all : fitting);
    if (agreement === undefined || dice.rarely(30)) {
      const id = this.newIdentifier(this.oracle.businessDate, 101);
      return { id, bank: 201, request: 0, confirmation: undefined, state: 'none' };
    }
    const { told, confirmation, state } = agreement;
    return { id: told.id, bank: told.bank, request: told.content, confirmation, state };
  }

  private adoptScheme(dice: Dice): Told {
    const changes = dice.of<Record<string, unknown>>([
      { offerTimeoutMs: 3000 },
      { maximumAmount: 10_000 },
      { reversalAfterMs: 1 },
      { enquiryBackoffMs: 30_000, enquiryBackoffLargestMs: 1 },
      { currencies: [...currencies, 392] },
      { workItemAfterMs: 1 },
      { longestExpiryMs: 0 },
      { currencies: [840, 156] },
      { maximumAmount: 10 ** 13 + 1 },
      { currencies: [156] },
    ]);
    this.scheme = { ...(dice.rarely(3) ? this.scheme : firstScheme), ...changes };
    const content = dice.rarely(10) ? '{"currencies":' : this.scheme;
    this.schemeVersion += dice.of([1, 0, 2]);
    return { type: 'adoptConfiguration', kind: 'scheme', version: this.schemeVersion, content };
  }

  private adoptParticipants(dice: Dice): Told {
    const code = dice.of([201, 101, 202, 203, 102, 204, 104]);
    const isBank = code > 200 !== dice.rarely(10);
    const participants = [
      {
        code,
        role: isBank ? 'bank' : 'paymentInstitution',
        status: dice.of(['active', 'active', 'active', 'suspended']),
        netDebitCaps: isBank ? caps(dice.of([20_000, 0, 5000, 1_000_000, 2 ** 52])) : [],
      },
      ...(dice.rarely(10) ? [null] : []),
    ];
    this.participantsVersion += dice.of([1, 1, 0]);
    const version = this.participantsVersion;
    return { type: 'adoptConfiguration', kind: 'participants', version, content: { participants } };
  }

  private nextEntry(dice: Dice): number {
    this.entry = Math.max(0, this.entry + dice.of([1, 0, 3, -1]));
    return this.entry;
  }

  private cycle(dice: Dice, states: readonly string[]): number {
    const fitting = this.oracle.cycles.filter(({ state }) => states.includes(state));
    return this.pick(dice, fitting.length === 0 ? this.oracle.cycles : fitting)!.number + dice.of([0, 0, 0, 0, 1]);
  }

  private institution(dice: Dice): number {
    return dice.rarely(20) ? dice.of([199, 201, 104]) : dice.of(institutions);
  }

  private bank(dice: Dice): number {
    return dice.rarely(20) ? dice.of([299, 101, 204]) : dice.of(banks);
  }

  private currency(dice: Dice, usual = 156): number {
    return dice.rarely(15) ? dice.of([840, 999, 392]) : usual;
  }

  /** The newest for a 0. */
  private pick<T>(dice: Dice, values: readonly T[]): T | undefined {
    return values[values.length - 1 - (dice.next() % Math.max(values.length, 1))];
  }

  private newIdentifier(date: number, participant: number, offset = 0): Identifier {
    return { date, version: 1, participant, sequence: ++this.sequence + offset, centre, cell };
  }

  private mangled(dice: Dice, id: Identifier): Identifier {
    if (!dice.rarely(30)) return id;
    return {
      ...id,
      ...dice.of<Partial<Identifier>>([
        { cell: 2 },
        { centre: 9 },
        { version: 2 },
        { participant: 100_000 + id.participant },
        { participant: 0x20000 + id.participant },
        { sequence: 100_000_000_000 + id.sequence },
        { sequence: 1 },
        { date: daysAfter(id.date, 1) },
      ]),
    };
  }
}
