import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDirectory, type Problem, problem, problemContentType, problems, signResponse } from '@clearway/contract';
import type { HttpResponse } from '@clearway/ports';
import { realChance, realClock, realCrypto } from '@clearway/ports/real';
import { createConnection } from './connection.ts';
import { Refused, Unanswered } from './outcome.ts';
import { createTestPlatform, type Fate, testGateway } from './testing/index.ts';

const path = '/v1/participants';
const message = { n: 1 };

/** Real time, but nobody waits: pauses between attempts are written down. */
async function rig(
  answers: readonly (Fate | Problem['reason'] | 'unsigned' | 'ok')[],
  more: { patienceMs?: number } = {},
) {
  const waits: number[] = [];
  const after = (delayMs: number, run: () => void) => {
    waits.push(delayMs);
    setImmediate(run);
    return () => {};
  };
  const clock = { ...realClock, after };
  const platform = await createTestPlatform({ clock, chance: realChance, crypto: realCrypto });
  const options = await platform.admit('00101', 'paymentInstitution');
  const left = [...answers];
  let now: (typeof answers)[number] = 'ok';
  const { network, signing } = platform;
  network.fate = () => {
    now = left.shift() ?? 'ok';
    return now === 'neverSent' || now === 'requestLost' || now === 'answerLost' ? now : 'delivered';
  };
  network.connect(new URL(testGateway).host, async (request) => {
    const response = now in problems ? refusal(now as Problem['reason']) : ok;
    return now === 'unsigned' ? response : signResponse(options.ports, signing, '00000', request, response);
  });
  const connection = createConnection({ ...options, attempts: 3, ...more });
  const ask = (acceptedUntil = 0) => connection.ask('POST', path, checkDirectory, message, { acceptedUntil });
  return { waits, network, ask };
}

const ok: HttpResponse = {
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from('{"participants":[]}'),
};

function refusal(reason: Problem['reason']): HttpResponse {
  const what = problem(reason, 'as the test wants it');
  return {
    status: what.status,
    headers: { 'content-type': problemContentType },
    body: Buffer.from(JSON.stringify(what)),
  };
}

test('each attempt has the same bytes under a fresh signature, with pauses that grow', async () => {
  const { ask, network, waits } = await rig(['requestLost', 'answerLost']);
  await ask();
  const [first, second] = network.sent;
  assert.deepEqual(first.body, second.body);
  assert.notEqual(first.headers.signature, second.headers.signature);
  assert.notEqual(first.headers['signature-input'], second.headers['signature-input']);
  assert.ok(waits[1] > waits[0] / 1.5 && waits[0] >= 50 && waits[0] <= 150, String(waits));
});

test('no attempt is made when patience has run out', async () => {
  const { ask, network } = await rig(['requestLost', 'requestLost', 'requestLost'], { patienceMs: 0 });
  await assert.rejects(ask(), Unanswered);
  assert.equal(network.sent.length, 1);
});

const outcomes: readonly (readonly [string, Parameters<typeof rig>[0], string, number])[] = [
  ['is answered at once', ['ok'], 'answered', 1],
  ['is answered after a lost request', ['requestLost', 'ok'], 'answered', 2],
  ['is answered after a refusal for now', ['overloaded', 'ok'], 'answered', 2],
  ['is signed anew for a gateway that has just started', ['signatureExpired', 'ok'], 'answered', 2],
  ['is refused at once', ['requestExpired'], 'requestExpired', 1],
  [
    'is refused for now as often as it is tried',
    ['cellUnavailable', 'cellUnavailable', 'cellUnavailable'],
    'cellUnavailable',
    3,
  ],
  ['is not repeated much when the platform is overloaded', ['overloaded', 'overloaded'], 'overloaded', 2],
  [
    'is refused when it never reached anybody else before',
    ['neverSent', 'neverSent', 'cellUnavailable'],
    'cellUnavailable',
    3,
  ],
  [
    'is refused for its content, also after an attempt that may have had its effect',
    ['answerLost', 'identifierReused'],
    'identifierReused',
    2,
  ],
  [
    'is unanswered when a refusal for now follows what may have had its effect',
    ['answerLost', 'cellUnavailable', 'cellUnavailable'],
    'unanswered',
    3,
  ],
  [
    'is unanswered when a refusal of the attempt follows what may have had its effect',
    ['requestLost', 'keyUnknown', 'keyUnknown'],
    'unanswered',
    3,
  ],
  [
    'is sent again when a copy of it, which may have been taken, came first',
    ['signatureReplayed', 'ok'],
    'answered',
    2,
  ],
  [
    'is unanswered when a refusal for now follows a copy that came first',
    ['signatureReplayed', 'cellUnavailable', 'cellUnavailable'],
    'unanswered',
    3,
  ],
  ['is unanswered when all is lost', ['requestLost', 'requestLost', 'requestLost'], 'unanswered', 3],
  ['is unanswered when nobody signs the answers', ['unsigned', 'unsigned', 'unsigned'], 'unanswered', 3],
  ['is unanswered when the platform itself does not know', ['none', 'none', 'none'], 'unanswered', 3],
  ['is unanswered when nobody could be reached', ['neverSent', 'neverSent', 'neverSent'], 'unanswered', 3],
];
for (const [what, answers, expected, attempts] of outcomes) {
  test(`a request ${what}`, async () => {
    const { ask, network } = await rig(answers);
    const outcome = await ask().then(
      () => 'answered',
      (error) => (error instanceof Refused ? error.problem.reason : error instanceof Unanswered ? 'unanswered' : error),
    );
    assert.deepEqual([outcome, network.sent.length], [expected, attempts]);
  });
}

for (const reason of ['signatureInvalid', 'notYours', 'enquiryBudgetSpent'] as const) {
  test(`a first attempt refused with ${reason} says nothing before a copy of it could no longer be accepted`, async () => {
    const { ask, network } = await rig([reason, reason, reason]);
    await assert.rejects(ask(Date.now() + 3_600_000), Unanswered);
    assert.equal(network.sent.length, 3);
    const later = await rig([reason]);
    await assert.rejects(
      later.ask(Date.now() - 1),
      (error) => error instanceof Refused && error.problem.reason === reason,
    );
    assert.equal(later.network.sent.length, 1);
  });
}

test('what is refused for what it says is refused, though a copy could still come', async () => {
  const { ask } = await rig(['requestExpired']);
  await assert.rejects(ask(Date.now() + 3_600_000), Refused);
});
