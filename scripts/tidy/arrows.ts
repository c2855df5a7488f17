/**
 * Who may import whom. npm hoists every package into one folder, so an import that nobody declared *works* until it is
 * published or built in another order; and an arrow that runs backwards pulls the world into the core.
 */
import { builtinModules } from 'node:module';
import { dirname, posix } from 'node:path';
import type { Import, Project, Rule, Source, Workspace } from './workspace.ts';

/** The arrows between packages, each by the doors that it may go through. Tests may look at everything. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  'packages/core': [],
  'packages/ports': [],
  'packages/embedded': [],
  'packages/iso20022': ['@clearway/core', '@clearway/core/vocabulary'],
  'packages/contract': ['@clearway/core/vocabulary', '@clearway/ports'],
  'packages/store': ['@clearway/core', '@clearway/ports'],
  'packages/gateway': [
    '@clearway/core',
    '@clearway/core/vocabulary',
    '@clearway/iso20022',
    '@clearway/contract',
    '@clearway/ports',
  ],
  'packages/sdk': ['@clearway/contract', '@clearway/ports'],
  'apps/console': ['@clearway/console-api'],
  'packages/console-api': [],
};

/** Outsiders know the platform by its published SDK alone; the simulated central bank by the contract. */
const outsiders: readonly string[] = [
  '@clearway/sdk',
  '@clearway/sdk/node',
  '@clearway/contract',
  '@clearway/ports',
  '@clearway/ports/real',
];

/** What is pure may ask nothing of Node either. */
const pure = new Set(['packages/core', 'packages/iso20022']);

const realPorts = '@clearway/ports/real';
const mayBeReal = /(^|[/-])main\.tsx?$|^(apps\/start|benchmarks|scripts|test)\//;

export const arrowsRule: Rule = function* (workspace) {
  for (const project of workspace.projects) {
    for (const source of project.sources) {
      for (const imported of source.imports) {
        const message = complain(workspace, project, source, imported);
        if (message !== undefined) yield { path: source.path, line: imported.line, message };
      }
    }
  }
};

function complain(
  workspace: Workspace,
  project: Project,
  source: Source,
  { specifier, isProgram }: Import,
): string | undefined {
  if (isProgram) return undefined;
  if (specifier.startsWith('.')) return relativeImport(project, source, specifier);
  if (specifier.startsWith('node:')) return builtinImport(project, source, specifier);
  if (builtinModules.includes(specifier))
    return `'${specifier}' is written 'node:${specifier}', so that no package can take its place.`;
  const name = packageOf(specifier);
  const target = workspace.projects.find(
    (other) => other.packageName === name && other.folder !== project.folder && other.doors.size > 0,
  );
  return (
    undeclared(workspace, project, source, name) ??
    (target === undefined ? undefined : workspaceImport(project, source, specifier, target))
  );
}

function relativeImport(project: Project, source: Source, specifier: string): string | undefined {
  // packages/core/test is a project of its own, since its sources may use Node; it looks at what the core was made into.
  if (source.isTest && posix.join(dirname(source.path), specifier).startsWith(`${dirname(project.folder)}/dist/`))
    return undefined;
  if (!/\.tsx?$/.test(specifier))
    return `'${specifier}' names no source: relative imports end in .ts, so that newer Node can run the sources as they are.`;
  const path = posix.join(dirname(source.path), specifier);
  if (path.startsWith(`${project.folder}/`)) return undefined;
  return `'${specifier}' leaves ${project.folder}: a package is entered by its name and its public door.`;
}

function builtinImport(project: Project, source: Source, specifier: string): string | undefined {
  if (!pure.has(project.folder) || source.isTest) return undefined;
  return `${project.folder} is pure and may not import '${specifier}': what it cannot touch, it cannot depend on in a replay.`;
}

function undeclared(workspace: Workspace, project: Project, source: Source, name: string): string | undefined {
  if (project.dependencies.has(name) || name === project.packageName) return undefined;
  const isWorkspace = workspace.projects.some((other) => other.packageName === name || other.dependencies.has(name));
  const outsidePackages = !/^(packages|apps|examples)\/[^/]+$/.test(project.folder);
  if ((source.isTest || outsidePackages) && (isWorkspace || workspace.devDependencies.has(name))) return undefined;
  return `'${name}' is not declared in the package.json of ${project.packageName}: it is found here only because npm hoists it.`;
}

function workspaceImport(project: Project, source: Source, specifier: string, target: Project): string | undefined {
  const door = specifier === target.packageName ? '.' : `.${specifier.slice(target.packageName.length)}`;
  if (!target.doors.has(door))
    return `'${specifier}' is no door of ${target.packageName}; those are ${[...target.doors.keys()].join(', ')}.`;
  if (!project.references.has(target.folder)) {
    return `'${specifier}' is imported, but tsconfig.json does not refer to ${target.folder}: on a fresh clone it would not be built yet.`;
  }
  if (specifier === realPorts && !source.isTest && !mayBeReal.test(source.path)) {
    return `'${realPorts}' is for the programs' main.ts: everything else takes clock, chance, network and crypto as arguments, or no simulator can run it.`;
  }
  if (source.isTest) return undefined;
  const allowed = project.folder.startsWith('examples/') ? outsiders : arrows[project.folder];
  if (allowed === undefined || allowed.includes(specifier)) return undefined;
  return `${project.folder} may not import '${specifier}': its arrows go to ${allowed.join(', ') || 'nothing'}.`;
}

/** `@scope/name/door` → `@scope/name`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
