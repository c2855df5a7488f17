/** Text as people and programs send it: fitting, nearly fitting, and not text at all. */
import { mutate } from '../mutate.ts';
import type { Random } from '../random.ts';

const pieces = [
  '',
  '0',
  '00',
  '-',
  '+',
  '.',
  'e9',
  ' ',
  '\u0000',
  '\u00a0',
  '１',
  '٣',
  '\u200b',
  '😀',
  '\ud800',
  'Infinity',
  'NaN',
  '0x1',
];

/** The text with something that does not belong there, now and then. */
export function disturbed(random: Random, text: string): Buffer {
  if (random.chance(0.4)) return Buffer.from(text);
  if (random.chance(0.5)) {
    const at = random.below(text.length + 1);
    return Buffer.from(text.slice(0, at) + random.pick(pieces) + text.slice(at + random.below(2)));
  }
  return mutate(random, Buffer.from(text));
}
