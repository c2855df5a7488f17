/** One word for one idea: the words that docs/glossary.md gives up, found in what the code declares. */
import { basename } from 'node:path';
import ts from 'typescript';
import { lineOf, nodesOf, type Rule } from './workspace.ts';

const glossary = 'docs/glossary.md';
/** File names for what has not found its concept yet, and keeps growing. */
const drawers = new Set(['utils', 'util', 'helpers', 'helper', 'common', 'misc', 'manager', 'processor']);
/** PostgreSQL has transactions and sessions; the business does not. */
const databaseTerms = { folders: /^packages\/(store|embedded)\//, words: new Set(['transaction', 'session']) };

export const wordsRule: Rule = function* (workspace) {
  const text = workspace.read(glossary);
  if (text === undefined)
    return yield { path: glossary, line: 1, message: 'there is no glossary: one word for one idea begins there.' };
  const given = forbiddenWords(text);
  for (const { path, tree } of workspace.projects.flatMap((project) => project.sources)) {
    const complain = function* (name: string, line: number) {
      for (const word of wordsOf(name)) {
        const instead = given.get(word);
        if (instead === undefined || (databaseTerms.words.has(word) && databaseTerms.folders.test(path))) continue;
        yield { path, line, message: `'${name}' says "${word}"; the glossary's word is ${instead}.` };
      }
    };
    const fileName = basename(path).replace(/\.tsx?$/, '');
    yield* complain(fileName, 1);
    for (const word of wordsOf(fileName)) {
      if (drawers.has(word))
        yield { path, line: 1, message: `"${word}" is a drawer, not a concept: name the file after what it is about.` };
    }
    for (const node of nodesOf(tree)) if (isDeclaredName(node)) yield* complain(node.text, lineOf(tree, node));
  }
};

/** Rows `| word | meaning | never |`: each `word` in code font of the last column, with the word to use instead. */
export function forbiddenWords(text: string): Map<string, string> {
  const words = new Map<string, string>();
  for (const row of text.split('\n')) {
    const cells = row.split('|').map((cell) => cell.trim());
    if (cells.length !== 5) continue;
    for (const [, word] of cells[3].matchAll(/`([^`]+)`/g)) words.set(word, cells[1]);
  }
  return words;
}

/** `cycleCutOffAt` and `cycle-cut-off-at` → cycle, cut, off, at. */
function wordsOf(name: string): Set<string> {
  return new Set(
    name
      .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
      .toLowerCase()
      .split(/[^a-z0-9]+/),
  );
}

function isDeclaredName(node: ts.Node): node is ts.Identifier {
  if (!ts.isIdentifier(node)) return false;
  const parent = node.parent;
  const declares =
    ts.isVariableDeclaration(parent) ||
    ts.isFunctionDeclaration(parent) ||
    ts.isParameter(parent) ||
    ts.isInterfaceDeclaration(parent) ||
    ts.isTypeAliasDeclaration(parent) ||
    ts.isClassDeclaration(parent) ||
    ts.isMethodDeclaration(parent) ||
    ts.isMethodSignature(parent) ||
    ts.isPropertySignature(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isPropertyAssignment(parent);
  return declares && parent.name === node;
}
