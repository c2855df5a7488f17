/** Sources that nothing leads to: neither a public door, nor a program, nor a test. */
import { dirname, posix } from 'node:path';
import type { Rule, Source } from './workspace.ts';

/** Where reading begins: doors (whatever package.json exports is made from these), programs and tests. */
const begins = /(^|[/-])main\.ts$|\.test\.ts$|^scripts\/[^/]+\.ts$/;

export const deadRule: Rule = function* (workspace) {
  const sources = new Map(
    workspace.projects.flatMap((project) => project.sources.map((source) => [source.path, source])),
  );
  const doors = new Set(workspace.projects.flatMap((project) => [...project.doors.values()]));
  const alive = new Set<Source>();
  const visit = (source: Source | undefined) => {
    if (source === undefined || alive.has(source)) return;
    alive.add(source);
    for (const { specifier } of source.imports) {
      if (specifier.startsWith('.')) visit(sources.get(posix.join(dirname(source.path), specifier)));
    }
  };
  for (const source of sources.values()) if (begins.test(source.path) || doors.has(source.path)) visit(source);
  for (const source of sources.values()) {
    if (!alive.has(source))
      yield { path: source.path, line: 1, message: 'nothing imports this file: what nobody runs, nobody keeps true.' };
  }
};
