/** What institutions and banks sent and were told, in one order of all that happened. */

export type Kind = 'agreementPayment' | 'payout' | 'refund';

/** A state as told, or the reason and HTTP status of a definite refusal. */
export type Told =
  | { readonly state: string; readonly cycle: number }
  | { readonly refused: string; readonly status: number };

export type Act =
  | { readonly does: 'submit' | 'enquire'; readonly told: Told | undefined }
  /** Told unasked. */
  | { readonly does: 'notice'; readonly told: Told }
  /** The bank is asked about the payment, with this hash. */
  | { readonly does: 'asked'; readonly question: 'offer' | 'enquiry' | 'reversal'; readonly hash: string }
  /** What the bank has signed goes out; `told` where the platform answers with what it holds. */
  | { readonly does: 'says'; readonly answer: string; readonly hash: string; readonly told: Told | undefined }
  /** Told an end that the bank has not signed. */
  | { readonly does: 'unproved'; readonly what: string }
  /** In the bank's own ledger. */
  | { readonly does: 'book' | 'undo' };

export interface Happening {
  readonly paymentId: string;
  readonly by: string;
  /** Places in the order of all that happened. */
  readonly calledAt: number;
  /** Infinity where no answer came. */
  readonly returnedAt: number;
  readonly act: Act;
}

export interface Order {
  readonly paymentId: string;
  readonly kind: Kind;
  readonly institution: string;
  readonly bank: string;
  /** Minor units. */
  readonly amount: bigint;
  /** Of a refund: what it gives back from. */
  readonly original?: string | undefined;
}

/** A bank's cap was to be another one; `returnedAt` is when that was told as done, infinity when it never was. */
export interface CapChange {
  readonly participant: string;
  /** Minor units. */
  readonly cap: bigint;
  readonly calledAt: number;
  readonly returnedAt: number;
}

export interface History {
  readonly orders: ReadonlyMap<string, Order>;
  readonly happenings: readonly Happening[];
  /** When the settlement agent booked a cycle, by its number. */
  readonly settlements: ReadonlyMap<number, number>;
  readonly capChanges: readonly CapChange[];
}

export interface Recorder extends History {
  ordered(order: Order): void;
  settled(cycle: number): void;
  /** From now until the function given back is called; never called, nobody knows whether it was done. */
  capChange(participant: string, cap: bigint): () => void;
  /** At this moment. */
  happens(paymentId: string, by: string, act: Act): void;
  /** From now until the function given back is called; never called, it was never answered. */
  begins(paymentId: string, by: string, act: Act): (told: Told) => void;
}

export function createRecorder(): Recorder {
  const orders = new Map<string, Order>();
  const settlements = new Map<number, number>();
  const happenings: Happening[] = [];
  const capChanges: CapChange[] = [];
  let place = 0;

  return {
    orders,
    settlements,
    happenings,
    capChanges,
    ordered(order) {
      orders.set(order.paymentId, order);
    },
    settled(cycle) {
      if (!settlements.has(cycle)) settlements.set(cycle, ++place);
    },
    capChange(participant, cap) {
      const change = { participant, cap, calledAt: ++place };
      const at = capChanges.push({ ...change, returnedAt: Number.POSITIVE_INFINITY }) - 1;
      return () => {
        capChanges[at] = { ...change, returnedAt: ++place };
      };
    },
    happens(paymentId, by, act) {
      const at = ++place;
      happenings.push({ paymentId, by, calledAt: at, returnedAt: at, act });
    },
    begins(paymentId, by, act) {
      const calledAt = ++place;
      const at = happenings.push({ paymentId, by, calledAt, returnedAt: Number.POSITIVE_INFINITY, act }) - 1;
      return (told) => {
        happenings[at] = { paymentId, by, calledAt, returnedAt: ++place, act: Object.assign({}, act, { told }) as Act };
      };
    },
  };
}
