/** Tests that were narrowed or put aside while working, and forgotten. */
import ts from 'typescript';
import { lineOf, nodesOf, type Rule } from './workspace.ts';

const runners = new Set(['test', 'it', 'describe', 'suite']);
const narrowing = new Set(['only', 'skip', 'todo']);

export const testsRule: Rule = function* (workspace) {
  for (const { path, tree, isTest } of workspace.projects.flatMap((project) => project.sources)) {
    if (!isTest) continue;
    for (const node of nodesOf(tree)) {
      const found = narrowed(node);
      if (found !== undefined) {
        yield {
          path,
          line: lineOf(tree, node),
          message: `${found}: a test that does not run proves nothing; mend it or remove it.`,
        };
      }
    }
  }
};

function narrowed(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node) && runners.has(node.expression.getText()) && narrowing.has(node.name.text)) {
    return node.getText();
  }
  // { skip: 'why' } names its reason and shows in the report; { skip: true } hides.
  if (
    ts.isPropertyAssignment(node) &&
    narrowing.has(node.name.getText()) &&
    node.initializer.kind === ts.SyntaxKind.TrueKeyword
  ) {
    return node.getText();
  }
  return undefined;
}
