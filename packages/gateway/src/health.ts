/** Whether the process lives, and whether it can take payments: told as it is. */
import type { Clock } from '@clearway/ports';
import { outcomeWithin } from './deadline.ts';
import type { Cell, Configuration } from './port.ts';

export interface WatchedCell {
  /** The cell, with every sign of life noted. */
  readonly cell: Cell;
  /** Milliseconds since the cell last answered; Infinity when it never has. */
  contactAgeMs(): number;
}

export function watchCell(clock: Clock, cell: Cell): WatchedCell {
  let contactAt = Number.NEGATIVE_INFINITY;
  const noted = <T>(answer: T): T => {
    contactAt = clock.elapsed();
    return answer;
  };
  return {
    cell: {
      async submit(command, body) {
        const result = await cell.submit(command, body);
        // Made on this side of the link, when there is nobody on the other.
        const unreached = result.outcome === 'refused' && result.reason === 'cellUnavailable';
        return unreached ? result : noted(result);
      },
      payment: async (paymentId) => noted(await cell.payment(paymentId)),
      agreement: async (agreementId) => noted(await cell.agreement(agreementId)),
    },
    contactAgeMs: () => clock.elapsed() - contactAt,
  };
}

export interface Readiness {
  readonly ready: boolean;
  /** A line each for configuration and cell. */
  readonly lines: readonly string[];
}

/** A sign of life that is older is not believed: the cell is asked. */
const contactFreshMs = 1000;
const probePatienceMs = 1000;
/** Of the right shape, and nobody's: no participant has the code 00000 of the platform. */
const probeId = '0'.repeat(31);

export async function readinessOf(
  clock: Clock,
  watched: WatchedCell,
  configuration: Configuration | undefined,
): Promise<Readiness> {
  const cellAnswers = watched.contactAgeMs() < contactFreshMs || (await probe(clock, watched));
  const contactAgeMs = watched.contactAgeMs();
  const contact = Number.isFinite(contactAgeMs) ? `last contact ${Math.round(contactAgeMs)} ms ago` : 'no contact yet';
  return {
    ready: configuration !== undefined && cellAnswers,
    lines: [
      configuration
        ? `configuration: scheme ${configuration.schemeVersion}, participants ${configuration.participantsVersion}`
        : 'configuration: none yet',
      `cell: ${cellAnswers ? 'answers' : 'does not answer'}, ${contact}`,
    ],
  };
}

async function probe(clock: Clock, { cell, contactAgeMs }: WatchedCell): Promise<boolean> {
  try {
    await outcomeWithin(clock, cell.payment(probeId), probePatienceMs);
  } catch {
    // The link is down: what follows says so.
  }
  return contactAgeMs() < contactFreshMs;
}
