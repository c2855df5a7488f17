/**
 * What bad input gets: each row is sent as a real request with a real institution's key and must come back as the
 * problem of its reason, with nothing half done behind it.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  canonicalPaymentAnswer,
  formatTime,
  type PaymentRequest,
  signMessage,
  type Unsigned,
} from '@clearway/contract';
import type { Reason } from '@clearway/core';
import type { HttpRequest } from '@clearway/ports';
import type { ParticipantsDocument, Statistics } from '@clearway/server';
import { startWorld, type World } from '@clearway/start';
import { customer, type Player, play, ports, requestAgreement, signAgreement } from './player.ts';
import { assertProblem, get, post, readProblem, sealedBySignature, send, signed } from './raw.ts';
import { killAndWait, replaceJson, tameBanks } from './restart.ts';
import { until } from './until.ts';

interface Stage {
  readonly wallet: Player;
  readonly other: Player;
  readonly bank: Player;
  readonly otherBank: Player;
  /** With bank 00201, at most 100.00 a payment. */
  readonly agreement: string;
  readonly unconfirmed: string;
  readonly rescinded: string;
  /** Of the other wallet. */
  readonly foreign: string;
  /** 10.00 under the agreement, a payout, and a payment that the bank failed for lack of funds. */
  readonly paid: PaymentRequest;
  readonly paidOut: PaymentRequest;
  readonly failed: PaymentRequest;
}

type Make = (stage: Stage) => HttpRequest | Promise<HttpRequest>;
type Change = Partial<Unsigned<PaymentRequest>>;
type ChangeOf = Change | ((stage: Stage, message: Unsigned<PaymentRequest>) => Change);

// ---- how the rows below make their requests ----

async function draft(stage: Stage, change: ChangeOf = {}): Promise<Unsigned<PaymentRequest>> {
  const { wallet } = stage;
  const message: Unsigned<PaymentRequest> = {
    paymentId: await wallet.institution.nextPaymentId(),
    kind: 'payout',
    instructedAgent: '00201',
    interbankSettlementAmount: { amount: '1.00', currency: 'CNY' },
    endToEndId: 'bad-input',
    expiresAt: formatTime(Date.now() + 10_000),
  };
  return { ...message, ...(typeof change === 'function' ? change(stage, message) : change) };
}

/** Changed first, then signed end to end: honest, and wrong. */
const payment =
  (change: ChangeOf = {}): Make =>
  async (stage) => {
    const message = await sealedBySignature(stage.wallet, await draft(stage, change));
    return signed(stage.wallet, post(stage.wallet, '/v1/payments', message));
  };

/** Signed end to end, then changed; `undefined` takes a field away. */
const spoilt =
  (change: Record<string, unknown>): Make =>
  async (stage) => {
    const message = await sealedBySignature(stage.wallet, await draft(stage));
    return signed(stage.wallet, post(stage.wallet, '/v1/payments', { ...message, ...change }));
  };

const body =
  (bytes: string | Uint8Array): Make =>
  ({ wallet }) =>
    signed(wallet, post(wallet, '/v1/payments', Buffer.from(bytes)));

/** A good request, changed before the transport signature is made. */
const request =
  (change: (good: HttpRequest) => Partial<HttpRequest>): Make =>
  async (stage) => {
    const good = post(stage.wallet, '/v1/payments', await sealedBySignature(stage.wallet, await draft(stage)));
    return signed(stage.wallet, { ...good, ...change(good) });
  };

/** A good request, changed after the transport signature was made. */
const afterwards =
  (change: (good: HttpRequest, stage: Stage) => Partial<HttpRequest>): Make =>
  async (stage) => {
    const good = await payment()(stage);
    return { ...good, ...change(good, stage) };
  };

const header =
  (name: string, change: (value: string) => string) =>
  ({ headers }: HttpRequest): Partial<HttpRequest> => ({
    headers: { ...headers, [name]: change(headers[name] ?? '') },
  });

const signedBy =
  (who: (stage: Stage) => Player, nowMs?: () => number): Make =>
  async (stage) => {
    const message = await sealedBySignature(stage.wallet, await draft(stage));
    return signed(who(stage), post(stage.wallet, '/v1/payments', message), nowMs?.());
  };

const withKey = (player: Player, signing: Player['options']['signing']): Player => ({
  ...player,
  options: { ...player.options, signing },
});

const answer =
  (who: (stage: Stage) => Player, of: (stage: Stage) => PaymentRequest, changed: object = {}): Make =>
  async (stage) => {
    const player = who(stage);
    const { paymentId } = of(stage);
    const { answer: given } = await stage.wallet.institution.enquire(paymentId);
    const { signature: _, ...told } = { ...given!, ...changed };
    const canonical = canonicalPaymentAnswer(player.options.scheme, player.code, told);
    const signature = await signMessage(ports.crypto, player.options.signing, canonical);
    return signed(player, post(player, `/v1/payments/${paymentId}/answer`, { ...told, signature }));
  };

const amount = (text: unknown, currency = 'CNY') => ({ interbankSettlementAmount: { amount: text, currency } });
const money = (text: string, currency = 'CNY') => ({ interbankSettlementAmount: { amount: text, currency } });
const identifier =
  (digits: (id: string) => string) =>
  (_: Stage, { paymentId }: Unsigned<PaymentRequest>) => ({
    paymentId: digits(paymentId),
  });
const under =
  (agreement: (stage: Stage) => string, change: Change = {}) =>
  (stage: Stage): Change => ({ kind: 'agreementPayment', agreementId: agreement(stage), ...change });
const refundOf =
  (original: (stage: Stage) => string, change: Change = {}) =>
  (stage: Stage): Change => ({ kind: 'refund', originalPaymentId: original(stage), ...change });
const dayFrom = (days: number) =>
  formatTime(Date.now() + days * 86_400_000)
    .slice(0, 10)
    .replaceAll('-', '');
const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

// ---- the tables ----

/** Refused by the gateway: not a byte of it reaches the journal. */
// biome-ignore format: a row stays a row
const atTheEdge: readonly (readonly [what: string, reason: Reason, make: Make])[] = [
  ['a body that is no JSON', 'bodyMalformed', body('{"paymentId"')],
  ['an empty body', 'bodyMalformed', body('')],
  ['JSON with something behind it', 'bodyMalformed', body('{} {}')],
  ['a body nested 5 deep', 'bodyMalformed', body(deep(5))],
  ['a body nested 8000 deep', 'bodyMalformed', body(deep(8000))],
  ['bytes that are not UTF-8', 'bodyMalformed', body(Buffer.from('{"endToEndId":"\xff\xfe"}', 'latin1'))],
  ['an overlong encoding', 'bodyMalformed', body(Buffer.from('{"endToEndId":"\xc0\xaf"}', 'latin1'))],
  ['UTF-16', 'bodyMalformed', body(Buffer.from('\ufeff{}', 'utf16le'))],
  ['a byte order mark', 'bodyMalformed', body('\ufeff{}')],
  ['a key twice', 'bodyMalformed', body('{"kind":"payout","kind":"refund"}')],
  ['a key twice, once escaped', 'bodyMalformed', body('{"kind":"payout","k\\u0069nd":"refund"}')],
  ['a key __proto__', 'bodyMalformed', body('{"__proto__":{"kind":"payout"}}')],
  ['16 KiB and a byte', 'bodyTooLarge', body(`"${'a'.repeat(16_383)}"`)],
  ['64 KiB', 'bodyTooLarge', body(`"${'a'.repeat(65_534)}"`)],
  ['a list', 'fieldInvalid', body('[]')],
  ['null', 'fieldInvalid', body('null')],
  ['a number', 'fieldInvalid', body('1e400')],
  ['a field too many', 'fieldInvalid', spoilt({ note: 'x' })],
  ['a field too few', 'fieldInvalid', spoilt({ endToEndId: undefined })],
  ['a field of another kind', 'fieldInvalid', spoilt({ originalPaymentId: '1'.repeat(31) })],
  ['an agreement payment without agreement', 'fieldInvalid', spoilt({ kind: 'agreementPayment' })],
  ['a reference of 36 characters', 'fieldInvalid', spoilt({ endToEndId: 'x'.repeat(36) })],
  ['a reference with a control character', 'fieldInvalid', spoilt({ endToEndId: 'a\u0000b' })],
  ['a time that does not exist', 'fieldInvalid', spoilt({ expiresAt: '2026-02-30T00:00:00.000Z' })],
  ['sealed fields of more than 4 KiB', 'fieldInvalid', spoilt({ sealed: Buffer.alloc(4097).toString('base64') })],
  ['an unknown kind', 'kindUnsupported', spoilt({ kind: 'gift' })],
  ['another media type', 'contentTypeUnsupported', request(header('content-type', () => 'text/plain'))],
  ['no media type', 'contentTypeUnsupported', afterwards(({ headers: { 'content-type': _, ...headers } }) => ({ headers }))],
  ['a compressed body', 'contentTypeUnsupported', request(header('content-encoding', () => 'gzip'))],
  ['a query', 'fieldInvalid', request(({ url }) => ({ url: `${url}?dry=1` }))],
  ['another path', 'notFound', request(({ url }) => ({ url: `${url}s` }))],
  ['another method', 'methodNotAllowed', request(() => ({ method: 'PUT' }))],
  ['a body with GET', 'bodyMalformed', ({ wallet }) => signed(wallet, { ...post(wallet, '/v1/cycles', {}), method: 'GET' })],

  ['no signature', 'signatureMissing', afterwards(({ headers: { signature: _, 'signature-input': __, ...headers } }) => ({ headers }))],
  ['a signature without its input', 'signatureMissing', afterwards(({ headers: { 'signature-input': _, ...headers } }) => ({ headers }))],
  ['a signature that is too short', 'signatureInvalid', afterwards(header('signature', () => 'clearway=:AAAA:'))],
  ['a changed signature', 'signatureInvalid', afterwards(header('signature', (value) => value.replace(/:(.)/, (_, first) => (first === 'A' ? ':B' : ':A'))))],
  ['the signature of another path', 'signatureInvalid', afterwards(({ url }) => ({ url: url.replace('/payments', '/agreements') }))],
  ['the signature of another host', 'signatureInvalid', afterwards(header('host', () => 'gateway.example'))],
  ['a signature that claims another suite', 'signatureInvalid', afterwards(header('signature-input', (value) => value.replace('alg="ed25519"', 'alg="ecdsa-p256-sha256"')))],
  ['a signature made with a stolen name', 'signatureInvalid', signedBy(({ wallet, other }) => withKey(wallet, other.options.signing))],
  ['a signature of two minutes ago', 'signatureExpired', signedBy(({ wallet }) => wallet, () => Date.now() - 120_000)],
  ['a signature of two minutes from now', 'signatureExpired', signedBy(({ wallet }) => wallet, () => Date.now() + 120_000)],
  ['a signature prolonged afterwards', 'signatureInvalid', afterwards(header('signature-input', (value) => value.replace(/expires=\d+/, (text) => `expires=${Number(text.slice(8)) + 3600}`)))],
  ['a key version that nobody registered', 'keyUnknown', signedBy(({ wallet }) => withKey(wallet, { ...wallet.options.signing, version: 9 }))],
  ['a participant that does not exist', 'keyUnknown', signedBy(({ wallet }) => ({ ...wallet, code: '00999' }))],
  ['a body changed on its way', 'digestMismatch', afterwards(({ body: bytes }) => ({ body: Buffer.from(Buffer.from(bytes).toString('utf8').replace('1.00', '9.00')) }))],
  ['a changed digest', 'signatureInvalid', afterwards(header('content-digest', (value) => value.replace(/:(.)/, (_, first) => (first === 'A' ? ':B' : ':A'))))],
  ['a foreign institution with its own key', 'identifierForeignParticipant', signedBy(({ other }) => other)],
  ['a bank in the name of a wallet', 'identifierForeignParticipant', signedBy(({ bank }) => bank)],
  ['an amount changed behind the signature end to end', 'signatureInvalid', spoilt(amount('2.00'))],
  ['a bank changed behind the signature end to end', 'signatureInvalid', spoilt({ instructedAgent: '00202' })],

  ['zero', 'amountInvalid', spoilt(amount('0'))],
  ['zero with decimals', 'amountInvalid', spoilt(amount('0.00'))],
  ['a negative amount', 'amountInvalid', spoilt(amount('-1.00'))],
  ['a plus sign', 'amountInvalid', spoilt(amount('+1.00'))],
  ['a third decimal', 'amountInvalid', spoilt(amount('1.001'))],
  ['a third decimal that is zero', 'amountInvalid', spoilt(amount('1.000'))],
  ['a decimal of a currency without', 'amountInvalid', spoilt(amount('1.0', 'JPY'))],
  ['an exponent', 'amountInvalid', spoilt(amount('1e3'))],
  ['a leading zero', 'amountInvalid', spoilt(amount('01.00'))],
  ['no digit before the point', 'amountInvalid', spoilt(amount('.50'))],
  ['no digit behind the point', 'amountInvalid', spoilt(amount('1.'))],
  ['a comma', 'amountInvalid', spoilt(amount('1,00'))],
  ['a space', 'amountInvalid', spoilt(amount(' 1.00'))],
  ['digits of another script', 'amountInvalid', spoilt(amount('１.00'))],
  ['nothing', 'amountInvalid', spoilt(amount(''))],
  ['not a number', 'amountInvalid', spoilt(amount('NaN'))],
  ['hexadecimal', 'amountInvalid', spoilt(amount('0x10'))],
  ['a JSON number', 'amountInvalid', spoilt(amount(1.1))],
  ['an amount of 25 characters', 'amountInvalid', spoilt(amount('9'.repeat(25)))],
  ['2^53 + 1', 'amountAboveMaximum', spoilt(amount('9007199254740993'))],
  ['2^64', 'amountAboveMaximum', spoilt(amount('18446744073709551616'))],
  ['10^13 minor units and one', 'amountAboveMaximum', spoilt(amount('100000000000.01'))],
  ['a currency that does not exist', 'currencyUnsupported', spoilt(amount('1.00', 'ZZZ'))],
  ['a currency in small letters', 'currencyUnsupported', spoilt(amount('1.00', 'cny'))],
  ['gold', 'currencyUnsupported', spoilt(amount('1', 'XAU'))],

  ['an identifier of 30 digits', 'identifierMalformed', spoilt({ paymentId: '1'.repeat(30) })],
  ['an identifier with a letter', 'identifierMalformed', spoilt({ paymentId: `${'1'.repeat(30)}x` })],
  ['an identifier of another institution', 'identifierForeignParticipant', payment(identifier((id) => `${id.slice(0, 9)}00102${id.slice(14)}`))],
  ['an enquiry about nothing', 'identifierMalformed', ({ wallet }) => signed(wallet, get(wallet, '/v1/payments/123'))],
  ['an enquiry about a payment of others', 'notFound', ({ other, paid }) => signed(other, get(other, `/v1/payments/${paid.paymentId}`))],
  ['an enquiry about an agreement of others', 'notFound', ({ other, agreement }) => signed(other, get(other, `/v1/agreements/${agreement}`))],
  ['the answer of a wallet', 'roleNotAllowed', answer(({ wallet }) => wallet, ({ paid }) => paid)],
];

/** What an enquiry tells afterwards: the same refusal, that nobody knows of it, or what had been before. */
type Afterwards = 'refused' | 'notFound' | 'succeeded';

/** Refused by the core. */
// biome-ignore format: a row stays a row
const inTheCore: readonly (readonly [what: string, reason: Reason, then: Afterwards, make: Make])[] = [
  ['an identifier of version 2', 'identifierMalformed', 'notFound', payment(identifier((id) => `${id.slice(0, 8)}2${id.slice(9)}`))],
  ['an identifier of another cell', 'identifierForeignCell', 'notFound', payment(identifier((id) => `${id.slice(0, 25)}010002`))],
  ['an identifier of another centre', 'identifierForeignCell', 'notFound', payment(identifier((id) => `${id.slice(0, 25)}020001`))],
  ['an identifier of three days ago', 'identifierDateOutsideWindow', 'notFound', payment(identifier((id) => dayFrom(-3) + id.slice(8)))],
  ['an identifier of three days from now', 'identifierDateOutsideWindow', 'notFound', payment(identifier((id) => dayFrom(3) + id.slice(8)))],
  ['an identifier of a day that does not exist', 'identifierDateOutsideWindow', 'notFound', payment(identifier((id) => `20261340${id.slice(8)}`))],
  ['an identifier used for something else', 'identifierReused', 'succeeded', payment(({ paid }) => ({ paymentId: paid.paymentId }))],

  ['an amount above what the scheme allows', 'amountAboveMaximum', 'refused', payment(money('5000000.01'))],
  ['10^13 minor units', 'amountAboveMaximum', 'refused', payment(money('100000000000.00'))],
  ['a currency that is not cleared', 'currencyUnsupported', 'refused', payment(money('1.00', 'USD'))],
  ['a bank that does not exist', 'participantUnknown', 'refused', payment({ instructedAgent: '00999' })],
  ['a wallet in the place of the bank', 'roleNotAllowed', 'refused', payment({ instructedAgent: '00102' })],
  ['a payment that has expired', 'requestExpired', 'refused', payment({ expiresAt: formatTime(Date.now() - 1) })],
  ['a payment without end', 'expiryTooFar', 'refused', payment({ expiresAt: '2099-01-01T00:00:00.000Z' })],

  ['an unknown agreement', 'agreementUnknown', 'refused', payment(under(({ agreement }) => `${agreement.slice(0, 14)}99999999999${agreement.slice(25)}`))],
  ['an agreement of another cell', 'agreementUnknown', 'refused', payment(under(({ agreement }) => `${agreement.slice(0, 25)}010002`))],
  ['the agreement of another wallet', 'agreementPartiesDiffer', 'refused', payment(under(({ foreign }) => foreign))],
  ['an agreement with another bank', 'agreementPartiesDiffer', 'refused', payment(under(({ agreement }) => agreement, { instructedAgent: '00202' }))],
  ['an agreement that is not confirmed', 'agreementNotActive', 'refused', payment(under(({ unconfirmed }) => unconfirmed))],
  ['a rescinded agreement', 'agreementRescinded', 'refused', payment(under(({ rescinded }) => rescinded))],
  ['one fen over the limit of the agreement', 'agreementLimitExceeded', 'refused', payment(under(({ agreement }) => agreement, money('100.01')))],

  ['a refund of one fen more than the original', 'refundAboveOriginal', 'refused', payment(refundOf(({ paid }) => paid.paymentId, money('10.01')))],
  ['a refund of what was never paid', 'originalUnknown', 'refused', payment(refundOf(({ paid: { paymentId: id } }) => `${id.slice(0, 14)}99999999999${id.slice(25)}`))],
  ['a refund to another bank', 'originalPartiesDiffer', 'refused', payment(refundOf(({ paid }) => paid.paymentId, { instructedAgent: '00202' }))],
  ['a refund of a payout', 'originalNotRefundable', 'refused', payment(refundOf(({ paidOut }) => paidOut.paymentId))],
  ['a refund of a payment that failed', 'originalNotSucceeded', 'refused', payment(refundOf(({ failed }) => failed.paymentId))],
  ['a refund in another currency', 'currencyUnsupported', 'refused', payment(refundOf(({ paid }) => paid.paymentId, money('1.00', 'USD')))],

  ['a bank that takes its answer back', 'answerContradicts', 'succeeded', answer(({ bank }) => bank, ({ paid }) => paid, { answer: 'failed', reason: 'bankDeclined' })],
  ['a bank that answers to other content', 'answerHashDiffers', 'succeeded', answer(({ bank }) => bank, ({ paid }) => paid, { paymentHash: '0'.repeat(64) })],
  ['the answer of another bank', 'notFound', 'succeeded', answer(({ otherBank }) => otherBank, ({ paid }) => paid)],
];

// ---- the world in which they are sent ----

const folder = mkdtempSync(join(tmpdir(), 'clearway-bad-input-'));
const cny = (text: string) => ({ amount: text, currency: 'CNY' });
let world: World;
let stage: Stage;

before(async () => {
  world = await startWorld({
    dataFolder: join(folder, 'data'),
    port: 0,
    logLevel: 'info',
    cycleSeconds: 0,
    fresh: true,
  });
  assert.ok(await world.agreementsSigned(60_000));
  await tameBanks(world, '1000.00');
  stage = await setStage(play(world, 'wallet-00101'), play(world, 'wallet-00102'));
  await quiet();
});

after(async () => {
  await world?.stop('at once');
  rmSync(folder, { recursive: true, force: true });
});

async function setStage(wallet: Player, other: Player): Promise<Stage> {
  const { institution } = wallet;
  const who = customer(wallet, '00201');
  const agreement = await signAgreement(wallet, who, cny('100.00'));
  const generous = await signAgreement(wallet, customer(wallet, '00201', 901), cny('5000.00'));
  const rescinded = await signAgreement(wallet, customer(wallet, '00201', 902), cny('100.00'));
  await institution.rescindAgreement(rescinded);
  const unconfirmed = await requestAgreement(wallet, customer(wallet, '00201', 903), cny('100.00'));
  const foreign = await signAgreement(other, customer(other, '00201'), cny('100.00'));

  const common = { bank: '00201', endToEndId: 'stage' };
  const pay = async (order: Parameters<typeof institution.preparePayment>[0], state: string) => {
    const message = await institution.preparePayment(order);
    assert.equal((await institution.submitPayment(message)).state, state);
    return message;
  };
  const { name, account } = who;
  return {
    wallet,
    other,
    bank: play(world, 'bank-00201'),
    otherBank: play(world, 'bank-00202'),
    agreement,
    unconfirmed: unconfirmed.agreementId,
    rescinded,
    foreign,
    paid: await pay({ kind: 'agreementPayment', agreementId: agreement, amount: cny('10.00'), ...common }, 'succeeded'),
    paidOut: await pay({ kind: 'payout', creditor: { name, account }, amount: cny('10.00'), ...common }, 'succeeded'),
    failed: await pay({ kind: 'agreementPayment', agreementId: generous, amount: cny('1000.01'), ...common }, 'failed'),
  };
}

async function statistics(): Promise<Statistics> {
  let told: Statistics | undefined;
  await until('the cell tells its figures', async () => {
    told = await world.operator.statistics();
    return told !== undefined;
  });
  return told!;
}

/** Nothing of what was done before is still on its way into the journal. */
async function quiet(): Promise<void> {
  let last = -1;
  await until('nothing is on its way', async () => {
    const { inFlight, undelivered, recordsLag, frontier } = await statistics();
    const isStill = inFlight <= 1 && undelivered === 0 && recordsLag === 0 && frontier === last;
    last = frontier;
    return isStill;
  });
}

test('what the gateway refuses leaves nothing in the journal', async (t) => {
  for (const [what, reason, make] of atTheEdge) {
    await t.test(`${what}: ${reason}`, async () => {
      const { frontier } = await statistics();
      const bad = await make(stage);
      await assertProblem(stage.wallet, bad, await send(bad), reason);
      assert.equal((await statistics()).frontier, frontier);
    });
  }

  await t.test('a request sent twice, byte by byte: signatureReplayed', async () => {
    const { frontier } = await statistics();
    const good = await signed(stage.wallet, get(stage.wallet, '/v1/platform'));
    assert.equal((await send(good)).status, 200);
    await assertProblem(stage.wallet, good, await send(good), 'signatureReplayed');
    assert.equal((await statistics()).frontier, frontier);
  });
});

test('a body that is too large to be read is a problem too, if an unsigned one', async () => {
  const { frontier } = await statistics();
  for (const size of [64 * 1024 + 1, 10 * 2 ** 20]) {
    const bad = await body(Buffer.alloc(size, 'a'))(stage);
    readProblem(await send(bad), 'bodyTooLarge');
  }
  assert.equal((await statistics()).frontier, frontier);
});

test('what the core refuses is told the same again, and moves nothing', async (t) => {
  for (const [what, reason, then, make] of inTheCore) {
    await t.test(`${what}: ${reason}`, async () => {
      const before = await sums();
      const bad = await make(stage);
      await assertProblem(stage.wallet, bad, await send(bad), reason);
      await assertAfterwards(paymentOf(bad), reason, then);
      assert.deepEqual(await sums(), before);
    });
  }
});

test('a suspended bank and a suspended institution', async (t) => {
  replaceJson<ParticipantsDocument>(
    join(world.dataFolder, 'configuration', 'participants.json'),
    ({ version, participants }) => ({
      version: version + 1,
      participants: participants.map((one) =>
        ['00103', '00206'].includes(one.code) ? { ...one, status: 'suspended' } : one,
      ),
    }),
  );
  // An operator's newer document is adopted when the cell starts.
  await killAndWait(world, 'cell');
  const { institution } = play(world, 'wallet-00101');
  await until('the gateway knows', async () => {
    const participants = await play(world, 'wallet-00101')
      .institution.participants()
      .catch(() => []);
    return participants.some(({ code, status }) => code === '00206' && status === 'suspended');
  });
  const suspended = play(world, 'wallet-00103');

  await t.test('nothing new goes to the bank', async () => {
    const bad = await payment({ instructedAgent: '00206' })(stage);
    await assertProblem(stage.wallet, bad, await send(bad), 'participantSuspended');
    await assertAfterwards(paymentOf(bad), 'participantSuspended', 'refused');
  });
  await t.test('nothing new comes from the institution', async () => {
    const bad = await payment()({ ...stage, wallet: suspended });
    await assertProblem(suspended, bad, await send(bad), 'participantSuspended');
    const asked = await signed(suspended, get(suspended, `/v1/payments/${paymentOf(bad)}`));
    await assertProblem(suspended, asked, await send(asked), 'notFound');
  });
  await t.test('all others go on', async () => {
    assert.equal((await institution.enquire(stage.paid.paymentId)).state, 'succeeded');
    const status = await institution.refund({
      bank: '00201',
      originalPaymentId: stage.paid.paymentId,
      amount: cny('10.00'),
      endToEndId: 'afterwards',
    });
    assert.equal(status.state, 'succeeded');
  });
});

test('after all of it sums are zero and nothing is reserved', async () => {
  await quiet();
  const { accounts, inFlight } = await statistics();
  // The agreement that nobody confirms waits for its end.
  assert.equal(inFlight, 1);
  assert.deepEqual(
    accounts.filter(({ reserved }) => reserved !== 0),
    [],
  );
  assert.equal(
    accounts.reduce((sum, { outstanding }) => sum + outstanding, 0),
    0,
  );
  assert.equal((await world.records.payment(stage.paid.paymentId))?.state, 'succeeded');
});

async function sums() {
  const { accounts, inFlight, succeeded, failed, unknown } = await statistics();
  return { accounts, inFlight, succeeded, failed, unknown };
}

function paymentOf({ body: bytes }: HttpRequest): string {
  return JSON.parse(Buffer.from(bytes).toString('utf8')).paymentId;
}

async function assertAfterwards(paymentId: string, reason: Reason, then: Afterwards): Promise<void> {
  const { wallet } = stage;
  if (then === 'succeeded') {
    assert.equal((await wallet.institution.enquire(paymentId)).state, then);
    return;
  }
  const asked = await signed(wallet, get(wallet, `/v1/payments/${paymentId}`));
  await assertProblem(wallet, asked, await send(asked), then === 'refused' ? reason : 'notFound');
}
