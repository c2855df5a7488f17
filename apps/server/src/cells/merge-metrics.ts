/** Metrics of several cells in one text: each sample says which cell it is of, and a family stands in one piece. */

/** @param texts by routing digits as a number, in the text format of Prometheus */
export function mergeMetrics(texts: readonly (readonly [cell: number, text: string])[]): string {
  const families = new Map<string, { readonly head: Set<string>; readonly samples: string[] }>();
  for (const [cell, text] of texts) {
    const label = `cell="${String(cell).padStart(6, '0')}"`;
    let family: ReturnType<typeof families.get>;
    for (const line of text.split('\n')) {
      const name = /^# (?:HELP|TYPE) (\S+)/.exec(line)?.[1];
      if (name !== undefined) {
        family = families.get(name) ?? { head: new Set(), samples: [] };
        families.set(name, family);
        family.head.add(line);
      } else if (line !== '') family?.samples.push(withLabel(line, label));
    }
  }
  const lines = [...families.values()].flatMap(({ head, samples }) => [...head, ...samples]);
  return lines.map((line) => `${line}\n`).join('');
}

function withLabel(sample: string, label: string): string {
  const brace = sample.indexOf('{');
  if (brace >= 0) return `${sample.slice(0, brace + 1)}${label},${sample.slice(brace + 1)}`;
  const space = sample.indexOf(' ');
  return `${sample.slice(0, space)}{${label}}${sample.slice(space)}`;
}
