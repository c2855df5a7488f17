import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGenerator } from './generator.ts';
import type { Next } from './order.ts';
import { createTally } from './tally.ts';
import { createTraffic } from './traffic.ts';

const enquiry: Next = { kind: 'enquiry', paymentId: '1' };
const payout: Next = {
  ...{ kind: 'payout', bank: '00201', endToEndId: 'e', creditor: { name: 'a', account: 'b' } },
  amount: { amount: '1.00', currency: 'CNY' },
};

/** Time that passes when the test says so; what is sent stays on its way until it is ended. */
function rig({ mostInFlight = 1000, next = (): Next | undefined => payout } = {}) {
  let time = 0;
  let timers: { at: number; run: () => void }[] = [];
  const clock = {
    now: () => time,
    elapsed: () => time,
    after(delayMs: number, run: () => void) {
      const timer = { at: time + delayMs, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
  };
  const pass = (ms: number) => {
    for (const end = time + ms; time < end; time += 1) {
      const due = timers.filter(({ at }) => at <= time);
      timers = timers.filter(({ at }) => at > time);
      for (const { run } of due) run();
    }
  };
  const onTheirWay: ((sent: boolean) => void)[] = [];
  const tally = createTally();
  let sent = 0;
  const traffic = createTraffic({
    ...{ clock, generator: createGenerator(1), tally, mostInFlight, next },
    send() {
      sent += 1;
      return new Promise((resolve) => onTheirWay.push(resolve));
    },
  });
  const end = async (count: number, wasSent = true) => {
    for (const resolve of onTheirWay.splice(0, count)) resolve(wasSent);
    await new Promise(setImmediate);
  };
  return { traffic, pass, end, tally, sent: () => sent };
}

test('the loop is open: payments come at the rate, whether or not earlier ones are answered', () => {
  const { traffic, pass, sent } = rig({ mostInFlight: 100_000 });
  traffic.setRate(500);
  pass(10_000);
  assert.ok(Math.abs(sent() - 5000) < 250, String(sent()));
  traffic.setRate(0);
  const before = sent();
  pass(10_000);
  assert.equal(sent(), before);
});

test('no more than allowed are on their way; the others wait, and are counted', async () => {
  const { traffic, pass, end, tally, sent } = rig({ mostInFlight: 3 });
  traffic.setRate(100);
  pass(1000);
  const waiting = tally.counts.delayed;
  assert.ok(sent() === 3 && waiting > 50, `${sent()} sent, ${waiting} delayed`);
  traffic.setRate(0);
  await end(2);
  assert.equal(sent(), 5);
});

test('so many payments are sent as are ordered, and what could not be sent is sent later', async () => {
  const { traffic, pass, end, sent } = rig();
  traffic.pay(10);
  traffic.setRate(1000);
  pass(1000);
  assert.equal(sent(), 10);
  await end(1, false);
  await end(9);
  assert.equal(traffic.isAtRest(), false);
  pass(1000);
  assert.equal(sent(), 11);
  await end(1);
  assert.equal(traffic.isAtRest(), true);
  traffic.pay(2);
  pass(1000);
  assert.equal(sent(), 13);
});

test('enquiries do not count as payments', async () => {
  const { traffic, pass, sent } = rig({ next: () => enquiry });
  traffic.pay(10);
  traffic.setRate(1000);
  pass(1000);
  assert.ok(sent() > 500);
});

test('nothing new is sent after a stop, and nothing while nobody can pay', async () => {
  const { traffic, pass, end, sent } = rig();
  traffic.setRate(1000);
  pass(100);
  const before = sent();
  traffic.stop();
  pass(1000);
  assert.equal(sent(), before);
  await end(before);
  assert.equal(traffic.isAtRest(), true);
  const idle = rig({ next: () => undefined });
  idle.traffic.setRate(1000);
  idle.pass(1000);
  assert.equal(idle.sent(), 0);
});
