/** What the wallet's customers do next: drawn by weight, with amounts as payments have them. */
import { formatAmount } from '@clearway/contract';
import type { PaymentOrder } from '@clearway/sdk';
import type { Customer } from './customer.ts';
import type { Generator } from './generator.ts';
import type { WalletSettings } from './settings.ts';
import type { WalletBook } from './wallet-book.ts';

export type Next = { readonly kind: 'enquiry'; readonly paymentId: string } | PaymentOrder;

export interface OrderOptions {
  readonly generator: Generator;
  readonly book: WalletBook;
  readonly customers: readonly Customer[];
  readonly mix: WalletSettings['mix'];
  /** Minor units. */
  readonly amounts: { readonly median: number; readonly p99: number; readonly most: number };
  /** ISO 4217 number. */
  readonly currency: number;
}

export function createOrders({ generator, book, customers, mix, amounts, currency }: OrderOptions) {
  let serial = 0;

  const pick = <T>(list: readonly T[]): T => list[generator.integer(0, list.length - 1)];

  function drawAmount(most: number): number {
    return Math.max(1, Math.min(most, Math.round(generator.logNormal(amounts.median, amounts.p99))));
  }

  function endToEndId(kind: string): string {
    serial += 1;
    return `${kind}-${serial}`;
  }

  function agreementPayment(): PaymentOrder | undefined {
    const customer = pick(customers);
    const agreementId = book.agreementOf(customer);
    if (agreementId === undefined) return undefined;
    const amount = formatAmount(drawAmount(amounts.most), currency);
    return { kind: 'agreementPayment', bank: customer.bank, agreementId, amount, endToEndId: endToEndId('order') };
  }

  function payout(): PaymentOrder | undefined {
    const customer = pick(customers);
    // Only a customer who has signed has an account that the bank knows.
    if (book.agreementOf(customer) === undefined) return undefined;
    const { bank, name, account } = customer;
    const amount = formatAmount(drawAmount(amounts.most), currency);
    return { kind: 'payout', bank, creditor: { name, account }, amount, endToEndId: endToEndId('payout') };
  }

  /** Of a recent purchase, whole or in part. */
  function refund(): PaymentOrder | undefined {
    const candidates = [...book.refundable().values()].filter(({ left }) => left > 0);
    if (candidates.length === 0) return undefined;
    const { paymentId: originalPaymentId, bank, left } = pick(candidates);
    const amount = formatAmount(generator.happens(0.5) ? left : generator.integer(1, left), currency);
    return { kind: 'refund', bank, originalPaymentId, amount, endToEndId: endToEndId('refund') };
  }

  function enquiry(): Next | undefined {
    return book.recent().length === 0 ? undefined : { kind: 'enquiry', paymentId: pick(book.recent()) };
  }

  const makers = { agreementPayment, payout, refund, enquiry } as const;
  const kinds = Object.keys(makers) as (keyof typeof makers)[];
  const total = kinds.reduce((sum, kind) => sum + mix[kind], 0);

  function drawKind(): keyof typeof makers {
    let left = generator.next() * total;
    for (const kind of kinds) {
      if (left < mix[kind]) return kind;
      left -= mix[kind];
    }
    return 'agreementPayment';
  }

  return {
    /** Undefined when nobody can pay yet: no agreement is in force. */
    next(): Next | undefined {
      return makers[drawKind()]() ?? agreementPayment();
    },
  };
}
