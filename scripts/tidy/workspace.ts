/** The repository as tidy sees it: projects with what they declare, and their sources parsed by the compiler's own parser. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import ts from 'typescript';

export interface Project {
  /** Relative to the root, with forward slashes: `packages/core`. */
  readonly folder: string;
  /** Name of the package that it belongs to: its own folder's, or the nearest one's above. */
  readonly packageName: string;
  readonly dependencies: ReadonlySet<string>;
  /** Folders of the projects that tsconfig.json makes the compiler build first. */
  readonly references: ReadonlySet<string>;
  /** What others may import, as written in `exports` (`.`, `./vocabulary`), each with its source. */
  readonly doors: ReadonlyMap<string, string>;
  readonly sources: readonly Source[];
}

export interface Source {
  /** Relative to the root, with forward slashes. */
  readonly path: string;
  /** What the compiler makes of it, relative to the root. */
  readonly output: string;
  /** A test, or what only tests import: it may look at everything. */
  readonly isTest: boolean;
  readonly tree: ts.SourceFile;
  readonly imports: readonly Import[];
}

export interface Import {
  readonly specifier: string;
  /** True where a program is started by its file, which is no import: it stays a process of its own. */
  readonly isProgram: boolean;
  readonly line: number;
}

export interface Workspace {
  readonly root: string;
  readonly projects: readonly Project[];
  /** What the root package.json declares for tests and scripts. */
  readonly devDependencies: ReadonlySet<string>;
  /** Every Markdown page, relative to the root. */
  readonly pages: readonly string[];
  /** Text of a file, or undefined when it is not there. */
  read(path: string): string | undefined;
}

/** One thing that is not as it should be. The message says why it matters. */
export interface Complaint {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

export type Rule = (workspace: Workspace) => Iterable<Complaint>;

/** `cap.test.ts`, `test-bed.ts`, `certificate-for-tests.ts`, and all in a folder `test` or `testing`. */
const testNames = /\.test\.tsx?$|(^|\/)test-[^/]+\.tsx?$|-for-tests\.tsx?$|(^|\/)(test|testing)\//;
const notSources = new Set(['node_modules', 'dist', 'dist-test', 'data', '.git']);

export function readWorkspace(root: string): Workspace {
  const read = (path: string) => {
    const full = join(root, path);
    return existsSync(full) ? readFileSync(full, 'utf8') : undefined;
  };
  const references: { path: string }[] = readJson(root, 'tsconfig.json').references;
  const folders = references.map(({ path }) => path);
  return {
    root,
    read,
    pages: [...filesBelow(root, '.md', new Set())].map((file) => slashes(relative(root, file))),
    devDependencies: new Set(Object.keys(readJson(root, 'package.json').devDependencies ?? {})),
    projects: folders.map((folder) => readProject(root, folder, folders)),
  };
}

/** Line of a node, counted from 1. */
export function lineOf(tree: ts.SourceFile, node: ts.Node): number {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
}

/** Every node below, depth first. */
export function* nodesOf(node: ts.Node): Generator<ts.Node> {
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => {
    children.push(child);
  });
  for (const child of children) {
    yield child;
    yield* nodesOf(child);
  }
}

function readProject(root: string, folder: string, folders: readonly string[]): Project {
  const configuration = readJson(root, join(folder, 'tsconfig.json'));
  const manifest = readManifest(root, folder);
  const from = resolve(root, folder, configuration.compilerOptions.rootDir);
  const into = resolve(root, folder, configuration.compilerOptions.outDir);
  const nested = new Set(folders.filter((other) => other !== folder).map((other) => resolve(root, other)));
  return {
    folder,
    packageName: manifest.name,
    dependencies: new Set(Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })),
    doors: new Map(
      Object.entries<Door>(manifest.exports ?? {}).map(([door, made]) => [door, doorSource(folder, made)]),
    ),
    references: new Set(
      (configuration.references ?? []).map(({ path }: { path: string }) =>
        slashes(relative(root, resolve(root, folder, path))),
      ),
    ),
    sources: ['.ts', '.tsx']
      .flatMap((ending) => [...filesBelow(from, ending, nested)])
      .map((file) => readSource(root, file, join(into, relative(from, file)).replace(/\.tsx?$/, '.js'))),
  };
}

interface Door {
  readonly default: string;
}

/** `./dist/node/index.js` of a package is made from its `src/node/index.ts`. */
function doorSource(folder: string, made: Door): string {
  return `${folder}/${made.default.replace(/^\.\/dist\//, 'src/').replace(/\.js$/, '.ts')}`;
}

function readSource(root: string, file: string, output: string): Source {
  const path = slashes(relative(root, file));
  const tree = ts.createSourceFile(path, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022, true);
  return {
    path,
    output: slashes(relative(root, output)),
    isTest: testNames.test(path),
    tree,
    imports: [...importsOf(tree)],
  };
}

/** Static and dynamic imports, exports from, types by `import()`, and programs named by `new URL('./x', import.meta.url)`. */
function* importsOf(tree: ts.SourceFile): Generator<Import> {
  for (const node of nodesOf(tree)) {
    const specifier = specifierOf(node);
    if (specifier !== undefined) yield { specifier, isProgram: ts.isNewExpression(node), line: lineOf(tree, node) };
  }
}

function specifierOf(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return textOf(node.moduleSpecifier);
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return textOf(node.argument.literal);
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    return textOf(node.arguments[0]);
  if (
    ts.isNewExpression(node) &&
    node.expression.getText() === 'URL' &&
    node.arguments?.[1]?.getText() === 'import.meta.url'
  ) {
    const named = textOf(node.arguments[0]);
    return named?.endsWith('.ts') || named?.endsWith('.js') ? named.replace(/\.js$/, '.ts') : undefined;
  }
  return undefined;
}

function textOf(node: ts.Node | undefined): string | undefined {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined;
}

function* filesBelow(folder: string, ending: string, nested: ReadonlySet<string>): Generator<string> {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!notSources.has(entry.name) && !nested.has(path)) yield* filesBelow(path, ending, nested);
    } else if (entry.name.endsWith(ending) && !entry.name.endsWith('.d.ts')) yield path;
  }
}

function readManifest(root: string, folder: string) {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(root, at, 'package.json'))) return readJson(root, join(at, 'package.json'));
  }
}

function readJson(root: string, path: string) {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}

function slashes(path: string): string {
  return path.split(sep).join('/');
}
