/** A participant's caps and keys in words. */
import type { ParticipantsDocument } from '@clearway/server';
import { money } from '../output/words.ts';

export type Participant = ParticipantsDocument['participants'][number];

export function caps({ role, netDebitCaps }: Participant): string {
  if (role !== 'bank') return '–';
  return netDebitCaps.map(({ amount, currency }) => money(BigInt(amount), currency)).join(', ') || 'none';
}

/** `1 ed25519, 2 ecdsa-p256-sha256`; ended keys are left out. */
export function validKeys({ keys }: Participant): string {
  const valid = keys.filter(({ endedAt }) => endedAt === undefined);
  return valid.map(({ version, suite }) => `${version} ${suite}`).join(', ') || 'none';
}
