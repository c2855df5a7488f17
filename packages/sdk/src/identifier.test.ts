import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Platform } from '@clearway/contract';
import type { Ports } from '@clearway/ports';
import { realChance, realCrypto } from '@clearway/ports/real';
import { createIdentifiers, makerOf } from './identifier.ts';
import { createTestNetwork } from './testing/network.ts';

const platform: Platform = {
  schemeId: 'TEST',
  environment: 'sandbox',
  businessDate: '2026-11-22',
  keys: [],
  routing: [
    { digits: '010001', weight: 0 },
    { digits: '010002', weight: 1 },
    { digits: '020003', weight: 3 },
  ],
  offerTimeoutMs: 5000,
  longestExpiryMs: 60_000,
};

/** A clock that stands until it is moved, or until somebody waits for it. */
function rig(startedAt = 1_700_123_456_789) {
  let wall = startedAt;
  let elapsed = 5;
  const waits: number[] = [];
  const after = (delayMs: number, run: () => void) => {
    waits.push(delayMs);
    elapsed += delayMs;
    wall += delayMs;
    run();
    return () => {};
  };
  const clock = { now: () => wall, elapsed: () => elapsed, after };
  const ports: Ports = { clock, chance: realChance, crypto: realCrypto, network: createTestNetwork() };
  const next = createIdentifiers(ports, '00101', 7);
  const jump = (ms: number) => {
    wall += ms;
  };
  const pass = (ms: number) => {
    elapsed += ms;
    wall += ms;
  };
  return { next, waits, jump, pass };
}

test('an identifier tells business date, institution, time, lane, counter and routing digits', async () => {
  const { next } = rig();
  const { routing } = platform;
  const identifiers = [
    await next({ ...platform, routing: routing.slice(0, 2) }),
    await next(platform, `${'0'.repeat(25)}019999`),
  ];
  assert.deepEqual(identifiers, ['2026112210010112345678970010002', '2026112210010112345678971019999']);
  assert.equal(makerOf(identifiers[0]), '00101');
});

test('routing digits are drawn by weight, and weight zero is never drawn', async () => {
  const { next } = rig();
  const drawn = new Map<string, number>();
  for (let n = 0; n < 4000; n += 1) {
    const digits = (await next(platform)).slice(-6);
    drawn.set(digits, (drawn.get(digits) ?? 0) + 1);
  }
  assert.equal(drawn.has('010001'), false);
  assert.ok(Math.abs(drawn.get('020003')! - 3000) < 200, `${drawn.get('020003')} of 4000`);
});

test('there is an error rather than an identifier when all weights are zero', async () => {
  const { next } = rig();
  await assert.rejects(next({ ...platform, routing: platform.routing.slice(0, 1) }), /takes no new payments/);
});

test('thousands at one moment are all different, and wait rather than run ahead of the clock', async () => {
  const { next, waits } = rig();
  const identifiers = [];
  for (let n = 0; n < 5000; n += 1) identifiers.push((await next(platform)).slice(0, 25));
  assert.equal(new Set(identifiers).size, 5000);
  assert.ok(waits.length > 0 && waits.every((ms) => ms > 20 && ms < 30), String(waits.slice(0, 5)));
});

test('a clock that is set back while the process runs makes no identifier twice', async () => {
  const { next, jump, pass } = rig();
  const first = await next(platform, '0'.repeat(31));
  jump(-3_600_000);
  pass(1);
  assert.ok((await next(platform, '0'.repeat(31))) > first);
});

test('a process that starts again later makes others', async () => {
  const first = rig(1_700_000_000_000);
  const ids = [await first.next(platform), await first.next(platform)];
  const second = rig(1_700_000_000_001);
  assert.equal(ids.map((id) => id.slice(0, 25)).includes((await second.next(platform)).slice(0, 25)), false);
});
