import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Chart, drawChart } from './chart.ts';

const chart: Chart = {
  title: 'Rate & latency <both>',
  note: 'a note',
  x: { label: 'payments a second', scale: 'linear' },
  y: { label: 'p99, ms', scale: 'log' },
  lines: [
    {
      name: '32 links',
      points: [
        { x: 0, y: 1 },
        { x: 30_000, y: 100 },
      ],
    },
  ],
  marks: [{ x: 15_000, name: 'cut-off' }],
};

test('the first and the last point lie at the ends of round axes', () => {
  const [, path] = /points="([^"]+)"/.exec(drawChart(chart)) ?? [];
  assert.equal(path, '84,344 740,64');
});

test('a decade of a logarithmic axis is as long as the next', () => {
  const points = [1, 10, 100].map((y) => ({ x: y, y }));
  const [, path] = /points="([^"]+)"/.exec(drawChart({ ...chart, lines: [{ name: 'one', points }] })) ?? [];
  const heights = path!.split(' ').map((place) => Number(place.split(',')[1]));
  assert.deepEqual(heights, [344, 204, 64]);
});

test('no text can break out of the picture', () => {
  const drawn = drawChart(chart);
  assert.ok(drawn.includes('Rate &amp; latency &lt;both&gt;'));
  assert.ok(!drawn.includes('<both>'));
});

test('nothing to draw, or what a logarithmic axis cannot show, is said', () => {
  assert.throws(() => drawChart({ ...chart, lines: [] }), /has no points/);
  const zero = [{ name: 'zero', points: [{ x: 1, y: 0 }] }];
  assert.throws(() => drawChart({ ...chart, lines: zero }), /no place on a logarithmic axis/);
});
