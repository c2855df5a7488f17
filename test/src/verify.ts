/** `clearway verify`, as an auditor types it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { World } from '@clearway/start';

/** The journal replayed into an empty core agrees with state, positions, files and answers. */
export function assertVerified(world: World): void {
  const cli = fileURLToPath(new URL('../../apps/cli/dist/main.js', import.meta.url));
  const env = { ...process.env, ...world.environment };
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, 'verify', '--json'], { env, encoding: 'utf8' });
  assert.equal(status, 0, `clearway verify: ${stdout.slice(-2000)} ${stderr.slice(-2000)}`);
}
