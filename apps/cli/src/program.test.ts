import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { realChance, realClock, realCrypto } from '@clearway/ports/real';
import { type MemoryDisk, memoryDisk, memoryStore, UnavailableError } from '@clearway/store';
import { exitCodes, type Surroundings } from './given.ts';
import type { Terminal } from './output/terminal.ts';
import { runProgram } from './program.ts';
import { noDesk } from './testing/no-desk.ts';
import { banks, institutions, place, playDay, recordCell } from './testing/recorded-cell.ts';
import { batchOf, flip, replaceBatch } from './testing/tamper.ts';

const disk = memoryDisk();
const day = await playDay(storeOn(disk), { clock: realClock, crypto: realCrypto, chance: realChance });

function storeOn(on: MemoryDisk) {
  return memoryStore({ crypto: realCrypto, chance: realChance, disk: on });
}

function capture(isTerminal: boolean): Terminal & { text: string } {
  const terminal = {
    text: '',
    write(text: string) {
      terminal.text += text;
    },
    isTerminal,
    colours: isTerminal,
    columns: 120,
  };
  return terminal;
}

async function clearway(line: string, given: Partial<Surroundings> & { readonly isTerminal?: boolean } = {}) {
  const { isTerminal = false, ...surroundings } = given;
  const output = capture(isTerminal);
  const errors = capture(isTerminal);
  const exitCode = await runProgram(line.split(' '), {
    output,
    errors,
    clock: realClock,
    crypto: realCrypto,
    signal: new AbortController().signal,
    openStore: async () => ({ store: storeOn(disk), place, opensBodies: true }),
    openOperator: async () => {
      throw new UnavailableError('no cell answers');
    },
    readFile: async (path) => {
      throw new Error(`there is no ${path}`);
    },
    desk: noDesk,
    ...surroundings,
  });
  return { exitCode, output: output.text, errors: errors.text };
}

const json = (text: string) => JSON.parse(text);

describe('for people', () => {
  const answers: readonly { readonly line: string; readonly says: readonly RegExp[] }[] = [
    { line: 'participants list', says: [/00101 +Participant 00101 +payment institution +active/, /1000000\.00 CNY/] },
    { line: 'participants show 201', says: [/role +bank/, /net debit cap +1000000\.00 CNY/, /key 1 +ed25519/] },
    { line: `payments show ${day.succeeded}`, says: [/state +succeeded/, /amount +50\.00 CNY/, /cycle +1/] },
    { line: `payments show ${day.refused}`, says: [/state +refused \(agreementLimitExceeded\)/] },
    { line: 'payments list --state failed', says: [new RegExp(day.declined), new RegExp(day.silent)] },
    { line: `agreements show ${day.agreementId}`, says: [/state +active/, /limit a payment +10000\.00 CNY/] },
    { line: 'cycles list', says: [/1 +[0-9-]+ +settled/, /2 +[0-9-]+ +open/] },
    { line: 'cycles show 1', says: [/state +settled/, /00201 +Participant 00201/] },
    { line: 'cycles report 1', says: [/sum of nets +zero/, /all .* 0\.00 CNY/, /file of/] },
    { line: 'cycles file 1 00101', says: [/^H,1,TEST,sandbox,1,/, /\nS,sha-256,[0-9a-f]{64}\n$/] },
    { line: 'work list', says: [/Nothing waits for a person/] },
    { line: 'config show', says: [/TEST, sandbox, version 1/, /2 payment institutions, 2 banks, 0 suspended/] },
    { line: 'config history', says: [/scheme +1 +1 /, /participants +1 +2 /] },
    { line: 'journal replay', says: [/commands\/s/, /state hash +[0-9a-f]{64}/] },
    { line: 'journal verify', says: [/exact: everything that was checked agrees/] },
    { line: 'verify --no-signatures', says: [/exact/, /not checked +End-to-end signatures/] },
  ];
  for (const { line, says } of answers) {
    test(line.replace(/[0-9]{31}/, '<identifier>'), async () => {
      const { exitCode, output, errors } = await clearway(line);
      assert.equal(errors, '');
      assert.equal(exitCode, exitCodes.done);
      for (const pattern of says) assert.match(output, pattern);
      assert.ok(!output.includes('\x1b'), 'no colours without a terminal');
    });
  }

  test('colours are for terminals', async () => {
    const { output } = await clearway('cycles list', { isTerminal: true });
    assert.ok(output.includes('\x1b[32msettled\x1b[0m'));
  });
});

describe('for programs', () => {
  test('every reading command answers with one JSON value on one line', async () => {
    const lines = [
      'participants list',
      'participants show 00101',
      `payments show ${day.succeeded}`,
      `payments trace ${day.succeeded}`,
      `evidence ${day.succeeded}`,
      'payments list --limit 3',
      `agreements show ${day.agreementId}`,
      'cycles list',
      'cycles show 1',
      'cycles report 1',
      'cycles file 1 00101',
      'journal verify',
      'journal describe 1',
      'journal replay',
      'config show',
      'config show --kind scheme',
      'config history',
      'work list',
      'verify',
    ];
    for (const line of lines) {
      const { exitCode, output } = await clearway(`${line} --json`);
      assert.equal(exitCode, exitCodes.done, line);
      assert.equal(output.indexOf('\n'), output.length - 1, line);
      assert.doesNotThrow(() => json(output), line);
    }
  });

  test('amounts are exact, in major units with their currency', async () => {
    const { output } = await clearway(`--json payments show ${day.succeeded}`);
    assert.deepEqual(json(output).interbankSettlementAmount, { amount: '50.00', currency: 'CNY' });
  });

  test('the totals of a cycle net to zero', async () => {
    const { totals } = json((await clearway('cycles report 1 --json')).output);
    assert.equal(totals.length, 1);
    assert.equal(totals[0].net, '0.00');
    assert.equal(totals[0].credits, totals[0].debits);
  });
});

describe('payments trace', () => {
  const stagesOf = async (paymentId: string): Promise<string[]> => {
    const { output } = await clearway(`payments trace ${paymentId} --json`);
    return json(output).stages.map(({ stage }: { stage: string }) => stage);
  };

  test('a success is followed to its settlement', async () => {
    assert.deepEqual(await stagesOf(day.succeeded), [
      'received',
      'validated',
      'offered',
      'answered: succeeded',
      'answer recorded',
      'told: succeeded',
      'cycle 1 cut off',
      'netted',
      'settled',
    ]);
  });

  test('a silent bank is seen, and what ended the payment', async () => {
    const stages = await stagesOf(day.silent);
    assert.deepEqual(stages.slice(0, 4), ['received', 'validated', 'offered', 'told: unknown']);
    assert.ok(stages.includes('answer repeated'), 'the enquiries that brought nothing');
    assert.deepEqual(stages.slice(-4), ['reversal decided', 'answered: blocked', 'answer recorded', 'told: failed']);
  });

  test('a refusal ends where it was decided', async () => {
    assert.deepEqual(await stagesOf(day.refused), ['received', 'validated', 'told: refused (agreementLimitExceeded)']);
  });

  test('whoever was waited for is named', async () => {
    const { output } = await clearway(`payments trace ${day.late}`);
    assert.match(output, /told: unknown .* 00201/);
    assert.match(output, /answered: succeeded .* 00201 /);
  });
});

describe('journal describe', () => {
  const requestSequence = disk.records.payments.get(day.succeeded)!.requestSequence;

  test('names facts and outcomes, and hides what is sealed', async () => {
    const { output } = await clearway(`journal describe ${requestSequence}`);
    assert.match(output, /submitPayment +accepted/);
    assert.match(output, new RegExp(`paymentId +${day.succeeded}`));
    assert.match(output, /amount +50\.00 CNY/);
    assert.match(output, /"sealed": "\[16 bytes, sha-256 [0-9a-f]{16}…\]"/);
    assert.doesNotMatch(output, /c2VhbGVkIGZvc/, 'not the sealed bytes themselves');
  });

  test('without body keys the messages stay closed, and that is said', async () => {
    const openStore = async () => ({ store: storeOn(disk), place, opensBodies: false });
    const { exitCode, output } = await clearway(`journal describe ${requestSequence}`, { openStore });
    assert.equal(exitCode, exitCodes.done);
    assert.match(output, /does not hold the body keys/);
    assert.doesNotMatch(output, /sealed/);
  });
});

describe('verify', () => {
  const broken = structuredClone(disk);
  const sequence = disk.records.payments.get(day.declined)!.requestSequence;
  const batch = batchOf(broken, sequence);
  replaceBatch(broken, { ...batch, facts: flip(batch.facts, 60) });
  const openStore = async () => ({ store: storeOn(broken), place, opensBodies: true });

  test('names the batch that is broken and says no by its exit code', async () => {
    const { exitCode, output } = await clearway('verify', { openStore });
    assert.equal(exitCode, exitCodes.no);
    assert.match(output, new RegExp(`${sequence} +chain .*facts were changed`));
    assert.match(output, /1 breach\b/);
  });

  test('tells programs the same in one object', async () => {
    const { exitCode, output } = await clearway('verify --json', { openStore });
    assert.equal(exitCode, exitCodes.no);
    const report = json(output);
    assert.equal(report.isExact, false);
    assert.equal(report.breaches[0].sequence, sequence);
  });
});

describe('what goes wrong is said, with an exit code of its own', () => {
  const cases: readonly { readonly line: string; readonly exitCode: number; readonly says: RegExp }[] = [
    { line: 'payments show 123', exitCode: exitCodes.usage, says: /31 digits, this has 3/ },
    { line: 'payments list --state lost', exitCode: exitCodes.usage, says: /Allowed choices are refused, offered/ },
    { line: 'payments list --from yesterday', exitCode: exitCodes.usage, says: /2026-11-22/ },
    { line: 'cycles show 0', exitCode: exitCodes.usage, says: /whole number from 1 on/ },
    { line: 'cycles open', exitCode: exitCodes.usage, says: /unknown command 'open'/ },
    { line: 'payments', exitCode: exitCodes.usage, says: /Usage: clearway payments/ },
    { line: `payments show ${day.payout.replace(/.$/, '2')}`, exitCode: exitCodes.no, says: /There is no payment/ },
    { line: 'cycles show 99', exitCode: exitCodes.no, says: /There is no cycle 99/ },
    { line: 'cycles report 2', exitCode: exitCodes.no, says: /still open: close it first/ },
    { line: 'cycles file 1 00999', exitCode: exitCodes.no, says: /no file of 00999/ },
    { line: 'participants show 99', exitCode: exitCodes.no, says: /no participant 00099/ },
    { line: 'journal describe 100000', exitCode: exitCodes.no, says: /no batch 100000/ },
    { line: 'cycles close', exitCode: exitCodes.unavailable, says: /no cell answers/ },
    { line: 'login', exitCode: exitCodes.unavailable, says: /No console runs/ },
    { line: 'login --url http://127.0.0.1:1 --name li', exitCode: exitCodes.unavailable, says: /No console answers/ },
    { line: 'audit verify', exitCode: exitCodes.usage, says: /not logged in/ },
    { line: 'console get-overview', exitCode: exitCodes.usage, says: /not logged in/ },
    { line: 'console shelve-alarm x --reason because', exitCode: exitCodes.usage, says: /--minutes/ },
  ];
  for (const { line, exitCode: expected, says } of cases) {
    test(line.replace(/[0-9]{31}/, '<identifier>'), async () => {
      const { exitCode, output, errors } = await clearway(line);
      assert.match(errors, says);
      assert.equal(output, '');
      assert.equal(exitCode, expected);
    });
  }
});

describe('evidence', () => {
  const adopted = async () => (await storeOn(disk).configurations.get('participants', 1))!;
  /** Verifies `evidence` as a file, with the keys of the participants document as another. */
  const verify = async (evidence: unknown, more = '', keys?: Uint8Array) => {
    const files: Record<string, Uint8Array> = {
      'evidence.json': Buffer.from(JSON.stringify(evidence)),
      'keys.json': keys ?? (await adopted()),
    };
    const openStore = async () => assert.fail('evidence is verified without a database');
    const readFile = async (path: string) => files[path] ?? assert.fail(`no file ${path}`);
    return clearway(`evidence verify evidence.json${more}`, { openStore, readFile });
  };
  const make = async (paymentId: string, more = '') => json((await clearway(`evidence ${paymentId}${more}`)).output);
  const resultsOf = (output: string): string[] => json(output).steps.map(({ result }: { result: string }) => result);

  test('of a success holds with keys and anchor from elsewhere, by what it shows', async () => {
    const record = disk.records.payments.get(day.succeeded)!;
    const last = record.answerSequence + 2;
    const { hash } = json((await clearway(`journal describe ${last} --json`)).output);
    const evidence = await make(day.succeeded, ` --to ${last} --with-batches`);
    const trusting = ` --keys keys.json --anchor ${last}:${hash}`;
    const proved = await verify(evidence, `${trusting} --json`);
    assert.equal(proved.errors, '');
    assert.equal(proved.exitCode, exitCodes.done);
    assert.deepEqual(resultsOf(proved.output), new Array(9).fill('holds'));
    const { output } = await verify(evidence, trusting);
    assert.match(output, /agreementPayment of CNY 50\.00, asked by 00101 of bank 00201/);
    assert.match(output, /succeeded, answered by 00201 at/);
    assert.match(output, /accepted in batch [0-9]+ at/);
    assert.match(output, /verdict +holds/);
  });

  test('shows no other payment unless asked to', async () => {
    const evidence = await make(day.succeeded);
    assert.deepEqual(evidence.journal.facts, []);
    const { exitCode, output } = await verify(evidence);
    assert.equal(exitCode, exitCodes.done);
    assert.match(output, /the journal took the request, and decided on it +not shown/);
    assert.match(output, /not shown +taken from the evidence itself: 00101 key 1 SHA-256 [0-9a-f]{64}/);
  });

  for (const [name, says] of [
    ['declined', /failed \(bankInsufficientFunds\), answered by 00201/],
    ['silent', /blocked, answered by 00201/],
    ['refused', /refused \(agreementLimitExceeded\) in batch/],
    ['payout', /payout of CNY 25\.00, asked by 00101 of bank 00202/],
  ] as const) {
    test(`of a payment that was ${name} tells so`, async () => {
      const { exitCode, output } = await verify(await make(day[name], ' --with-batches'));
      assert.equal(exitCode, exitCodes.done);
      assert.match(output, says);
    });
  }

  test('that was changed is broken, and the exit code says so', async () => {
    const evidence = await make(day.succeeded, ' --with-batches');
    const other = await make(day.payout);
    const changed: [name: string, evidence: object][] = [
      ['the answer of another payment', { ...evidence, answer: other.answer }],
      ['the request of another payment', { ...evidence, request: other.request }],
      ['the journal of another payment', { ...evidence, journal: other.journal, cell: { centre: 1, cell: 9 } }],
      ['another payment', { ...evidence, paymentId: day.payout }],
    ];
    for (const [name, one] of changed) {
      const { exitCode, output } = await verify(one, ' --keys keys.json');
      assert.equal(exitCode, exitCodes.no, name);
      assert.match(output, /broken: this evidence proves nothing/, name);
    }
  });

  test('does not hold with the keys of others', async () => {
    const text = Buffer.from(await adopted()).toString('utf8');
    const swapped = text.replaceAll('"00101"', '"x"').replaceAll('"00102"', '"00101"').replaceAll('"x"', '"00102"');
    const { exitCode, output } = await verify(await make(day.succeeded), ' --keys keys.json', Buffer.from(swapped));
    assert.equal(exitCode, exitCodes.no);
    assert.match(output, /the keys are those that the verifier trusts +broken/);
  });

  test('is not made without the keys of the bodies, nor past the end of the journal', async () => {
    const openStore = async () => ({ store: storeOn(disk), place, opensBodies: false });
    const closed = await clearway(`evidence ${day.succeeded}`, { openStore });
    assert.match(closed.errors, /does not hold the body keys/);
    assert.match((await clearway(`evidence ${day.succeeded} --to 9999`)).errors, /The journal ends at batch/);
    assert.match((await clearway(`evidence ${day.succeeded} --to 1`)).errors, /before batch [0-9]+, in which/);
  });

  test('what is no evidence is said to be none', async () => {
    const { exitCode, errors } = await verify({ format: 'clearway-evidence-1' });
    assert.equal(exitCode, exitCodes.no);
    assert.match(errors, /evidence\.json is not evidence: /);
    const unreadable = await clearway('evidence verify nowhere.json');
    assert.match(unreadable.errors, /nowhere\.json cannot be read: there is no nowhere\.json/);
    const empty = await verify(await make(day.succeeded), ' --keys keys.json', Buffer.from('{}'));
    assert.match(empty.errors, /keys\.json holds no participants/);
  });
});

describe('a payment over the stream', async () => {
  const ports = { clock: realClock, crypto: realCrypto, chance: realChance };
  const streamed = memoryDisk();
  const played = await recordCell(storeOn(streamed), ports);
  const link = await played.link();
  const [institution, bank] = [institutions[0], banks[1]];
  const payments = Array.from({ length: 5 }, (_, index) => ({
    paymentId: played.nextId(institution),
    bank,
    amount: 1000 + 10 * index,
    endToEndId: `order ${index}`,
    expiresAt: realClock.now() + 4000,
  }));
  link.send(payments);
  await played.until(() => payments.every(({ paymentId }) => link.outcomes(paymentId).length > 0));
  await played.until(() => played.cell.state.inFlight === 0);
  for (const signer of [institution, bank]) {
    await link.checkpoint(signer);
    await played.until(() => link.covered(signer) === link.sent(signer));
  }
  await played.stop();
  const { paymentId } = payments[2];
  const { requestSequence, requestIndex } = streamed.records.payments.get(paymentId)!;
  const onStream = { openStore: async () => ({ store: storeOn(streamed), place, opensBodies: true }) };

  test('is proved by checkpoints, and its evidence holds', async () => {
    const evidence = json((await clearway(`evidence ${paymentId} --with-batches`, onStream)).output);
    assert.equal(evidence.request.signature, undefined);
    assert.equal(evidence.request.checkpoint.path.length, 3);
    const readFile = async () => Buffer.from(JSON.stringify(evidence));
    const { exitCode, output } = await clearway('evidence verify evidence.json', { readFile });
    assert.equal(exitCode, exitCodes.done);
    assert.match(output, /message 2 of stream [0-9]+, by the checkpoint over 0 to 4, key 1 \(ed25519\) of 00101/);
    assert.match(output, /by the checkpoint over 0 to [0-9]+, key 1 \(ecdsa-p256-sha256\) of 00202/);
  });

  test('is traced and described like any other', async () => {
    const trace = await clearway(`payments trace ${paymentId} --json`, onStream);
    assert.ok(json(trace.output).stages.some(({ stage }: { stage: string }) => stage === 'answered: succeeded'));
    const { output } = await clearway(`journal describe ${requestSequence} --json`, onStream);
    const { message } = json(output).commands[requestIndex];
    assert.deepEqual([message.paymentId, message.position], [paymentId, 2]);
  });

  test('that only the archive has is found through the cell', async () => {
    const record = streamed.records.payments.get(paymentId);
    const asked: string[] = [];
    const operator = {
      paymentRecord: async (id: string) => {
        asked.push(id);
        return record;
      },
      close() {},
    };
    const openOperator = async () => operator as unknown as Awaited<ReturnType<Surroundings['openOperator']>>;
    const openStore = async () => ({ store: storeOn(memoryDisk()), place, opensBodies: true });
    const { output } = await clearway(`payments show ${paymentId}`, { openOperator, openStore });
    assert.match(output, /state +succeeded/);
    assert.deepEqual(asked, [paymentId]);
  });
});

test('--help is there for the program, each noun and each verb, and is no error', async () => {
  for (const line of ['--help', 'payments --help', 'payments trace --help', 'verify --help']) {
    const { exitCode, output } = await clearway(line);
    assert.equal(exitCode, exitCodes.done, line);
    assert.match(output, /Usage: clearway/, line);
    assert.match(output, /--json/, `${line} names the option that works everywhere`);
  }
});

test('an interrupted command closes what it opened and says so by its exit code', async () => {
  const stop = new AbortController();
  let closed = false;
  const openStore = async () => {
    const store = storeOn(disk);
    const close = async () => {
      closed = true;
    };
    stop.abort(new Error('Interrupted.'));
    return { store: { ...store, close }, place, opensBodies: true };
  };
  const { exitCode } = await clearway('verify', { openStore, signal: stop.signal });
  assert.equal(exitCode, exitCodes.interrupted);
  assert.equal(closed, true);
});

test('closing a cycle goes to the cell, and waits for its settlement when asked to', async () => {
  const calls: string[] = [];
  const operator = {
    closeCycle: async () => 7,
    cycleReached: async (cycle: number, state: string) => void calls.push(`${cycle} ${state}`),
    recordsWritten: async () => void calls.push('records'),
    close: () => void calls.push('closed'),
  };
  const openOperator = async () => operator as unknown as Awaited<ReturnType<Surroundings['openOperator']>>;
  const at = await clearway('cycles close', { openOperator });
  assert.equal(at.output, 'Cycle 7 is cut.\n');
  const settled = await clearway('cycles close --settled --json', { openOperator });
  assert.deepEqual(json(settled.output), { cycle: 7, state: 'settled' });
  assert.deepEqual(calls, ['closed', '7 settled', 'records', 'closed']);
});
