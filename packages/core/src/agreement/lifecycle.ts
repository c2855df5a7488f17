/**
 * The life of an agreement between account holder, institution and bank, made by two-step signing.
 *
 * ```
 *   requested ──bank: code sent──▶ codeSent ──institution: code──▶ confirming ──bank: active──▶ active ──▶ rescinded
 *       │                             │  ◀──bank: code wrong (up to 3)──┘ │
 *       └──bank: failed, time is up───┴───────────────────────────────────┴──▶ failed
 * ```
 * Until it is active no payment is taken under it, so here time may end what was never finished. Either side rescinds;
 * rescission binds from its journaling, and the bank has the last word.
 */
import { assert } from '../assert.ts';
import { type AgreementState, agreementStates } from '../states.ts';

export const agreementTransitions: Record<AgreementState, readonly AgreementState[]> = {
  requested: ['codeSent', 'failed', 'rescinded'],
  codeSent: ['confirming', 'failed', 'rescinded'],
  confirming: ['active', 'codeSent', 'failed', 'rescinded'],
  active: ['rescinded'],
  failed: [],
  rescinded: [],
};

/** Wrong codes that end a signing. */
export const largestCodeAttempts = 3;

const names: AgreementState[] = [];
for (const [name, number] of Object.entries(agreementStates)) names[number] = name as AgreementState;

export function agreementStateName(number: number): AgreementState {
  const name = names[number];
  assert(name !== undefined && number !== 0, 'an agreement record holds a state');
  return name;
}
