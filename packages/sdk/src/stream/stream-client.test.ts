import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outcomeFlags, paymentMessage, paymentStates, questionPrefixBytes } from '@clearway/contract';
import type { Clock } from '@clearway/ports';
import { realChance, realClock, realCrypto } from '@clearway/ports/real';
import type { StreamAnswer } from './payment-message.ts';
import { finalCounts, idOf, links, paymentOf, startClient, startPlatform, submitAll, until } from './test-stream.ts';

/** How often a link looks whether it must say that it lives. */
const aliveCheckMs = 2_500;
const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, index) => from + index);

test('what one turn submits leaves in one frame, and each gets its outcome once', async (t) => {
  const platform = await startPlatform(t);
  const client = startClient(t, platform);
  await until(() => client.stream.counts.links === 1, 'a link');
  for (const n of numbers(500)) assert.equal(client.stream.submit(paymentOf(n)), true);
  await until(() => client.outcomes.length === 500, 'outcomes');
  assert.deepEqual(platform.frames, [500]);
  assert.deepEqual([...finalCounts(client.outcomes).values()], Array(500).fill(1));
  assert.equal(client.stream.counts.payments, 0);
  assert.deepEqual(platform.faults, []);
});

test('the platform gets the bytes that were submitted', async (t) => {
  const platform = await startPlatform(t);
  const client = startClient(t, platform);
  await until(() => client.stream.counts.links === 1, 'a link');
  const payment = { ...paymentOf(7), kind: 3, reference: new Uint8Array(16).fill(9), amount: 2 ** 40 + 5 };
  client.stream.submit(payment);
  await until(() => platform.payments.size === 1, 'the payment');
  const { message, participant } = platform.payments.get(idOf(7))!;
  const view = new DataView(message.buffer, message.byteOffset);
  assert.equal(participant, 101);
  assert.equal(view.getUint8(paymentMessage.kind), 3);
  assert.equal(view.getBigUint64(paymentMessage.amount), 2n ** 40n + 5n);
  assert.deepEqual(message.subarray(64, 80), Buffer.alloc(16, 9));
  const texts = message.subarray(80);
  assert.deepEqual(texts, Buffer.concat([Buffer.from('order-7'), Buffer.alloc(7, 7), Buffer.alloc(2)]));
});

test('the window bounds what is under way, and room is told when there is some again', async (t) => {
  const platform = await startPlatform(t);
  platform.window = 10;
  platform.fate = () => 'silent';
  const client = startClient(t, platform);
  await until(() => client.stream.counts.links === 1, 'a link');
  for (const n of numbers(10)) assert.equal(client.stream.submit(paymentOf(n)), true);
  assert.equal(client.stream.room(0), 0);
  assert.equal(client.stream.submit(paymentOf(10)), false);
  await until(() => platform.payments.size === 10, 'payments');
  assert.equal(client.rooms, 0);
  platform.resolve(idOf(3), 'succeeded');
  await until(() => client.rooms === 1, 'room');
  assert.equal(client.stream.submit(paymentOf(10)), true);
  await until(() => platform.payments.size === 11, 'one more');
});

test('a window that the platform changes counts from then on', async (t) => {
  const platform = await startPlatform(t);
  const client = startClient(t, platform);
  await until(() => client.stream.counts.links === 1, 'a link');
  platform.setWindow(platform.links[0], 3);
  await until(() => client.stream.room(0) === 3, 'a smaller window');
});

test('what the platform had no room for is sent again until it is taken', async (t) => {
  const platform = await startPlatform(t);
  let refusals = 3;
  platform.fate = () => (refusals-- > 0 ? { notProcessed: 'windowExceeded' } : 'succeeded');
  const client = startClient(t, platform);
  await until(() => client.stream.counts.links === 1, 'a link');
  await submitAll(
    client,
    numbers(2).map((n) => paymentOf(n)),
  );
  await until(() => client.outcomes.length === 2, 'outcomes');
  assert.deepEqual([...finalCounts(client.outcomes).values()], [1, 1]);
  assert.deepEqual(platform.faults, []);
});

test('any other refusal of a first copy is told at once: nothing was done', async (t) => {
  const platform = await startPlatform(t);
  platform.fate = () => ({ notProcessed: 'overloaded' });
  const client = startClient(t, platform);
  await until(() => client.stream.counts.links === 1, 'a link');
  client.stream.submit(paymentOf(1));
  await until(() => client.outcomes.length === 1, 'the refusal');
  assert.equal(client.outcomes[0].flags, outcomeFlags.notProcessed);
  assert.equal(client.stream.counts.payments, 0);
});

test('every signer on a link covers all that it sent, and nobody else’s', async (t) => {
  const platform = await startPlatform(t);
  const client = startClient(t, platform, { codes: [101, 102, 103] });
  await until(() => client.stream.counts.links === 1, 'a link');
  await submitAll(
    client,
    numbers(300).map((n) => paymentOf(n, n % 2, 101 + (n % 2))),
  );
  await until(() => client.outcomes.length === 300 && client.stream.counts.uncovered === 0, 'signatures');
  assert.deepEqual(platform.streams.map(({ signer, leaves }) => [signer, leaves.length]).sort(), [
    [101, 150],
    [102, 150],
  ]);
  assert.equal(platform.uncovered(), 0);
  assert.deepEqual(platform.faults, []);
});

for (const reason of ['keyUnknown', 'journalUnavailable'] as const) {
  test(`a checkpoint that is refused as ${reason} is made again until it is taken, also of a stream that was cut`, async (t) => {
    const platform = await startPlatform(t);
    platform.refusesCheckpoints = reason;
    const client = startClient(t, platform);
    await submitAll(
      client,
      numbers(10).map((n) => paymentOf(n)),
    );
    // One frame of ten payments: nothing but a repeat makes so many checkpoints of it.
    await until(() => platform.refusedCheckpoints >= 3, 'refusals');
    assert.equal(client.ends.length, 0, 'over the link that it was made on');
    platform.links[0]!.link.destroy();
    const before = platform.refusedCheckpoints;
    await until(() => platform.refusedCheckpoints >= before + 2, 'refusals on the next link');
    await submitAll(client, [paymentOf(11)]);
    platform.refusesCheckpoints = undefined;
    await until(() => platform.uncovered() === 0 && client.stream.counts.uncovered === 0, 'signatures');
    assert.deepEqual(platform.faults, []);
  });
}

test('signatures come early enough for a platform that allows few messages without', async (t) => {
  const platform = await startPlatform(t);
  platform.uncoveredMessages = 16;
  platform.uncoveredMs = 60_000;
  const client = startClient(t, platform);
  await submitAll(
    client,
    numbers(200).map((n) => paymentOf(n)),
  );
  await until(() => client.outcomes.length === 200, 'outcomes');
  assert.deepEqual(platform.faults, []);
});

test('a payment that waits for others is signed too when a sign of life takes it along', async (t) => {
  const platform = await startPlatform(t);
  let check: (() => void) | undefined;
  let skewMs = 0;
  const clock: Clock = {
    ...realClock,
    elapsed: () => realClock.elapsed() + skewMs,
    after(ms, run) {
      if (ms !== aliveCheckMs) return realClock.after(ms, run);
      check = run;
      return () => {};
    },
  };
  const ports = { clock, chance: realChance, crypto: realCrypto, links };
  const client = startClient(t, platform, { ports, lingerMs: 100 });
  await until(() => client.stream.counts.links === 1, 'a link');
  skewMs = 6_000;
  client.stream.submit(paymentOf(1));
  check!();
  await until(() => client.outcomes.length === 1 && client.stream.counts.uncovered === 0, 'the signature');
  assert.equal(platform.uncovered(), 0);
  assert.deepEqual(platform.faults, []);
});

test('after a cut in the middle nothing is lost, nothing told twice, and the old stream is covered', async (t) => {
  const platform = await startPlatform(t);
  const client = startClient(t, platform, { codes: [101, 102], links: 2 });
  await until(() => client.stream.counts.links === 2, 'links');
  const all = numbers(3000);
  let cuts = 0;
  for (const n of all) {
    await submitAll(client, [paymentOf(n, n % 2, 101 + (n % 2))]);
    if (n % 500 === 250) {
      cuts++;
      platform.links[n % platform.links.length]?.link.destroy();
    }
    if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => client.outcomes.length >= all.length && client.stream.counts.payments === 0, 'outcomes');
  await until(() => platform.uncovered() === 0 && client.stream.counts.uncovered === 0, 'signatures');
  assert.equal(client.outcomes.length, all.length);
  assert.equal(finalCounts(client.outcomes).size, all.length);
  assert.equal(platform.payments.size, all.length);
  assert.ok(client.ends.length >= cuts / 2);
  assert.deepEqual(platform.faults, []);
});

test('an outcome that was lost on its way comes with the copy on the next link', async (t) => {
  const platform = await startPlatform(t);
  const client = startClient(t, platform);
  await until(() => client.stream.counts.links === 1, 'a link');
  platform.links[0].isMute = true;
  for (const n of numbers(20)) client.stream.submit(paymentOf(n));
  await until(() => platform.payments.size === 20, 'payments');
  platform.links[0].link.destroy();
  await until(() => client.outcomes.length === 20, 'outcomes');
  assert.ok(client.outcomes.every(({ state, flags }) => state === 'succeeded' && flags === outcomeFlags.repeated));
  assert.ok([...platform.payments.values()].every(({ copies }) => copies === 2));
  await until(() => platform.uncovered() === 0, 'signatures over both streams');
  assert.deepEqual(platform.faults, []);
});

test('a copy that is refused says nothing about the first one: it is sent until there is an outcome', async (t) => {
  const platform = await startPlatform(t);
  const client = startClient(t, platform);
  await until(() => client.stream.counts.links === 1, 'a link');
  let refusals = 2;
  platform.fate = () => (refusals-- > 0 ? { notProcessed: 'cellUnavailable' } : 'succeeded');
  client.stream.submit(paymentOf(1), true);
  await until(() => client.outcomes.length === 1, 'the outcome');
  assert.equal(client.outcomes[0].state, 'succeeded');
});

test('an outcome that comes again is told as another one', async (t) => {
  const platform = await startPlatform(t);
  const client = startClient(t, platform);
  await until(() => client.stream.counts.links === 1, 'a link');
  client.stream.submit(paymentOf(1));
  await until(() => client.outcomes.length === 1, 'the outcome');
  platform.tell(idOf(1));
  platform.tell(idOf(1));
  await until(() => client.others.length === 2, 'both');
  assert.equal(client.outcomes.length, 1);
});

test('an unknown outcome is told, frees the window, and is followed by the final one', async (t) => {
  const platform = await startPlatform(t);
  platform.window = 1;
  platform.fate = () => 'unknown';
  const client = startClient(t, platform);
  await until(() => client.stream.counts.links === 1, 'a link');
  client.stream.submit(paymentOf(1));
  await until(() => client.outcomes.length === 1, 'unknown');
  assert.equal(client.stream.counts.unknown, 1);
  assert.equal(client.stream.room(0), 1);
  platform.resolve(idOf(1), 'failed');
  await until(() => client.outcomes.length === 2, 'the final one');
  assert.deepEqual(
    client.outcomes.map(({ state }) => state),
    ['unknown', 'failed'],
  );
  assert.equal(client.stream.counts.payments, 0);
});

for (const count of [1, 400])
  test(`what became of ${count} unknown while there was no link is asked on the next one`, async (t) => {
    const platform = await startPlatform(t);
    platform.fate = () => 'unknown';
    const client = startClient(t, platform);
    await until(() => client.stream.counts.links === 1, 'a link');
    await submitAll(
      client,
      numbers(count).map((n) => paymentOf(n)),
    );
    await until(() => client.outcomes.length === count, 'unknown');
    platform.links[0].isMute = true;
    for (const n of numbers(count)) platform.resolve(idOf(n), 'succeeded');
    platform.links[0].link.destroy();
    await until(() => client.outcomes.length === 2 * count, 'the final ones');
    assert.deepEqual(
      client.outcomes.slice(count).map(({ id, state }) => [id, state]),
      numbers(count).map((n) => [idOf(n), 'succeeded']),
    );
    assert.equal(platform.enquiries, count);
  });

test('what is asked by its identifier alone may be another content: the message itself settles it', async (t) => {
  const platform = await startPlatform(t);
  platform.fate = () => 'silent';
  const client = startClient(t, platform);
  await until(() => client.stream.counts.links === 1, 'a link');
  const payment = { ...paymentOf(1), expiresAt: Date.now() - 60_000 };
  client.stream.submit(payment);
  await until(() => platform.payments.size === 1, 'the payment');
  platform.payments.get(idOf(1))!.state = paymentStates.succeeded;
  client.stream.enquire(0, payment.id, payment.idAt);
  await until(() => client.outcomes.length === 1, 'the outcome');
  assert.deepEqual([client.others.at(0)?.flags, client.outcomes[0].flags], [outcomeFlags.asked, outcomeFlags.repeated]);
  assert.equal(platform.payments.get(idOf(1))!.copies, 2);
});

test('a payment under way is not taken a second time', async (t) => {
  const platform = await startPlatform(t);
  platform.fate = () => 'silent';
  const client = startClient(t, platform);
  await until(() => client.stream.counts.links === 1, 'a link');
  client.stream.submit(paymentOf(1));
  assert.throws(() => client.stream.submit(paymentOf(1)), RangeError);
});

/** Answers yes to everything, as a bank without books. */
function bankClient(t: Parameters<typeof startClient>[0], platform: Parameters<typeof startClient>[1], answer = 1) {
  let questions = 0;
  const bank = startClient(t, platform, {
    codes: [201],
    events: {
      question(bytes, _view, at, hashes, hashAt, link) {
        questions++;
        const idAt = at + questionPrefixBytes + paymentMessage.id;
        const given: StreamAnswer = {
          signer: 0,
          id: bytes,
          idAt,
          answer,
          reason: answer === 2 ? 200 : 0,
          answeredAt: Date.now(),
          hash: hashes,
          hashAt,
          link,
        };
        bank.stream.answer(given);
      },
    },
  });
  return { bank, questions: () => questions };
}

test('a bank answers what it is asked, signs its answers, and learns what became of them', async (t) => {
  const platform = await startPlatform(t);
  const { bank, questions } = bankClient(t, platform);
  await until(() => bank.stream.counts.links === 1, 'the bank’s link');
  const client = startClient(t, platform);
  await submitAll(
    client,
    numbers(400).map((n) => paymentOf(n, 0, 101, 201)),
  );
  await until(() => client.outcomes.length === 400 && bank.outcomes.length === 400, 'outcomes');
  assert.equal(questions(), 400);
  assert.ok(bank.outcomes.every(({ participant, state }) => participant === 201 && state === 'succeeded'));
  assert.equal(bank.stream.counts.answers, 0);
  await until(() => platform.uncovered() === 0, 'signatures');
  assert.deepEqual(platform.faults, []);
});

test('answers without an outcome are sent again over the next link', async (t) => {
  const platform = await startPlatform(t);
  const { bank } = bankClient(t, platform);
  await until(() => bank.stream.counts.links === 1, 'the bank’s link');
  const client = startClient(t, platform);
  await until(() => client.stream.counts.links === 1, 'a link');
  const bankLink = platform.links.find(({ hello }) => hello?.participants[0] === '00201')!;
  for (const n of numbers(50)) client.stream.submit(paymentOf(n, 0, 101, 201));
  await until(() => client.outcomes.length > 0, 'the first outcomes');
  bankLink.isMute = true;
  for (const n of numbers(50, 50)) client.stream.submit(paymentOf(n, 0, 101, 201));
  await until(() => platform.payments.size === 100, 'payments');
  bankLink.link.destroy();
  await until(() => bank.stream.counts.links === 1 && bank.welcomes === 2, 'the next link');
  for (const { id, state } of platform.payments.values()) if (state === 2) platform.ask(id, 'enquiry');
  await until(() => client.outcomes.length === 100, 'all outcomes');
  await until(
    () => bank.stream.counts.answers === 0 && platform.uncovered() === 0,
    'the bank’s outcomes and signatures',
  );
  assert.equal(finalCounts(client.outcomes).size, 100);
  assert.deepEqual(platform.faults, []);
});

test('a peer that never reads is not written to without end', async (t) => {
  const platform = await startPlatform(t);
  platform.window = 1_000_000;
  platform.uncoveredMessages = 1_000_000;
  const client = startClient(t, platform);
  await until(() => client.stream.counts.links === 1, 'a link');
  platform.links[0].link.pause();
  let taken = 0;
  const large = new Uint8Array(4096);
  await until(() => {
    for (let i = 0; i < 500; i++) {
      if (!client.stream.submit({ ...paymentOf(taken), sealed: large })) return true;
      taken++;
    }
    return false;
  }, 'no more room');
  assert.ok(taken * 4200 < 64 * 2 ** 20, `${taken} payments were taken`);
  platform.links[0].link.resume();
  await until(() => client.outcomes.length === taken, 'outcomes');
  assert.ok(client.rooms >= 1);
});

for (const [what, welcome] of [
  ['of no known form', { version: 1 }],
  [
    'to a version that was not offered',
    { version: 9, stream: 1, window: 1, uncoveredMs: 1, uncoveredMessages: 1, now: 0 },
  ],
] as const) {
  test(`a welcome ${what} ends the link with a goodbye`, async (t) => {
    const platform = await startPlatform(t);
    platform.greet = () => welcome;
    const client = startClient(t, platform);
    await until(() => client.ends.length > 0, 'the end');
    await until(() => platform.goodbyes.length > 0, 'the goodbye');
    const reason = what === 'of no known form' ? 'frameMalformed' : 'streamVersionUnsupported';
    assert.equal(client.ends[0].reason, reason);
    assert.equal(platform.goodbyes[0].reason, reason);
    assert.equal(client.welcomes, 0);
  });
}

test('a goodbye tells its reason, and the client connects again', async (t) => {
  const platform = await startPlatform(t);
  const client = startClient(t, platform);
  await until(() => client.stream.counts.links === 1, 'a link');
  platform.links[0].goodbye('overloaded', 'this gateway stops');
  await until(() => client.welcomes === 2, 'the next link');
  assert.deepEqual(client.ends, [{ reason: 'overloaded', detail: 'this gateway stops' }]);
});

test('closing signs what is left and says goodbye', async (t) => {
  const platform = await startPlatform(t);
  platform.uncoveredMs = 60_000;
  const client = startClient(t, platform);
  await until(() => client.stream.counts.links === 1, 'a link');
  for (const n of numbers(5)) client.stream.submit(paymentOf(n));
  await until(() => client.outcomes.length === 5, 'outcomes');
  assert.equal(platform.uncovered(), 5);
  await client.stream.close();
  await until(() => platform.goodbyes.length === 1 && platform.links.length === 0, 'the goodbye');
  assert.equal(platform.uncovered(), 0);
  assert.equal(platform.goodbyes[0].reason, 'none');
});
