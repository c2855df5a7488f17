/** The command line does what the console can do, by the same API, as a person who has logged in. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { realClock } from '@clearway/ports/real';
import { codeOf, stepAt } from './people/one-time-code.ts';
import { type Bed, openBed } from './test-bed.ts';

const program = fileURLToPath(new URL('../../cli/dist/main.js', import.meta.url));

describe('the command line', () => {
  let bed: Bed;
  let folder: string;
  let paymentId: string;
  let people: Record<'li' | 'wang', { readonly secret: Uint8Array; readonly password: string }>;
  before(async () => {
    bed = await openBed();
    folder = await mkdtemp(join(tmpdir(), 'clearway-cli-'));
    people = { li: await bed.person('li', ['operator', 'proposer']), wang: await bed.person('wang', ['approver']) };
    paymentId = (await bed.recorded.pay({ kind: 'payout', institution: '00101', bank: '00201', amount: 500 }))
      .paymentId;
    await bed.recorded.cell.recordsWritten();
    await bed.desk.lookAround();
  });
  after(async () => {
    await bed.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Each person with a folder of her own. */
  const run = (who: string, args: readonly string[], input = '') =>
    new Promise<{ code: number; out: string; err: string }>((resolve) => {
      const env = { ...process.env, XDG_CONFIG_HOME: join(folder, who), CLEARWAY_DATA: folder };
      const child = execFile(process.execPath, [program, ...args], { env }, (error, out, err) =>
        resolve({ code: Number(error?.code ?? 0), out, err }),
      );
      child.stdin!.end(input);
    });
  const logIn = (who: keyof typeof people) =>
    run(
      who,
      ['login', '--url', bed.server.address, '--name', who],
      `${people[who].password}\n${codeOf(people[who].secret, stepAt(realClock.now()))}\n`,
    );

  test('logs in, keeps the token for its owner alone, and is nobody after logging out', async () => {
    const { code, out } = await logIn('li');
    assert.equal(code, 0);
    assert.match(out, /^Logged in as Name of li \(operator, proposer\)/);
    assert.equal((await stat(join(folder, 'li', 'clearway', 'login.json'))).mode & 0o777, 0o600);
    assert.equal(JSON.parse((await run('li', ['--json', 'console', 'get-login'])).out).person.login, 'li');
    assert.equal((await run('li', ['logout'])).code, 0);
    assert.equal((await run('li', ['console', 'get-login'])).code, 2);
    const stepNext = codeOf(people.li.secret, stepAt(realClock.now()) + 1);
    await run('li', ['login', '--url', bed.server.address, '--name', 'li'], `${people.li.password}\n${stepNext}\n`);
  });

  test('finds payments by the grammar of the pages', async () => {
    const { out } = await run('li', [
      '--json',
      'console',
      'get-payments',
      '--q',
      'bank:00201 amount:<10',
      '--limit',
      '5',
    ]);
    assert.deepEqual(
      JSON.parse(out).payments.map((one: { paymentId: string }) => one.paymentId),
      [paymentId],
    );
    const refused = await run('li', ['console', 'get-payments', '--q', 'colour:red']);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /there is no field colour/);
  });

  test('changes a cap with two persons, and not with one', async () => {
    const proposed = await run('li', [
      '--json',
      'console',
      'propose-change',
      '--kind',
      'netDebitCap',
      '--participant',
      '00201',
      '--cap',
      '2000000.00 CNY',
      '--why',
      'the autumn sale',
    ]);
    const { changeId, state } = JSON.parse(proposed.out);
    assert.equal(state, 'proposed');
    const alone = await run('li', ['console', 'approve-change', String(changeId), '--confirmation', '']);
    assert.match(alone.err, /notAllowed/);
    await logIn('wang');
    const approved = await run('wang', ['--json', 'console', 'approve-change', String(changeId), '--confirmation', '']);
    assert.equal(JSON.parse(approved.out).state, 'executed');
    const bank = bed.recorded.cell.configuration().participants.find(({ code }) => code === '00201')!;
    assert.equal(bank.netDebitCaps[0].amount, '200000000');
  });

  test('proves the audit log by itself, and finds what was changed', async () => {
    const { code, out } = await run('wang', ['audit', 'verify']);
    assert.equal(code, 0, out);
    assert.match(out, /the chain holds/);
    const { rows } = await bed.owner.query('SELECT content FROM console.audit WHERE sequence = 2');
    await bed.owner.query(`UPDATE console.audit SET content = replace(content, 'li', 'il') WHERE sequence = 2`);
    const broken = await run('wang', ['audit', 'verify']);
    assert.equal(broken.code, 1);
    assert.match(broken.out, /entry 2 is not what was hashed/);
    await bed.owner.query('UPDATE console.audit SET content = $1 WHERE sequence = 2', [rows[0].content]);
  });

  test('gets evidence that holds without anybody being asked, until somebody changes it', async () => {
    const file = join(folder, 'evidence.json');
    const { out } = await run('li', ['--json', 'console', 'get-evidence', paymentId]);
    await writeFile(file, out);
    const checked = await run('li', ['evidence', 'verify', file]);
    assert.equal(checked.code, 0, checked.out + checked.err);
    const whole = JSON.parse(await readFile(file, 'utf8'));
    const body = Buffer.from(whole.request.body, 'base64').toString().replace('"5.00"', '"9.00"');
    await writeFile(
      file,
      JSON.stringify({ ...whole, request: { ...whole.request, body: Buffer.from(body).toString('base64') } }),
    );
    assert.equal((await run('li', ['evidence', 'verify', file])).code, 1);
  });
});
