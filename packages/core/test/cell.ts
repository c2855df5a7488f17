/** A cell as tests drive it: the core with a journal in memory, and what one does with a journal. */
import {
  applyBatch,
  createState,
  type EffectKind,
  Effects,
  effectKinds,
  type Outcome,
  outcomes,
  type Reason,
  reasonOf,
  restoreSnapshot,
  type State,
  snapshotPages,
} from '@clearway/core';
import { encode, type Told, type ToldOfOthers } from './told.ts';

export const centre = 1;
export const cell = 1;

export interface Verdict {
  readonly outcome: Outcome;
  readonly reason: Reason;
}

export interface Effect {
  readonly kind: EffectKind;
  readonly subject: number;
  /** Index of the command in its batch. */
  readonly command: number;
}

/** A batch as the journal keeps it: commands with their outcomes. */
export interface Batch {
  readonly at: number;
  readonly facts: Uint8Array;
}

export interface Applied {
  readonly verdicts: Verdict[];
  readonly effects: Effect[];
}

const outcomeNames = Object.keys(outcomes) as Outcome[];
const effectNames = new Map<number, EffectKind>(
  Object.entries(effectKinds).map(([name, number]) => [number, name as EffectKind]),
);

export class Cell {
  state: State;
  readonly journal: Batch[] = [];

  constructor(state: State = createState(centre, cell)) {
    this.state = state;
  }

  tell(at: number, ...told: (Told | ToldOfOthers)[]): Applied {
    return this.apply(at, concat(told.map(encode)));
  }

  /** Applies a batch of facts; outcomes are written into a copy, which the journal keeps. */
  apply(at: number, facts: Uint8Array): Applied {
    const copy = facts.slice();
    const effects = applyFacts(this.state, at, copy);
    this.journal.push({ at, facts: copy });
    return { verdicts: verdictsOf(copy), effects };
  }
}

function applyFacts(state: State, at: number, facts: Uint8Array): Effect[] {
  const effects = new Effects();
  const count = applyBatch(state, state.sequence + 1, at, facts, effects);
  if (count !== verdictsOf(facts).length) throw new Error('applyBatch miscounted its commands');
  return Array.from({ length: effects.count }, (_, i) => ({
    kind: effectNames.get(effects.kinds[i])!,
    subject: effects.subjects[i],
    command: effects.commands[i],
  }));
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Outcomes and reasons that apply has written into the commands of a batch. */
export function verdictsOf(facts: Uint8Array): Verdict[] {
  const view = new DataView(facts.buffer, facts.byteOffset, facts.byteLength);
  const verdicts: Verdict[] = [];
  for (let offset = 0; offset < facts.length; offset += view.getUint32(offset + 4)) {
    const reason = reasonOf(view.getUint16(offset + 2));
    if (reason === undefined) throw new Error(`no reason has the code ${view.getUint16(offset + 2)}`);
    verdicts.push({ outcome: outcomeNames[view.getUint8(offset + 1)], reason });
  }
  return verdicts;
}

/** A batch as it was before it was decided: without outcomes. */
export function withoutOutcomes(facts: Uint8Array): Uint8Array {
  const copy = facts.slice();
  const view = new DataView(copy.buffer);
  for (let offset = 0; offset < copy.length; offset += view.getUint32(offset + 4)) {
    view.setUint8(offset + 1, outcomes.undecided);
    view.setUint16(offset + 2, 0);
  }
  return copy;
}

/** All pages of a snapshot of the state as it is now. */
export function pagesOf(state: State): Uint8Array[] {
  return [...snapshotPages(state)];
}

export function restored(state: State): State {
  return restoreSnapshot(pagesOf(state));
}

/** The cell that a journal makes of nothing. */
export function replay(journal: readonly Batch[]): { cell: Cell; applied: Applied[] } {
  const cell = new Cell();
  const applied = journal.map(({ at, facts }) => cell.apply(at, withoutOutcomes(facts)));
  return { cell, applied };
}
