/** Sources that nothing leads to: neither a public door, nor a program, nor a test. */
import { dirname, posix } from 'node:path';
import ts from 'typescript';
import type { Rule, Source } from './workspace.ts';

/** Where reading begins, beside the doors of packages: tests, and programs, which export nothing. */
function begins({ path, tree }: Source): boolean {
  return path.endsWith('.test.ts') || !tree.statements.some(exportsSomething);
}

function exportsSomething(statement: ts.Statement): boolean {
  if (ts.isExportDeclaration(statement))
    return statement.exportClause === undefined || hasNames(statement.exportClause);
  if (ts.isExportAssignment(statement)) return true;
  return (
    ts.canHaveModifiers(statement) &&
    (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
  );
}

/** `export {}` only says that the file is a module. */
function hasNames(clause: ts.NamedExportBindings): boolean {
  return !ts.isNamedExports(clause) || clause.elements.length > 0;
}

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
  for (const source of sources.values()) if (begins(source) || doors.has(source.path)) visit(source);
  for (const source of sources.values()) {
    if (!alive.has(source))
      yield { path: source.path, line: 1, message: 'nothing imports this file: what nobody runs, nobody keeps true.' };
  }
};
