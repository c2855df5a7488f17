/** Numbers of states as hot tables, journal and snapshots carry them; the transitions are in payment/lifecycle.ts and its like. */
export const paymentStates = {
  none: 0,
  refused: 1,
  offered: 2,
  unknown: 3,
  reversing: 4,
  succeeded: 5,
  failed: 6,
} as const;
export type PaymentState = Exclude<keyof typeof paymentStates, 'none'>;

export const agreementStates = {
  none: 0,
  requested: 1,
  codeSent: 2,
  confirming: 3,
  active: 4,
  failed: 5,
  rescinded: 6,
} as const;
export type AgreementState = Exclude<keyof typeof agreementStates, 'none'>;

export const cycleStates = { none: 0, open: 1, cut: 2, netted: 3, queued: 4, settled: 5 } as const;
export type CycleState = Exclude<keyof typeof cycleStates, 'none'>;
