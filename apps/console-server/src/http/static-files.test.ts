import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import { readStaticFiles } from './static-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'clearway-static-'));
after(() => rmSync(folder, { recursive: true }));
const script = 'export const amount = 1;\n'.repeat(500);
mkdirSync(join(folder, 'assets'));
writeFileSync(join(folder, 'index.html'), '<!doctype html>');
writeFileSync(join(folder, 'assets/index-1a2b.js'), script);
writeFileSync(join(folder, 'assets/mark-3c4d.png'), Buffer.alloc(64));
writeFileSync(join(folder, 'secret.key'), 'none of your business');
const files = readStaticFiles(folder);

test('scripts are kept compressed, and say the same', () => {
  const { body, compressed } = files.find('/assets/index-1a2b.js')!;
  assert.ok(compressed!.length < body.length / 10);
  assert.equal(brotliDecompressSync(compressed!).toString(), script);
});

test('pages, which are written anew each time, and pictures are not', () => {
  assert.equal(files.find('/index.html')!.compressed, undefined);
  assert.equal(files.find('/assets/mark-3c4d.png')!.compressed, undefined);
});

test('what is no file of the application is not given out', () => {
  assert.equal(files.find('/secret.key'), undefined);
  assert.equal(files.find('/../secret.key'), undefined);
  assert.equal(files.find('/payments'), files.find('/index.html'));
});
