/** Four eyes: from a proposal to what the cell has adopted, and every way in which it must not come to that. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ChangeRequest } from '@clearway/console-api';
import { addKey } from '@clearway/server';
import { type Bed, type Caller, openBed } from './test-bed.ts';

const request = (kind: ChangeRequest['kind'], more: Partial<ChangeRequest>): ChangeRequest => ({
  kind,
  participant: null,
  cap: null,
  keyVersion: null,
  endsAt: null,
  cycle: null,
  user: null,
  why: 'a test of four eyes',
  ...more,
});
const cap = (amount: string) => request('netDebitCap', { participant: '00201', cap: { amount, currency: 'CNY' } });

describe('changes', () => {
  let bed: Bed;
  let li: Caller;
  let wang: Caller;
  let both: Caller;
  before(async () => {
    bed = await openBed();
    await bed.person('li', ['proposer']);
    await bed.person('wang', ['approver']);
    await bed.person('both', ['proposer', 'approver']);
    [li, wang, both] = [await bed.as('li'), await bed.as('wang'), await bed.as('both')];
  });
  after(() => bed.close());

  const propose = async (body: ChangeRequest, by = li) => (await by('POST', '/api/v1/changes', body)).body;
  const approve = (changeId: number, by = wang, confirmation = '') =>
    by('POST', `/api/v1/changes/${changeId}/approval`, { confirmation });
  const participant = (code: string) =>
    bed.recorded.cell.configuration().participants.find((one) => one.code === code)!;
  const capOf = (code: string) => participant(code).netDebitCaps[0].amount;

  test('a cap is raised by two persons, with the difference that both have seen', async () => {
    const preview = await li('POST', '/api/v1/change-previews', cap('1500000.00'));
    assert.deepEqual(preview.body.differences[0], {
      field: 'netDebitCap',
      now: '1000000.00',
      proposed: '1500000.00',
      effect: '500000.00',
      currency: 'CNY',
    });
    const change = await propose(cap('1500000.00'));
    assert.equal(change.state, 'proposed');
    assert.deepEqual(change.effect, preview.body);
    assert.equal(capOf('00201'), '100000000', 'nothing has happened yet');
    const approved = await approve(change.changeId);
    assert.equal(approved.body.state, 'executed');
    assert.equal(capOf('00201'), '150000000');
    const { body } = await wang('GET', '/api/v1/configuration');
    const [version] = body.versions;
    assert.deepEqual(version.change, {
      changeId: change.changeId,
      proposedBy: 'Name of li',
      approvedBy: 'Name of wang',
    });
    assert.deepEqual(version.differences, [
      { path: 'participants.00201.netDebitCaps.156.amount', before: '100000000', after: '150000000' },
    ]);
  });

  test('a key ends at the time that was approved, and signs until then', async () => {
    const [first] = participant('00102').keys;
    await bed.recorded.cell.changeParticipants((all) => addKey(all, '00102', { ...first, version: 2 }));
    const end = (endsAt: string) => request('endKey', { participant: '00102', keyVersion: 1, endsAt });
    assert.equal((await propose(end('2020-01-01T00:00:00.000Z'))).reason, 'fieldInvalid');
    const endsAt = new Date(Date.now() + 30 * 86_400_000).toISOString();
    const change = await propose(end(endsAt));
    assert.deepEqual(
      change.effect.differences.map(({ now, proposed }: Record<string, unknown>) => [now, proposed]),
      [['valid', endsAt]],
    );
    assert.equal((await approve(change.changeId, wang, '00102')).body.state, 'executed');
    const { body } = await wang('GET', '/api/v1/participants/00102');
    assert.deepEqual(
      body.participant.keys.map(({ version, endedAt }: Record<string, unknown>) => [version, endedAt]),
      [
        [1, endsAt],
        [2, null],
      ],
    );
    assert.equal(
      (await propose(request('endKey', { participant: '00102', keyVersion: 2 }))).reason,
      'platformRefused',
      'the last key without an end stays',
    );
  });

  test('nobody approves what he has proposed himself', async () => {
    const { changeId, yours } = await propose(cap('1600000.00'), both);
    assert.deepEqual(yours, { mayDecide: false, mayWithdraw: true, whyNot: 'changeIsYours' });
    assert.equal((await approve(changeId, both)).body.reason, 'changeIsYours');
    await assert.rejects(
      bed.owner.query('UPDATE console.change SET decided_by = proposed_by WHERE change_id = $1', [changeId]),
      /violates check constraint/,
    );
    assert.equal((await both('POST', `/api/v1/changes/${changeId}/withdrawal`)).body.state, 'withdrawn');
    assert.equal(capOf('00201'), '150000000');
  });

  test('an approval counts once, however often and at the same time it is given', async () => {
    const { changeId } = await propose(cap('1700000.00'));
    const version = bed.recorded.cell.configuration().participantsVersion;
    const answers = await Promise.all(Array.from({ length: 5 }, () => approve(changeId)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409, 409, 409]);
    assert.equal(bed.recorded.cell.configuration().participantsVersion, version + 1);
    assert.equal((await approve(changeId)).body.reason, 'changeNotOpen');
  });

  test('a change is void when what it is about has changed since', async () => {
    const first = await propose(cap('1800000.00'));
    const second = await propose(cap('1900000.00'));
    assert.equal((await approve(first.changeId)).body.state, 'executed');
    assert.equal((await approve(second.changeId)).body.reason, 'changeVoid');
    assert.equal((await wang('GET', `/api/v1/changes/${second.changeId}`)).body.state, 'void');
    assert.equal(capOf('00201'), '180000000');
  });

  test('a change is void when nobody has decided in time', async () => {
    const { changeId } = await propose(cap('2000000.00'));
    await bed.owner.query('UPDATE console.change SET expires_at = 1 WHERE change_id = $1', [changeId]);
    assert.equal((await approve(changeId)).body.reason, 'changeVoid');
    assert.equal(capOf('00201'), '180000000');
  });

  for (const [how, state] of [
    ['return', 'returned'],
    ['refusal', 'refused'],
  ]) {
    test(`a ${how} ends it with a note, and not by its author`, async () => {
      const { changeId } = await propose(cap('2100000.00'));
      const note = { note: 'why so much?' };
      assert.equal((await both('POST', `/api/v1/changes/${changeId}/${how}`, note)).body.state, state);
      assert.equal((await approve(changeId)).body.reason, 'changeNotOpen');
      const own = await propose(cap('2100000.00'), both);
      assert.equal((await both('POST', `/api/v1/changes/${own.changeId}/${how}`, note)).body.reason, 'changeIsYours');
    });
  }

  test('a suspension needs the code typed, refuses payments from then on, and is undone by another change', async () => {
    const { changeId, effect } = await propose(request('suspendParticipant', { participant: '00202' }));
    assert.equal(effect.confirmation, '00202');
    assert.equal((await approve(changeId)).body.reason, 'fieldInvalid');
    assert.equal((await approve(changeId, wang, '00201')).body.reason, 'fieldInvalid');
    assert.equal((await approve(changeId, wang, '00202')).body.state, 'executed');
    const { result } = await bed.recorded.pay({ kind: 'payout', institution: '00101', bank: '00202', amount: 100 });
    assert.deepEqual([result.outcome, 'reason' in result && result.reason], ['refused', 'participantSuspended']);
    const back = await propose(request('resumeParticipant', { participant: '00202' }));
    assert.equal((await approve(back.changeId)).body.state, 'executed');
    assert.equal(participant('00202').status, 'active');
  });

  test('an open cycle is closed once, and its settlement follows', async () => {
    const cycle = bed.recorded.cell.statistics().cycle;
    const { changeId } = await propose(request('closeCycle', { cycle }));
    assert.equal((await approve(changeId, wang, String(cycle))).body.state, 'executed');
    await bed.recorded.cell.cycleReached(cycle, 'settled');
    assert.equal(bed.recorded.cell.statistics().cycle, cycle + 1);
    assert.equal((await propose(request('closeCycle', { cycle }))).reason, 'notFound');
  });

  const impossible: readonly { readonly what: string; readonly body: ChangeRequest; readonly reason: string }[] = [
    { what: 'a cap as it is', body: cap('1800000.00'), reason: 'sameGoal' },
    { what: 'a cap of a third of a cent', body: cap('1.005'), reason: 'fieldInvalid' },
    { what: 'a negative cap', body: cap('-1.00'), reason: 'fieldInvalid' },
    { what: 'a cap of an institution', body: { ...cap('1.00'), participant: '00101' }, reason: 'fieldInvalid' },
    { what: 'a change of nobody', body: { ...cap('1.00'), participant: '00999' }, reason: 'notFound' },
    {
      what: 'the end of the last key',
      body: request('endKey', { participant: '00101', keyVersion: 1 }),
      reason: 'platformRefused',
    },
    {
      what: 'a supervisor who may act',
      body: request('addUser', {
        user: { login: 'x1', name: 'X', roles: ['supervisor', 'operator'], participant: null },
      }),
      reason: 'fieldInvalid',
    },
    {
      what: 'a participant’s person without a participant',
      body: request('addUser', { user: { login: 'x2', name: 'X', roles: ['participant'], participant: null } }),
      reason: 'fieldInvalid',
    },
    {
      what: 'a name that turns text around',
      body: request('addUser', { user: { login: 'x3', name: '\u202egnaw', roles: ['operator'], participant: null } }),
      reason: 'fieldInvalid',
    },
  ];
  for (const { what, body, reason } of impossible) {
    test(`${what} cannot be proposed`, async () => {
      assert.equal((await propose(body)).reason, reason);
    });
  }

  test('a new person needs the proposer’s link and the approver’s code', async () => {
    const user = { login: 'zhao', name: 'Zhao', roles: ['operator' as const], participant: null };
    const { changeId } = await propose(request('addUser', { user }));
    const approved = await approve(changeId);
    assert.match(approved.body.enrolmentCode, /^[A-Z2-9]{8}$/);
    assert.equal((await wang('GET', `/api/v1/changes/${changeId}`)).body.enrolmentCode, null, 'shown once');
    const { users } = (await li('GET', '/api/v1/users')).body;
    const { userId, linkIsYours } = users.find(({ login }: { login: string }) => login === 'zhao');
    assert.equal(linkIsYours, true);
    assert.equal((await both('POST', `/api/v1/users/${userId}/link`)).body.reason, 'notAllowed');
    const { link } = (await li('POST', `/api/v1/users/${userId}/link`)).body;
    const token = link.split('#')[1];
    assert.equal(
      (await bed.call('POST', '/api/v1/enrolment', { token, code: 'WRONGONE' })).body.reason,
      'enrolmentInvalid',
    );
    const started = await bed.call('POST', '/api/v1/enrolment', { token, code: approved.body.enrolmentCode });
    assert.equal(started.body.login, 'zhao');
  });

  test('a person’s rights change with four eyes, and every login of hers ends', async () => {
    await bed.person('qian', ['operator']);
    const qian = await bed.as('qian');
    const user = { login: 'qian', name: 'Name of qian', roles: ['supervisor' as const], participant: null };
    const { changeId, effect } = await propose(request('changeUser', { user }));
    assert.deepEqual(effect.differences[0], {
      field: 'roles',
      now: 'operator',
      proposed: 'supervisor',
      effect: null,
      currency: null,
    });
    assert.equal((await qian('GET', '/api/v1/overview')).status, 200);
    assert.equal((await approve(changeId)).body.state, 'executed');
    assert.equal((await qian('GET', '/api/v1/overview')).status, 401);
  });

  test('what a stop left half done is found out, and done once', async () => {
    const { changeId } = await propose(cap('3000000.00'));
    await bed.cutLink();
    const lost = await approve(changeId);
    assert.equal(lost.body.reason, 'cellUnavailable');
    await bed.mendLink();
    const [{ state }] = await bed.desk.ask<{ state: string }>('SELECT state FROM console.change WHERE change_id = $1', [
      changeId,
    ]);
    // The cell was away before anybody decided, or after: both must end well.
    if (state === 'proposed') assert.equal((await approve(changeId)).body.state, 'executed');
    assert.equal(capOf('00201'), '300000000');

    const half = await propose(cap('3100000.00'));
    const [{ user_id }] = (await bed.owner.query(`SELECT user_id FROM console.person WHERE login = 'wang'`)).rows;
    await bed.owner.query(
      `UPDATE console.change SET state = 'executing', decided_by = $2, decided_at = 1 WHERE change_id = $1`,
      [half.changeId, user_id],
    );
    await bed.desk.changes.resume();
    assert.equal(capOf('00201'), '310000000');
    const version = bed.recorded.cell.configuration().participantsVersion;
    // As if the answer had been lost: the same once more finds its own doing.
    await bed.owner.query(`UPDATE console.change SET state = 'executing', decided_at = 1 WHERE change_id = $1`, [
      half.changeId,
    ]);
    await bed.desk.changes.resume();
    assert.equal((await wang('GET', `/api/v1/changes/${half.changeId}`)).body.state, 'executed');
    assert.equal(bed.recorded.cell.configuration().participantsVersion, version);
  });

  test('every step stands in the audit log, whose chain holds', async () => {
    const verification = (await wang('GET', '/api/v1/audit-verification')).body;
    assert.equal(verification.holds, true);
    const { entries } = (await wang('GET', '/api/v1/audit?limit=500')).body;
    const acts = new Set(entries.map(({ content }: { content: string }) => JSON.parse(content).act));
    for (const act of [
      'changeProposed',
      'changeExecuting',
      'changeExecuted',
      'changeVoid',
      'changeReturned',
      'changeRefused',
      'changeWithdrawn',
      'linkIssued',
    ]) {
      assert.ok(acts.has(act), act);
    }
  });
});

describe('as long as there is one person', () => {
  let bed: Bed;
  before(async () => {
    bed = await openBed();
    await bed.person('first', ['operator', 'proposer', 'approver']);
  });
  after(() => bed.close());

  test('he brings in the second alone, the third needs both, and the audit log says so', async () => {
    const first = await bed.as('first');
    const user = (login: string) => ({ login, name: login, roles: ['approver' as const], participant: null });
    const second = (await first('POST', '/api/v1/changes', request('addUser', { user: user('second') }))).body;
    assert.equal(second.state, 'executed');
    assert.equal(second.effect.consequences[0].consequence, 'founding');
    assert.match(second.enrolmentCode, /^[A-Z2-9]{8}$/);
    const third = (await first('POST', '/api/v1/changes', request('addUser', { user: user('third') }))).body;
    assert.equal(third.state, 'proposed');
    const entries = await bed.desk.audit.entries({ limit: 50 });
    const founding = entries.map(({ content }) => JSON.parse(content)).filter(({ detail }) => detail.founding === true);
    assert.equal(founding.length, 1);
  });
});
