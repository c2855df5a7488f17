import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { realChance, realClock, realCrypto } from '@clearway/ports/real';
import { createInstitution } from '../institution.ts';
import { createReceiver } from '../receiver.ts';
import { createTestPlatform } from '../testing/index.ts';
import { saveFile } from './save-file.ts';

const payments = 12;

/** A wallet with a file of many parts, and a folder to save it in. */
async function rig(t: TestContext) {
  const platform = await createTestPlatform({ clock: realClock, chance: realChance, crypto: realCrypto });
  const options = await platform.admit('00101', 'paymentInstitution');
  const handlers = {
    offer: async () => ({ answer: 'succeeded' as const, answeredAt: Date.now() }),
    notice: async () => {},
  };
  platform.network.connect('00201.test', createReceiver({ ...(await platform.admit('00201', 'bank')), handlers }));
  const institution = createInstitution({ ...options, attempts: 2 });
  const creditor = { name: 'Ada', account: '6200000000000001' };
  const amount = { amount: '12.30', currency: 'CNY' };
  for (let number = 0; number < payments; number++)
    await institution.payOut({ bank: '00201', amount, endToEndId: `payout ${number}`, creditor });
  const cycle = platform.settleCycle();
  platform.filePartBytes = 400;
  const folder = mkdtempSync(join(tmpdir(), 'clearway-file-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return { platform, institution, cycle, path: join(folder, 'file.csv') };
}

test('a file of many parts is read whole, line by line, and saved', async (t) => {
  const { institution, cycle, path } = await rig(t);
  const manifest = await institution.fileManifest(cycle);
  assert.ok(manifest.parts.length > 3);
  const { lines } = await institution.file(cycle);
  assert.equal(lines.length, payments);
  const read: unknown[] = [];
  for await (const line of institution.fileLines(cycle)) read.push(line);
  assert.deepEqual(read, lines);
  const progress: number[] = [];
  const part = (number: number) => institution.filePart(manifest, number);
  await saveFile({ manifest, part, path, onProgress: (bytes) => progress.push(bytes) });
  assert.deepEqual([progress.length, progress.at(-1)], [manifest.parts.length, manifest.bytes]);
  const saved = readFileSync(path);
  assert.deepEqual(
    [saved.length, Buffer.from(realCrypto.sha256(saved)).toString('hex')],
    [manifest.bytes, manifest.hash],
  );
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(existsSync(`${path}.partial`), false);
});

test('what was saved before a crash is not asked for again, unless it is damaged', async (t) => {
  const { institution, cycle, path } = await rig(t);
  const manifest = await institution.fileManifest(cycle);
  const asked: number[] = [];
  let lost = 3;
  const part = async (number: number) => {
    if (number === lost) throw new Error('the line is dead');
    asked.push(number);
    return institution.filePart(manifest, number);
  };
  await assert.rejects(saveFile({ manifest, part, path }), /the line is dead/);
  assert.equal(existsSync(path), false);
  // The crash has also torn what was written last, and the disk has turned a bit of part 2.
  const kept = readFileSync(`${path}.partial`);
  kept[manifest.parts[0].bytes + 5] ^= 1;
  writeFileSync(`${path}.partial`, Buffer.concat([kept, Buffer.from('D,2026')]));
  lost = 0;
  await saveFile({ manifest, part, path });
  assert.deepEqual(asked.slice(0, 4), [1, 2, 2, 3]);
  assert.equal(Buffer.from(realCrypto.sha256(readFileSync(path))).toString('hex'), manifest.hash);

  await assert.rejects(
    saveFile({ manifest, part, path, signal: AbortSignal.abort() }),
    (error: Error) => error.name === 'AbortError',
  );
});

test('a part that is not the one of the manifest is not taken, nor a whole that is not', async (t) => {
  const { institution, cycle, path } = await rig(t);
  const manifest = await institution.fileManifest(cycle);
  const [first, second, ...rest] = manifest.parts;
  const swapped = { ...manifest, parts: [second, first, ...rest] };
  await assert.rejects(institution.filePart(swapped, 1), /not that of the manifest/);
  const part = (number: number) => institution.filePart(manifest, number);
  await assert.rejects(
    saveFile({ manifest: swapped, part, path }),
    /part 1 of the file .* is not what the manifest says/,
  );
  const other = { ...manifest, hash: 'f'.repeat(64) };
  await assert.rejects(saveFile({ manifest: other, part, path }), /the whole of the file/);
  assert.equal(existsSync(path), false);
});
