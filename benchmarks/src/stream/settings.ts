/** What a run of the stream rail is made of; every one of them is printed with the result. */
import type { Suite } from '@clearway/ports';
import type { Behaviour } from './behaviour.ts';

export interface StreamSettings extends Behaviour {
  /** All that sign: payment institutions and banks. */
  readonly institutions: number;
  /** Of these, payment institutions. */
  readonly paying: number;
  readonly links: number;
  /** Each institution pays in one of them, and every bank has a link of its own to each. */
  readonly cells: number;
  /** Skew: institution, bank and agreement of rank r have a share of 1 / r^zipf. */
  readonly zipf: number;
  readonly agreements: number;
  /** Of a payment message, with reference and sealed fields. */
  readonly requestBytes: number;
  /** Shares of all payments. */
  readonly refunds: number;
  readonly payouts: number;
  readonly suite: Suite;
  readonly tls: boolean;
  readonly journal: 'file' | 'postgres';
  /** How long a message may wait for others to share its frame, ms. */
  readonly lingerMs: number;
  /** Of whatever is drawn. */
  readonly seed: number;
}

export const defaultSettings: StreamSettings = {
  institutions: 3000,
  paying: 200,
  links: 32,
  cells: 1,
  zipf: 1,
  agreements: 100_000,
  requestBytes: 400,
  declined: 0.02,
  silent: 0.001,
  refunds: 0.05,
  payouts: 0.1,
  suite: 'ecdsa-p256-sha256',
  tls: true,
  journal: 'file',
  lingerMs: 4,
  seed: 1,
};

/** One in fifteen pays, as in a country with some two hundred payment institutions and three thousand banks. */
export const payingOf = (institutions: number): number => Math.max(1, Math.round(institutions / 15));
