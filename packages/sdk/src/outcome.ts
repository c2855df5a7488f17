/** What an institution learns when it does not get an answer: refused for certain, or not known. */
import { type Problem, problem } from '@clearway/contract';

/** Clearway refused: nothing was done and nothing will be. `problem.reason` says why, `problem.detail` what to do. */
export class Refused extends Error {
  override name = 'Refused';
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(`${problem.reason}: ${problem.detail}`);
    this.problem = problem;
  }
}

/**
 * No answer that can be relied on came: what was asked may have been done, or not. Never take it for a failure, and
 * never pay again under a new identifier: enquire, or send the same message again.
 */
export class Unanswered extends Error {
  override name = 'Unanswered';
}

/** For handlers of a receiver to throw: the question itself is wrong, and there is no decision on it. */
export class Refusal extends Error {
  override name = 'Refusal';
  readonly problem: Problem;
  /** `detail` without personal data. */
  constructor(reason: Problem['reason'], detail: string) {
    super(`${reason}: ${detail}`);
    this.problem = problem(reason, detail);
  }
}
