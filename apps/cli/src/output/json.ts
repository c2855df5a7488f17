/** JSON for programs: one value on one line. Bigints (minor units) become text, so that no reader rounds them. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part))}\n`;
}
