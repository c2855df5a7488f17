import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Stage, toSegments } from './segments.ts';

const stage = (name: string, afterMs: number | null): Stage => ({
  stage: name,
  detail: '',
  at: '2026-11-22T10:00:00.000Z',
  afterMs,
  waitedFor: 'cell',
  clock: 'cell',
  sequence: null,
});

test('the wait for the cut-off is cut out, so that the payment’s own time can be seen', () => {
  const segments = toSegments([
    stage('received', null),
    stage('validated', 4),
    stage('answered', 571),
    stage('told', 37),
    stage('cutOff', 5_180_000),
    stage('netted', 12),
    stage('settled', 40),
  ]);
  assert.deepEqual(
    segments.map(({ begin, end, isCut }) => [begin, end, isCut]),
    [
      [0, 0, false],
      [0, 4, false],
      [4, 575, false],
      [575, 612, false],
      [612, 612, true],
      [612, 612, false],
      [612, 612, false],
    ],
  );
});

test('the wait for a silent bank is never cut out: it is what one looks for', () => {
  const [, , unknown] = toSegments([stage('received', null), stage('offered', 3), stage('unknown', 5_000)]);
  assert.equal(unknown.isCut, false);
});

test('clocks that disagree draw nothing backwards', () => {
  const [, back] = toSegments([stage('received', null), stage('validated', -3)]);
  assert.deepEqual([back.begin, back.end], [0, 0]);
});
