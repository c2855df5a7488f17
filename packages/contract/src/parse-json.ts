/** JSON from outside, more strictly than JSON.parse: one meaning for every reader, and no more work than its size. */

export type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: 'bodyMalformed' | 'bodyTooLarge'; readonly message: string };

export interface JsonLimits {
  readonly maxBytes: number;
  /** Objects and arrays within one another; 1 for a flat object. */
  readonly maxDepth: number;
}

/** Keeps a byte order mark, which JSON.parse then refuses (RFC 8259, 8.1). */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Refuses what is not UTF-8, nested too deeply, names a key twice in one object, or names `__proto__`. */
export function parseJson(bytes: Uint8Array, limits: JsonLimits): ParsedJson {
  if (bytes.length > limits.maxBytes) {
    return { ok: false, reason: 'bodyTooLarge', message: `more than ${limits.maxBytes} bytes` };
  }
  let text: string;
  let value: unknown;
  try {
    text = utf8.decode(bytes);
    value = JSON.parse(text);
  } catch (error) {
    const message = error instanceof SyntaxError ? 'not JSON' : 'not UTF-8';
    return { ok: false, reason: 'bodyMalformed', message };
  }
  const fault = structureFault(text, limits.maxDepth);
  return fault === undefined ? { ok: true, value } : { ok: false, reason: 'bodyMalformed', message: fault };
}

const [quote, backslash, colon, openObject, closeObject, openArray, closeArray] = Array.from('"\\:{}[]', (character) =>
  character.charCodeAt(0),
);

/** Looks through text that is known to be JSON; a string before a colon is a key. */
function structureFault(text: string, maxDepth: number): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  let begin = 0;
  let end = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case quote:
        begin = at;
        end = endOfString(text, at);
        at = end - 1;
        break;
      case colon: {
        const key = keyOf(text, begin, end);
        const keys = open.at(-1)!;
        if (key === '__proto__') return 'a key named __proto__';
        if (keys.has(key)) return 'a key that stands twice in one object';
        keys.add(key);
        break;
      }
      case openObject:
      case openArray:
        if (open.length === maxDepth) return `nested more than ${maxDepth} deep`;
        open.push(text.charCodeAt(at) === openObject ? new Set() : undefined);
        break;
      case closeObject:
      case closeArray:
        open.pop();
        break;
    }
  }
  return undefined;
}

/** Behind the closing quote of the string that begins at `begin`. */
function endOfString(text: string, begin: number): number {
  let end = text.indexOf('"', begin + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end + 1;
}

/** After an odd number of backslashes. */
function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text.charCodeAt(before - 1) === backslash) before--;
  return (at - before) % 2 === 1;
}

function keyOf(text: string, begin: number, end: number): string {
  const key = text.slice(begin + 1, end - 1);
  return key.includes('\\') ? (JSON.parse(text.slice(begin, end)) as string) : key;
}
