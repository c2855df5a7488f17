import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countText, rateText, shareText } from './count.ts';
import { visibleText } from './foreign.ts';
import { identifierParts, recognise } from './identifier.ts';
import {
  ageText,
  clockText,
  dateText,
  durationText,
  fieldText,
  parseField,
  timeText,
  watchText,
  zoneOffset,
  zoneText,
} from './time.ts';

test('a share is never rounded up to all', () => {
  assert.equal(shareText(99_999, 100_000), '99.999%');
  assert.equal(shareText(9_999_999, 10_000_000), '99.999%');
  assert.equal(shareText(1_000, 1_000), '100.000%');
  assert.equal(shareText(41, 42), '41/42');
  assert.equal(shareText(0, 0), '--');
});

test('a slow rate is not a still one, and no figure is not zero', () => {
  assert.equal(rateText(0), '0');
  assert.equal(rateText(0.44), '0.4');
  assert.equal(rateText(83_412.9), '83,412');
  assert.equal(rateText(Number.NaN), '--');
  assert.equal(countText(1_234_567), '1,234,567');
});

test('times carry the zone of the scheme, whatever the browser’s own is', () => {
  const at = Date.parse('2026-11-22T06:03:07.123Z');
  const shanghai = zoneOffset('Asia/Shanghai', at);
  assert.equal(shanghai, 480);
  assert.equal(timeText(at, shanghai), '2026-11-22 14:03:07.123 +08:00');
  assert.equal(timeText(at, -210), '2026-11-22 02:33:07.123 −03:30');
  assert.equal(dateText(Date.parse('2026-11-22T16:00:00Z'), shanghai), '2026-11-23');
  assert.equal(clockText(at, shanghai), '14:03:07');
  assert.equal(zoneOffset('UTC', at), 0);
  assert.equal(zoneOffset('America/New_York', Date.parse('2026-07-01T00:00:00Z')), -240);
  assert.equal(zoneOffset('America/New_York', Date.parse('2026-01-01T00:00:00Z')), -300);
  assert.equal(zoneText(0), '+00:00');
});

test('what a time field says means the same when it is read again', () => {
  const at = Date.parse('2026-11-22T06:03:07Z');
  assert.equal(parseField(fieldText(at, 480), 480), at);
  assert.equal(parseField('yesterday', 480), undefined);
});

test('durations have the unit that one reads at a glance', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0 ms'],
    [612, '612 ms'],
    [1_249, '1.24 s'],
    [59_999, '59.99 s'],
    [751_000, '12:31'],
    [5_213_000, '1:26:53'],
    [-40, '−40 ms'],
    [Number.NaN, '--'],
  ];
  for (const [ms, text] of cases) assert.equal(durationText(ms), text);
  assert.equal(watchText(41_900), '0:41');
  assert.equal(ageText(640), '0.6 s');
});

test('an identifier is shown in its parts and pasted with what a message put between them', () => {
  const id = '2026112210010100000000001010001';
  assert.deepEqual(identifierParts(id), ['20261122', '1', '00101', '00000000001', '010001']);
  assert.equal(identifierParts(id).join(''), id);
  assert.deepEqual(recognise(' 20261122 1 00101\n00000000001 010001 '), { kind: 'payment', id });
  assert.deepEqual(recognise('00203'), { kind: 'participant', code: '00203' });
  assert.equal(recognise('Harbour Bank'), undefined);
});

test('characters that turn, hide or steer are shown as their numbers', () => {
  assert.equal(visibleText('a\u202eb'), 'a⟨U+202E⟩b');
  assert.equal(visibleText('a\u0000\u200b\u{e0041}'), 'a⟨U+0000⟩⟨U+200B⟩⟨U+E0041⟩');
  assert.equal(visibleText('仲小妮 <script>'), '仲小妮 <script>');
  assert.ok(visibleText('x'.repeat(10_000)).length < 500);
});
