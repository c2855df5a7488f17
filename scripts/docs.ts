/**
 * Pages that are made from the code's own tables, so that they cannot disagree with it.
 *
 *   node scripts/dist/docs.js            writes them
 *   node scripts/dist/docs.js --check    fails if what is there differs
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { problems } from '@clearway/contract';
import { type Reason, type ReasonKind, reasons } from '@clearway/core/vocabulary';
import { isoReason } from '@clearway/iso20022';
import { settings } from '@clearway/server';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages: Readonly<Record<string, () => string>> = {
  'docs/reference/reasons.md': reasonsPage,
  'docs/reference/settings.md': settingsPage,
};

const kinds: Record<Exclude<ReasonKind, 'none'>, string> = {
  malformed: 'the message has to be mended',
  unauthorized: 'signature or rights are missing',
  conflict: 'it contradicts what is known',
  state: 'the thing it is about is not in a state for this',
  limit: 'an amount, a cap, the float or a rate does not allow it',
  time: 'too early or too late',
  unavailable: 'nothing was done; try again with the same identifier',
  bank: 'the instructed bank has decided so',
};

function reasonsPage(): string {
  const rows = (kind: string) =>
    (Object.keys(reasons) as Reason[])
      .filter((reason) => reasons[reason].kind === kind)
      .map((reason) => {
        const { status, title, help } = problems[reason];
        return `| <a id="${reason}"></a>\`${reason}\` | ${reasons[reason].code} | ${status} | ${isoReason[reason]} | ${title}. ${help} |`;
      });
  const sections = Object.entries(kinds).flatMap(([kind, meaning]) => [
    `## ${kind}: ${meaning}`,
    '',
    '| reason | journal | HTTP | ISO 20022 | meaning, and what to do |',
    '|---|---|---|---|---|',
    ...rows(kind),
    '',
  ]);
  return `${[
    '# Reasons',
    '',
    'Every reason why something is refused or failed: a closed set. The name is what messages carry, the number is what the journal',
    'carries, HTTP is the status of the problem document, ISO 20022 the external status reason code (NARR: only our own word says it).',
    "A bank's reason comes inside a payment or agreement that failed, and that is answered with HTTP 200; its own status is for the",
    'rare case that it stands alone.',
    '',
    'Made by `node scripts/dist/docs.js` from `core/src/reject.ts`, `contract/src/problem.ts` and `iso20022/src/status.ts`.',
    '',
    ...sections,
  ]
    .join('\n')
    .trimEnd()}\n`;
}

function settingsPage(): string {
  const rows = Object.values(settings).map(
    ({ name, means, default: fallback }) => `| \`${name}\` | ${fallback === '' ? '' : `\`${fallback}\``} | ${means} |`,
  );
  return `${[
    '# Settings',
    '',
    'Programs read their settings once, at the start: from the environment and, below it, from the JSON file that `CLEARWAY_SETTINGS`',
    'names. They check them whole, say everything that is wrong, and log them; files with secrets are named there, never shown.',
    '',
    '`npm start` makes what its programs need and passes it on. Of these settings it reads `CLEARWAY_DATA`, `CLEARWAY_PORT`, `CLEARWAY_CELLS`,',
    '`CLEARWAY_CONSOLE_PORT`, `CLEARWAY_CYCLE_SECONDS` and `CLEARWAY_LOG` itself. The command line reads the same ones as the programs do.',
    '',
    'Made by `node scripts/dist/docs.js` from `apps/server/src/settings.ts`.',
    '',
    '| setting | default | meaning |',
    '|---|---|---|',
    '| `CLEARWAY_SETTINGS` | | JSON file with any of the settings below, by their names |',
    ...rows,
    '',
    'Where a default is empty and a file is needed, it is looked for in the data folder: `database.json`, `cell.sock`, `configuration/`,',
    '`secrets/platform-key.json`, `journal/`.',
    '',
    'Simulated institutions read their settings from the JSON file that is their first argument; their types are in',
    '`examples/*/src/settings.ts`, and `npm start` writes such a file for each into `institutions/` of the data folder.',
  ].join('\n')}\n`;
}

const checking = process.argv.includes('--check');
for (const [path, make] of Object.entries(pages)) {
  const file = `${root}/${path}`;
  const page = make();
  if (!checking) writeFileSync(file, page);
  else if (readFileSync(file, 'utf8') !== page) {
    console.error(`${path} differs from the code. Make it anew with: node scripts/dist/docs.js`);
    process.exitCode = 1;
  }
}
