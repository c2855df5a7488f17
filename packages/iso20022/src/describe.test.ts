import assert from 'node:assert/strict';
import { describe as suite, test } from 'node:test';
import { describe, maskName, maskNumber } from './describe.ts';

suite('a name is masked to its ends', () => {
  for (const [name, masked] of [
    ['仲国妮', '仲*妮'],
    ['李明', '李*'],
    ['欧阳娜娜', '欧**娜'],
    ['Zhang Wei', 'Z*******i'],
    ['𠮷田', '𠮷*'],
    ['李', '*'],
    ['', '*'],
  ] as const) {
    test(`${JSON.stringify(name)} is ${masked}`, () => assert.equal(maskName(name), masked));
  }
});

suite('a number is masked to a few digits', () => {
  for (const [number, masked] of [
    ['18612341402', '186****1402'],
    ['6217000012345678', '621*********5678'],
    ['12345678', '****5678'],
    ['1234567', '*******'],
    ['', ''],
  ] as const) {
    test(`${JSON.stringify(number)} is ${masked}`, () => assert.equal(maskNumber(number), masked));
  }
});

test('a message is told line by line, with what is personal masked and what is unknown hidden', () => {
  const message = {
    paymentId: '2026112210010100000000001010001',
    interbankSettlementAmount: { amount: '123.45', currency: 'CNY' },
    creditorName: '仲国妮',
    creditorAccount: '6217000012345678',
    remark: 'for 仲国妮, 18612341402',
    sealed: 'c2VhbGVk',
    constructor: 'x',
    positions: [{ participant: '00101', net: '-1.00' }],
    code: 123456,
    none: null,
  };
  assert.equal(
    describe(message),
    `paymentId: 2026112210010100000000001010001
interbankSettlementAmount:
  amount: 123.45
  currency: CNY
creditorName: 仲*妮
creditorAccount: 621*********5678
remark: (20 characters, not shown)
sealed: (8 characters, not shown)
constructor: (1 characters, not shown)
positions:
  1.
    participant: 00101
    net: -1.00
code: (6 characters, not shown)
none: (4 characters, not shown)`,
  );
});
