/** The stream, the alarms, the work items and the audit log: what moves, and what must never be lost on the way. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { hashOfEntry } from './audit.ts';
import { type Bed, type Caller, openBed } from './test-bed.ts';

interface Event {
  readonly event: string;
  readonly id: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came
  readonly data: any;
}

/** Reads a stream event by event. */
async function listen(bed: Bed, token: string) {
  const stop = new AbortController();
  const response = await fetch(`${bed.server.address}/api/v1/live`, {
    headers: { authorization: `Bearer ${token}` },
    signal: stop.signal,
  });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return {
    status: response.status,
    close: () => stop.abort(),
    async next(): Promise<Event | undefined> {
      while (!text.includes('\n\n')) {
        const { done, value } = await reader.read();
        if (done) return undefined;
        text += value;
      }
      const end = text.indexOf('\n\n');
      const lines = Object.fromEntries(
        text
          .slice(0, end)
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      );
      text = text.slice(end + 2);
      return { event: lines.event, id: Number(lines.id), data: JSON.parse(lines.data) };
    },
  };
}

describe('live', () => {
  let bed: Bed;
  let operator: Caller & { readonly token: string };
  before(async () => {
    bed = await openBed();
    await bed.person('op', ['operator']);
    await bed.person('other', ['operator']);
    await bed.person('boss', ['approver']);
    await bed.desk.lookAround();
    operator = await bed.as('op');
  });
  after(() => bed.close());

  test('a stream begins with a snapshot and goes on with frames, each number one more than the last', async () => {
    const stream = await listen(bed, operator.token);
    const snapshot = (await stream.next())!;
    assert.equal(snapshot.event, 'snapshot');
    assert.equal(snapshot.data.number, snapshot.id);
    for (let count = 1; count <= 3; count++) {
      await bed.desk.live.tell();
      const frame = (await stream.next())!;
      assert.deepEqual([frame.event, frame.id, frame.data.number], ['frame', snapshot.id + count, snapshot.id + count]);
    }
    stream.close();
  });

  test('whoever was away sees by the numbers what was missed, and the overview has it', async () => {
    const first = await listen(bed, operator.token);
    const { id } = (await first.next())!;
    first.close();
    await bed.desk.live.tell();
    await bed.desk.live.tell();
    const again = await listen(bed, operator.token);
    assert.equal((await again.next())!.id, id + 2);
    assert.equal((await operator('GET', '/api/v1/overview')).body.number, id + 2);
    again.close();
  });

  test('a payment shows in the rate of the second in which it was made', async () => {
    await bed.desk.sampler.look();
    await bed.recorded.pay({ kind: 'payout', institution: '00101', bank: '00201', amount: 100 });
    await bed.desk.sampler.look();
    const { figures, seconds } = (await operator('GET', '/api/v1/overview')).body;
    assert.ok(figures.rate.submitted > 0);
    assert.equal(figures.outcome.succeeded, 1);
    assert.ok(figures.latency.p50Ms > 0);
    assert.ok(seconds.submitted.at(-1) > 0);
  });

  test('a stream ends with its login', async () => {
    const caller = await bed.as('op');
    const stream = await listen(bed, caller.token);
    await stream.next();
    await caller('DELETE', '/api/v1/login');
    for (let frames = 0; frames < 10; frames++) await bed.desk.live.tell();
    let last: Event | undefined;
    for (let event = await stream.next(); event !== undefined; event = await stream.next()) last = event;
    assert.equal(last?.event, 'ended');
    assert.equal((await listen(bed, caller.token)).status, 401);
  });

  test('a cell that is away is a gap, said as such, and no old number looks new', async () => {
    await bed.cutLink();
    await bed.desk.sampler.look();
    const { figures } = (await operator('GET', '/api/v1/overview')).body;
    assert.equal(figures.rate, null);
    assert.equal(figures.cells[0].state, 'unreachable');
    assert.equal(figures.cells[0].epoch, null);
    assert.deepEqual(figures.cycles, []);
    assert.equal(figures.missing[0].what, 'cell');
    assert.equal((await operator('GET', '/api/v1/payments')).status, 200, 'the records are there all the same');
    await bed.mendLink();
    await bed.desk.sampler.look();
    assert.equal((await operator('GET', '/api/v1/overview')).body.figures.cells[0].state, 'serving');
  });

  test('a silent bank is one alarm, which can be taken in hand, put aside for a while and taken back', async () => {
    await bed.owner.query(
      `INSERT INTO records.payment SELECT 10001, lpad(n::text, 31, '0'), 'payout', '00101', '00202', 'x', 100, 156, NULL,
         'unknown', 'none', 0, 0, 1000 + n, 1000 + n, 1, 1, 0, 0, 0, '' FROM generate_series(1, 60) n`,
    );
    await bed.desk.lookAround();
    const [alarm] = (await operator('GET', '/api/v1/alarms')).body.alarms;
    assert.deepEqual(
      [alarm.alarmId, alarm.priority, alarm.state, alarm.symptoms],
      ['bankSilent:00202', 'P1', 'new', 60],
    );
    const path = '/api/v1/alarms/bankSilent:00202';
    assert.equal((await operator('POST', `${path}/acknowledgement`)).body.state, 'acknowledged');
    const shelve = (minutes: number) => operator('POST', `${path}/shelf`, { reason: 'they know', minutes });
    assert.equal((await shelve(120)).body.reason, 'fieldInvalid', 'a P1 for an hour at most');
    const asked = (await shelve(30)).body;
    assert.deepEqual([asked.state, asked.shelving.name, asked.shelving.minutes], ['acknowledged', 'Name of op', 30]);
    const agree = (by: Caller) => by('POST', `${path}/shelf/approval`);
    assert.equal((await agree(operator)).body.reason, 'changeIsYours', 'a P1 takes two persons');
    await bed.person('second', ['operator']);
    const second = await bed.as('second');
    const shelved = (await agree(second)).body;
    assert.deepEqual([shelved.state, shelved.owner, shelved.note], ['shelved', 'Name of op', 'they know']);
    assert.equal(shelved.shelving, null);
    assert.equal((await agree(second)).body.reason, 'changeNotOpen', 'once');
    const { incidents } = (await operator('GET', '/api/v1/participants/00202')).body;
    assert.deepEqual(
      incidents.map(({ alarmId, state }: Record<string, unknown>) => [alarmId, state]),
      [['bankSilent:00202', 'shelved']],
    );
    const { figures } = (await operator('GET', '/api/v1/overview')).body;
    assert.deepEqual([figures.alarmCounts.P1, figures.alarmCounts.shelved], [0, 1]);
    assert.equal(figures.unknown.payments, 60);
    assert.equal((await operator('DELETE', `${path}/shelf`)).body.state, 'acknowledged');
    assert.equal(
      (await operator('POST', '/api/v1/alarms/bankSilent:00299/acknowledgement')).body.reason,
      'alarmNotActive',
    );
  });

  test('a work item has one owner, who alone hands it over or closes it', async () => {
    await bed.owner.query(
      `INSERT INTO records.work_item VALUES (10001, 'contradiction:1', 'contradiction', '1', 1000, 2000, 'operator', 0, ''),
         (10001, 'overdue:2', 'overdue', '2', 1000, 2000, 'operator', 0, '')`,
    );
    const other = await bed.as('other');
    const path = '/api/v1/work/contradiction:1';
    assert.equal((await operator('POST', `${path}/end`, { reason: 'looked into' })).body.reason, 'notOwner');
    const taken = (await operator('POST', `${path}/owner`)).body;
    assert.deepEqual([taken.owner.login, taken.overdue, taken.closable], ['op', true, true]);
    assert.equal((await other('POST', `${path}/owner`)).body.reason, 'alreadyTaken');
    const handed = (await operator('POST', `${path}/handover`, { to: 'other', note: 'your bank' })).body;
    assert.deepEqual([handed.owner.login, handed.notes[0].text], ['other', 'your bank']);
    assert.equal((await operator('POST', `${path}/end`, { reason: 'looked into' })).body.reason, 'notOwner');
    const closed = (await other('POST', `${path}/end`, { reason: 'the bank has corrected it' })).body;
    assert.deepEqual([closed.closedAt !== null, closed.resolution], [true, 'the bank has corrected it']);
    await operator('POST', '/api/v1/work/overdue:2/owner');
    assert.equal(
      (await operator('POST', '/api/v1/work/overdue:2/end', { reason: 'no patience' })).body.reason,
      'endsItself',
    );
    const { workItems } = (await operator('GET', '/api/v1/work')).body;
    assert.deepEqual(
      workItems.map(({ workItemId }: { workItemId: string }) => workItemId),
      ['overdue:2'],
    );
  });

  test('whoever changes, removes or adds an entry of the audit log is found out', async () => {
    const boss = await bed.as('boss');
    const verify = async () => (await boss('GET', '/api/v1/audit-verification')).body;
    const { holds, to } = await verify();
    assert.equal(holds, true);
    assert.ok(to > 5);
    const { rows } = await bed.owner.query('SELECT * FROM console.audit ORDER BY sequence');
    const put = ({ sequence, content, previous_hash, hash }: Record<string, unknown>) =>
      bed.owner.query('INSERT INTO console.audit VALUES ($1, $2, $3, $4)', [sequence, content, previous_hash, hash]);
    const third = rows[2];
    const forged = third.content.replace('"act":"', '"act":"not');
    const tampers: readonly (readonly [string, () => Promise<unknown>, number, RegExp])[] = [
      [
        'changed',
        () => bed.owner.query('UPDATE console.audit SET content = $1 WHERE sequence = 3', [forged]),
        3,
        /not what was hashed/,
      ],
      [
        'changed with its hash',
        () =>
          bed.owner.query('UPDATE console.audit SET content = $1, hash = $2 WHERE sequence = 3', [
            forged,
            hashOfEntry(third.previous_hash, forged),
          ]),
        4,
        /does not name the hash/,
      ],
      ['removed', () => bed.owner.query('DELETE FROM console.audit WHERE sequence = 3'), 4, /entry 3 is missing/],
    ];
    for (const [what, tamper, at, problem] of tampers) {
      await tamper();
      const { holds: stillHolds, broken } = await verify();
      assert.deepEqual([what, stillHolds, broken?.sequence], [what, false, at]);
      assert.match(broken.problem, problem);
      await bed.owner.query('DELETE FROM console.audit WHERE sequence = 3');
      await put(third);
      assert.equal((await verify()).holds, true);
    }
  });
});
