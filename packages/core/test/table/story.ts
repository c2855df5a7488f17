/** Reads a table file into stories. The language is described in tables/README.md. */

export interface Line {
  /** Where it stands, for messages: file and line. */
  readonly place: string;
  /** Time since the story began, ms; absent: as before. */
  readonly at?: number | undefined;
  /** In the same batch as the line before. */
  readonly joins: boolean;
  readonly sentence: string;
  /** What is right of the arrow; absent: it must be accepted. */
  readonly expected?: string | undefined;
  /** Quantities and their values after the batch. */
  readonly values: readonly (readonly [quantity: string, value: string])[];
}

export interface Story {
  readonly name: string;
  readonly lines: readonly Line[];
}

export interface TableFile {
  /** Lines before the first story: the world of each. */
  readonly world: readonly Line[];
  readonly stories: readonly Story[];
}

/** `include` gives the text of another file of the folder. */
export function readTable(name: string, text: string, include: (name: string) => string): TableFile {
  const world: Line[] = [];
  const stories: { name: string; lines: Line[] }[] = [];
  let quantities: string[] = [];
  text.split('\n').forEach((raw, index) => {
    const place = `${name}:${index + 1}`;
    const line = raw.replace(/(^|\s)#.*$/, '').trimEnd();
    if (line === '') return;
    const heading = /^==\s+(.+)$/.exec(line);
    if (heading) {
      stories.push({ name: heading[1], lines: [] });
      quantities = [];
      return;
    }
    const included = /^include\s+(\S+)$/.exec(line);
    if (included) {
      world.push(...readTable(included[1], include(included[1]), include).world);
      return;
    }
    const [left, right] = cut(line, '|');
    const cells = words(right ?? '');
    if (left.trim() === '') {
      quantities = cells;
      return;
    }
    if (cells.length > 0 && cells.length !== quantities.length)
      throw new Error(`${place}: ${cells.length} values under ${quantities.length} columns`);
    const values = cells
      .map((value, column) => [quantities[column], value] as const)
      .filter(([, value]) => value !== '.');
    const lines = stories.at(-1)?.lines ?? world;
    lines.push({ place, ...readSentence(left, place), values });
  });
  return { world, stories };
}

function readSentence(text: string, place: string) {
  const [said, expected] = cut(text, '->');
  const match = /^(?:(\+)|(-?[\d.]+(?:s|m))(?=\s))?\s*(.+)$/.exec(said.trim());
  if (match === null) throw new Error(`${place}: a line says nothing`);
  const [, plus, at, sentence] = match;
  return {
    joins: plus !== undefined,
    at: at === undefined ? undefined : milliseconds(at),
    sentence: sentence.trim(),
    expected: expected?.trim(),
  };
}

/** `5s`, `0.5s`, `10m` in ms. */
export function milliseconds(text: string): number {
  const match = /^(-?\d+(?:\.\d{1,3})?)(s|m)$/.exec(text);
  if (match === null) throw new Error(`${text} is not a time such as 5s, 0.5s or 10m`);
  return Math.round(Number(match[1]) * (match[2] === 's' ? 1000 : 60_000));
}

function cut(text: string, mark: string): [string, string | undefined] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + mark.length)];
}

export function words(text: string): string[] {
  return text.trim() === '' ? [] : text.trim().split(/\s+/);
}
