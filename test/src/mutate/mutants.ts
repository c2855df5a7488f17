/** Every small mistake that can be made in a compiled module, found on its syntax tree. */
import ts from 'typescript';

export interface Mutant {
  /** Place in the text of the module that is replaced. */
  readonly from: number;
  readonly to: number;
  readonly instead: string;
  /** From 1. */
  readonly line: number;
  readonly was: string;
}

const { SyntaxKind: Kind } = ts;

/** What an operator is taken for by mistake. */
const others: Partial<Record<ts.SyntaxKind, readonly string[]>> = {
  [Kind.LessThanToken]: ['<=', '>='],
  [Kind.LessThanEqualsToken]: ['<', '>'],
  [Kind.GreaterThanToken]: ['>=', '<='],
  [Kind.GreaterThanEqualsToken]: ['>', '<'],
  [Kind.EqualsEqualsEqualsToken]: ['!=='],
  [Kind.ExclamationEqualsEqualsToken]: ['==='],
  [Kind.PlusToken]: ['-'],
  [Kind.MinusToken]: ['+'],
  [Kind.AsteriskToken]: ['/'],
  [Kind.SlashToken]: ['*'],
  [Kind.AmpersandAmpersandToken]: ['||'],
  [Kind.BarBarToken]: ['&&'],
  [Kind.QuestionQuestionToken]: ['&&'],
  [Kind.PlusEqualsToken]: ['-='],
  [Kind.MinusEqualsToken]: ['+='],
};

/** What an assertion says is for people; a module's imports are not behaviour. */
const isWords = (node: ts.Node) => ts.isStringLiteralLike(node) || ts.isTemplateExpression(node);

export function mutantsOf(path: string, text: string): Mutant[] {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true, ts.ScriptKind.JS);
  const mutants: Mutant[] = [];
  const add = (node: ts.Node, instead: string) => {
    const from = node.getStart(tree);
    const line = tree.getLineAndCharacterOfPosition(from).line + 1;
    mutants.push({ from, to: node.end, instead, line, was: text.slice(from, node.end) });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
    if (ts.isBinaryExpression(node))
      for (const other of others[node.operatorToken.kind] ?? []) add(node.operatorToken, other);
    if (ts.isPrefixUnaryExpression(node) && node.operator === Kind.ExclamationToken)
      add(node, node.operand.getText(tree));
    if (ts.isPrefixUnaryExpression(node) && node.operator === Kind.MinusToken) add(node, node.operand.getText(tree));
    if (ts.isIfStatement(node) || ts.isWhileStatement(node)) {
      add(node.expression, 'false');
      if (ts.isIfStatement(node)) add(node.expression, 'true');
    }
    if (ts.isConditionalExpression(node)) {
      add(node.condition, 'true');
      add(node.condition, 'false');
    }
    if (ts.isNumericLiteral(node)) add(node, String(Number(node.text) + 1));
    if (ts.isPropertyAccessExpression(node) && ['Math.min', 'Math.max'].includes(node.getText(tree)))
      add(node.name, node.name.text === 'min' ? 'max' : 'min');
    // A step that is forgotten.
    if (ts.isExpressionStatement(node)) add(node, ';');
    if (ts.isReturnStatement(node) && node.expression?.kind === Kind.TrueKeyword) add(node.expression, 'false');
    if (ts.isReturnStatement(node) && node.expression?.kind === Kind.FalseKeyword) add(node.expression, 'true');
    ts.forEachChild(node, (child) => {
      if (!isWords(child)) visit(child);
    });
  };
  visit(tree);
  return mutants;
}
