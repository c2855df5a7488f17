import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { arrowsRule } from './tidy/arrows.ts';
import { deadRule } from './tidy/dead.ts';
import { linksRule } from './tidy/links.ts';
import { purityRule } from './tidy/purity.ts';
import { settingsRule } from './tidy/settings.ts';
import { testsRule } from './tidy/tests.ts';
import { wordsRule } from './tidy/words.ts';
import { type Rule, readWorkspace } from './tidy/workspace.ts';

interface Case {
  readonly name: string;
  readonly rule: Rule;
  readonly files: Readonly<Record<string, string>>;
  /** `path:line` of each complaint with a part of its message; none when the files are as they should be. */
  readonly complaints: readonly [place: string, message: RegExp][];
}

const glossary = '| Word | Means | Never |\n|---|---|---|\n| payment | the whole | `transaction` `transfer` |\n';

const cases: readonly Case[] = [
  {
    name: 'the core may import its own files',
    rule: arrowsRule,
    files: { 'packages/core/src/index.ts': "import './apply.ts';", 'packages/core/src/apply.ts': 'export {};' },
    complaints: [],
  },
  {
    name: 'the core may import neither Node nor another package nor a file outside itself',
    rule: arrowsRule,
    files: {
      'packages/core/src/index.ts':
        "import 'node:fs';\nimport type { Clock } from '@clearway/ports';\nexport * from '../../ports/src/index.ts';\nconst late = import('pg');",
    },
    complaints: [
      ['packages/core/src/index.ts:1', /pure/],
      ['packages/core/src/index.ts:2', /not declared/],
      ['packages/core/src/index.ts:3', /leaves packages\/core/],
      ['packages/core/src/index.ts:4', /not declared/],
    ],
  },
  {
    name: 'an import must be declared, referred to and through a door',
    rule: arrowsRule,
    files: {
      'packages/store/src/index.ts':
        "import 'pg';\nimport '@clearway/core';\nimport '@clearway/core/hidden';\nimport '@clearway/ports';\nimport 'left-pad';\nimport './part.js';",
    },
    complaints: [
      ['packages/store/src/index.ts:3', /no door/],
      ['packages/store/src/index.ts:4', /would not be built/],
      ['packages/store/src/index.ts:5', /not declared/],
      ['packages/store/src/index.ts:6', /end in \.ts/],
    ],
  },
  {
    name: 'an arrow may not run backwards, not even when it is declared',
    rule: arrowsRule,
    files: { 'packages/ports/src/index.ts': "import '@clearway/core';" },
    complaints: [['packages/ports/src/index.ts:1', /its arrows go to nothing/]],
  },
  {
    name: 'the real ports are for main.ts and tests alone',
    rule: arrowsRule,
    files: {
      'examples/bank/src/main.ts': "import '@clearway/ports/real';",
      'examples/bank/src/accounts.ts': "import '@clearway/ports/real';",
      'examples/bank/src/accounts.test.ts': "import '@clearway/ports/real';",
    },
    complaints: [['examples/bank/src/accounts.ts:1', /main\.ts/]],
  },
  {
    name: 'the core reads neither clock nor chance nor environment',
    rule: purityRule,
    files: {
      'packages/core/src/index.ts':
        'const a = Date.now();\nconst b = new Date();\nconst c = Math.random();\nconst d = process.env;\nsetTimeout(run, 1);\nexport async function run() {}\na.localeCompare(b);',
    },
    complaints: [
      ['packages/core/src/index.ts:1', /Date\.now/],
      ['packages/core/src/index.ts:2', /new Date/],
      ['packages/core/src/index.ts:3', /Math\.random/],
      ['packages/core/src/index.ts:4', /process/],
      ['packages/core/src/index.ts:5', /setTimeout/],
      ['packages/core/src/index.ts:6', /async/],
      ['packages/core/src/index.ts:7', /localeCompare/],
    ],
  },
  {
    name: 'a date made of numbers, and a parameter of a global name, are no clock',
    rule: purityRule,
    files: {
      'packages/core/src/index.ts':
        'export const weekday = (at: number) => new Date(at).getUTCDay() + Date.UTC(2026, 10, 22);\nexport const f = (process: number) => process;',
    },
    complaints: [],
  },
  {
    name: 'edges take time and cryptography by port',
    rule: purityRule,
    files: {
      'packages/store/src/index.ts':
        "import { createHash, randomBytes } from 'node:crypto';\nsetTimeout(randomBytes, Date.now());",
      'packages/store/src/hash.ts': "import { createHash } from 'node:crypto';",
      'packages/store/src/index.test.ts': "import { randomBytes } from 'node:crypto';",
    },
    complaints: [
      ['packages/store/src/index.ts:1', /node:crypto/],
      ['packages/store/src/index.ts:2', /setTimeout/],
      ['packages/store/src/index.ts:2', /Date\.now/],
    ],
  },
  {
    name: 'tests are neither narrowed nor put aside without a reason',
    rule: testsRule,
    files: {
      'packages/core/src/a.test.ts':
        "test.only('a', f);\nit.skip('b', f);\ntest('c', { todo: true }, f);\ntest('d', { skip: 'needs a second disk' }, f);\nitems.skip(1);",
    },
    complaints: [
      ['packages/core/src/a.test.ts:1', /test\.only/],
      ['packages/core/src/a.test.ts:2', /it\.skip/],
      ['packages/core/src/a.test.ts:3', /todo/],
    ],
  },
  {
    name: 'a source that nothing leads to is dead, even when dead sources import each other',
    rule: deadRule,
    files: {
      'packages/core/src/index.ts': "import './used.ts';",
      'packages/core/src/used.ts': "export const child = fork(new URL('./part.js', import.meta.url));",
      'packages/core/src/program.ts': "import './part.ts';\nexport {};",
      'packages/core/src/part.ts': 'export const part = 1;',
      'packages/core/src/conformance.ts': 'export function conform() {}',
      'packages/core/src/memory.test.ts': "import './conformance.ts';",
      'packages/core/src/dead.ts': "import './other.ts';\nexport const dead = 1;",
      'packages/core/src/other.ts': "export * from './dead.ts';",
    },
    complaints: [
      ['packages/core/src/dead.ts:1', /nothing imports/],
      ['packages/core/src/other.ts:1', /nothing imports/],
    ],
  },
  {
    name: 'names use the glossary, but PostgreSQL may have its transactions',
    rule: wordsRule,
    files: {
      'docs/glossary.md': glossary,
      'packages/core/src/index.ts': "export const paymentTransaction = 1;\nexport const said = 'transaction';",
      'packages/core/src/bank-transfer.ts': 'export {};',
      'packages/store/src/index.ts': 'export function inTransaction() {}',
      'packages/store/src/row-helpers.ts': 'export {};',
    },
    complaints: [
      ['packages/store/src/row-helpers.ts:1', /drawer/],
      ['packages/core/src/bank-transfer.ts:1', /glossary's word is payment/],
      ['packages/core/src/index.ts:1', /glossary's word is payment/],
    ],
  },
  {
    name: 'settings and their page agree in both directions',
    rule: settingsRule,
    files: {
      'docs/reference/settings.md': '| `CLEARWAY_DATA` | a |\n| `CLEARWAY_GONE` | b |\n',
      'packages/store/src/index.ts': 'const { CLEARWAY_DATA } = environment;\nread("CLEARWAY_NEW");',
    },
    complaints: [
      ['packages/store/src/index.ts:2', /CLEARWAY_NEW/],
      ['docs/reference/settings.md:2', /CLEARWAY_GONE/],
    ],
  },
  {
    name: 'links between pages lead somewhere',
    rule: linksRule,
    files: {
      'README.md': '[flow](docs/flow.md#top) [web](https://example.org) [here](#here)\n\n[gone](docs/gone.md)',
      'docs/flow.md': '[up](../README.md) [source](../packages/core/package.json) [gone](README.md)',
    },
    complaints: [
      ['README.md:3', /gone\.md leads nowhere/],
      ['docs/flow.md:1', /README\.md leads nowhere/],
    ],
  },
];

for (const { name, rule, files, complaints } of cases) {
  test(name, () => {
    const root = mkdtempSync(join(tmpdir(), 'clearway-tidy-'));
    try {
      for (const [path, text] of Object.entries({ ...workspaceFiles, ...files })) {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        writeFileSync(join(root, path), text);
      }
      const found = [...rule(readWorkspace(root))].sort((a, b) => a.path.localeCompare(b.path) || a.line - b.line);
      const places = found.map(({ path, line }) => `${path}:${line}`).sort();
      assert.deepEqual(places, complaints.map(([place]) => place).sort());
      for (const [place, message] of complaints) {
        assert.ok(
          found.some((complaint) => `${complaint.path}:${complaint.line}` === place && message.test(complaint.message)),
          `no complaint at ${place} matches ${message}`,
        );
      }
    } finally {
      rmSync(root, { recursive: true });
    }
  });
}

/** A repository of four packages, in which `ports` wrongly declares the core. */
const workspaceFiles = {
  'package.json': JSON.stringify({ name: 'root', devDependencies: { typescript: '6.0.3' } }),
  'tsconfig.json': JSON.stringify({
    references: ['packages/core', 'packages/ports', 'packages/store', 'examples/bank'].map((path) => ({ path })),
  }),
  ...packageFiles('packages/core', '@clearway/core', [], []),
  ...packageFiles('packages/ports', '@clearway/ports', ['@clearway/core'], ['../core']),
  ...packageFiles('packages/store', '@clearway/store', ['@clearway/core', '@clearway/ports', 'pg'], ['../core']),
  ...packageFiles('examples/bank', '@clearway/example-bank', ['@clearway/ports'], ['../../packages/ports']),
};

function packageFiles(folder: string, name: string, dependencies: readonly string[], references: readonly string[]) {
  const door = (file: string) => ({ default: `./dist/${file}.js` });
  const doors = name === '@clearway/ports' ? { '.': door('index'), './real': door('real') } : { '.': door('index') };
  return {
    [`${folder}/package.json`]: JSON.stringify({
      name,
      exports: doors,
      dependencies: Object.fromEntries(dependencies.map((dependency) => [dependency, '1.0.0'])),
    }),
    [`${folder}/tsconfig.json`]: JSON.stringify({
      compilerOptions: { rootDir: 'src', outDir: 'dist' },
      references: references.map((path) => ({ path })),
    }),
  };
}
