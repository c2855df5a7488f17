/**
 * The parts of a payment's 31 digits, so that people can read one: date, version, institution, number, routing
 * digits (centre and cell). They are parted by style alone; what is copied stays 31 digits.
 */
const parts = [8, 1, 5, 11, 6];

export function identifierParts(identifier: string): readonly string[] {
  if (!/^\d{31}$/.test(identifier)) return [identifier];
  let from = 0;
  return parts.map((length) => {
    from += length;
    return identifier.slice(from - length, from);
  });
}

/** What a pasted text names, so that it can be opened at once. */
export type Named =
  | { readonly kind: 'payment'; readonly id: string }
  | { readonly kind: 'participant'; readonly code: string };

/** Spaces and line breaks of a message or a spreadsheet are forgiven. */
export function recognise(text: string): Named | undefined {
  const bare = text.replace(/[\s\u200b]/g, '');
  if (/^\d{31}$/.test(bare)) return { kind: 'payment', id: bare };
  if (/^\d{5}$/.test(bare)) return { kind: 'participant', code: bare };
  return undefined;
}
