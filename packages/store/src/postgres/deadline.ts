/** No question waits for ever: a dead peer would otherwise hang until TCP gives up. */
import type { Clock } from '@clearway/ports';

/** What was asked may have happened or not. */
export class DeadlineError extends Error {
  override name = 'DeadlineError';
}

/** @throws DeadlineError if `promise` is not done in time; it goes on unheard */
export function within<T>(clock: Pick<Clock, 'after'>, deadlineMs: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(deadlineMs, () => reject(new DeadlineError(`no answer within ${deadlineMs} ms`)));
    promise.then(resolve, reject).finally(cancel);
  });
}
