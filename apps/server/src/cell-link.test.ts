import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { serveCellLink } from './cell-link.ts';
import { connectOperator } from './gateway-link.ts';
import { start } from './test-bed.ts';

test('a cycle that is named is closed once, also when several ask at the same time', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'clearway-cell-link-'));
  const socketPath = join(folder, 'cell.sock');
  const { cell } = await start(() => 'succeeded');
  const link = await serveCellLink({
    ...{ cell, records: cell.records, socketPath },
    ...{ wake() {}, shortfalls: () => [], body: () => Promise.reject(new Error('no body is asked for')), log() {} },
  });
  const operator = await connectOperator(socketPath);
  t.after(async () => {
    operator.close();
    await link.close();
    await cell.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const { cycle } = await operator.statistics();
  assert.deepEqual(await Promise.all([1, 2, 3].map(() => operator.closeCycle(cycle))), [cycle, cycle, cycle]);
  assert.equal((await operator.statistics()).cycle, cycle + 1);
  assert.equal(await operator.closeCycle(cycle), cycle, 'and later');
  assert.equal((await operator.statistics()).cycle, cycle + 1);
  await assert.rejects(operator.closeCycle(cycle + 5), /not open yet/);
});
