import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Reason, reasons } from '@clearway/core/vocabulary';
import { Compile } from 'typebox/compile';
import { Problem, problem, problems } from './problem.ts';

/** What a status says must fit what the kind of the reason says. */
const statusesOfKind: Record<(typeof reasons)[Reason]['kind'], number[]> = {
  none: [500],
  malformed: [400, 405, 413, 415, 422],
  unauthorized: [401, 403],
  conflict: [409],
  state: [404, 409, 422],
  limit: [409, 422, 429],
  time: [422],
  unavailable: [503],
  bank: [422],
};

test('every reason has a status that fits its kind, a title of its own and help', () => {
  const titles = new Set<string>();
  for (const [reason, { kind }] of Object.entries(reasons)) {
    const { status, title, help } = problems[reason as Reason];
    assert.ok(statusesOfKind[kind].includes(status), `${reason}: ${status} for the kind ${kind}`);
    assert.ok(help.endsWith('.'), reason);
    assert.ok(!titles.has(title), `${title} twice`);
    titles.add(title);
  }
});

test('a problem names its type, reason and what can be done, and passes its own schema', () => {
  const told = problem('netDebitCapExceeded', 'Bank 00201 in CNY', { isoReason: 'AM13', paymentId: '1'.repeat(31) });
  assert.deepEqual(told, {
    type: 'https://clearway.example/problems/netDebitCapExceeded',
    title: 'Net debit cap exceeded',
    status: 422,
    detail: `Bank 00201 in CNY. ${problems.netDebitCapExceeded.help}`,
    reason: 'netDebitCapExceeded',
    isoReason: 'AM13',
    paymentId: '1'.repeat(31),
  });
  const schema = Compile(Problem);
  for (const reason of Object.keys(reasons) as Reason[]) assert.ok(schema.Check(problem(reason, '')), reason);
});
