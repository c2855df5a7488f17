/**
 * The judge. It knows nothing of how the platform works: it hears what institutions ordered and were told, what banks
 * booked in their own ledgers and what the settlement agent booked, and says what of it cannot be true together.
 *
 * Everything here is written anew and naively, in whole minor units of `bigint`; it imports nothing of the platform.
 */
import type { Story } from './story.ts';

export type Kind = 'agreementPayment' | 'payout' | 'refund';

export interface Ordered {
  readonly paymentId: string;
  readonly kind: Kind;
  readonly institution: string;
  readonly bank: string;
  readonly amount: bigint;
  readonly original?: string | undefined;
  readonly agreement?: string | undefined;
  /** What the customer wants: one order is paid once, under whatever identifiers. */
  readonly order: string;
}

/** A state as somebody was told it. `via`: answer, enquiry, notice. */
export interface Told {
  readonly paymentId: string;
  readonly state: string;
  readonly cycle?: number | undefined;
  readonly to: string;
  readonly via: 'answer' | 'enquiry' | 'notice';
  /** When it was asked for, by the order of what the judge heard. */
  readonly askedAt: number;
}

/** The state of an agreement as somebody was told it. */
export interface AgreementTold {
  readonly agreementId: string;
  readonly state: string;
  readonly to: string;
  readonly via: 'answer' | 'enquiry' | 'notice';
  readonly askedAt: number;
}

export interface Line {
  readonly participant: string;
  readonly credits: bigint;
  readonly debits: bigint;
}

interface Known extends Ordered {
  /** When it was ordered, by the order of what the judge heard. */
  readonly heard: number;
  bookings: number;
  undone: number;
  final?: { readonly state: string; readonly cycle: number };
  /** When each party first heard of the end; there are two, and a map for each payment of a day is much. */
  heardAt: readonly { readonly by: string; readonly at: number }[];
  noticed: readonly string[];
  refused: boolean;
  /** Its agreement was told as rescinded before, and its cell could know that. */
  readonly lacksAgreement: boolean;
}

interface Agreement {
  /** The bank has signed that it is active. */
  isAgreed: boolean;
  /** When somebody first heard that it is rescinded, by the order of what the judge heard. */
  rescindedAt: number;
  /** The same by time, ms since the beginning. */
  rescindedMs: number;
  /** The furthest state that each party was told, and when. */
  readonly furthest: Map<string, { readonly rank: number; readonly state: string; readonly at: number }>;
}

export interface Oracle {
  /** The number of what is heard next: give it back as `askedAt`. */
  readonly heard: number;
  readonly checks: number;
  readonly breaches: readonly { readonly subject: string; readonly what: string }[];
  ordered(payment: Ordered): void;
  told(what: Told): void;
  /** The institution was refused for certain, each time, and has given up. */
  refused(paymentId: string, reason: string): void;
  booked(bank: string, paymentId: string): void;
  undone(bank: string, paymentId: string): void;
  /** A bank signs an agreement with its customer. */
  agreed(bank: string, agreementId: string): void;
  agreementTold(what: AgreementTold): void;
  settled(cycle: number, positions: readonly { readonly participant: string; readonly net: bigint }[]): void;
  breach(subject: string, what: string): void;
  check(holds: boolean, subject: string, what: () => string): void;
  /** Positions of a cycle, from nothing but what was told and ordered. */
  positions(cycle: number): Map<string, Line>;
  paymentsIn(cycle: number, participant: string): Map<string, { readonly amount: bigint; readonly side: string }>;
  /** At the end, when all is quiet. */
  conclude(lastCycle: number): void;
  payments(): readonly Ordered[];
  finalOf(paymentId: string): string | undefined;
  counts(): Record<string, number>;
}

const none: readonly never[] = [];
const heardBy = ({ heardAt }: Known, party: string) => heardAt.find(({ by }) => by === party)?.at;

function keepUnder<K, T>(lists: Map<K, T[]>, key: K, one: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [one]);
  else list.push(one);
}

const finals = new Set(['succeeded', 'failed']);
/** An agreement only moves along here; failed and rescinded are ends. */
const agreementRanks = ['requested', 'codeSent', 'confirming', 'active', 'rescinded', 'failed'];

/** What the judge cannot know of the ways between cells. */
export interface Ways {
  /** ms since the beginning. */
  elapsed(): number;
  /** Whether the cell of the payment may not know yet what that of the agreement has told since then. */
  mayNotKnow(paymentId: string, agreementId: string, since: number): boolean;
}

/** `onStream`: codes of those who are told over the stream, by an outcome in place of a notice. */
export function createOracle(story: Story, ways: Ways, onStream: readonly string[] = []): Oracle {
  const payments = new Map<string, Known>();
  const agreements = new Map<string, Agreement>();
  const settlements = new Map<number, Map<string, bigint>>();
  const breaches: { subject: string; what: string }[] = [];
  let heard = 0;
  let checks = 0;

  const check = (holds: boolean, subject: string, what: () => string) => {
    checks++;
    if (!holds) breach(subject, what());
  };
  const breach = (subject: string, what: string) => {
    story.tell(subject, `BREACH ${what}`);
    breaches.push({ subject, what });
  };
  const net = (payment: Known) => payment.bookings - payment.undone;

  const agreesWithLedger = (payment: Known) => {
    const { final, paymentId } = payment;
    if (final !== undefined)
      check(net(payment) === (final.state === 'succeeded' ? 1 : 0), paymentId, () => {
        return `is told as ${final.state}, and stands ${net(payment)} times in the ledger of bank ${payment.bank}`;
      });
    if (payment.refused)
      check(payment.bookings === 0, paymentId, () => `was refused, and bank ${payment.bank} has booked it`);
  };

  const agreementOf = (agreementId: string): Agreement => {
    const known = agreements.get(agreementId) ?? {
      isAgreed: false,
      rescindedAt: Number.POSITIVE_INFINITY,
      rescindedMs: 0,
      furthest: new Map(),
    };
    agreements.set(agreementId, known);
    return known;
  };

  const isRescindedFor = ({ paymentId, agreement: agreementId }: Ordered) => {
    if (agreementId === undefined) return false;
    const { rescindedAt, rescindedMs } = agreementOf(agreementId);
    return rescindedAt < heard && !ways.mayNotKnow(paymentId, agreementId, rescindedMs);
  };

  const byCycle = new Map<number, Known[]>();
  const refundsOf = new Map<string, Known[]>();
  const byOrder = new Map<string, Known[]>();

  const oracle: Oracle = {
    get heard() {
      return heard;
    },
    get checks() {
      return checks;
    },
    breaches,
    breach,
    check,
    ordered(payment) {
      heard++;
      const known: Known = {
        heard,
        ...payment,
        bookings: 0,
        undone: 0,
        heardAt: none,
        noticed: none,
        refused: false,
        lacksAgreement: isRescindedFor(payment),
      };
      payments.set(payment.paymentId, known);
      keepUnder(byOrder, payment.order, known);
      if (payment.original !== undefined) keepUnder(refundsOf, payment.original, known);
      story.tell(
        payment.paymentId,
        `${payment.institution} orders ${payment.kind} of ${payment.amount} at ${payment.bank}`,
      );
    },
    told({ paymentId, state, cycle = 0, to, via, askedAt }) {
      heard++;
      story.tell(paymentId, `${to} is told ${state}${cycle > 0 ? ` in cycle ${cycle}` : ''} by ${via}`);
      const payment = payments.get(paymentId);
      if (payment === undefined) {
        breach(paymentId, `${to} is told of a payment that nobody ordered`);
        return;
      }
      if (via === 'notice' && !payment.noticed.includes(to)) payment.noticed = [...payment.noticed, to];
      if (!finals.has(state)) {
        const since = heardBy(payment, to) ?? Number.POSITIVE_INFINITY;
        // A gateway that cannot ask its cell in time answers a repeated order so: it says that it does not know.
        // Over the stream an institution's own program does, with what it was told last.
        const isOld = state === 'unknown' || onStream.includes(to);
        const saysNothing = isOld && via === 'answer' && to === payment.institution;
        check(
          saysNothing || askedAt < since,
          paymentId,
          () => `${to} is told ${state} after it was told ${payment.final?.state}`,
        );
        return;
      }
      const { final } = payment;
      if (final === undefined) {
        payment.final = { state, cycle };
        if (state === 'succeeded') keepUnder(byCycle, cycle, payment);
        agreesWithLedger(payment);
      } else
        check(final.state === state && final.cycle === cycle, paymentId, () => {
          return `was told as ${final.state} in cycle ${final.cycle}, and now as ${state} in cycle ${cycle}`;
        });
      check(!payment.refused, paymentId, () => `was refused, and is now told as ${state}`);
      if (heardBy(payment, to) === undefined) payment.heardAt = [...payment.heardAt, { by: to, at: heard++ }];
    },
    refused(paymentId, reason) {
      heard++;
      const payment = payments.get(paymentId)!;
      story.tell(paymentId, `is refused for certain: ${reason}`);
      check(payment.final === undefined, paymentId, () => `was told as ${payment.final?.state}, and now is refused`);
      payment.refused = true;
      agreesWithLedger(payment);
    },
    booked(bank, paymentId) {
      heard++;
      story.tell(paymentId, `bank ${bank} books it`);
      const payment = payments.get(paymentId);
      if (payment === undefined) {
        breach(paymentId, `bank ${bank} is made to book what nobody ordered`);
        return;
      }
      payment.bookings++;
      check(net(payment) <= 1, paymentId, () => `bank ${bank} has booked it ${net(payment)} times`);
      check(payment.bank === bank, paymentId, () => `bank ${bank} books what was ordered at ${payment.bank}`);
      agreesWithLedger(payment);
      check(
        !payment.lacksAgreement,
        paymentId,
        () => `was ordered after agreement ${payment.agreement} was told as rescinded`,
      );
      const rivals = byOrder.get(payment.order)!.filter((one) => net(one) > 0);
      check(rivals.length <= 1, paymentId, () => `order ${payment.order} is paid ${rivals.length} times`);
      const original = payment.original === undefined ? undefined : payments.get(payment.original);
      if (original === undefined) return;
      const refunds = refundsOf.get(original.paymentId)!.reduce((sum, one) => sum + one.amount * BigInt(net(one)), 0n);
      check(
        refunds <= original.amount,
        paymentId,
        () => `refunds of ${refunds} exceed their original, ${original.amount}`,
      );
      check(
        net(original) === 1,
        paymentId,
        () => `is a refund of ${original.paymentId}, which bank ${bank} has not booked`,
      );
    },
    undone(bank, paymentId) {
      heard++;
      story.tell(paymentId, `bank ${bank} reverses it`);
      const payment = payments.get(paymentId)!;
      payment.undone++;
      check(net(payment) >= 0, paymentId, () => `bank ${bank} has reversed it more often than booked`);
      agreesWithLedger(payment);
    },
    agreed(bank, agreementId) {
      heard++;
      story.tell(agreementId, `bank ${bank} agrees`);
      agreementOf(agreementId).isAgreed = true;
    },
    agreementTold({ agreementId, state, to, via, askedAt }) {
      heard++;
      story.tell(agreementId, `${to} is told ${state} by ${via}`);
      const agreement = agreementOf(agreementId);
      const isActive = state === 'active' || state === 'rescinded';
      check(!isActive || agreement.isAgreed, agreementId, () => `is told as ${state}, and its bank never agreed`);
      const rank = agreementRanks.indexOf(state);
      const before = agreement.furthest.get(to);
      // Notices come in any order.
      const isOld = via === 'notice' || (before !== undefined && askedAt < before.at);
      const isEnd = before?.state === 'rescinded' || before?.state === 'failed';
      check(
        before === undefined || isOld || (isEnd ? before.rank === rank : before.rank <= rank),
        agreementId,
        () => `${to} is told ${state} after it was told ${before?.state}`,
      );
      if (before === undefined || before.rank < rank) agreement.furthest.set(to, { rank, state, at: heard });
      if (state !== 'rescinded' || agreement.rescindedAt < heard) return;
      agreement.rescindedAt = heard;
      agreement.rescindedMs = ways.elapsed();
    },
    settled(cycle, positions) {
      heard++;
      story.tell(`cycle ${cycle}`, `is booked: ${positions.map((one) => `${one.participant} ${one.net}`).join(', ')}`);
      check(!settlements.has(cycle), `cycle ${cycle}`, () => 'is booked twice by the settlement agent');
      const sum = positions.reduce((total, one) => total + one.net, 0n);
      check(sum === 0n, `cycle ${cycle}`, () => `is booked with a sum of ${sum}`);
      settlements.set(cycle, new Map(positions.map((one) => [one.participant, one.net])));
    },
    positions(cycle) {
      const lines = new Map<string, Line>();
      const add = (participant: string, credits: bigint, debits: bigint) => {
        const line = lines.get(participant) ?? { participant, credits: 0n, debits: 0n };
        lines.set(participant, { participant, credits: line.credits + credits, debits: line.debits + debits });
      };
      for (const { kind, institution, bank, amount } of byCycle.get(cycle) ?? []) {
        const [creditor, debtor] = kind === 'agreementPayment' ? [institution, bank] : [bank, institution];
        add(creditor, amount, 0n);
        add(debtor, 0n, amount);
      }
      return lines;
    },
    paymentsIn(cycle, participant) {
      const found = new Map<string, { amount: bigint; side: string }>();
      for (const { paymentId, kind, institution, bank, amount } of byCycle.get(cycle) ?? []) {
        if (participant !== institution && participant !== bank) continue;
        const isCredit = (participant === institution) === (kind === 'agreementPayment');
        found.set(paymentId, { amount, side: isCredit ? 'credit' : 'debit' });
      }
      return found;
    },
    conclude(lastCycle) {
      for (const payment of payments.values()) {
        const { paymentId, final, refused } = payment;
        check(final !== undefined || refused, paymentId, () => 'has no end after everything was healed');
        agreesWithLedger(payment);
        if (final === undefined) continue;
        for (const party of [payment.institution, payment.bank]) {
          const isTold = onStream.includes(party)
            ? heardBy(payment, party) !== undefined
            : payment.noticed.includes(party);
          check(isTold, paymentId, () => `${party} never got a notice of its end`);
        }
        if (final.state === 'succeeded')
          check(final.cycle >= 1 && final.cycle <= lastCycle, paymentId, () => `succeeded in cycle ${final.cycle}`);
      }
      for (let cycle = 1; cycle <= lastCycle; cycle++) {
        const booked = settlements.get(cycle) ?? new Map<string, bigint>();
        const lines = this.positions(cycle);
        for (const participant of new Set([...booked.keys(), ...lines.keys()])) {
          const line = lines.get(participant) ?? { credits: 0n, debits: 0n };
          const net = line.credits - line.debits;
          check((booked.get(participant) ?? 0n) === net, `cycle ${cycle}`, () => {
            return `${participant} is settled with ${booked.get(participant) ?? 0n}, and its payments sum to ${net}`;
          });
        }
      }
    },
    payments: () => [...payments.values()],
    finalOf: (paymentId) => payments.get(paymentId)?.final?.state,
    counts() {
      const counts: Record<string, number> = { payments: payments.size, succeeded: 0, failed: 0, refused: 0 };
      for (const { final, refused } of payments.values()) {
        if (final !== undefined) counts[final.state]++;
        else if (refused) counts.refused++;
      }
      return counts;
    },
  };
  return oracle;
}
