import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { realDisk as disk } from './real-disk.ts';

describe('the disk of this machine', () => {
  let root: string;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'clearway-disk-'));
  });
  after(() => rm(root, { recursive: true, force: true }));

  test('reads back what was written in many parts, some of them empty, and less at the end of the file', async () => {
    const file = (await disk.create(join(root, 'parts')))!;
    const parts = Array.from({ length: 3_000 }, (_, index) => new Uint8Array(index % 7).fill(index));
    await file.write(parts, 10);
    await file.flush();
    const whole = Buffer.concat([new Uint8Array(10), ...parts]);
    assert.equal(await file.size(), whole.length);
    const read = new Uint8Array(whole.length + 100);
    assert.equal(await file.read(read, 0), whole.length);
    assert.deepEqual(Buffer.from(read.subarray(0, whole.length)), whole);
    assert.equal(await file.read(read, whole.length), 0);
    await file.close();
  });

  test('gives a name once: a second file of that name is not made, a link does not replace it', async () => {
    const [one, two] = [join(root, 'one'), join(root, 'two')];
    const made = await Promise.all([disk.create(one), disk.create(one), disk.create(one)]);
    assert.equal(made.filter((file) => file !== undefined).length, 1);
    for (const file of made) await file?.close();
    assert.equal(await disk.exists(two), false);
    assert.deepEqual(await Promise.all([disk.link(one, two), disk.link(one, two)]).then((done) => done.sort()), [
      false,
      true,
    ]);
    assert.equal(await disk.exists(two), true);
    await disk.remove(one);
    await disk.remove(one);
    assert.equal(await disk.exists(one), false);
  });

  test('makes folders that nobody else may look into, and lists what is in them', async () => {
    const folder = join(root, 'a', 'b', 'c');
    assert.deepEqual(await disk.list(folder), []);
    await disk.makeFolder(folder);
    await disk.makeFolder(folder);
    const file = (await disk.create(join(folder, 'kept')))!;
    await file.close();
    await disk.flushFolder(folder);
    assert.deepEqual(await disk.list(folder), ['kept']);
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
    assert.equal((await stat(join(folder, 'kept'))).mode & 0o777, 0o600);
  });

  test('says why something cannot be done', async () => {
    await assert.rejects(disk.open(join(root, 'nowhere'), 'read'), { code: 'ENOENT' });
    await assert.rejects(disk.create(join(root, 'no', 'folder')), { code: 'ENOENT' });
    await writeFile(join(root, 'file'), '');
    await assert.rejects(disk.exists(join(root, 'file', 'below')).then((found) => assert.equal(found, true)));
    await assert.rejects(disk.makeFolder(join(root, 'file')), { code: 'EEXIST' });
    const file = await disk.open(join(root, 'file'), 'read');
    await assert.rejects(file.write([Uint8Array.of(1)], 0), { code: 'EBADF' });
    await file.close();
  });
});
