import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from '@clearway/gateway';
import { between, noLatencies, quantileOf, readLatencies, sumOf, totalOf } from './latency.ts';

const metrics = createMetrics();
const histogram = metrics.histogram('clearway_test_seconds', 'a test', []);
const read = () => readLatencies(metrics.text(), 'clearway_test_seconds');

test('a window has its own quantiles, whatever came before', () => {
  for (let count = 0; count < 1000; count++) histogram.record(1);
  const before = read();
  for (let count = 0; count < 98; count++) histogram.record(100);
  histogram.record(900);
  histogram.record(900);
  const window = between(before, read())!;
  assert.equal(totalOf(window), 100);
  const [median, tail] = [quantileOf(window, 0.5)!, quantileOf(window, 0.99)!];
  assert.ok(median >= 100 && median <= 125, String(median));
  assert.ok(tail >= 900 && tail <= 1125, String(tail));
});

test('a histogram that began anew is no window', () => {
  const later = read();
  const fresh = createMetrics();
  fresh.histogram('clearway_test_seconds', 'a test', []).record(5);
  assert.equal(between(later, readLatencies(fresh.text(), 'clearway_test_seconds')), undefined);
});

test('nothing measured is not zero', () => {
  assert.equal(quantileOf(noLatencies, 0.5), null);
  assert.equal(quantileOf(between(read(), read())!, 0.99), null);
});

test('seconds add up to a minute', () => {
  const one = { bounds: [1, 2, Number.POSITIVE_INFINITY], counts: [3, 1, 0] };
  assert.deepEqual(sumOf([one, noLatencies, one]).counts, [6, 2, 0]);
  assert.equal(quantileOf({ bounds: one.bounds, counts: [0, 0, 5] }, 0.5), 2);
});
