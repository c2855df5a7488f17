import type { CycleRecord, PositionRecord, Records } from '@clearway/store';
import { CommandError } from '../given.ts';

/** @throws CommandError when the records do not have it */
export async function findCycle(records: Records, number: number): Promise<CycleRecord> {
  const record = await records.cycle(number);
  if (record === undefined) throw new CommandError(`There is no cycle ${number} in the records.`);
  return record;
}

/** The one currency of these positions; 0 when there are several or none. */
export function onlyCurrency(positions: readonly PositionRecord[]): number {
  const currencies = new Set(positions.map(({ currency }) => currency));
  return currencies.size === 1 ? [...currencies][0] : 0;
}
