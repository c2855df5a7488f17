/** `clearway verify`, as an auditor types it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { World } from '@clearway/start';

export interface Verdict {
  /** 0: all agrees; 1: something does not. */
  readonly status: number | null;
  readonly said: string;
}

/** The event loop goes on meanwhile. */
export async function verify(world: World): Promise<Verdict> {
  const cli = fileURLToPath(new URL('../../apps/cli/dist/main.js', import.meta.url));
  const env = { ...process.env, ...world.environment };
  const child = spawn(process.execPath, [cli, 'verify', '--json'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4000);
    });
  const [status] = await once(child, 'close');
  return { status, said };
}

/**
 * The journal replayed into an empty core agrees with state, positions, files and answers; gives how many messages of the
 * stream no signature covers.
 */
export async function assertVerified(world: World): Promise<{ readonly uncovered: number }> {
  const { status, said } = await verify(world);
  assert.equal(status, 0, `clearway verify: ${said}`);
  const uncovered = /"uncovered":\s*\{\s*"messages":\s*([0-9]+)/.exec(said)?.[1];
  assert.ok(uncovered !== undefined, `clearway verify: ${said}`);
  return { uncovered: Number(uncovered) };
}
