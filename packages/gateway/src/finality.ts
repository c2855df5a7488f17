/** Whether a cycle is settled, for the ISO status of its payments. */
import type { Clock } from '@clearway/ports';
import { outcomeWithin } from './deadline.ts';
import { createRecent } from './recent.ts';
import type { GatewayRecords } from './records.ts';

export interface Finality {
  /** False for cycle 0, for a cycle that was found unsettled up to a second ago, and when the records cannot tell. */
  isSettled(cycle: number): Promise<boolean>;
}

const cyclesKept = 1000;
/** Settlement is for ever; that a cycle is not settled yet is believed for this long. */
const unsettledForMs = 1000;
/** The status of a payment does not wait longer for its last nuance. */
const patienceMs = 1000;

export function createFinality(clock: Clock, records: Pick<GatewayRecords, 'cycle'>): Finality {
  const known = createRecent<number, { readonly settled: Promise<boolean>; readonly askedAt: number }>(cyclesKept);

  async function ask(serial: number): Promise<boolean> {
    try {
      const cycle = await outcomeWithin(clock, records.cycle(serial), patienceMs);
      return cycle?.state === 'settled';
    } catch {
      // Records that are away make no payment less accepted: it is told as not settled yet, and asked again.
      return false;
    }
  }

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
