import { createGenerator } from './generator.ts';
import type { BankBehaviour } from './settings.ts';

/** How the bank treats one offer. `fate`: `late` books and answers later, `lost` neither books nor answers. */
export interface Conduct {
  readonly fate: 'prompt' | 'late' | 'lost';
  readonly declined: boolean;
  /** The answer is told again, unasked. */
  readonly duplicate: boolean;
  readonly latencyMs: number;
}

/** A payment's conduct depends on nothing but the seed and its identifier: a repeated offer is treated like the first. */
export function chooseConduct(behaviour: BankBehaviour, seed: number, paymentId: string): Conduct {
  const generator = createGenerator(seed, paymentId);
  const { declineRate, lateRate, lostRate, duplicateRate, latencyMs } = behaviour;
  const drawn = generator.next();
  return {
    fate: drawn < lostRate ? 'lost' : drawn < lostRate + lateRate ? 'late' : 'prompt',
    declined: generator.happens(declineRate),
    duplicate: generator.happens(duplicateRate),
    latencyMs: generator.logNormal(latencyMs.median, latencyMs.p99),
  };
}
