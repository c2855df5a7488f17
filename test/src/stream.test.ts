/**
 * The stream, from outside: a world in which two institutions and two banks are on it and all others on HTTP, its links
 * cut at random, its cell, an institution and a bank killed under traffic; then peers that lie, sign falsely, do not sign, send too much or do
 * not read. Whatever happens, every payment is done exactly once, and nobody suffers from another.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import tls, { type TLSSocket } from 'node:tls';
import {
  FrameReader,
  FrameWriter,
  type Goodbye,
  identifierToBytes,
  outcomeFlags,
  outcomeMessage,
  reasonOf,
  streamProtocol,
  textOf,
} from '@clearway/contract';
import { realChance, realClock, realCrypto, realLinks, realNetwork } from '@clearway/ports/real';
import { createStreamClient, type StreamClient, type StreamPayment } from '@clearway/sdk';
import { connectOperator } from '@clearway/server';
import { startWorld, type World } from '@clearway/start';
import { type Player, play, ports } from './player.ts';
import { type Relay, startRelay } from './relay/relay.ts';
import { killAndWait } from './restart.ts';
import { rest, until } from './until.ts';
import { assertVerified } from './verify.ts';
import { examine } from './witness.ts';

const patienceMs = 180_000;
const ratePerSecond = 40;
const window = 200;
const cutsUnderTraffic = 12;
/** Killed after so many cuts. */
const victims: Readonly<Record<number, string>> = { 2: 'cell', 4: 'wallet-00101', 6: 'bank-00201', 9: 'cell' };
const streamed = ['00101', '00102', '00201', '00202'];
const folder = mkdtempSync(join(tmpdir(), 'clearway-stream-'));
let relay: Relay;
let world: World;
let passed = 0;
const tests = 8;

before(async () => {
  world = await startWorld({
    dataFolder: join(folder, 'data'),
    port: 0,
    logLevel: 'info',
    cycleSeconds: 0,
    fresh: true,
    stream: { codes: streamed, window },
    async detour(who, address) {
      if (who !== 'stream') return address;
      relay = await startRelay({ target: address, seed: 1 });
      return relay.address;
    },
  });
  assert.ok(await world.agreementsSigned(patienceMs));
  await until('all links', () => relay.links === streamed.length);
});

after(async () => {
  await world?.stop('at once');
  relay?.close();
  // What went wrong can be read from the journals and logs that are left.
  if (passed === tests) rmSync(folder, { recursive: true, force: true });
});

async function closeCycle(): Promise<number> {
  let closed: number | undefined;
  await until('the cell takes a cut-off', async () => {
    const operator = await connectOperator(world.environment.CLEARWAY_SOCKET).catch(() => undefined);
    closed = await operator?.closeCycle().catch(() => undefined);
    operator?.close();
    return closed !== undefined;
  });
  return closed!;
}

test('payments go on while links are cut, cell, wallet and bank killed; each is done exactly once, and signed', async (t) => {
  world.setRate(ratePerSecond);
  await until('the first payments', () => world.tally.totals().succeeded > 20);
  for (let cut = 0; cut < cutsUnderTraffic; cut++) {
    relay.cut(Math.random());
    await rest(Math.floor(Math.random() * 400));
    const victim = victims[cut];
    if (victim !== undefined) await killAndWait(world, victim);
    const before = world.tally.totals().succeeded;
    await until('payments after the cut', () => world.tally.totals().succeeded > before + 5);
  }
  world.setRate(0);
  const drained = await world.drained(patienceMs);
  assert.ok(drained, `every payment ends definitely: ${JSON.stringify(world.tally.totals())}; see ${folder}`);
  const last = await closeCycle();
  await until('settlement of the last cycle', async () => (await world.records.cycle(last))?.state === 'settled');
  assert.ok(await world.reconciled(last, patienceMs), 'every institution reconciles the last cycle');
  await until('the records have caught up', async () => (await world.operator.statistics())?.recordsLag === 0);

  const differences = world.tally.reconciled().filter((one) => one.differences > 0);
  assert.deepEqual(differences, [], 'every file agrees with the institution that it is for');
  const testimony = await examine(world);
  assert.deepEqual(testimony.breaches, []);
  assert.ok(testimony.answers > 100, 'there was something to examine');
  assert.equal((await assertVerified(world)).uncovered, 0, 'everything is signed by who sent it');
  t.diagnostic(`${testimony.payments} payments, ${relay.struck.cut} links cut, ${last} cycles`);
  passed++;
});

// Peers of the test's own making, with the certificate and keys of an institution of the world.

function certificateOf(name: string) {
  const read = (file: string) => readFileSync(join(world.dataFolder, 'certificates', file), 'utf8');
  return {
    ca: readFileSync(world.environment.CLEARWAY_CA, 'utf8'),
    cert: read(`${name}.pem`),
    key: read(`${name}-key.pem`),
  };
}

const playerOf = (name: string): Player =>
  play(world, name, { ports: { ...ports, network: realNetwork(certificateOf(name)) } });

interface Told {
  readonly reason: string | undefined;
  readonly flags: number;
}

interface Peer {
  readonly stream: StreamClient;
  readonly told: Map<string, Told>;
  readonly covered: { readonly reason: string | undefined; readonly to: number }[];
}

const hex = (view: DataView, at: number) =>
  Buffer.from(view.buffer, view.byteOffset + at + outcomeMessage.id, 16).toString('hex');

/** A link of its own for the institution, beside that of its program. */
async function connect(
  t: TestContext,
  name: string,
  more: { privateKey?: string; checkpointEveryMs?: number } = {},
): Promise<Peer> {
  const { code, scheme, signing } = playerOf(name).options;
  const told = new Map<string, Told>();
  const covered: { reason: string | undefined; to: number }[] = [];
  const { privateKey, ...others } = more;
  const stream = createStreamClient({
    ports: {
      clock: realClock,
      chance: realChance,
      crypto: realCrypto,
      links: realLinks({ ...certificateOf(name), protocol: streamProtocol }),
    },
    addresses: [world.streamAddresses[0]],
    scheme,
    signers: [{ code, signing: { ...signing, ...(privateKey && { privateKey }) } }],
    ...others,
    events: {
      outcome: (view, at) =>
        void told.set(hex(view, at), {
          reason: reasonOf(view.getUint16(at + outcomeMessage.reason)),
          flags: view.getUint8(at + outcomeMessage.flags),
        }),
      covered: (view, at) =>
        void covered.push({ reason: reasonOf(view.getUint16(at + 6)), to: view.getUint32(at + 16) }),
      // Others of this test have spoken in the same name and were cut off before they signed.
      failed: (error) => assert.match(error.message, /was not sent from here/),
    },
  });
  t.after(() => stream.close());
  await until('the link of the test', () => stream.counts.links === 1);
  return { stream, told, covered };
}

let sequence = Date.now() % 10_000_000_000;

/** A payout without an account to go to: the bank declines it, and no books are changed. */
async function payoutOf(player: Player, bank: number): Promise<StreamPayment & { readonly text: string }> {
  const { businessDate } = await player.institution.platform();
  const id = identifierToBytes({
    date: Number(businessDate.replaceAll('-', '')),
    version: 1,
    participant: Number(player.code),
    sequence: 80_000_000_000 + sequence++,
    centre: 1,
    cell: 1,
  });
  return {
    ...{ signer: 0, id, idAt: 0, kind: 2, currency: 156, decimals: 2, instructed: bank, amount: 100 },
    ...{ expiresAt: Date.now() + 20_000, reference: undefined },
    ...{ endToEndId: Buffer.from('stream test'), sealed: new Uint8Array(0), text: Buffer.from(id).toString('hex') },
  };
}

/** That others are served meanwhile, over both rails. */
async function assertOthersServed(): Promise<void> {
  const before = world.tally.totals().succeeded;
  world.setRate(ratePerSecond);
  await until('payments of the others', () => world.tally.totals().succeeded >= before + 10);
  world.setRate(0);
}

/** Bytes as they are, over TLS; what the platform says before it ends the link. */
async function raw(
  name: string,
  bytes: Uint8Array,
  reads = true,
): Promise<{ socket: TLSSocket; goodbye: Promise<Goodbye> }> {
  const [host, port] = world.streamAddresses[0].split(':');
  const socket = tls.connect({ host, port: Number(port), ...certificateOf(name), ALPNProtocols: [streamProtocol] });
  const goodbye = new Promise<Goodbye>((resolve, reject) => {
    const reader = new FrameReader();
    const take = (chunk: Buffer) =>
      reader.read(chunk, (frame) => {
        if (frame.type === 'goodbye') resolve(textOf(frame) as Goodbye);
      });
    if (reads) socket.on('data', take);
    else socket.pause();
    socket.on('error', () => {});
    socket.on('close', () => reject(new Error('the link ended without a goodbye')));
  });
  goodbye.catch(() => {});
  await new Promise<void>((resolve) => socket.once('secureConnect', () => resolve()));
  socket.write(bytes);
  return { socket, goodbye };
}

function helloOf(code: string, changes: object = {}): FrameWriter {
  const writer = new FrameWriter();
  const { schemeId, environment } = playerOf('wallet-00101').options.scheme;
  const hello = { versions: [1], schemeId, environment, participants: [code], window: 10, software: 'test' };
  writer.text('hello', { ...hello, ...changes });
  return writer;
}

test('whoever breaks the protocol gets the reason, and nobody else notices', async () => {
  const cases: [string, Uint8Array, string][] = [
    ['a greeting of another version', helloOf('00101', { versions: [9] }).take(), 'streamVersionUnsupported'],
    ['a hello for somebody else', helloOf('00102').take(), 'certificateRequired'],
    ['a hello for nobody', helloOf('99999').take(), 'participantUnknown'],
    ['a hello whose window is no number', helloOf('00101', { window: 'wide' }).take(), 'frameMalformed'],
    ['a frame that lies about its count', lying(), 'frameMalformed'],
    ['a frame twice', twice(), 'frameOutOfOrder'],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'), 'frameMalformed'],
  ];
  for (const [what, bytes, reason] of cases) {
    const { goodbye } = await raw('wallet-00101', bytes);
    assert.equal((await goodbye).reason, reason, what);
  }
  await assertOthersServed();
  passed++;
});

function lying(): Uint8Array {
  const writer = helloOf('00101');
  const at = writer.message('enquiries', 24);
  writer.bytes.fill(0, at, at + 24);
  const bytes = writer.take();
  // The head of the last frame lies before its 24 bytes: its count says two.
  bytes[bytes.length - 24 - 16 + 7] = 2;
  return bytes;
}

function twice(): Uint8Array {
  const writer = helloOf('00101');
  const hello = writer.take();
  return Buffer.concat([hello, hello]);
}

test('a peer that never reads is alone with it', async () => {
  const writer = helloOf('00101');
  const { socket } = await raw('wallet-00101', writer.take(), false);
  for (let i = 0; i < 2000; i++) {
    const at = writer.message('enquiries', 24);
    writer.bytes.fill(0, at, at + 24);
    writer.view.setUint32(at, 101);
    if (i % 100 === 99) socket.write(writer.take());
  }
  await assertOthersServed();
  socket.destroy();
  passed++;
});

test('what goes beyond the window is refused, definitely, and the same payments can be sent again', async (t) => {
  const player = playerOf('wallet-00101');
  const bank = world.processes().find(({ name }) => name === 'bank-00202')!;
  const { socket } = await raw('wallet-00101', helloOf('00101').take());
  t.after(() => socket.destroy());
  const outcomes: number[] = [];
  const reader = new FrameReader();
  let stream = 0;
  socket.removeAllListeners('data').on('data', (chunk: Buffer) =>
    reader.read(chunk, (frame) => {
      if (frame.type === 'welcome') stream = (textOf(frame) as { stream: number }).stream;
      if (frame.type !== 'outcomes') return;
      for (let i = 0; i < frame.count; i++) outcomes.push(frame.view.getUint16(i * 64 + outcomeMessage.reason));
    }),
  );
  await until('the welcome', () => stream > 0);
  // The bank does not answer for a while, so that everything stays under way.
  process.kill(bank.pid!, 'SIGSTOP');
  try {
    const writer = new FrameWriter();
    const more = 50;
    for (let position = 0; position < window + more; position++)
      putPayout(writer, await payoutOf(player, 202), stream, position);
    socket.write(renumbered(writer.take()));
    await until('refusals', () => outcomes.filter((reason) => reasonOf(reason) === 'windowExceeded').length === more);
    await assertOthersServed();
  } finally {
    process.kill(bank.pid!, 'SIGCONT');
  }
  passed++;
});

function putPayout(writer: FrameWriter, payment: StreamPayment, stream: number, position: number): void {
  const at = writer.message('payments', 96);
  const { bytes, view } = writer;
  bytes.fill(0, at, at + 96);
  view.setUint16(at, 96);
  view.setUint8(at + 2, payment.endToEndId.length);
  view.setUint8(at + 3, 2);
  bytes.set(payment.id, at + 8);
  view.setUint8(at + 24, 2);
  view.setUint16(at + 28, 156);
  view.setUint32(at + 32, payment.instructed);
  view.setUint32(at + 36, position);
  view.setBigUint64(at + 40, 100n);
  view.setBigUint64(at + 48, BigInt(payment.expiresAt));
  view.setBigUint64(at + 56, BigInt(stream));
  bytes.set(payment.endToEndId, at + 80);
}

/** The hello was frame 1. */
function renumbered(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; at += view.getUint32(at)) view.setUint32(at + 12, view.getUint32(at + 12) + 1);
  return bytes;
}

test('a peer that leaves too much unsigned for too long is refused until it has signed', async (t) => {
  const player = playerOf('wallet-00101');
  const { stream, told } = await connect(t, 'wallet-00101', { checkpointEveryMs: 4_000 });
  const first = await payoutOf(player, 201);
  assert.ok(stream.submit(first));
  await until('its outcome', () => told.has(first.text));
  await until('a refusal', async () => {
    const next = await payoutOf(player, 201);
    stream.submit(next);
    await until('an outcome', () => told.has(next.text));
    return told.get(next.text)!.reason === 'checkpointMissing';
  });
  await assertOthersServed();
  await until('to be served again, having signed', async () => {
    const next = await payoutOf(player, 201);
    stream.submit(next);
    await until('an outcome', () => told.has(next.text));
    const { reason, flags } = told.get(next.text)!;
    return reason !== 'checkpointMissing' && (flags & outcomeFlags.notProcessed) === 0;
  });
  passed++;
});

test('with a certificate of no participant there is no link', async (t) => {
  const stream = createStreamClient({
    ports: {
      clock: realClock,
      chance: realChance,
      crypto: realCrypto,
      links: realLinks({ ...certificateOf('central-bank'), protocol: streamProtocol }),
    },
    addresses: [world.streamAddresses[0]],
    scheme: playerOf('wallet-00101').options.scheme,
    signers: [{ code: '00101', signing: playerOf('wallet-00101').options.signing }],
    events: {
      outcome: () => assert.fail('nothing is told'),
      unlinked: (_address, why) => ends.push(why.reason),
      failed: (error) => assert.fail(error),
    },
  });
  const ends: (string | undefined)[] = [];
  t.after(() => stream.close());
  await until('the goodbye', () => ends.length > 0);
  assert.deepEqual(ends, ['certificateRequired']);
  assert.equal(stream.counts.links, 0);
  passed++;
});

test('a signature that is false stops its signer, is a matter for the operator, and hurts nobody else', async (t) => {
  const player = playerOf('wallet-00102');
  const { suite } = player.options.signing;
  const { privateKey } = await realCrypto.generateSigningKey(suite);
  const { stream, told, covered } = await connect(t, 'wallet-00102', { privateKey, checkpointEveryMs: 100 });
  const first = await payoutOf(player, 201);
  assert.ok(stream.submit(first));
  await until('the verdict on the signature', () => covered.some(({ reason }) => reason === 'checkpointFalse'));
  const next = await payoutOf(player, 201);
  stream.submit(next);
  await until('the refusal', () => told.has(next.text));
  assert.deepEqual(told.get(next.text), { reason: 'checkpointFalse', flags: outcomeFlags.notProcessed });
  await until('a work item', async () => {
    const operator = await connectOperator(world.environment.CLEARWAY_SOCKET);
    const items = await operator.workItems();
    operator.close();
    return items.some((item) => JSON.stringify(item).includes('00102'));
  });
  await assertOthersServed();
  passed++;
});

test('after all that the journal still agrees with state, positions and files', async () => {
  await until('the records have caught up', async () => (await world.operator.statistics())?.recordsLag === 0);
  const last = await closeCycle();
  await until('settlement', async () => (await world.records.cycle(last))?.state === 'settled');
  await assertVerified(world);
  passed++;
});
