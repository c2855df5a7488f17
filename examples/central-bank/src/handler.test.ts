import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { checkAccountEntries, checkSettlementAdvice, signRequest, verifyResponse } from '@clearway/contract';
import { listen, realChance, realClock, realCrypto, realNetwork } from '@clearway/ports/real';
import { type BookRecord, createBook } from './book.ts';
import { createHandler } from './handler.ts';
import { openJournal } from './journal.ts';
import { createNonces } from './nonces.ts';
import { decideOpening, openAccounts } from './opening.ts';

const ports = { clock: realClock, chance: realChance, crypto: realCrypto, network: realNetwork() };
const accounts = [
  { participant: '00101', currency: 'CNY', openingBalance: '100.00' },
  { participant: '00201', currency: 'CNY', openingBalance: '50.00' },
  { participant: '00202', currency: 'CNY', openingBalance: '0.00' },
];

let folder: string;
let journals = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clearway-central-bank-'));
});
after(async () => {
  ports.network.close();
  await rm(folder, { recursive: true });
});

async function signer() {
  const { publicKey, privateKey } = await realCrypto.generateSigningKey('ed25519');
  const named = { suite: 'ed25519', version: 1 } as const;
  return { signing: { ...named, privateKey }, keys: [{ ...named, publicKey }] };
}

/** The central bank over loopback; `start` begins anew from the same journal. */
async function rig(context: TestContext) {
  const [platform, own] = [await signer(), await signer()];
  const path = join(folder, `${++journals}.jsonl`);

  async function start() {
    const book = createBook();
    openAccounts(book, accounts);
    const journal = openJournal<BookRecord>(path, book.apply);
    const opening = decideOpening(book, accounts, 1);
    journal.append(opening);
    opening.forEach(book.apply);
    const handler = createHandler({
      ...{ ports, book, write: journal.append, code: '00001', signing: own.signing },
      platform: { code: '00000', keys: platform.keys },
      firstUse: createNonces(realClock),
    });
    const server = await listen(handler, { host: '127.0.0.1', port: 0, maxBodyBytes: 100_000 });
    context.after(() => server.close());

    async function ask(method: string, path: string, message?: object, signing = platform.signing) {
      const body = message ? Buffer.from(JSON.stringify(message)) : new Uint8Array(0);
      const headers: Record<string, string> = message ? { 'content-type': 'application/json' } : {};
      const request = { method, url: `http://127.0.0.1:${server.port}${path}`, headers, body };
      const sent = await signRequest(ports, signing, '00000', request);
      const response = await ports.network.request(sent, { timeoutMs: 5_000 });
      const verified = await verifyResponse(ports, sent, response, { code: '00001', keys: own.keys });
      assert.equal(verified.ok, true);
      return { status: response.status, body: JSON.parse(Buffer.from(response.body).toString()) };
    }
    return { ask, book, close: () => server.close().then(journal.close) };
  }
  return { start };
}

const instruction = (nets: readonly (readonly [string, string])[], instructionId = 'C1-CNY') => ({
  ...{ instructionId, cycle: 1, businessDate: '2026-11-22', currency: 'CNY' },
  positions: nets.map(([participant, net]) => ({ participant, net })),
});
const covered = instruction([
  ['00101', '-30.00'],
  ['00201', '10.00'],
  ['00202', '20.00'],
]);

test('an instruction is settled, shown in the entries of each account, and remembered over a restart', async (context) => {
  const { start } = await rig(context);
  const first = await start();
  const { status, body: advice } = await first.ask('POST', '/v1/settlements', covered);
  assert.deepEqual([status, advice.state, advice.shortfalls], [200, 'settled', []]);
  assert.equal(checkSettlementAdvice(advice).ok, true);
  await first.close();

  const second = await start();
  assert.deepEqual((await second.ask('POST', '/v1/settlements', covered)).body, advice);
  const reordered = { ...covered, positions: [...covered.positions].reverse() };
  assert.deepEqual((await second.ask('POST', '/v1/settlements', reordered)).body, advice);
  assert.deepEqual((await second.ask('GET', '/v1/settlements/C1-CNY')).body, advice);
  const { body } = await second.ask('GET', '/v1/accounts/00101/entries?currency=CNY&after=0');
  assert.equal(checkAccountEntries(body).ok, true);
  assert.deepEqual(
    body.entries.map(({ entry, kind, amount, reference }: Record<string, unknown>) => [entry, kind, amount, reference]),
    [
      [1, 'deposit', '100.00', 'opening'],
      [2, 'settlement', '-30.00', 'C1-CNY'],
    ],
  );
  const later = await second.ask('GET', '/v1/accounts/00101/entries?currency=CNY&after=2');
  assert.deepEqual(later.body, { entries: [] });
});

test('a shortfall queues the whole, is told, and a deposit settles it', async (context) => {
  const { ask, book } = await (await rig(context)).start();
  const short = instruction([
    ['00201', '-70.00'],
    ['00101', '70.00'],
  ]);
  const queued = (await ask('POST', '/v1/settlements', short)).body;
  const shortfalls = [{ participant: '00201', missing: '20.00' }];
  assert.deepEqual(queued, { instructionId: 'C1-CNY', state: 'queued', shortfalls });
  assert.deepEqual((await ask('POST', '/v1/settlements', short)).body, queued);
  const deposit = { reference: 'cash-1', amount: '20.00', currency: 'CNY' };
  const entry = (await ask('POST', '/v1/accounts/00201/deposits', deposit)).body;
  assert.deepEqual([entry.entry, entry.kind, entry.amount], [2, 'deposit', '20.00']);
  assert.deepEqual((await ask('POST', '/v1/accounts/00201/deposits', deposit)).body, entry);
  assert.equal((await ask('GET', '/v1/settlements/C1-CNY')).body.state, 'settled');
  assert.deepEqual(
    book.accounts().map(({ balance }) => balance),
    [17_000n, 0n, 0n],
  );
});

const refusals: readonly (readonly [string, string, string, object | undefined, number, string])[] = [
  [
    'what does not add up to zero',
    'POST',
    '/v1/settlements',
    instruction([['00101', '-1.00']], 'new'),
    400,
    'fieldInvalid',
  ],
  [
    'an account that is none',
    'POST',
    '/v1/settlements',
    instruction([['00999', '0.00']], 'new'),
    422,
    'accountMissing',
  ],
  [
    'an amount with other decimals',
    'POST',
    '/v1/settlements',
    instruction([['00101', '0.0']], 'new'),
    400,
    'amountInvalid',
  ],
  ['a known id with other content', 'POST', '/v1/settlements', { ...covered, cycle: 2 }, 409, 'identifierReused'],
  ['an unknown instruction', 'GET', '/v1/settlements/C9-CNY', undefined, 404, 'notFound'],
  ['entries of no account', 'GET', '/v1/accounts/00101/entries?currency=USD&after=0', undefined, 422, 'accountMissing'],
  ['entries after nothing', 'GET', '/v1/accounts/00101/entries?currency=CNY&after=x', undefined, 400, 'fieldInvalid'],
  ['a path that is none', 'GET', '/v1/nothing', undefined, 404, 'notFound'],
  [
    'a deposit of nothing',
    'POST',
    '/v1/accounts/00101/deposits',
    { reference: 'r', amount: '0', currency: 'CNY' },
    400,
    'amountInvalid',
  ],
];
test('what cannot be booked is refused with a signed problem, and nothing moves', async (context) => {
  const { ask, book } = await (await rig(context)).start();
  await ask('POST', '/v1/settlements', covered);
  const before = book.accounts().map(({ entries }) => entries.length);
  for (const [what, method, path, message, status, reason] of refusals) {
    const { status: got, body } = await ask(method, path, message);
    assert.deepEqual([what, got, body.reason], [what, status, reason]);
  }
  const { signing } = await signer();
  assert.equal((await ask('POST', '/v1/settlements', covered, signing)).body.reason, 'signatureInvalid');
  assert.deepEqual(
    book.accounts().map(({ entries }) => entries.length),
    before,
  );
});
