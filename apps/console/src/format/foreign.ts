/**
 * Text that others wrote. React escapes it; what remains is what fools the eye: characters that turn the direction of
 * what follows, that are invisible, or that steer a terminal. They are shown as their code points.
 */
const deceiving =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udfff]/g;
/** What no name or reference needs, and no page survives in every cell. */
const longest = 400;

export function visibleText(text: string): string {
  const cut = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return cut.replace(deceiving, (character) => `⟨U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}⟩`);
}
