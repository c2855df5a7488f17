/** Answers in time: what is not told by its deadline is told as unknown. */
import type { Clock } from '@clearway/ports';
import { OutcomeUnknownError, type SchemeConfiguration } from './port.ts';
import { refusalOf } from './refusals.ts';
import type { GatewaySettings } from './settings.ts';

/** The result, or undefined when it is not there after `patienceMs` or the link broke before it came. */
export async function outcomeWithin<T>(clock: Clock, work: Promise<T>, patienceMs: number): Promise<T | undefined> {
  let cancel = () => {};
  const tooLate = new Promise<undefined>((resolve) => {
    cancel = clock.after(Math.max(patienceMs, 0), () => resolve(undefined));
  });
  try {
    return await Promise.race([work, tooLate]);
  } catch (error) {
    if (error instanceof OutcomeUnknownError) return undefined;
    throw error;
  } finally {
    cancel();
  }
}

/**
 * How long the cell may take for a request with this `expiresAt`, ms. The cell keeps the deadline itself; this is for
 * a cell that has stopped. Time beyond what the scheme allows, or already past, is the cell's to refuse, soon.
 */
export function patienceFor(
  clock: Clock,
  { longestExpiryMs }: SchemeConfiguration,
  { cellPatienceMs, outcomeMarginMs }: GatewaySettings,
  expiresAt: number,
): number {
  const remainingMs = Math.min(expiresAt - clock.now(), longestExpiryMs);
  return Math.max(remainingMs, cellPatienceMs) + outcomeMarginMs;
}

/** What is only read can be refused definitely. @throws Refusal when it is not there after `patienceMs` */
export async function readWithin<T extends object>(clock: Clock, reading: Promise<T>, patienceMs: number): Promise<T> {
  const read = await outcomeWithin(clock, reading, patienceMs);
  if (read === undefined) throw refusalOf('cellUnavailable');
  return read;
}
