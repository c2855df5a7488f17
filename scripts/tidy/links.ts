/** Links between pages lead somewhere: a page that points into the void is worse than one that says nothing. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Rule } from './workspace.ts';

export const linksRule: Rule = function* (workspace) {
  for (const path of workspace.pages) {
    const lines = (workspace.read(path) ?? '').split('\n');
    for (const [index, line] of lines.entries()) {
      for (const [, target] of line.matchAll(/\]\(([^)\s]+)\)/g)) {
        const file = target.split('#')[0];
        if (file === '' || /^[a-z]+:/.test(file)) continue;
        if (!existsSync(join(workspace.root, dirname(path), file))) {
          yield { path, line: index + 1, message: `the link to ${target} leads nowhere.` };
        }
      }
    }
  }
};
