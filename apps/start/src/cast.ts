/** Who plays in the world in a box. All names are invented. */

export const platformCode = '00000';
export const settlementAgentCode = '00001';

export interface Player {
  readonly code: string;
  readonly name: string;
}

export const paymentInstitutions: readonly Player[] = [
  { code: '00101', name: 'Lantern Pay' },
  { code: '00102', name: 'Ferry Wallet' },
  { code: '00103', name: 'Bamboo Pay' },
];

export const banks: readonly Player[] = [
  { code: '00201', name: 'Harbour Bank' },
  { code: '00202', name: 'Riverside Bank' },
  { code: '00203', name: 'Orchard Bank' },
  { code: '00204', name: 'Hill Savings Bank' },
  { code: '00205', name: 'Old Town Bank' },
  { code: '00206', name: 'Village Cooperative' },
];

/** Major units of yuan. */
export const money = {
  currency: 'CNY',
  currencyNumeric: 156,
  /** Largest single payment. */
  maximumAmount: '5000000.00',
  /** How far a bank's net debit position may go within a cycle. */
  netDebitCap: '100000000.00',
  /** On the settlement accounts at the first start: customers' money of a payment institution, reserves of a bank. */
  float: '50000000.00',
  reserves: '500000000.00',
  /** Of a customer's account at a simulated bank. */
  openingBalance: { least: '5000.00', most: '500000.00' },
  salary: '12000.00',
  paymentLimit: '5000.00',
  /** What is paid: half of the payments are smaller than the median. */
  amounts: { median: '36.00', p99: '1200.00' },
};

/** What customers do, as weights. */
export const mix = { agreementPayment: 70, payout: 18, refund: 4, enquiry: 8 };

/** How banks behave on a good day: a little is declined, a few answers are late, lost or told twice. */
export const bankBehaviour = {
  declineRate: 0.01,
  latencyMs: { median: 8, p99: 90 },
  lateRate: 0.0005,
  lateByMs: 8_000,
  lostRate: 0.0003,
  duplicateRate: 0.001,
};

/** Times of the scheme, ms. */
export const times = {
  offerTimeoutMs: 5_000,
  longestExpiryMs: 60_000,
  enquiryBackoffMs: 1_000,
  enquiryBackoffLargestMs: 30_000,
  reversalAfterMs: 20_000,
  workItemAfterMs: 600_000,
  signingTimeoutMs: 300_000,
};
