/**
 * The words of a search as typed, taken apart and put together, so that a click can add one and a chip can take one
 * away. Whether they mean anything is said by the platform, which has the grammar.
 */

/** One word of the search as it stands there, quotes and all. */
export function wordsOf(text: string): readonly string[] {
  return text.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
}

/** The field of a word, `bank` of `bank:00201`; empty for a bare word. */
export function fieldOf(word: string): string {
  return /^([a-zA-Z]+):/.exec(word)?.[1] ?? '';
}

export function without(text: string, gone: string): string {
  return wordsOf(text)
    .filter((word) => word !== gone)
    .join(' ');
}

/** One value a field: what was asked of it before is replaced. */
export function withWord(text: string, field: string, value: string): string {
  const quoted = /[\s"]/.test(value) ? `"${value.replaceAll('"', '')}"` : value;
  return [...others(text, field), `${field}:${quoted}`].join(' ');
}

/** The payments submitted from one time on and before another, RFC 3339 in UTC. */
export function withTime(text: string, from: string, to: string): string {
  return [...others(text, 'time'), `time:>=${from}`, `time:<${to}`].join(' ');
}

/** The stretch of time that a search asks for, as far as it says one. */
export function timeOf(text: string): { readonly from?: string; readonly to?: string } {
  const found: { from?: string; to?: string } = {};
  for (const word of wordsOf(text)) {
    const [, sign, at] = /^time:([<>]=?)(\S+)$/.exec(word) ?? [];
    if (at !== undefined) found[sign.startsWith('>') ? 'from' : 'to'] = at;
  }
  return found;
}

function others(text: string, field: string): readonly string[] {
  return wordsOf(text).filter((word) => fieldOf(word) !== field);
}
