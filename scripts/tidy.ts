/**
 * What the compiler and the linter cannot see and this repository must not lose: run by `npm test`, and by itself as
 * `node scripts/dist/tidy.js`. Only rules with a sharp edge are here, and each complaint says why it matters.
 */
import { fileURLToPath } from 'node:url';
import { arrowsRule } from './tidy/arrows.ts';
import { deadRule } from './tidy/dead.ts';
import { linksRule } from './tidy/links.ts';
import { purityRule } from './tidy/purity.ts';
import { settingsRule } from './tidy/settings.ts';
import { testsRule } from './tidy/tests.ts';
import { wordsRule } from './tidy/words.ts';
import { readWorkspace } from './tidy/workspace.ts';

const workspace = readWorkspace(fileURLToPath(new URL('../..', import.meta.url)));
const rules = [arrowsRule, purityRule, testsRule, deadRule, wordsRule, settingsRule, linksRule];
const complaints = rules.flatMap((rule) => [...rule(workspace)]);
for (const { path, line, message } of complaints) console.error(`${path}:${line}: ${message}`);
process.exitCode = complaints.length === 0 ? 0 : 1;
