import type { Institution } from './institution.ts';
import { type OwnRecords, type Reconciliation, reconcileLines } from './reconcile.ts';

export interface ReconcilerOptions {
  readonly institution: Pick<Institution, 'cycles' | 'fileLines'>;
  readonly own: OwnRecords;
  /** Whether the cycle was reconciled before, also in an earlier run. */
  isDone(cycle: number): boolean;
  /** Takes the result, learnt successes included, and makes it durable. */
  done(reconciliation: Reconciliation): Promise<void>;
}

/**
 * Reconciles every settled cycle that is not done, oldest first. Call it at the start and whenever a cycle notice
 * comes; calls while it runs are joined into one more run.
 */
export function createReconciler({ institution, own, isDone, done }: ReconcilerOptions): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  async function run(): Promise<void> {
    const settled = (await institution.cycles()).filter(({ state, cycle }) => state === 'settled' && !isDone(cycle));
    for (const { cycle } of settled.sort((a, b) => a.cycle - b.cycle)) {
      await done(await reconcileLines(cycle, () => institution.fileLines(cycle), own));
    }
  }

  function start(): Promise<void> {
    next = undefined;
    running = run().finally(() => {
      running = undefined;
    });
    return running;
  }

  return () => {
    if (!running) return start();
    next ??= running.then(start, start);
    return next;
  };
}
