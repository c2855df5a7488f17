/**
 * Which effects of a batch tell of a subject's last change in it. The state is read when a whole batch is applied, so a
 * payment that a tick made unknown and an answer ended in the same batch shows only its end: it is told once.
 */
import { type Effects, effectKinds } from '@clearway/core';

const changes: ReadonlySet<number> = new Set([
  effectKinds.paymentChanged,
  effectKinds.agreementChanged,
  effectKinds.cycleChanged,
]);

/** By index of the effect: false for a change that a later one of the same subject supersedes, true for all others. */
export function lastChanges(effects: Effects): boolean[] {
  const seen = new Map<number, Set<number>>();
  const last = new Array<boolean>(effects.count).fill(true);
  for (let i = effects.count - 1; i >= 0; i--) {
    const kind = effects.kinds[i];
    if (!changes.has(kind)) continue;
    const subjects = seen.get(kind) ?? new Set();
    seen.set(kind, subjects);
    last[i] = !subjects.has(effects.subjects[i]);
    subjects.add(effects.subjects[i]);
  }
  return last;
}
