/** The closed sets of words of the console, as data for programs and as types. Nothing here depends on anything. */

/** What a person may do. Nobody has a right by default; a person can have several roles, but never both sides of one change. */
export const roles = ['operator', 'proposer', 'approver', 'supervisor', 'participant'] as const;
export type Role = (typeof roles)[number];

/** As the platform's own words, docs/glossary.md. */
export const paymentStates = ['refused', 'offered', 'unknown', 'reversing', 'succeeded', 'failed'] as const;
export type PaymentState = (typeof paymentStates)[number];

export const paymentKinds = ['agreementPayment', 'payout', 'refund'] as const;
export type PaymentKind = (typeof paymentKinds)[number];

export const cycleStates = ['open', 'cut', 'netted', 'queued', 'settled'] as const;
export type CycleState = (typeof cycleStates)[number];

export const changeKinds = [
  'netDebitCap',
  'suspendParticipant',
  'resumeParticipant',
  'endKey',
  'closeCycle',
  'addUser',
  'changeUser',
  'resetUser',
  'endUser',
] as const;
export type ChangeKind = (typeof changeKinds)[number];

/**
 * `proposed` waits for another person; `returned` went back to its author with a note; `void`: what it changes has
 * changed since, or its time is over; `executing` only while the platform is asked; `failed`: the platform refused.
 */
export const changeStates = [
  'proposed',
  'executing',
  'executed',
  'failed',
  'returned',
  'refused',
  'withdrawn',
  'void',
] as const;
export type ChangeState = (typeof changeStates)[number];

/** Each needs a person's act: `cellDown` and `shortfall` now, the others within the shift. */
export const alarmKinds = [
  'cellDown',
  'shortfall',
  'bankSilent',
  'recordsLag',
  'contradiction',
  'signerStopped',
  'changeWaiting',
] as const;
export type AlarmKind = (typeof alarmKinds)[number];

export const priorities = ['P1', 'P2', 'P3'] as const;
export type Priority = (typeof priorities)[number];

/** `returned`: the cause has gone before anybody acknowledged. */
export const alarmStates = ['new', 'acknowledged', 'returned', 'shelved', 'ended'] as const;
export type AlarmState = (typeof alarmStates)[number];

/** `limit`: a cap of a bank, float of an institution. `idempotent`: certified to treat a repeated offer as one. */
export const onboardingSteps = [
  'registered',
  'key',
  'certificate',
  'limit',
  'idempotent',
  'payment',
  'success',
] as const;
export type OnboardingStep = (typeof onboardingSteps)[number];

/** `coverage`: a participant was suspended because what was taken from it is not signed, or falsely. */
export const workItemKinds = ['overdue', 'contradiction', 'shortfall', 'coverage'] as const;
export type WorkItemKind = (typeof workItemKinds)[number];
