/** Compares the outcomes that a batch recorded with those that the rules give now. */
import { headBytes, type Outcome, outcomes, reasonOf } from '@clearway/core';
import type { Fact } from '../journal/fact.ts';
import { about, type Findings } from './report.ts';

/** `facts`: read from the batch as it was decided again. */
export function compareOutcomes(
  recorded: Uint8Array,
  facts: readonly Fact[],
  sequence: number,
  findings: Findings,
): void {
  const view = new DataView(recorded.buffer, recorded.byteOffset, recorded.byteLength);
  let offset = 0;
  for (const fact of facts) {
    const outcome = outcomeName(view.getUint8(offset + 1));
    const reason = reasonOf(view.getUint16(offset + 2)) ?? `reason ${view.getUint16(offset + 2)}`;
    if (outcome !== fact.outcome || reason !== fact.reason) {
      const decided = said(fact.outcome, fact.reason);
      const what = `command ${fact.index} (${fact.type}) was recorded as ${said(outcome, reason)}, the rules say ${decided}`;
      findings.breach('replay', what, about(sequence, fact));
    }
    offset += Math.max(headBytes, view.getUint32(offset + 4));
  }
}

const said = (outcome: string, reason: string) => (reason === 'none' ? outcome : `${outcome} (${reason})`);

function outcomeName(number: number): string {
  const names = Object.keys(outcomes) as Outcome[];
  return names.find((name) => outcomes[name] === number) ?? `outcome ${number}`;
}
