/** Who may ask what, as a table of its own: the routes must say the same, and the server must do it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Operation, type Role, type Route, roles, routes } from '@clearway/console-api';
import { type Bed, type Caller, openBed } from './test-bed.ts';

/** o operator, p proposer, a approver, s supervisor, t participant; `*` nobody has to be logged in, `+` anybody logged in. */
const rights: Record<Operation, string> = {
  getOpenApi: '*',
  logIn: '*',
  getLogin: '+',
  logOut: '+',
  renewLogin: '+',
  setPurpose: 's',
  startEnrolment: '*',
  finishEnrolment: '*',
  getOverview: 'opast',
  getLive: 'opast',
  getAlarms: 'opas',
  acknowledgeAlarm: 'opa',
  shelveAlarm: 'opa',
  approveShelving: 'opa',
  unshelveAlarm: 'opa',
  getPayments: 'opast',
  getPaymentHistogram: 'opast',
  getPayment: 'opast',
  getEvidence: 'opat',
  find: 'opast',
  getParticipants: 'opast',
  getParticipant: 'opast',
  getCycles: 'opast',
  getCycle: 'opast',
  getCycleMatrix: 'opast',
  getCycleFile: 'opat',
  getWorkItems: 'opas',
  takeWorkItem: 'opa',
  handOverWorkItem: 'opa',
  closeWorkItem: 'opa',
  getOperations: 'opas',
  getConfigurationHistory: 'opas',
  getChanges: 'opas',
  getChange: 'opas',
  previewChange: 'p',
  proposeChange: 'p',
  approveChange: 'a',
  returnChange: 'a',
  refuseChange: 'a',
  withdrawChange: 'p',
  getUsers: 'opas',
  issueEnrolmentLink: 'p',
  getAudit: 'as',
  verifyAudit: 'as',
};
const letters: Record<Role, string> = {
  operator: 'o',
  proposer: 'p',
  approver: 'a',
  supervisor: 's',
  participant: 't',
};
/** What would end the login that the test goes on with, or never ends itself. */
const apart: readonly Operation[] = ['logOut', 'getLive'];

describe('rights', () => {
  let bed: Bed;
  const callers = new Map<Role, Caller>();
  before(async () => {
    bed = await openBed();
    for (const role of roles) {
      await bed.person(role, [role], role === 'participant' ? '00101' : null);
      callers.set(role, await bed.as(role));
    }
    await callers.get('supervisor')!('PUT', '/api/v1/login/purpose', { purpose: 'the test of all rights' });
  });
  after(() => bed.close());

  for (const [operation, route] of Object.entries(routes) as [Operation, Route][]) {
    const allowed = rights[operation];
    const path = route.path.replaceAll(/\{[^}]+\}/g, '77777');
    const body = route.method === 'GET' || route.method === 'DELETE' ? undefined : {};

    test(`${operation}: ${allowed === '*' ? 'anybody' : 'nobody who is not logged in'}`, async () => {
      const { status, body: answer } = await bed.call(route.method, path, body);
      if (allowed === '*') assert.notEqual(answer.reason, 'notLoggedIn');
      else assert.deepEqual([status, answer.reason], [401, 'notLoggedIn']);
    });

    for (const role of roles) {
      if (apart.includes(operation)) continue;
      const isAllowed = allowed === '*' || allowed === '+' || allowed.includes(letters[role]);
      test(`${operation}: a mere ${role} ${isAllowed ? 'may' : 'may not'}`, async () => {
        const { status, body: answer } = await callers.get(role)!(route.method, path, body);
        if (isAllowed) assert.ok(!['notAllowed', 'notLoggedIn'].includes(answer.reason), JSON.stringify(answer));
        else assert.deepEqual([status, answer.reason], [403, 'notAllowed']);
        assert.ok(status < 500, `${status} ${JSON.stringify(answer)}`);
      });
    }
  }

  test('what changes anything is marked as an act, and needs a right that lapses', async () => {
    const acts = (Object.entries(routes) as [Operation, Route][]).filter(([, { act }]) => act);
    assert.equal(acts.length, 13);
    await bed.owner.query('UPDATE console.login SET acts_until = 1');
    for (const [operation, route] of acts) {
      const role = roles.find((one) => rights[operation].includes(letters[one]))!;
      const path = route.path.replaceAll(/\{[^}]+\}/g, '77777');
      const { status, body } = await callers.get(role)!(route.method, path, route.method === 'DELETE' ? undefined : {});
      assert.deepEqual([operation, status, body.reason], [operation, 403, 'actRightsLapsed']);
    }
    const { status } = await callers.get('operator')!('GET', '/api/v1/overview');
    assert.equal(status, 200, 'reading goes on');
  });
});
