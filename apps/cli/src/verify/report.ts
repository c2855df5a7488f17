/** What a verification found, for people and programs. */
import type { StreamPlace } from '@clearway/contract';
import type { Fact } from '../journal/fact.ts';

/** What is compared with what; docs/invariants.md says why each must hold. */
export type Check =
  /** The journal itself: format, sequence, epochs, hash chain. */
  | 'chain'
  /** Every outcome decided again, from nothing, by the rules. */
  | 'replay'
  /** What must hold after every batch, at each change of a cycle and at the end. */
  | 'invariant'
  /** Adopted documents are those whose hashes the journal names. */
  | 'configuration'
  /** Requests and answers are there, open, say what the facts say and bear the signatures of whom they name. */
  | 'message'
  | 'signature'
  /** Messages of the stream stand in order, and every checkpoint is over those in its range. */
  | 'coverage'
  /** The newest sealed snapshot is the state that the journal gives. */
  | 'snapshot'
  /** Payments, agreements, cycles, positions and work items as people and files see them. */
  | 'records'
  /** Reconciliation files, byte for byte. */
  | 'file'
  /** Among several cells: every share that one took was given to it, and what the home has settled all have netted. */
  | 'cells';

export interface Breach {
  /** Routing digits, where there are several cells. */
  readonly cell?: string;
  readonly check: Check;
  /** Batch that it is about. */
  readonly sequence?: number;
  /** Payment, agreement, cycle, participant or document that it is about. */
  readonly subject?: string;
  readonly what: string;
}

/** What came over the stream and no checkpoint covers at the end of the journal. */
export interface Uncovered {
  readonly messages: number;
  /** Its batch, and the time of that, ms. */
  readonly oldest?: StreamPlace & { readonly sequence: number; readonly at: number };
}

export interface VerifyReport {
  /** Nothing that was checked is broken. */
  readonly isExact: boolean;
  readonly breachCount: number;
  /** The first of them, at most {@link largestBreachList}. */
  readonly breaches: readonly Breach[];
  /** What could not be looked at, and why. */
  readonly notChecked: readonly string[];
  readonly commands: number;
  /** The last batch: whoever noted its hash can prove later that nothing before it was changed. */
  readonly last: { readonly sequence: number; readonly at: number; readonly hash: string };
  /** SHA-256 over the SHA-256 of the pages of the replayed state: equal states have equal hashes. */
  readonly stateHash: string;
  readonly payments: number;
  readonly agreements: number;
  readonly cycles: number;
  readonly messages: number;
  readonly signatures: number;
  /** Checkpoints that were held against what they cover. */
  readonly checkpoints: number;
  readonly uncovered: Uncovered;
  readonly files: number;
  /** Batch of the snapshot that was compared, 0 for none. */
  readonly snapshot: number;
  /** Batch up to which the records were written when they were compared. */
  readonly recordsCursor: number;
  readonly elapsedMs: number;
}

export const largestBreachList = 1000;

/** What a breach in a command is about: payment, agreement, cycle or document. */
export function about(sequence: number, fact: Fact): { readonly sequence: number; readonly subject?: string } {
  if ('paymentId' in fact) return { sequence, subject: fact.paymentId };
  if ('agreementId' in fact) return { sequence, subject: fact.agreementId };
  if (fact.type === 'recordCheckpoint') return { sequence, subject: `checkpoint of ${fact.signer}` };
  if ('cycle' in fact) return { sequence, subject: `cycle ${fact.cycle}` };
  if (fact.type === 'adoptConfiguration') return { sequence, subject: `${fact.kind} ${fact.version}` };
  return { sequence };
}

export interface Findings {
  breach(check: Check, what: string, about?: { readonly sequence?: number; readonly subject?: string }): void;
  /** The same words are kept once. */
  notChecked(what: string): void;
  readonly breachCount: number;
  readonly verdict: Verdict;
}

export type Verdict = Pick<VerifyReport, 'isExact' | 'breachCount' | 'breaches' | 'notChecked'>;

/** @param before what was found already, and is added to */
export function createFindings(before?: Verdict): Findings {
  const breaches: Breach[] = [...(before?.breaches ?? [])];
  const unchecked = new Set<string>(before?.notChecked);
  let breachCount = before?.breachCount ?? 0;
  return {
    breach(check, what, about = {}) {
      breachCount++;
      if (breaches.length < largestBreachList) breaches.push({ check, ...about, what });
    },
    notChecked: (what) => void unchecked.add(what),
    get breachCount() {
      return breachCount;
    },
    get verdict() {
      return { isExact: breachCount === 0, breachCount, breaches, notChecked: [...unchecked] };
    },
  };
}
