/** Every setting that a program reads stands in docs/reference/settings.md, and nothing stands there that no program reads. */
import ts from 'typescript';
import { lineOf, nodesOf, type Rule } from './workspace.ts';

const page = 'docs/reference/settings.md';

export const settingsRule: Rule = function* (workspace) {
  const documented = new Map<string, number>();
  for (const [index, row] of (workspace.read(page) ?? '').split('\n').entries()) {
    const name = /^\| `(CLEARWAY_[A-Z_]+)`/.exec(row)?.[1];
    if (name !== undefined) documented.set(name, index + 1);
  }
  const read = new Set<string>();
  for (const { path, tree, isTest } of workspace.projects.flatMap((project) => project.sources)) {
    if (isTest) continue;
    for (const node of nodesOf(tree)) {
      const name = ts.isStringLiteralLike(node) || ts.isIdentifier(node) ? node.text : '';
      if (!/^CLEARWAY_[A-Z_]+$/.test(name) || read.has(name)) continue;
      read.add(name);
      if (!documented.has(name))
        yield { path, line: lineOf(tree, node), message: `${name} is read here but not described in ${page}.` };
    }
  }
  for (const [name, line] of documented) {
    if (!read.has(name)) yield { path: page, line, message: `${name} is described, but no program reads it.` };
  }
};
