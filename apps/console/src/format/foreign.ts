/**
 * Text that others wrote. React escapes it; what remains is what fools the eye: characters that turn the direction of
 * what follows, that are invisible, or that steer a terminal. They are shown as their code points.
 */
const ranges: readonly (readonly [number, number])[] = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x61c, 0x61c],
  [0x180e, 0x180e],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xfff9, 0xfffb],
  [0xe0000, 0xe0fff],
];
const deceives = (point: number) => ranges.some(([first, last]) => point >= first && point <= last);
/** What no name or reference needs, and no page survives in every cell. */
const longest = 400;

export function visibleText(text: string): string {
  let shown = '';
  for (const character of text.slice(0, longest)) {
    const point = character.codePointAt(0)!;
    shown += deceives(point) ? `⟨U+${point.toString(16).toUpperCase().padStart(4, '0')}⟩` : character;
  }
  return text.length > longest ? `${shown}…` : shown;
}
