import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from './metrics.ts';

test('counters are written with their labels in the order declared, quotes and backslashes escaped', () => {
  const metrics = createMetrics();
  const requests = metrics.counter('clearway_gateway_requests_total', 'Requests.', ['route', 'reason']);
  requests.count('submitPayment', 'none');
  requests.count('submitPayment', 'none');
  requests.count('a"b', 'c\\d');
  assert.equal(requests.value('submitPayment', 'none'), 2);
  assert.equal(
    metrics.text(),
    [
      '# HELP clearway_gateway_requests_total Requests.',
      '# TYPE clearway_gateway_requests_total counter',
      'clearway_gateway_requests_total{route="submitPayment",reason="none"} 2',
      'clearway_gateway_requests_total{route="a\\"b",reason="c\\\\d"} 1',
      '',
    ].join('\n'),
  );
});

test('a gauge tells what it reads at that moment', () => {
  const metrics = createMetrics();
  let value = 3;
  metrics.gauge('clearway_gateway_in_flight', 'Now.', () => value);
  value = 4;
  assert.match(metrics.text(), /^clearway_gateway_in_flight 4$/m);
});

test('gauges of one label are written by its values, infinity as the format says', () => {
  const metrics = createMetrics();
  metrics.gauges('clearway_gateway_in_flight', 'Now.', 'lane', () => ({
    payment: 2,
    enquiry: Number.POSITIVE_INFINITY,
  }));
  assert.match(metrics.text(), /^clearway_gateway_in_flight\{lane="payment"\} 2$/m);
  assert.match(metrics.text(), /^clearway_gateway_in_flight\{lane="enquiry"\} \+Inf$/m);
});

test('a histogram counts each duration in the first bucket that is not below it, cumulated', () => {
  const metrics = createMetrics();
  const seconds = metrics.histogram('clearway_gateway_request_seconds', 'Time.', ['route']);
  for (const durationMs of [0, 0.128, 0.129, 0.16, 1, 16_700, 60_000]) seconds.record(durationMs, 'enquirePayment');
  const text = metrics.text();
  const bucket = (le: string) =>
    Number(
      text.match(new RegExp(`_bucket\\{route="enquirePayment",le="${le.replace(/[.+]/g, '\\$&')}"\\} (\\d+)`))?.[1],
    );
  assert.equal(bucket('0.000128'), 2);
  assert.equal(bucket('0.00016'), 4);
  assert.equal(bucket('0.000896'), 4);
  assert.equal(bucket('0.001024'), 5);
  assert.equal(bucket('16.777216'), 6);
  assert.equal(bucket('+Inf'), 7);
  assert.match(text, /_count\{route="enquirePayment"\} 7/);
  assert.match(text, /_sum\{route="enquirePayment"\} 76.701417/);
});

test('a quantile is at most a quarter above the truth', () => {
  const seconds = createMetrics().histogram('clearway_gateway_request_seconds', 'Time.', []);
  assert.equal(seconds.quantile(0.99), 0);
  for (let durationMs = 1; durationMs <= 1000; durationMs++) seconds.record(durationMs);
  for (const [q, truth] of [
    [0.5, 500],
    [0.99, 990],
    [1, 1000],
  ] as const) {
    const told = seconds.quantile(q);
    assert.ok(told >= truth && told <= truth * 1.25, `${q}: ${told} for ${truth}`);
  }
});

test('a name is declared once', () => {
  const metrics = createMetrics();
  metrics.counter('clearway_gateway_x', 'X.', []);
  assert.throws(() => metrics.gauge('clearway_gateway_x', 'X.', () => 0), /declared twice/);
});
