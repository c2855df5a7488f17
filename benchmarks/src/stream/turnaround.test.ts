import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from '@clearway/gateway';
import { turnaroundBetween, turnaroundIn } from './turnaround.ts';

test('of the cell’s histogram what came between two readings counts', () => {
  const metrics = createMetrics();
  const histogram = metrics.histogram('clearway_stream_turnaround_seconds', 'Time.', []);
  const empty = turnaroundIn(metrics.text());
  histogram.recordMany(50, 1);
  const before = turnaroundIn(metrics.text());
  histogram.recordMany(990, 2);
  histogram.recordMany(10, 90);
  const after = turnaroundIn(metrics.text());
  assert.equal(turnaroundBetween(empty, empty), undefined);
  assert.equal(turnaroundBetween(before, before), undefined);
  assert.deepEqual(turnaroundBetween(before, after), { messages: 1000, p50: 2.048, p99: 2.048, p999: 98.304 });
  assert.equal(turnaroundBetween(empty, after)!.messages, 1050);
});
