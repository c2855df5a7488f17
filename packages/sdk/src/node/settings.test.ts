import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Fields, integer, listOf, number, oneOf, optional, path, readSettings, shape, text } from './settings.ts';

interface Settings {
  readonly code: string;
  readonly rate: number;
  readonly most?: number;
  readonly colour: 'red' | 'green';
  readonly keyFile: string;
  readonly banks: readonly { readonly code: string }[];
}

const code = text(/^[0-9]{5}$/, 'five digits');
const fields: Fields<Settings> = {
  code,
  rate: number(0, 1),
  most: optional(integer(1, 9)),
  colour: oneOf('red', 'green'),
  keyFile: path,
  banks: listOf(shape({ code })),
};
const good = { code: '00101', rate: 0.5, colour: 'red', keyFile: 'key.pem', banks: [{ code: '00201' }] };

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clearway-settings-'));
});
after(() => rm(folder, { recursive: true }));

async function fromFile(content: unknown) {
  const file = join(folder, 'settings.json');
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return readSettings(fields, { arguments: [file], environment: { CLEARWAY_CODE: '99999' } });
}

test('a file is read whole, its paths are relative to it, and the environment does not change it', async () => {
  assert.deepEqual(await fromFile(good), { ...good, keyFile: join(folder, 'key.pem') });
  assert.equal((await fromFile({ ...good, most: 3 })).most, 3);
});

test('without a file the environment is read, objects and numbers as JSON', () => {
  const environment = {
    CLEARWAY_CODE: '12345',
    CLEARWAY_RATE: '0.25',
    CLEARWAY_COLOUR: 'green',
    CLEARWAY_KEY_FILE: '/keys/key.pem',
    CLEARWAY_BANKS: '[{"code":"00201"}]',
    CLEARWAY_OTHER: 'not ours',
  };
  assert.deepEqual(readSettings(fields, { arguments: [], environment }), {
    ...{ code: '12345', rate: 0.25, colour: 'green', keyFile: '/keys/key.pem', banks: [{ code: '00201' }] },
  });
});

const faults: readonly (readonly [string, unknown, RegExp])[] = [
  ['a missing setting', { ...good, code: undefined }, /code: expected five digits, got nothing/],
  ['a setting of another form', { ...good, code: 'x' }, /code: expected five digits, got "x"/],
  ['a number out of range', { ...good, rate: 2 }, /rate: expected a number from 0 to 1, got 2/],
  ['a number that is not whole', { ...good, most: 1.5 }, /most: expected a whole number from 1 to 9, got 1.5/],
  ['a word that is not one of them', { ...good, colour: 'blue' }, /colour: expected one of red, green, got "blue"/],
  ['a fault in a list', { ...good, banks: [{ code: '00201' }, { code: 2 }] }, /banks\[1\]\.code: expected five digits/],
  ['what is no list', { ...good, banks: 'x' }, /banks: expected a list/],
  ['a setting that is none', { ...good, colours: 'red' }, /colours: no such setting/],
  ['what is no JSON', '{', /cannot read the settings file/],
];
for (const [what, content, message] of faults) {
  test(`${what} is named`, async () => {
    await assert.rejects(fromFile(content), { name: 'SettingsError', message });
  });
}

test('all faults are told at once', async () => {
  await assert.rejects(fromFile({ ...good, code: 'x', rate: 2 }), /code: .*\n.*rate: /);
});
