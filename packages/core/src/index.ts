/** The public door of the core. Reading order: flow.ts, payment/lifecycle.ts, apply.ts, state.ts. */

export { describeAccount } from './administration.ts';
export { agreementsChangedFrom } from './agreement/known.ts';
export { agreementTransitions } from './agreement/lifecycle.ts';
export { applyBatch } from './apply.ts';
export { AssertionError, assert, unreachable } from './assert.ts';
export { isDate, nextDate, previousDate } from './calendar.ts';
export { sumsOfPositions } from './clearing/clear.ts';
export { type Cycle, cycleTransitions } from './clearing/cycle.ts';
export * from './command.ts';
export {
  largestAmount,
  largestPosition,
  type ParticipantContent,
  type ParticipantsContent,
  type SchemeContent,
} from './configuration.ts';
export { type EffectKind, Effects, effectKinds } from './effects.ts';
export { type Stage, stages } from './flow.ts';
export * from './identifier.ts';
export { findBreaches, findClearingBreaches, overdrawn } from './invariants.ts';
export { dueAtOf, Glance, writePaymentId } from './payment/glance.ts';
export { answerRules, isFinal, paymentTransitions } from './payment/lifecycle.ts';
export { type Reason, type ReasonKind, reasonOf, reasons } from './reject.ts';
export { headroom } from './risk/headroom.ts';
export { type AccountHeadroom, accountsIn, findAccount, type Share, sharesIn, shareWith } from './risk/shares.ts';
export { newestRules, rulesInForce } from './rules.ts';
export {
  beginSnapshot,
  readsSnapshot,
  restoreSnapshot,
  type SnapshotCopy,
  type SnapshotPage,
  snapshotPages,
} from './snapshot.ts';
export { createState, currencySlots, currentCycle, nextDeadline, type Participant, type State } from './state.ts';
export {
  type AgreementState,
  agreementStates,
  type CycleState,
  cycleStates,
  type PaymentState,
  paymentStates,
} from './states.ts';
export { decodeUtf8, encodeUtf8 } from './utf8.ts';
export * from './view.ts';
