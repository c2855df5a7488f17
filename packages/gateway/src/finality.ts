/** Whether a cycle is settled, for the ISO status of its payments. */
import type { Clock } from '@clearway/ports';
import { createRecent } from './recent.ts';
import type { GatewayRecords } from './records.ts';

export interface Finality {
  /** False for cycle 0, and for a cycle that was found unsettled up to a second ago. */
  isSettled(cycle: number): Promise<boolean>;
}

const cyclesKept = 1000;
/** Settlement is for ever; that a cycle is not settled yet is believed for this long. */
const unsettledForMs = 1000;

export function createFinality(clock: Clock, records: Pick<GatewayRecords, 'cycle'>): Finality {
  const known = createRecent<number, { readonly settled: Promise<boolean>; readonly askedAt: number }>(cyclesKept);

  const ask = async (cycle: number): Promise<boolean> => (await records.cycle(cycle))?.state === 'settled';

  return {
    async isSettled(cycle) {
      if (cycle === 0) return false;
      const last = known.get(cycle);
      if (last && ((await last.settled) || clock.elapsed() - last.askedAt < unsettledForMs)) return last.settled;
      const settled = ask(cycle);
      known.set(cycle, { settled, askedAt: clock.elapsed() });
      return settled;
    },
  };
}
