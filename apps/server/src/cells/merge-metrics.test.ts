import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeMetrics } from './merge-metrics.ts';

const family = (name: string, ...samples: string[]) =>
  [`# HELP ${name} What it is`, `# TYPE ${name} gauge`, ...samples].map((line) => `${line}\n`).join('');

const merges: [name: string, texts: readonly [number, string][], merged: string][] = [
  ['nothing of nobody is nothing', [], ''],
  ['a cell that told nothing leaves nothing', [[10_001, '']], ''],
  ['each sample says its cell', [[10_001, family('a', 'a 1')]], family('a', 'a{cell="010001"} 1')],
  [
    'labels that are there stay behind it',
    [[10_002, family('a', 'a{le="0.5"} 1', 'a{le="+Inf"} 2')]],
    family('a', 'a{cell="010002",le="0.5"} 1', 'a{cell="010002",le="+Inf"} 2'),
  ],
  [
    'a family of several cells stands in one piece, described once',
    [
      [10_001, family('a', 'a 1') + family('b', 'b 2')],
      [10_002, family('a', 'a 3')],
    ],
    family('a', 'a{cell="010001"} 1', 'a{cell="010002"} 3') + family('b', 'b{cell="010001"} 2'),
  ],
];
for (const [name, texts, merged] of merges) test(name, () => assert.equal(mergeMetrics(texts), merged));
