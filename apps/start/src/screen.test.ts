import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { amount, openScreen, picture, plainLine, successRate, type View } from './screen.ts';

const view: View = {
  businessDate: '2026-11-22',
  cycle: { number: 7, seconds: 34 },
  phase: 'paying',
  paymentsPerSecond: 101.4,
  history: [0, 50, 100],
  succeeded: 12_340,
  failed: 150,
  refused: 10,
  unknownNow: 2,
  unknownEver: 14,
  latency: { p50: 18, p99: 61 },
  accounts: [{ name: 'Lantern Pay', outstanding: 1_234_567_89n, reserved: 10n, headroom: 50_000_000_00n }],
  settlement: { cycle: 6, state: 'settled', payments: 5_998, turnover: 321_000_05n },
  reconciled: { files: 54, differences: 0 },
  processes: { running: 12, all: 12, restarts: 0 },
  events: ['12:00:01 bank-00201 ended (SIGKILL) and is started again'],
};

const amounts: [minor: bigint, text: string][] = [
  [0n, '0.00'],
  [5n, '0.05'],
  [-5n, '-0.05'],
  [123_456_789n, '1,234,567.89'],
  [-100n, '-1.00'],
];
for (const [minor, text] of amounts) test(`${minor} fen are ${text}`, () => assert.equal(amount(minor), text));

test('the success rate is of what has ended', () => {
  assert.equal(successRate(view), '98.72 %');
  assert.equal(successRate({ succeeded: 0, failed: 0, refused: 0 }), '–');
});

test('the picture without colours has no escapes, and shows positions, settlement and events', () => {
  const text = picture(view, false).join('\n');
  assert.ok(!text.includes('\x1b'));
  for (const part of [
    'cycle 7',
    '101/s',
    '12,340 succeeded',
    'p99 61 ms',
    'cycle 6 settled',
    '321,000.05',
    '1,234,567.89',
    '12 of 12',
    'SIGKILL',
  ]) {
    assert.ok(text.includes(part), `${part} is missing`);
  }
});

test('the plain line is one line', () => {
  assert.doesNotMatch(plainLine(view), /\p{Cc}/u);
  assert.match(plainLine(view), /101 payments\/s.*98\.72 %.*cycle 6 settled/);
});

test('a picture is drawn over the one before, and no line is wider than the terminal', () => {
  let written = '';
  const output = Object.assign(
    new Writable({
      write(chunk, _, done) {
        written += chunk;
        done();
      },
    }),
    { columns: 40, rows: 50 },
  );
  const screen = openScreen(output, true);
  screen.draw(view);
  written = '';
  screen.draw(view);
  const lines = picture(view, true).length;
  assert.ok(written.includes(`\x1b[${lines}A`));
  for (const line of written.split('\n')) {
    const seen = line.replaceAll(/\p{Cc}\[[?0-9;]*[a-zA-Z]|\r/gu, '');
    assert.ok([...seen].length <= 40, seen);
  }
  screen.close();
  assert.ok(written.endsWith('\x1b[?25h'));
});
