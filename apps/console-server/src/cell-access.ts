/** The operator's link to the cell, connected anew whenever it was lost. */
import type { OperatorLink } from '@clearway/server';
import { Refusal } from './refusal.ts';

export interface CellAccess {
  /** @throws Refusal `cellUnavailable`; whether what was asked was done is then not known */
  ask<T>(question: (cell: OperatorLink) => Promise<T>): Promise<T>;
  close(): void;
}

export function createCellAccess(connect: () => Promise<OperatorLink>): CellAccess {
  let opening: Promise<OperatorLink> | undefined;
  let closed = false;
  return {
    async ask(question) {
      if (closed) throw new Refusal('cellUnavailable', 'The console is being stopped.');
      opening ??= connect();
      const mine = opening;
      let link: OperatorLink | undefined;
      try {
        link = await mine;
        return await question(link);
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
