import type { Clock } from '@clearway/ports';

/** What is promised, or `otherwise` after so many ms; what comes later is nobody's. */
export function atMost<T, O>(
  clock: Pick<Clock, 'after'>,
  ms: number,
  promised: Promise<T>,
  otherwise: O,
): Promise<T | O> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => resolve(otherwise));
    promised.then(resolve, reject).finally(cancel);
  });
}
