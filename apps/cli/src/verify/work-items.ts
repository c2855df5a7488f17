/** A payment that is overdue has an open work item until it has ended, and no longer. */
import {
  type Effects,
  effectKinds,
  handlesInFlight,
  identifierText,
  identifierToBytes,
  parseIdentifier,
  paymentAt,
  paymentHandle,
  type State,
} from '@clearway/core';
import type { Records } from '@clearway/store';
import type { Findings } from './report.ts';

export interface WorkItemsCheck {
  /** Called after each batch with what it brought about. */
  follow(effects: Effects, sequence: number): void;
  compare(records: Records, state: State): Promise<void>;
}

export function createWorkItemsCheck(findings: Findings): WorkItemsCheck {
  /** Batch by handle. */
  const overdue = new Map<number, number>();
  return {
    follow(effects, sequence) {
      for (let i = 0; i < effects.count; i++) {
        if (effects.kinds[i] === effectKinds.paymentOverdue) overdue.set(effects.subjects[i], sequence);
      }
    },
    async compare(records, state) {
      const cursor = await records.cursor();
      const items = (await records.workItems(true)).filter(({ kind }) => kind === 'overdue');
      if ((await records.cursor()) > state.sequence) return; // a running cell may have ended them meanwhile
      const owned = new Set(items.map(({ subject }) => subject));
      for (const subject of owned) {
        const handle = paymentHandle(state, identifierToBytes(parseIdentifier(subject)!));
        if (handle < 0) continue;
        const { flight, sequence } = paymentAt(state, handle);
        if (flight === undefined && sequence <= cursor)
          findings.breach('records', 'has ended, but its work item is open', { subject, sequence });
      }
      for (const handle of handlesInFlight(state)) {
        const sequence = overdue.get(handle);
        if (sequence === undefined || sequence > cursor) continue;
        const subject = identifierText(paymentAt(state, handle).id);
        if (!owned.has(subject))
          findings.breach('records', 'is overdue, but no work item is open', { subject, sequence });
      }
    },
  };
}
