/**
 * UTF-8 (RFC 3629) without the platform's TextDecoder, which pure ECMAScript does not have. Only for configuration
 * contents and snapshots; every byte that does not begin a well-formed character gives one U+FFFD.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = characterLength(bytes[at]);
    const point = length === 1 ? bytes[at] : codePoint(bytes, at, length);
    text += point < 0 ? '\ufffd' : String.fromCodePoint(point);
    at += point < 0 ? 1 : length;
  }
  return text;
}

/** How many bytes a character has that begins with this one; 0 if none does. */
function characterLength(first: number): number {
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

const smallestPoints = [0, 0, 0x80, 0x800, 0x10000];

/** -1 for what is cut off, longer than needed, a surrogate or beyond U+10FFFF. */
function codePoint(bytes: Uint8Array, at: number, length: number): number {
  if (length === 0 || at + length > bytes.length) return -1;
  let point = bytes[at] & (0x7f >> length);
  for (let i = 1; i < length; i++) {
    if ((bytes[at + i] & 0xc0) !== 0x80) return -1;
    point = (point << 6) | (bytes[at + i] & 0x3f);
  }
  const isSurrogate = point >= 0xd800 && point <= 0xdfff;
  return point < smallestPoints[length] || point > 0x10ffff || isSurrogate ? -1 : point;
}

export function encodeUtf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of text) {
    const point = scalarValue(character.codePointAt(0)!);
    if (point < 0x80) bytes.push(point);
    else if (point < 0x800) bytes.push(0xc0 | (point >> 6), 0x80 | (point & 63));
    else if (point < 0x10000) bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
    else {
      bytes.push(0xf0 | (point >> 18), 0x80 | ((point >> 12) & 63), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
    }
  }
  return Uint8Array.from(bytes);
}

/** UTF-8 has no surrogates: one that stands alone becomes U+FFFD. */
function scalarValue(point: number): number {
  return point >= 0xd800 && point <= 0xdfff ? 0xfffd : point;
}
