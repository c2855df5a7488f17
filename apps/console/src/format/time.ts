/**
 * Times for people: the same form in both languages, always with the zone, in the scheme's zone unless another is
 * chosen. What the browser thinks of its own zone or midnight plays no part.
 */

const pad = (value: number, digits = 2) => String(value).padStart(digits, '0');

/** @param zone minutes east of UTC */
function shifted(at: number, zone: number): Date {
  return new Date(at + zone * 60_000);
}

/** `+08:00` */
export function zoneText(zone: number): string {
  const minutes = Math.abs(zone);
  return `${zone < 0 ? '−' : '+'}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
}

/** `2026-11-22` */
export function dateText(at: number, zone: number): string {
  const date = shifted(at, zone);
  return `${date.getUTCFullYear()}-${pad(date.getUTCMonth() + 1)}-${pad(date.getUTCDate())}`;
}

/** `14:03:07`, with `.123` where milliseconds matter. */
export function clockText(at: number, zone: number, milliseconds = false): string {
  const date = shifted(at, zone);
  const seconds = `${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}:${pad(date.getUTCSeconds())}`;
  return milliseconds ? `${seconds}.${pad(date.getUTCMilliseconds(), 3)}` : seconds;
}

/** `2026-11-22 14:03:07.123 +08:00`: all of it, for what one copies or proves. */
export function timeText(at: number, zone: number): string {
  return `${dateText(at, zone)} ${clockText(at, zone, true)} ${zoneText(zone)}`;
}

/** 20261122 → `2026-11-22` */
export function businessDateText(date: number): string {
  const digits = String(date).padStart(8, '0');
  return `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}`;
}

/** `612 ms`, `1.24 s`, `12:31`, `1:26:53`. */
export function durationText(ms: number): string {
  if (!Number.isFinite(ms)) return '--';
  const sign = ms < 0 ? '−' : '';
  const length = Math.abs(ms);
  if (length < 1000) return `${sign}${Math.floor(length)} ms`;
  if (length < 60_000) return `${sign}${(Math.floor(length / 10) / 100).toFixed(2)} s`;
  return `${sign}${watchText(length)}`;
}

/** `0:41`, `12:31`, `1:26:53`: whole seconds, for clocks that run. */
export function watchText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${minutes}:${pad(rest)}`;
}

/** `0.6 s`: how old live data is. */
export function ageText(ms: number): string {
  const age = Math.max(0, ms);
  return age < 60_000 ? `${(Math.floor(age / 100) / 10).toFixed(1)} s` : watchText(age);
}

/** What stands in a `datetime-local` field, in the scheme's zone: `2026-11-22T14:03:07`. */
export function fieldText(at: number, zone: number): string {
  return `${dateText(at, zone)}T${clockText(at, zone)}`;
}

/** The time that a field's text means in that zone; undefined where it is none. */
export function parseField(text: string, zone: number): number | undefined {
  const at = Date.parse(`${text.replace(' ', 'T')}${text.includes(':') ? '' : 'T00:00:00'}Z`);
  return Number.isNaN(at) ? undefined : at - zone * 60_000;
}

/** Minutes east of UTC of a zone by its IANA name, at a time: summer time where there is one. */
export function zoneOffset(timeZone: string, at: number): number {
  const format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  const name = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
  const found = /^GMT(?:([+-])(\d{2}):(\d{2}))?$/.exec(name);
  if (found?.[1] === undefined) return 0;
  const minutes = Number(found[2]) * 60 + Number(found[3]);
  return found[1] === '-' ? -minutes : minutes;
}
