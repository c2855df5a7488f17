import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findAll } from './find.ts';
import { type Patch, type PlantName, patches, plantNames } from './index.ts';
import { apply } from './load-patched.ts';
import { budget } from './run.ts';

/** These take many worlds, or long ones: only `npm run sim -- --planted` looks for them. */
const rare: ReadonlySet<PlantName> = new Set([
  'fenceIgnored',
  'filesBeforeRecords',
  'settledUnderNewNumber',
  'paidAgainUnderNewIdentifier',
  'unknownEndedByTime',
  'timeOutTakenForFailure',
  'notKnownYetTakenForNever',
  'lateApprovalDropped',
  'approvalTakenForReversal',
  'approvalBeatsReversal',
  'otherContentMerged',
  'yesterdayForgotten',
  'enquiryAboveFrontier',
  'timeRunsBack',
  'offeredAgainAfterCrash',
  'reservedLeftOut',
  'snapshotLacksRefunds',
  'snapshotOfLaterState',
  'shortTakenForSettled',
]);
const common = plantNames.filter((name) => !rare.has(name));

const root = fileURLToPath(new URL('../../../../', import.meta.url));

test('every patch still has the lines that it changes, exactly once', () => {
  for (const patch of Object.values<Patch>(patches)) {
    const sources = new Map<string, string>();
    for (const change of patch.changes) {
      const source = sources.get(change.in) ?? readFileSync(root + change.in, 'utf8');
      sources.set(change.in, apply(source, change));
    }
  }
});

test(`${common.length} known bad builds are found, each within ${budget.worlds} worlds or by its test`, async () => {
  const findings = await findAll(common, budget);
  assert.deepEqual(
    findings.filter(({ foundBy }) => foundBy === undefined),
    [],
  );
});
