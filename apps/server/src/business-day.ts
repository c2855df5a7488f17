/** Which business date a moment belongs to: the calendar day in the scheme's time zone. */

/** Making one costs a hundred times what using it does. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatIn(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  formats.set(timeZone, made);
  return made;
}

/** yyyymmdd of `at` (ms) in an IANA time zone. */
export function businessDateAt(at: number, timeZone: string): number {
  return Number(formatIn(timeZone).format(at).replaceAll('-', ''));
}
