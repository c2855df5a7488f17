/** An archive for those who only read: its files, beside a cell that may be writing them or without one. */
import { type ArchiveEngine, openEngine } from './archive-engine.ts';
import { readSeed } from './archive-folder.ts';
import { recordsOfCycle } from './cycle-records.ts';
import type { PaymentArchive } from './port.ts';

/** What the archive had kept at batch {@link cursor}; a cell at work knows more. */
export type ArchiveReader = Pick<
  PaymentArchive,
  'cursor' | 'payment' | 'byReference' | 'byParticipant' | 'search' | 'tally' | 'ofCycle' | 'close'
>;

const mostAttempts = 5;

/**
 * @returns undefined when there is no archive in this folder
 * @throws DamagedArchiveError
 */
export async function readArchive(directory: string): Promise<ArchiveReader | undefined> {
  const seed = await readSeed(directory);
  if (seed === undefined) return undefined;
  /** Runs again when files went away under it: a cell at work merges keys and replaces the tail. */
  const again = async <T>(run: () => Promise<T> | T): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await run();
      } catch (error) {
        if (attempt === mostAttempts) throw error;
        engine?.close();
        engine = undefined;
      }
    }
  };
  let engine: ArchiveEngine | undefined;
  const open = async () => {
    engine ??= await openEngine({ directory }, seed, 'leaves');
    return engine;
  };
  const ask = <T>(look: (engine: ArchiveEngine) => T): Promise<T> => again(async () => look(await open()));
  const { cursor } = await again(open);
  return {
    cursor,
    payment: (paymentId) => ask((files) => files.payment(paymentId)),
    byReference: (participant, text, limit) => ask((files) => files.byReference(participant, text, limit)),
    byParticipant: (query) => ask((files) => files.byParticipant(query)),
    search: (query) => ask((files) => toEnd(files.search(query))),
    tally: (query) => ask((files) => toEnd(files.tally(query))),
    ofCycle: (cycle, participant) => recordsOfCycle(directory, cycle, participant),
    async close() {
      engine?.close();
    },
  };
}

function toEnd<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
