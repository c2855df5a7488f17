/** What an operator of the platform does: suspends participants, and lets them go on. */
import type { CellHost } from './cell-host.ts';
import type { Story } from './story.ts';
import type { Time } from './time.ts';

export interface Operator {
  suspend(code: string): void;
  /** Asks for it until it is adopted, whoever serves. */
  reactivate(code: string): Promise<void>;
}

const patienceMs = 1000;

export function createOperator({ time, story, home }: { time: Time; story: Story; home(): CellHost }): Operator {
  /** Whether it was adopted; undefined when nobody says so. */
  const setStatus = async (code: string, status: 'active' | 'suspended'): Promise<boolean> => {
    story.tell(code, `is to be ${status}`);
    const result = await home()
      .owner?.cell.changeParticipants((all) => all.map((one) => (one.code === code ? { ...one, status } : one)))
      .catch(() => undefined);
    return result?.outcome === 'accepted';
  };

  return {
    suspend: (code) => void setStatus(code, 'suspended'),
    async reactivate(code) {
      // A suspension that was asked for before may be under way: a cell adopts one after the other.
      for (;;) {
        const pause = time.rest(patienceMs).then(() => false);
        if (await Promise.race([setStatus(code, 'active'), pause])) return;
        await pause;
      }
    },
  };
}
