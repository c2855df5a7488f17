import type { Problem, ProblemReason } from '@clearway/console-api';

/** What only the browser can find: the platform did not answer, or answered what it never says. */
export type Reason = ProblemReason | 'offline' | 'answerStrange';

/** Why something that was asked of the platform did not come about. */
export class ApiProblem extends Error {
  override name = 'ApiProblem';
  readonly status: number;
  readonly reason: Reason;
  readonly detail: string;
  /** To be told to an operator; undefined where the platform gave none. */
  readonly trace: string | undefined;

  constructor(status: number, reason: Reason, detail: string, trace?: string) {
    super(`${reason}: ${detail}`);
    this.status = status;
    this.reason = reason;
    this.detail = detail;
    this.trace = trace;
  }
}

export async function problemOf(response: Response): Promise<ApiProblem> {
  const trace = response.headers.get('x-request-id') ?? undefined;
  const body: Partial<Problem> | undefined = await response.json().catch(() => undefined);
  if (typeof body?.reason !== 'string') {
    return new ApiProblem(response.status, 'answerStrange', `HTTP ${response.status}`, trace);
  }
  return new ApiProblem(response.status, body.reason as ProblemReason, body.detail ?? '', trace);
}
