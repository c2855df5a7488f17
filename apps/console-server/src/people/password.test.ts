import assert from 'node:assert/strict';
import { test } from 'node:test';
import { realChance } from '@clearway/ports/real';
import { hashPassword, holdsPassword, isWeak } from './password.ts';

test('a password is held by its own hash alone, however its letters are composed', async () => {
  const stored = await hashPassword(realChance, 'Käse und Brot');
  assert.equal(await holdsPassword('Käse und Brot', stored), true);
  assert.equal(await holdsPassword('Käse und Brot', stored), true);
  assert.equal(await holdsPassword('Kase und Brot', stored), false);
  assert.notEqual(await hashPassword(realChance, 'Käse und Brot'), stored);
});

const cases: readonly (readonly [password: string, login: string, weak: boolean])[] = [
  ['correct horse battery', 'li', false],
  ['short', 'li', true],
  ['aaaaaaaaaaaaaaaa', 'li', true],
  ['wang.fang-2026-xyz', 'wang.fang', true],
  ['密码密码密码密码密码密码', 'li', true],
  ['山高水长风清月明天地玄黄', 'li', false],
];
for (const [password, login, weak] of cases) {
  test(`"${password}" is ${weak ? 'too weak' : 'strong enough'} for ${login}`, () => {
    assert.equal(isWeak(password, login), weak);
  });
}
