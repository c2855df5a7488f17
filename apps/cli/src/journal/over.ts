/** Up to where a journal is over: nothing that is still going on needs what stands there. */
import { decodeHeader, type Journal } from '@clearway/store';
import type { OpenedStore } from '../given.ts';

export interface Over {
  /** The last batch of which all is over; 0 for none. */
  readonly through: number;
  /** Why it is not a later one, in words. */
  readonly because: string;
}

const openStates = ['offered', 'unknown', 'reversing'] as const;
const mostCycles = 100_000;
const mostOpen = 1_000;

/**
 * What has to hold of every batch that is over: it is older than the days to keep; its cycle is settled; the payments
 * submitted until then are final; records, archive and a sealed snapshot have what is in it.
 *
 * @param keptFrom ms: batches from then on are kept in any case
 */
export async function overThrough({ store, archive }: OpenedStore, keptFrom: number): Promise<Over> {
  const { journal, records, snapshots } = store;
  const least = (one: Over, other: Over) => (other.through < one.through ? other : one);
  const contained: Over[] = [
    { through: (await snapshots.latest())?.sequence ?? 0, because: 'the newest snapshot ends there' },
    { through: await records.cursor(), because: 'the records end there' },
    ...(archive === undefined ? [] : [{ through: archive.cursor, because: 'the archive of payments ends there' }]),
  ];
  let over = contained.reduce(least);

  const untilTime = async (time: number, because: string) => {
    over = least(over, { through: await lastBefore(journal, over.through, time), because });
  };
  await untilTime(keptFrom, 'the days to keep begin there');
  for (const { cycle, state, openedAt } of await records.cycles(mostCycles))
    if (state !== 'settled') await untilTime(openedAt, `cycle ${cycle} is not settled`);
  // Each look finds the last of them, and what is before it remains to be looked at.
  for (let open = await openBefore(); open !== undefined; open = await openBefore())
    await untilTime(open.submittedAt, `payment ${open.paymentId} is not final`);
  return over;

  /** A payment that was submitted in what is over and has not ended; the first of those that were looked at. */
  async function openBefore() {
    if (over.through === 0) return undefined;
    const to = decodeHeader((await journal.readOne(over.through))!.header).at + 1;
    const found = await Promise.all(openStates.map((state) => records.payments({ state, to, limit: mostOpen })));
    const archived = (await archive?.search({ states: openStates, to, limit: mostOpen }))?.payments ?? [];
    return [...found.flat(), ...archived].reduce<(typeof archived)[number] | undefined>(
      (first, one) => (first === undefined || one.submittedAt < first.submittedAt ? one : first),
      undefined,
    );
  }
}

/** The last batch up to `last` whose time is before `time`; times never go back. */
async function lastBefore(journal: Pick<Journal, 'readOne'>, last: number, time: number): Promise<number> {
  let [from, to] = [0, last];
  while (from < to) {
    const middle = Math.ceil((from + to) / 2);
    const batch = await journal.readOne(middle);
    if (batch === undefined) throw new Error(`Batch ${middle} is missing from the journal: run clearway verify.`);
    if (decodeHeader(batch.header).at < time) from = middle;
    else to = middle - 1;
  }
  return from;
}
