import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseConduct } from './behaviour.ts';
import type { BankBehaviour } from './settings.ts';

const behaviour: BankBehaviour = {
  ...{ declineRate: 0.1, lateRate: 0.2, lateByMs: 1000, lostRate: 0.3, duplicateRate: 0.4 },
  latencyMs: { median: 8, p99: 90 },
};
const idOf = (number: number) => `20261122100101${String(number).padStart(11, '0')}010001`;

test('a payment has the same conduct whenever it is offered, another seed another', () => {
  assert.deepEqual(chooseConduct(behaviour, 1, idOf(1)), chooseConduct(behaviour, 1, idOf(1)));
  assert.notDeepEqual(chooseConduct(behaviour, 1, idOf(1)), chooseConduct(behaviour, 2, idOf(1)));
});

test('fates come at the rates of the settings', () => {
  const conducts = Array.from({ length: 10_000 }, (_, number) => chooseConduct(behaviour, 1, idOf(number)));
  const share = (holds: (conduct: (typeof conducts)[number]) => boolean) => conducts.filter(holds).length / 10_000;
  const shares = [
    share(({ fate }) => fate === 'lost') - behaviour.lostRate,
    share(({ fate }) => fate === 'late') - behaviour.lateRate,
    share(({ declined }) => declined) - behaviour.declineRate,
    share(({ duplicate }) => duplicate) - behaviour.duplicateRate,
  ];
  for (const off of shares) assert.ok(Math.abs(off) < 0.02, String(shares));
});
