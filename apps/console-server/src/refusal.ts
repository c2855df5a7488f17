/** What the console refuses, with a reason of the closed set. */
import { type ProblemReason, problems } from '@clearway/console-api';

export class Refusal extends Error {
  override name = 'Refusal';
  readonly reason: ProblemReason;
  /** Seconds after which it makes sense to try again. */
  readonly retryAfter: number | undefined;
  constructor(reason: ProblemReason, detail: string = problems[reason].help, retryAfter?: number) {
    super(detail);
    this.reason = reason;
    this.retryAfter = retryAfter;
  }
}

/** The problem document (RFC 9457). */
export function problemOf({ reason, message }: Refusal) {
  const { status, title, help } = problems[reason];
  return { type: `https://clearway.example/console-problems/${reason}`, title, status, detail: message, reason, help };
}
