/**
 * UTF-8 without the platform's TextDecoder, which pure ECMAScript does not have. Only for configuration contents,
 * which the edge has already checked; anything that is not UTF-8 gives U+FFFD.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at++];
    const extra = first < 0x80 ? 0 : first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : -1;
    if (extra === 0) {
      text += String.fromCharCode(first);
      continue;
    }
    let point = extra < 0 ? -1 : first & (0x3f >> extra);
    for (let i = 0; i < extra && point >= 0; i++, at++) {
      point = at < bytes.length && (bytes[at] & 0xc0) === 0x80 ? (point << 6) | (bytes[at] & 0x3f) : -1;
    }
    text += point < 0 || point > 0x10ffff ? '\ufffd' : String.fromCodePoint(point);
  }
  return text;
}

export function encodeUtf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of text) {
    const point = character.codePointAt(0)!;
    if (point < 0x80) bytes.push(point);
    else if (point < 0x800) bytes.push(0xc0 | (point >> 6), 0x80 | (point & 63));
    else if (point < 0x10000) bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
    else {
      bytes.push(0xf0 | (point >> 18), 0x80 | ((point >> 12) & 63), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
    }
  }
  return Uint8Array.from(bytes);
}
