import assert from 'node:assert/strict';
import { test } from 'node:test';
import { suites } from '@clearway/ports';
import { realCrypto as crypto } from '@clearway/ports/real';
import { canonicalPayment } from './canonical.ts';
import { agreementPayment, scheme } from './samples-for-tests.ts';
import { signMessage, type VerifyingKey, verifyingKeys, verifyMessage } from './sign.ts';

const canonical = canonicalPayment(scheme, agreementPayment);

for (const suite of Object.keys(suites) as (keyof typeof suites)[]) {
  test(`a message signed with ${suite} holds under the key of that suite and version alone`, async () => {
    const [first, second] = [await crypto.generateSigningKey(suite), await crypto.generateSigningKey(suite)];
    const keys: VerifyingKey[] = [
      { version: 1, suite, publicKey: first.publicKey },
      { version: 2, suite, publicKey: second.publicKey },
    ];
    const signature = await signMessage(crypto, { suite, version: 2, privateKey: second.privateKey }, canonical);
    assert.deepEqual({ ...signature, value: '' }, { suite, keyVersion: 2, value: '' });
    assert.equal(await verifyMessage(crypto, keys, canonical, signature), true);
    assert.equal(await verifyMessage(crypto, keys, canonical, { ...signature, keyVersion: 1 }), false);
    assert.equal(await verifyMessage(crypto, keys, canonical, { ...signature, keyVersion: 3 }), false);
    const otherSuite = suite === 'ed25519' ? 'ecdsa-p256-sha256' : 'ed25519';
    assert.equal(await verifyMessage(crypto, keys, canonical, { ...signature, suite: otherSuite }), false);
    const changed = Uint8Array.from(canonical);
    changed[40]! ^= 1;
    assert.equal(await verifyMessage(crypto, keys, changed, signature), false);
  });
}

test('a key that has ended signs nothing new, but what it signed stays signed', async () => {
  const { publicKey, privateKey } = await crypto.generateSigningKey('ed25519');
  const [key] = verifyingKeys([{ version: 1, suite: 'ed25519', publicKey, endedAt: '2026-11-22T10:00:00.000Z' }]);
  const endedAt = Date.UTC(2026, 10, 22, 10);
  assert.equal(key?.endedAt, endedAt);
  const signature = await signMessage(crypto, { suite: 'ed25519', version: 1, privateKey }, canonical);
  assert.equal(await verifyMessage(crypto, [key], canonical, signature), true);
  assert.equal(await verifyMessage(crypto, [key], canonical, signature, endedAt - 1), true);
  assert.equal(await verifyMessage(crypto, [key], canonical, signature, endedAt), false);
});
