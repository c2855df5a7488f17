/**
 * No clock, no chance, no environment where a decision is made. The core is told everything, so that a replay decides
 * as the first run did; the edges take the same things by port, so that a simulator can stand in for the world.
 */
import ts from 'typescript';
import { lineOf, nodesOf, type Rule, type Source } from './workspace.ts';

/** Replays must repeat it byte by byte. */
const deterministic = ['packages/core/src/', 'packages/iso20022/src/'];
/** Runs under a simulator's clock, chance and network. */
const simulated = [
  'packages/contract/src/',
  'packages/gateway/src/',
  'packages/sdk/src/',
  'packages/store/src/',
  'apps/server/src/',
  'apps/simulator/src/',
];

/** `main.ts`, `cell-main.ts`, and `program.ts`, the frame that several of them share. */
const programs = /(^|[/-])(main|program)\.ts$/;

const ambient = new Set([
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'performance',
  'fetch',
  'crypto',
  'process',
  'console',
  'globalThis',
]);
/** Timers, chance and the network are ports; reading a file at the start or writing a log line is not theirs to fake. */
const simulatedAmbient = new Set(['setTimeout', 'setInterval', 'performance', 'fetch', 'crypto']);
const portedModules = new Set([
  'node:crypto',
  'node:http',
  'node:https',
  'node:timers',
  'node:timers/promises',
  'node:perf_hooks',
]);

const hashes = new Set(['createHash', 'createHmac', 'hash', 'timingSafeEqual']);

/** Methods whose answer depends on the machine's time zone, locale or data tables. */
const local = /^(get(FullYear|Month|Date|Day|Hours|Minutes|Seconds|TimezoneOffset)|toLocale\w*|localeCompare)$/;

export const purityRule: Rule = function* (workspace) {
  for (const source of workspace.projects.flatMap((project) => project.sources)) {
    if (source.isTest || programs.test(source.path)) continue;
    const lies = (folders: readonly string[]) => folders.some((folder) => source.path.startsWith(folder));
    if (lies(deterministic))
      yield* complaints(
        source,
        impurity,
        'the core is told the time and everything else, or a replay would decide differently',
      );
    if (lies(simulated))
      yield* complaints(source, unported, 'take it by port (@clearway/ports), or no simulator can run this');
  }
};

function* complaints(source: Source, find: (node: ts.Node) => string | undefined, why: string) {
  for (const node of nodesOf(source.tree)) {
    const found = find(node);
    if (found !== undefined) yield { path: source.path, line: lineOf(source.tree, node), message: `${found}: ${why}.` };
  }
}

function impurity(node: ts.Node): string | undefined {
  const found = clockOrChance(node);
  if (found !== undefined) return found;
  if (
    ts.isIdentifier(node) &&
    isValue(node) &&
    (ambient.has(node.text) || node.text === 'Intl' || node.text === 'Promise')
  )
    return node.text;
  if (ts.isPropertyAccessExpression(node) && local.test(node.name.text)) return `.${node.name.text}()`;
  if (ts.isPropertyAccessExpression(node) && node.getText() === 'Date.parse') return 'Date.parse';
  if (ts.isAwaitExpression(node)) return 'await';
  if (node.kind === ts.SyntaxKind.AsyncKeyword) return 'async';
  return undefined;
}

function unported(node: ts.Node): string | undefined {
  const found = clockOrChance(node);
  if (found !== undefined) return found;
  if (ts.isIdentifier(node) && isValue(node) && simulatedAmbient.has(node.text)) return node.text;
  if (!ts.isImportDeclaration(node) || !ts.isStringLiteral(node.moduleSpecifier)) return undefined;
  const module = node.moduleSpecifier.text;
  return portedModules.has(module) && !importsOnlyHashes(node) ? module : undefined;
}

/** A hash is the same everywhere and at once; it needs no port. */
function importsOnlyHashes(node: ts.ImportDeclaration): boolean {
  const names = node.importClause?.namedBindings;
  return names !== undefined && ts.isNamedImports(names) && names.elements.every(({ name }) => hashes.has(name.text));
}

function clockOrChance(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) {
    const text = node.getText();
    return text === 'Date.now' || text === 'Math.random' ? text : undefined;
  }
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length) return 'new Date()';
  if (ts.isCallExpression(node) && node.expression.getText() === 'Date') return 'Date()';
  return undefined;
}

/** True for a name that stands for a global value: neither a declaration, nor a property, nor something imported or local. */
function isValue(node: ts.Identifier): boolean {
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) return false;
  if (ts.isTypeNode(parent) || ts.isTypeReferenceNode(parent) || ts.isQualifiedName(parent)) return false;
  if ('name' in parent && parent.name === node) return false;
  if (ts.isPropertyAssignment(parent) && parent.name === node) return false;
  return !isDeclared(node);
}

/** True when the file itself declares the name somewhere: an import, a parameter, a variable. */
function isDeclared(node: ts.Identifier): boolean {
  const tree = node.getSourceFile();
  let names = declaredNames.get(tree);
  if (names === undefined) {
    names = new Set();
    for (const other of nodesOf(tree)) {
      const isName = ts.isIdentifier(other) && 'name' in other.parent && other.parent.name === other;
      if (isName && !ts.isPropertyAccessExpression(other.parent) && !ts.isPropertyAssignment(other.parent))
        names.add(other.text);
    }
    declaredNames.set(tree, names);
  }
  return names.has(node.text);
}

const declaredNames = new WeakMap<ts.SourceFile, Set<string>>();
