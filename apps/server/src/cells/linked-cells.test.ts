import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Configuration } from '@clearway/gateway';
import { type LinkedCell, linkedCells } from './linked-cells.ts';

const one = 10_001;
const two = 10_002;

const configured = (weights: readonly number[], change: Partial<Configuration> = {}) =>
  ({
    participantsVersion: 1,
    schemeVersion: 1,
    businessDate: 20261122,
    scheme: { routing: weights.map((weight, index) => ({ centre: 1, cell: index + 1, weight })) },
    ...change,
  }) as Configuration;

const link = (isOpen: boolean, told: Configuration | undefined): LinkedCell => ({
  isOpen,
  configuration: () => told,
  submit: async () => ({ outcome: 'accepted' }),
  payment: async () => undefined,
  agreement: async () => undefined,
});

const weightsTold = (...links: LinkedCell[]) =>
  linkedCells(new Map(links.map((each, index) => [one + index, each])))
    .configuration()
    ?.scheme.routing.map(({ weight }) => weight);

const steerings: [name: string, weights: readonly number[], open: readonly boolean[], told: readonly number[]][] = [
  ['all that are there take their part', [1, 3], [true, true], [1, 3]],
  ['who is away takes no new payments', [1, 3], [true, false], [1, 0]],
  ['nobody is steered away when all are away', [1, 3], [false, false], [1, 3]],
  ['nor when only those without weight are left', [0, 3], [true, false], [0, 3]],
  ['with one cell there is nowhere else', [1], [false], [1]],
];
for (const [name, weights, open, told] of steerings) {
  test(name, () => assert.deepEqual(weightsTold(...open.map((isOpen) => link(isOpen, configured(weights)))), told));
}

test('the newest that any cell has told counts, and one that has told nothing yet is passed over', () => {
  const older = configured([1, 1]);
  for (const change of [{ participantsVersion: 2 }, { schemeVersion: 2 }, { businessDate: 20261123 }]) {
    const newer = configured([1, 1], change);
    for (const links of [
      [link(true, older), link(true, newer)],
      [link(true, newer), link(true, older)],
      [link(true, undefined), link(true, newer)],
    ])
      assert.equal(linkedCells(new Map(links.map((each, index) => [one + index, each]))).configuration(), newer);
  }
});

test('the same news is the same object, since much is remembered by it', () => {
  const cells = linkedCells(
    new Map([
      [one, link(true, configured([1, 1]))],
      [two, link(false, undefined)],
    ]),
  );
  assert.equal(cells.configuration(), cells.configuration());
});

test('each question goes to the cell that the identifier names, an unknown one to the home cell', async () => {
  const asked: string[] = [];
  const named = (name: string): LinkedCell => ({
    ...link(true, configured([1, 1])),
    async payment(id) {
      asked.push(`${name} ${id.slice(-6)}`);
      return undefined;
    },
  });
  const { cell } = linkedCells(
    new Map([
      [one, named('one')],
      [two, named('two')],
    ]),
  );
  for (const digits of ['010001', '010002', '010003']) await cell.payment(`2026112210010100000000001${digits}`);
  assert.deepEqual(asked, ['one 010001', 'two 010002', 'one 010003']);
});
