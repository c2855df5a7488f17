import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { webFolder } from './index.ts';

const manifest = new URL('.vite/manifest.json', webFolder);
const kilobyte = 1000;

interface Chunk {
  readonly file: string;
  readonly isEntry?: boolean;
  readonly imports?: readonly string[];
}

const skip = existsSync(fileURLToPath(manifest)) ? false : 'the pages are not built: npm run build';

/** All script that has to be there before a chunk runs, compressed. */
function bytesOf(chunks: Readonly<Record<string, Chunk>>, names: readonly string[]): number {
  const needed = new Set<string>();
  const visit = (name: string) => {
    if (needed.has(name)) return;
    needed.add(name);
    for (const imported of chunks[name].imports ?? []) visit(imported);
  };
  for (const name of names) visit(name);
  return [...needed].reduce(
    (sum, name) => sum + gzipSync(readFileSync(new URL(chunks[name].file, webFolder))).length,
    0,
  );
}

test('login and wall come with less than 150 kB of compressed script, any other page with less than 450', {
  skip,
}, () => {
  const chunks: Readonly<Record<string, Chunk>> = JSON.parse(readFileSync(manifest, 'utf8'));
  const entry = Object.keys(chunks).find((name) => chunks[name].isEntry)!;
  assert.ok(bytesOf(chunks, [entry]) < 150 * kilobyte);
  const pages = Object.keys(chunks).filter((name) => name.startsWith('src/pages/'));
  assert.ok(pages.length >= 10);
  for (const page of pages) assert.ok(bytesOf(chunks, [entry, page]) < 450 * kilobyte, page);
});

test('no page has script or style of its own inside, which the content security policy forbids', { skip }, () => {
  const page = readFileSync(new URL('index.html', webFolder), 'utf8');
  assert.doesNotMatch(page, /<script(?![^>]*src=)|<style|style=|onload=/);
  assert.doesNotMatch(page, /https?:/);
});
