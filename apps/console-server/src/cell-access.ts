/** The operator's link to a cell, connected anew whenever it was lost. */
import type { Clock } from '@clearway/ports';
import type { OperatorLink } from '@clearway/server';
import { Refusal } from './refusal.ts';

export interface CellAccess {
  /** @throws Refusal `cellUnavailable`; whether what was asked was done is then not known */
  ask<T>(question: (cell: OperatorLink) => Promise<T>): Promise<T>;
  close(): void;
}

/** @param patienceMs a cell that does not answer within it, as one that is paused, is given up; the link with it */
export function createCellAccess(
  connect: () => Promise<OperatorLink>,
  clock: Pick<Clock, 'after'>,
  patienceMs: number,
): CellAccess {
  let opening: Promise<OperatorLink> | undefined;
  let closed = false;

  const within = <T>(answer: Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const cancel = clock.after(patienceMs, () => reject(new Error(`no answer within ${patienceMs} ms`)));
      answer.then(resolve, reject).finally(cancel);
    });

  return {
    async ask(question) {
      if (closed) throw new Refusal('cellUnavailable', 'The console is being stopped.');
      opening ??= connect();
      const mine = opening;
      let link: OperatorLink | undefined;
      try {
        link = await mine;
        return await within(question(link));
      } catch (error) {
        link?.close();
        if (opening === mine) opening = undefined;
        throw new Refusal('cellUnavailable', (error as Error).message);
      }
    },
    close() {
      closed = true;
      opening?.then(
        (link) => link.close(),
        () => {}, // there is none to close
      );
    },
  };
}
