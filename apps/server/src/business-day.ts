/** Which business date a moment belongs to: the calendar day in the scheme's time zone. */

/** yyyymmdd of `at` (ms) in an IANA time zone. */
export function businessDateAt(at: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  return Number(parts.format(at).replaceAll('-', ''));
}
