import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { outcomeMessage, paymentStates } from '@clearway/contract';
import { realChance, realClock, realCrypto } from '@clearway/ports/real';
import { addressesByCell, createCellStreams } from './cell-streams.ts';
import { createParticipantStream } from './participant-stream.ts';
import type { StreamPayment } from './payment-message.ts';
import { scheme } from './test-platform.ts';
import { links, paymentOf, signingOf, startPlatform, until } from './test-stream.ts';

const ports = { clock: realClock, chance: realChance, crypto: realCrypto };

function start(t: TestContext, addresses: readonly string[]) {
  const seen = { succeeded: 0, rooms: 0 };
  const stream = createCellStreams({
    ports: { ...ports, links },
    addresses,
    scheme,
    signers: [{ code: '00101', signing: signingOf(101) }],
    events: {
      outcome(view, at) {
        if (view.getUint8(at + outcomeMessage.state) === paymentStates.succeeded) seen.succeeded++;
      },
      room: () => void seen.rooms++,
      failed: (error) => assert.fail(error),
    },
  });
  t.after(() => stream.close());
  return Object.assign(seen, { stream });
}

/** Number `n` of the signer, in this cell of centre 1. */
function inCell(n: number, cell: number): StreamPayment {
  const payment = paymentOf(n);
  payment.id[15] = cell;
  return payment;
}

test('every payment goes over the stream of the cell that its identifier names', async (t) => {
  const [one, two] = [await startPlatform(t), await startPlatform(t)];
  const client = start(t, [`010001@${one.address}`, `010002@${two.address}`]);
  await until(() => client.stream.counts.links === 2, 'a link to each cell');
  for (let n = 0; n < 30; n++) assert.equal(client.stream.submit(inCell(n, n % 3 === 0 ? 2 : 1)), true);
  await until(() => client.succeeded === 30, 'outcomes');
  assert.deepEqual([one.payments.size, two.payments.size], [20, 10]);
  assert.deepEqual([...one.faults, ...two.faults], []);
  assert.equal(client.stream.counts.payments, 0);
  assert.throws(() => client.stream.submit(inCell(99, 3)), /no stream/);
});

test('a cell that is away holds up nothing in the other', async (t) => {
  const one = await startPlatform(t);
  const client = start(t, [`010001@${one.address}`, '010002@127.0.0.1:1']);
  await until(() => client.stream.counts.links === 1, 'the link that can be had');
  assert.equal(client.stream.submit(inCell(1, 2)), false);
  for (let n = 2; n < 12; n++) assert.equal(client.stream.submit(inCell(n, 1)), true);
  await until(() => client.succeeded === 10, 'outcomes of the other cell');
});

test('a participant’s payments wait for the room of their own cell alone, and go over HTTP to a cell without a stream', async (t) => {
  const one = await startPlatform(t);
  const stream = createParticipantStream({
    ...{ ports: { ...ports, network: { request: () => assert.fail('nothing goes over HTTP here') } }, links },
    ...{ code: '00101', scheme, signing: signingOf(101), patienceMs: 60_000 },
    addresses: [`010001@${one.address}`, '010002@127.0.0.1:1'],
    failed: (error) => assert.fail(error),
  });
  t.after(() => stream.close());
  const message = (sequence: number, cell: number) => ({
    paymentId: `20261122100101${String(sequence).padStart(11, '0')}01000${cell}`,
    kind: 'payout' as const,
    instructedAgent: '00900',
    interbankSettlementAmount: { amount: '1.00', currency: 'CNY' },
    endToEndId: `order-${sequence}`,
    expiresAt: new Date(Date.now() + 60_000).toISOString(),
    signature: { suite: 'ed25519' as const, keyVersion: 1, value: '' },
  });
  const waits = stream.submit(message(1, 2), false);
  waits.catch(() => {});
  const told = await Promise.all([2, 3, 4].map((sequence) => stream.submit(message(sequence, 1), false)));
  assert.deepEqual(
    told.map(({ state }) => state),
    ['succeeded', 'succeeded', 'succeeded'],
  );
  assert.deepEqual(await stream.submit(message(5, 3), true), { state: 'notOnStream', mayBeKnown: true });
});

test('addresses name their cells all, or none does', () => {
  assert.deepEqual([...addressesByCell(['a:1', 'a:1'])], [['', ['a:1', 'a:1']]]);
  assert.deepEqual(
    [...addressesByCell(['010001@a:1', '010002@b:2', '010001@[::1]:3'])],
    [
      ['010001', ['a:1', '[::1]:3']],
      ['010002', ['b:2']],
    ],
  );
  assert.throws(() => addressesByCell(['a:1', '010002@b:2']), RangeError);
});
