import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign, webcrypto } from 'node:crypto';
import { test } from 'node:test';
import type { Evidence } from '@clearway/console-api';
import { verifySignature } from '../../signature.ts';
import { checkEvidence } from './evidence.ts';

const ports = {
  digest: async (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest()),
  verify: (...signed: [string, string, Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>]) =>
    verifySignature(webcrypto.subtle as SubtleCrypto, ...signed),
};
const institution = generateKeyPairSync('ed25519');
const bank = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = (key: typeof bank.publicKey) => key.export({ type: 'spki', format: 'pem' }).toString();

function headers(from: number, count: number): Buffer {
  const all: Buffer[] = [];
  for (let index = 0; index < count; index++) {
    const header = Buffer.alloc(128, index);
    header.writeBigUInt64BE(BigInt(from + index), 16);
    if (index > 0)
      createHash('sha256')
        .update(all[index - 1])
        .digest()
        .copy(header, 32);
    all.push(header);
  }
  return Buffer.concat(all);
}

function message(signer: string, suite: string, text: string, value: Buffer): Evidence['request'] {
  const signature = { suite, keyVersion: 1, value: value.toString('base64') };
  return { signer, body: '', canonical: Buffer.from(text).toString('base64'), signature, sequence: 7, index: 0 };
}

function evidence(change: Partial<Evidence> = {}): Evidence {
  const answer = sign('sha256', Buffer.from('answer'), { key: bank.privateKey, dsaEncoding: 'ieee-p1363' });
  return {
    format: 'clearway-evidence-1',
    paymentId: '2026112210010100000000001010001',
    madeAt: '2026-11-22T10:00:00.000Z',
    scheme: { schemeId: 'CLEARWAY', environment: 'sandbox' },
    request: message('00101', 'ed25519', 'request', sign(null, Buffer.from('request'), institution.privateKey)),
    answer: message('00201', 'ecdsa-p256-sha256', 'answer', answer),
    keys: [
      { participant: '00101', key: { version: 1, suite: 'ed25519', publicKey: pem(institution.publicKey) } },
      { participant: '00201', key: { version: 1, suite: 'ecdsa-p256-sha256', publicKey: pem(bank.publicKey) } },
    ],
    journal: { from: 7, headers: headers(7, 4).toString('base64') },
    ...change,
  };
}

test('both suites and the chain of headers hold where nothing was touched', async () => {
  const { signatures, chain } = await checkEvidence(evidence(), ports);
  assert.deepEqual(
    signatures.map(({ what, holds }) => [what, holds]),
    [
      ['request', true],
      ['answer', true],
    ],
  );
  assert.deepEqual(chain, { from: 7, to: 10, holds: true });
});

test('a message that was changed, or signed with another key, does not hold', async () => {
  const { request, answer, keys } = evidence();
  const canonical = Buffer.from('request for more').toString('base64');
  const changed = await checkEvidence(evidence({ request: { ...request, canonical } }), ports);
  assert.equal(changed.signatures[0].holds, false);
  const swapped = keys.map(({ participant }, index) => ({ participant, key: keys[1 - index].key }));
  const other = await checkEvidence(evidence({ keys: swapped, answer: answer! }), ports);
  assert.deepEqual(
    other.signatures.map(({ holds }) => holds),
    [false, false],
  );
});

test('what cannot be checked here is not called good', async () => {
  const { request } = evidence();
  const unknown = await checkEvidence(evidence({ keys: [] }), ports);
  assert.equal(unknown.signatures[0].holds, undefined);
  const sm2 = { ...request, signature: { ...request.signature!, suite: 'sm2-sm3' } };
  assert.equal((await checkEvidence(evidence({ request: sm2 }), ports)).signatures[0].holds, undefined);
});

test('a header that was changed, left out or cut short breaks the chain', async () => {
  const whole = headers(7, 4);
  const changed = Buffer.from(whole);
  changed[130] ^= 1;
  const cases = [changed, Buffer.concat([whole.subarray(0, 128), whole.subarray(256)]), whole.subarray(0, 300)];
  for (const bytes of cases) {
    const journal = { from: 7, headers: bytes.toString('base64') };
    assert.equal((await checkEvidence(evidence({ journal }), ports)).chain.holds, false);
  }
});
