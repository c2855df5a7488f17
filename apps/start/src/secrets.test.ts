import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { listen, realCrypto, realNetwork } from '@clearway/ports/real';
import { authorityFile, certificate, passwords, platformKey, publicKeyOf } from './secrets.ts';

const folder = mkdtempSync(join(tmpdir(), 'clearway-secrets-'));
after(() => rmSync(folder, { recursive: true }));

test('a program with a certificate of ours is trusted by who trusts the authority, and by nobody else', async () => {
  const files = await certificate(folder, 'bank-00201');
  const tls = { cert: readFileSync(files.certificateFile, 'utf8'), key: readFileSync(files.keyFile, 'utf8') };
  const answer = { status: 200, headers: {}, body: new Uint8Array() };
  const listener = await listen(async () => answer, { host: '127.0.0.1', port: 0, tls, maxBodyBytes: 1024 });
  const ask = (ca: string | undefined) =>
    realNetwork(ca === undefined ? {} : { ca }).request(
      { method: 'GET', url: `https://127.0.0.1:${listener.port}/`, headers: {}, body: new Uint8Array() },
      { timeoutMs: 5_000 },
    );
  assert.equal((await ask(readFileSync(authorityFile(folder), 'utf8'))).status, 200);
  await assert.rejects(ask(undefined));
  await listener.close();
});

test('secrets are made once, kept, and readable by their owner alone', async () => {
  const file = join(folder, 'platform-key.json');
  const key = await platformKey(file);
  assert.deepEqual(await platformKey(file), key);
  const secrets = passwords(join(folder, 'passwords.json'), ['cell', 'reader']);
  assert.ok(secrets.cell.length >= 40 && secrets.cell !== secrets.reader);
  for (const name of ['platform-key.json', 'passwords.json', 'bank-00201-key.pem', 'authority-key.pem']) {
    assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
  }
});

test('the public half of a kept key verifies what its private half signs', async () => {
  const file = join(folder, 'signing-key.pem');
  const publicKey = await publicKeyOf(file, () => realCrypto.generateSigningKey('ed25519'));
  assert.equal(await publicKeyOf(file, () => realCrypto.generateSigningKey('ed25519')), publicKey);
  const bytes = new Uint8Array([1, 2, 3]);
  const signature = await realCrypto.sign('ed25519', readFileSync(file, 'utf8'), bytes);
  assert.ok(await realCrypto.verify('ed25519', publicKey, bytes, signature));
});
