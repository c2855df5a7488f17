/** Times and dates on the wire: RFC 3339 in UTC with milliseconds, and ISO 8601 calendar dates. */

/** Milliseconds since 1970 of "2026-11-22T10:00:05.000Z"; undefined for any other form and for days that do not exist. */
export function parseTime(text: string): number | undefined {
  const ms = Date.parse(text);
  return Number.isSafeInteger(ms) && ms >= 0 && formatTime(ms) === text ? ms : undefined;
}

export function formatTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** "2026-11-22" as the number 20261122; undefined for any other form and for days that do not exist. */
export function parseDate(text: string): number | undefined {
  if (parseTime(`${text}T00:00:00.000Z`) === undefined) return undefined;
  return Number(text.replaceAll('-', ''));
}

/** 20261122 as "2026-11-22". */
export function formatDate(date: number): string {
  const digits = String(date).padStart(8, '0');
  return `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}`;
}
