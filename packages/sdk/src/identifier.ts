/**
 * New identifiers of payments and agreements: 31 digits.
 *
 * ```
 * 20261122 1 00101 123456789 0 0 010001
 * date     │ code  ms        │ │ routing digits
 *          version           │ counter
 *                            lane
 * ```
 * Date is the business date, routing digits are drawn by weight from the platform's list. The sequence is time in
 * milliseconds (its last nine digits, 11.5 days), the lane of the process, and a counter: unique over restarts
 * without anything written down, as long as the clock is not set back while the process is not running. Should an
 * identifier come twice, Clearway refuses the second (`identifierReused`), and nothing is paid twice.
 */
import type { Platform } from '@clearway/contract';
import type { Ports } from '@clearway/ports';

const perMs = 10;
const sequenceSpan = 10 ** 9;
/** When more are asked for than ten a millisecond, wait rather than run so far ahead of the clock, ms. */
const mostAheadMs = 20;

export type NextIdentifier = (platform: Platform, routingOf?: string) => Promise<string>;

export function createIdentifiers({ clock, chance }: Ports, code: string, lane: number): NextIdentifier {
  if (!Number.isInteger(lane) || lane < 0 || lane > 9) throw new RangeError(`lane ${lane} is not a digit`);
  // The wall clock may jump; time since the start only grows.
  const startedAt = clock.now() - clock.elapsed();
  const now = () => Math.floor(startedAt + clock.elapsed());
  /** Time in ms times ten, plus counter. */
  let last = 0;

  return async (platform, routingOf) => {
    last = Math.max(last + 1, now() * perMs);
    const mine = last;
    const aheadMs = Math.floor(mine / perMs) - now();
    if (aheadMs > mostAheadMs) await new Promise<void>((resolve) => clock.after(aheadMs, resolve));

    const ms = String(Math.floor(mine / perMs) % sequenceSpan).padStart(9, '0');
    const routing = routingOf === undefined ? drawRouting(platform, chance.bytes(4)) : routingDigits(routingOf);
    return `${platform.businessDate.replaceAll('-', '')}1${code}${ms}${lane}${mine % perMs}${routing}`;
  };
}

/** A refund and its original live in the same cell. */
function routingDigits(identifier: string): string {
  if (!/^[0-9]{31}$/.test(identifier)) throw new RangeError(`'${identifier}' is not an identifier of 31 digits`);
  return identifier.slice(-6);
}

/** Each with the chance of its weight; weight zero is for no new ones. */
function drawRouting({ routing }: Platform, bytes: Uint8Array): string {
  const total = routing.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0) throw new Error('the platform takes no new payments: all routing weights are zero');
  let left = (new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) / 2 ** 32) * total;
  for (const { digits, weight } of routing) {
    if (left < weight) return digits;
    left -= weight;
  }
  throw new Error('unreachable: what was drawn is below the sum of all weights');
}

/** Code of the institution that made the identifier. */
export function makerOf(identifier: string): string {
  return identifier.slice(9, 14);
}
