import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readSettings } from './settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'clearway-settings-'));
after(() => rmSync(folder, { recursive: true }));

const good = {
  code: '00001',
  endpoint: { host: '127.0.0.1', port: 0, certificateFile: 'certificate.pem', keyFile: '/keys/key.pem' },
  signingKey: { version: 1, suite: 'ed25519', file: 'signing.pem' },
  platform: { code: '00000', keys: [{ version: 1, suite: 'ed25519', publicKey: '-----BEGIN PUBLIC KEY-----' }] },
  accounts: [{ participant: '00101', currency: 'CNY', openingBalance: '100.00' }],
  dataFolder: 'data',
  statisticsEveryMs: 1000,
};

function read(settings: object) {
  const file = join(folder, 'settings.json');
  writeFileSync(file, JSON.stringify(settings));
  return readSettings(file, {});
}

test('a file is read whole, and its paths are relative to it', () => {
  const { endpoint, signingKey, dataFolder } = read(good);
  assert.deepEqual(
    [endpoint.certificateFile, endpoint.keyFile, signingKey.file, dataFolder],
    [join(folder, 'certificate.pem'), '/keys/key.pem', join(folder, 'signing.pem'), join(folder, 'data')],
  );
});

test('without a file the environment is read', () => {
  const { code, dataFolder, ...structured } = { ...good, dataFolder: '/data' };
  const variables = Object.entries(structured).map(([name, value]) => {
    return [`CLEARWAY_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`, JSON.stringify(value)];
  });
  const environment = { ...Object.fromEntries(variables), CLEARWAY_CODE: code, CLEARWAY_DATA_FOLDER: dataFolder };
  assert.deepEqual(readSettings(undefined, environment).accounts, good.accounts);
});

const faults: readonly (readonly [string, object, RegExp])[] = [
  ['a code', { code: '1' }, /code: expected a code of five digits/],
  ['a field of the endpoint', { endpoint: { ...good.endpoint, port: 70_000 } }, /endpoint\.port: expected a port/],
  ['an account', { accounts: [{ ...good.accounts[0], openingBalance: '-1' }] }, /accounts: expected a list of/],
  ['a setting that is none', { colour: 'red' }, /colour: no such setting/],
];
for (const [what, change, message] of faults) {
  test(`${what} that is wrong is named`, () => {
    assert.throws(() => read({ ...good, ...change }), { name: 'SettingsError', message });
  });
}

test('a file that cannot be read is named', () => {
  assert.throws(() => readSettings(join(folder, 'none.json'), {}), /cannot read the settings file/);
});
