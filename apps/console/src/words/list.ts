import type { Language } from '../format/money.ts';

/** Words of equal rank, one after the other, as each language parts them. */
export function listText(words: readonly string[], language: Language): string {
  return words.join(language === 'zh' ? '、' : ', ');
}
