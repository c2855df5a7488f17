import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  coveredMessage,
  frameHead,
  heldMessage,
  heldMessageBytes,
  outcomeFlags,
  outcomeMessage,
  outcomeMessageBytes,
} from '@clearway/contract';
import { layout, readUint64, reasonOf } from '@clearway/core';
import type { Crypto, LinkEvents } from '@clearway/ports';
import { realCrypto } from '@clearway/ports/real';
import type { Configuration, ParticipantConfiguration } from '../port.ts';
import { scheme, testClock } from '../test-bed.ts';
import type { StreamLot, UncoveredStream } from './port.ts';
import { createStream, type StreamSettings } from './stream.ts';
import { TestPeer } from './test-peer.ts';

const certificate = 'c'.repeat(64);
const keys = await realCrypto.generateSigningKey('ed25519');
const otherKeys = await realCrypto.generateSigningKey('ed25519');
const key = { suite: 'ed25519', version: 1, privateKey: keys.privateKey } as const;

const participant = (
  code: string,
  role: ParticipantConfiguration['role'],
  more: Partial<ParticipantConfiguration> = {},
) =>
  ({
    code,
    name: code,
    role,
    status: 'active',
    idempotent: true,
    endpoint: 'https://127.0.0.1:1',
    certificate,
    keys: [{ version: 1, suite: 'ed25519', publicKey: keys.publicKey }],
    sealingKey: '',
    netDebitCaps: [],
    enquiryBudget: { perSecond: 1, burst: 1 },
    ...more,
  }) satisfies ParticipantConfiguration;

const configuration = {
  schemeVersion: 1,
  scheme: { ...scheme, offerTimeoutMs: 1000 },
  participantsVersion: 1,
  businessDate: 20261122,
  participants: [
    participant('00101', 'paymentInstitution'),
    participant('00102', 'paymentInstitution'),
    participant('00103', 'paymentInstitution', { certificate: 'd'.repeat(64) }),
    participant('00201', 'bank'),
  ],
} as unknown as Configuration;

function open(
  settings: Partial<StreamSettings> = {},
  uncovered: readonly UncoveredStream[] = [],
  recording: () => Promise<void> = async () => {},
  epoch = 1,
) {
  const clock = testClock();
  const lots: StreamLot[] = [];
  const recorded: { readonly command: Uint8Array; readonly body: Uint8Array }[] = [];
  const stopped: string[] = [];
  const signed: number[] = [];
  const batches = { durable: 0 };
  /** Signatures whose check has ended. */
  const verified = { count: 0 };
  const crypto: Crypto = {
    ...realCrypto,
    async verifyAll(checks) {
      const answers = await realCrypto.verifyAll(checks);
      verified.count += checks.length;
      return answers;
    },
  };
  /** How far the platform has noted that everything is covered. */
  const covers: [number, number | undefined][] = [];
  const events: string[] = [];
  const stream = createStream({
    cell: {
      configuration: () => configuration,
      take: (lot) => lots.push(lot),
      enquire() {},
      async record(checkpoints) {
        for (const { command, body } of checkpoints) recorded.push({ command, body: body() });
        await recording();
        return checkpoints.map(() => undefined);
      },
      reached() {},
      turnedAround() {},
      stopSigner: (code, reason) => stopped.push(`${code} ${reason}`),
      uncovered,
      epoch,
      get durable() {
        return batches.durable;
      },
      coveredTo: (batch, behindStopped) => covers.push([batch, behindStopped]),
      signed: (code) => signed.push(code),
    },
    ports: { clock, crypto },
    settings,
    log: (event) => events.push(event),
  });
  const accept = (link: Parameters<typeof stream.accept>[0]): LinkEvents => stream.accept(link);
  const peer = (certified: string | undefined = certificate) => new TestPeer(accept, certified);
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  /** Long enough for a turn and for what waits at a link, too short for anything else. */
  const settle = async () => {
    for (let i = 0; i < 20; i++) {
      clock.pass(1);
      await turn();
    }
  };
  /** Signatures are verified beside the event loop: waits until so many checkpoints are answered. */
  const judged = async (one: TestPeer, count: number) => {
    while (one.of('covered').length < count) {
      clock.pass(0.01);
      await turn();
    }
    await settle();
  };
  const greeted = async (...participants: string[]) => {
    const one = peer().hello(participants);
    await settle();
    assert.equal(one.of('welcome').length, 1);
    return one;
  };
  return {
    ...{ stream, clock, lots, recorded, stopped, signed, batches, covers, events },
    ...{ verified, peer, settle, judged, greeted },
  };
}

type Bed = ReturnType<typeof open>;

const taken = ({ lots }: Bed) => lots.reduce((sum, { commands }) => sum + commands, 0);

/** Reasons that the peer was told with `notProcessed`, in order. */
const refusals = (peer: TestPeer) =>
  peer.of('outcomes').flatMap(({ view, count }) =>
    Array.from({ length: count }, (_, i) => {
      const at = i * outcomeMessageBytes;
      assert.equal(view.getUint8(at + outcomeMessage.flags), outcomeFlags.notProcessed);
      return reasonOf(view.getUint16(at + outcomeMessage.reason));
    }),
  );

const covered = (peer: TestPeer) =>
  peer.of('covered').map(({ view }) => ({
    signer: view.getUint32(coveredMessage.signer),
    reason: reasonOf(view.getUint16(coveredMessage.reason)),
    ...(view.getUint8(coveredMessage.recall) === 1 && { recall: true }),
    to: view.getUint32(coveredMessage.to),
    taken: view.getUint32(coveredMessage.taken),
  }));

const numbersOf = async (bed: Bed, links: number) => {
  const numbers: number[] = [];
  for (let i = 0; i < links; i++) numbers.push((await bed.greeted('00101')).stream);
  return numbers;
};

test('no stream gets a number that was used before, whatever the clock of the next cell says', async () => {
  const before = open({}, [], undefined, 1);
  before.clock.pass(3_600_000);
  const numbers = await numbersOf(before, 3);
  // The highest of them is covered to its end, and nothing tells of it.
  const left = { signer: 101, stream: numbers[0], from: 0, leaves: new Uint8Array(32), missing: [], behind: 0 };
  const after = await numbersOf(open({}, [left], undefined, 2), 3);
  assert.equal(new Set([...numbers, ...after]).size, 6);
  assert.ok(Math.min(...after) > Math.max(...numbers));
});

const hellos = [
  { name: 'a version that nobody speaks', reason: 'streamVersionUnsupported', more: { versions: [3, 4] } },
  { name: 'another scheme', reason: 'fieldInvalid', more: { schemeId: 'OTHER' } },
  { name: 'another environment', reason: 'fieldInvalid', more: { environment: 'production' as const } },
  { name: 'a participant that there is not', reason: 'participantUnknown', codes: ['00999'] },
  { name: 'a participant with another certificate', reason: 'certificateRequired', codes: ['00101', '00103'] },
  { name: 'nobody', reason: 'frameMalformed', codes: [] as string[] },
];
for (const { name, reason, more = {}, codes = ['00101'] } of hellos) {
  test(`a hello of ${name} gets a goodbye: ${reason}`, async () => {
    const bed = open();
    const peer = bed.peer().hello(codes, more);
    await bed.settle();
    assert.equal(peer.goodbye?.reason, reason);
    assert.ok(peer.ended);
    if (reason === 'streamVersionUnsupported') assert.deepEqual(peer.goodbye?.versions, [1, 2]);
  });
}

test('what a newer SDK adds to its hello is passed over: which version is spoken is agreed on after it', async () => {
  const bed = open();
  const newer = { versions: [4, 3, 2], windowBytes: 1 << 20 };
  const peer = bed.peer().hello(['00101'], newer);
  await bed.settle();
  assert.equal((peer.of('welcome')[0]!.text as { version: number }).version, 2);
});

test('a link without a client certificate speaks for nobody', async () => {
  const bed = open();
  const peer = new TestPeer((link) => bed.stream.accept({ ...link, certificate: undefined })).hello(['00101']);
  await bed.settle();
  assert.equal(peer.goodbye?.reason, 'certificateRequired');
});

/** What a peer may do to one good frame of two payments. */
const broken: { name: string; reason: string; write(peer: TestPeer, frame: Uint8Array): void }[] = [
  {
    name: 'of another version',
    reason: 'streamVersionUnsupported',
    write: (peer, frame) => peer.raw(with8(frame, frameHead.version, 2)),
  },
  { name: 'of no type', reason: 'frameMalformed', write: (peer, frame) => peer.raw(with8(frame, frameHead.type, 99)) },
  {
    name: 'that only a platform sends',
    reason: 'frameMalformed',
    write: (peer, frame) => peer.raw(with8(frame, frameHead.type, 18)),
  },
  {
    name: 'twice',
    reason: 'frameOutOfOrder',
    write: (peer, frame) => {
      peer.raw(frame);
      peer.raw(frame);
    },
  },
  {
    name: 'after one that is missing',
    reason: 'frameOutOfOrder',
    write: (peer, frame) => peer.raw(with8(frame, frameHead.number + 7, 3)),
  },
  {
    name: 'with a count too high',
    reason: 'frameMalformed',
    write: (peer, frame) => peer.raw(with8(frame, frameHead.count + 1, 3)),
  },
  {
    name: 'with a count too low',
    reason: 'frameMalformed',
    write: (peer, frame) => peer.raw(with8(frame, frameHead.count + 1, 1)),
  },
  {
    name: 'shorter than its head',
    reason: 'frameMalformed',
    write: (peer, frame) => peer.raw(with8(frame, frameHead.length + 3, 8)),
  },
  {
    name: 'longer than may be',
    reason: 'frameMalformed',
    write: (peer, frame) => peer.raw(with8(frame, frameHead.length, 1)),
  },
  {
    name: 'with a message that is too long',
    reason: 'frameMalformed',
    write: (peer, frame) => peer.raw(with8(frame, 16, 0x20)),
  },
  {
    name: 'with a reference longer than the message',
    reason: 'frameMalformed',
    write: (peer, frame) => peer.raw(with8(frame, 18, 200)),
  },
];
for (const { name, reason, write } of broken) {
  test(`a frame ${name} ends its link with ${reason}, and no other`, async () => {
    const bed = open();
    const bank = await bed.greeted('00201');
    const good = await bed.greeted('00102');
    const bad = await bed.greeted('00101');
    bad.payment({ sequence: 1 }).payment({ sequence: 2 });
    write(bad, bad.writer.take());
    good.payment({ sequence: 7, signer: 102 }).send();
    await bed.settle();
    assert.equal(bad.goodbye?.reason, reason);
    assert.ok(bad.ended);
    assert.deepEqual([good.ended, bank.ended], [false, false]);
    assert.ok(taken(bed) >= 1, 'the other link goes on');
  });
}

function with8(frame: Uint8Array, at: number, value: number): Uint8Array {
  const changed = frame.slice();
  changed[at] = value;
  return changed;
}

const misplaced = [
  { name: 'a place left out', more: { position: 5 }, reason: 'frameOutOfOrder' },
  { name: 'another stream', more: { stream: 1 }, reason: 'frameOutOfOrder' },
  { name: 'a signer that the link does not speak for', more: { signer: 102 }, reason: 'frameMalformed' },
];
for (const { name, more, reason } of misplaced) {
  test(`a payment with ${name} ends the link with ${reason}`, async () => {
    const bed = open();
    const peer = await bed.greeted('00101');
    peer.payment({ sequence: 1, ...more }).send();
    await bed.settle();
    assert.equal(peer.goodbye?.reason, reason);
    assert.equal(taken(bed), 0);
  });
}

const wrong = [
  { name: 'of no kind', more: { kind: 9 }, reason: 'kindUnsupported' },
  { name: 'in no currency', more: { currency: 1 }, reason: 'currencyUnsupported' },
  { name: "with decimals that are not the currency's", more: { decimals: 3 }, reason: 'amountInvalid' },
  { name: 'that pays out and names an agreement', more: { agreement: true }, reason: 'fieldInvalid' },
  { name: 'under an agreement that it does not name', more: { kind: 1 }, reason: 'fieldInvalid' },
  { name: 'with a control character in its reference', more: { endToEndId: 'a\u0007b' }, reason: 'fieldInvalid' },
  { name: 'with a reference that turns the writing round', more: { endToEndId: 'a\u202eb' }, reason: 'fieldInvalid' },
  { name: 'with a reference of 36 characters', more: { endToEndId: 'x'.repeat(36) }, reason: 'fieldInvalid' },
  { name: 'to a bank that is not on the stream', more: { bank: 202 }, reason: 'bankNotOnStream' },
];
for (const { name, more, reason } of wrong) {
  test(`a payment ${name} is not processed (${reason}); those beside it are, and all are covered`, async () => {
    const bed = open();
    await bed.greeted('00201');
    const peer = await bed.greeted('00101');
    for (let sequence = 1; sequence <= 5; sequence++) peer.payment({ sequence, ...(sequence === 3 && more) });
    peer.send();
    await bed.settle();
    assert.deepEqual(refusals(peer), [reason]);
    assert.equal(taken(bed), 4);
    (await peer.checkpoint(101, key, { from: 0, to: 5 })).send();
    await bed.judged(peer, 1);
    assert.deepEqual(covered(peer), [{ signer: 101, reason: 'none', to: 5, taken: 5 }]);
    assert.equal(bed.recorded.length, 1);
    const { body } = bed.recorded[0]!;
    assert.equal(body.length, 36, 'the journal learns of the one message that it does not hold');
    assert.equal(new DataView(body.buffer, body.byteOffset).getUint32(0), 2);
    assert.deepEqual(body.subarray(4), peer.leaves.get(101)![2]);
  });
}

test('messages of a lot that was never sequenced are listed with the checkpoint that covers them', async () => {
  const bed = open();
  await bed.greeted('00201');
  const peer = await bed.greeted('00101');
  peer.payment({ sequence: 1 }).payment({ sequence: 2 }).send();
  await bed.settle();
  peer.payment({ sequence: 3 }).send();
  await bed.settle();
  bed.lots[1]!.unjournaled();
  (await peer.checkpoint(101, key, { from: 0, to: 3 })).send();
  await bed.judged(peer, 1);
  const { body } = bed.recorded[0]!;
  assert.equal(new DataView(body.buffer, body.byteOffset).getUint32(0), 2);
  assert.deepEqual(body.subarray(4), peer.leaves.get(101)![2]);
});

test('checkpoints that are judged at the same time are journaled in their order, each with its own missing messages', async () => {
  const waiting: (() => void)[] = [];
  const record = () => new Promise<void>((resolve) => void waiting.push(resolve));
  const bed = open({}, [], record);
  await bed.greeted('00201');
  const peer = await bed.greeted('00101');
  const wrong = { currency: 999 };
  peer.payment({ sequence: 1 }).payment({ sequence: 2, ...wrong });
  peer
    .payment({ sequence: 3 })
    .payment({ sequence: 4, ...wrong })
    .send();
  await bed.settle();
  (await peer.checkpoint(101, key, { from: 0, to: 2 })).send();
  const positions = () => bed.recorded.map(({ body }) => new DataView(body.buffer, body.byteOffset).getUint32(0));
  while (waiting.length === 0) await bed.settle();
  (await peer.checkpoint(101, key, { from: 2, to: 4 })).send();
  while (bed.verified.count < 2) await bed.settle();
  await bed.settle();
  assert.deepEqual(positions(), [1], 'the second waits for the first');
  waiting.shift()!();
  while (waiting.length === 0) await bed.settle();
  waiting.shift()!();
  await bed.judged(peer, 2);
  assert.deepEqual(positions(), [1, 3]);
  assert.ok(bed.recorded.every(({ body }) => body.length === 36));
  assert.deepEqual(covered(peer).at(-1), { signer: 101, reason: 'none', to: 4, taken: 4 });
});

test('checkpoints of many signers that come together are journaled together, and one that is false hurts nobody else', async () => {
  const lots: number[] = [];
  let before = 0;
  const bed = open({}, [], async () => {
    lots.push(bed.recorded.length - before);
    before = bed.recorded.length;
  });
  await bed.greeted('00201');
  const peer = await bed.greeted('00101');
  for (let sequence = 1; sequence <= 20; sequence++) peer.payment({ sequence });
  peer.send();
  await bed.settle();
  const leaves = peer.leaves.get(101)!.map((leaf, index) => (index === 12 ? new Uint8Array(32).fill(7) : leaf));
  for (let to = 1; to <= 20; to++) await peer.checkpoint(101, key, { from: to - 1, to, leaves });
  peer.send();
  await bed.judged(peer, 20);
  assert.deepEqual(lots, [12], 'what lies behind the false one is of a stream that cannot be covered');
  assert.deepEqual(
    covered(peer).map(({ reason }) => reason),
    [...new Array(12).fill('none'), ...new Array(8).fill('checkpointFalse')],
  );
  assert.deepEqual(bed.stopped, ['101 checkpointFalse']);
});

test('a reference beyond ASCII is taken', async () => {
  const bed = open();
  await bed.greeted('00201');
  const peer = await bed.greeted('00101');
  peer.payment({ sequence: 1, endToEndId: '订单一二三四五六七八九十' }).send();
  await bed.settle();
  assert.equal(taken(bed), 1);
});

test('the fact of a payment holds its hash, and names no suite: its signature comes later', async () => {
  const bed = open();
  await bed.greeted('00201');
  const peer = await bed.greeted('00101');
  peer.payment({ sequence: 1 }).payment({ sequence: 2 }).send();
  await bed.settle();
  const { facts } = bed.lots[0]!;
  for (let i = 0; i < 2; i++) {
    const at = i * layout.submitPayment.size;
    const hash = facts.subarray(at + layout.submitPayment.hash, at + layout.submitPayment.hash + 32);
    assert.deepEqual(Buffer.from(hash), Buffer.from(peer.leaves.get(101)![i]!));
    assert.equal(facts[at + layout.submitPayment.suite], 0);
  }
});

test('what goes beyond the window is not processed', async () => {
  const bed = open({ window: 3 });
  await bed.greeted('00201');
  const peer = await bed.greeted('00101');
  for (let sequence = 1; sequence <= 5; sequence++) peer.payment({ sequence });
  peer.send();
  await bed.settle();
  assert.equal(taken(bed), 3);
  assert.deepEqual(refusals(peer), ['windowExceeded', 'windowExceeded']);
});

test('what arrives at once goes to the cell in lots that fit into a batch', async () => {
  const bed = open({ window: 20_000 });
  await bed.greeted('00201');
  const peer = await bed.greeted('00101');
  for (let sequence = 1; sequence <= 10_000; sequence++) peer.payment({ sequence });
  peer.send();
  await bed.settle();
  assert.equal(taken(bed), 10_000);
  assert.ok(bed.lots.every(({ commands }) => commands <= 4096));
});

test("answers that make no sense are not processed: no answer, and a reason that is not a bank's", async () => {
  const bed = open();
  const bank = await bed.greeted('00201');
  bank.answer(1, 9).answer(2, 2, 140).answer(3, 1, 200).answer(4, 2, 200).send();
  await bed.settle();
  assert.equal(taken(bed), 1);
  assert.deepEqual(refusals(bank), ['fieldInvalid', 'fieldInvalid', 'fieldInvalid']);
});

const falseCheckpoints = [
  {
    name: 'over a thousand messages of which one was another',
    range: (leaves: Uint8Array[]) => ({
      from: 0,
      to: 1000,
      leaves: leaves.map((leaf, i) => (i === 500 ? leaves[0]! : leaf)),
    }),
    by: key,
  },
  {
    name: 'signed with another key',
    range: () => ({ from: 0, to: 1000 }),
    by: { ...key, privateKey: otherKeys.privateKey },
  },
];
for (const { name, range, by } of falseCheckpoints) {
  test(`a checkpoint ${name} stops its signer; another on the same link goes on`, async () => {
    const bed = open({ window: 100_000 });
    await bed.greeted('00201');
    const peer = await bed.greeted('00101', '00102');
    for (let sequence = 1; sequence <= 1000; sequence++) peer.payment({ sequence });
    peer.send();
    await bed.settle();
    (await peer.checkpoint(101, by, range(peer.leaves.get(101)!))).send();
    await bed.judged(peer, 1);
    assert.equal(covered(peer)[0]?.reason, 'checkpointFalse');
    assert.deepEqual(bed.stopped, ['101 checkpointFalse']);
    assert.equal(bed.recorded.length, 0);
    peer.payment({ sequence: 1001 }).payment({ sequence: 1, signer: 102 }).send();
    await bed.settle();
    assert.deepEqual(refusals(peer), ['checkpointFalse']);
    assert.equal(taken(bed), 1001);
    assert.equal(peer.goodbye, undefined);
  });
}

for (const guilty of [101, 102] as const) {
  test(`of checkpoints that are checked together each has its own verdict: ${guilty} signed with another key`, async () => {
    const bed = open();
    await bed.greeted('00201');
    const peer = await bed.greeted('00101', '00102');
    for (const signer of [101, 102]) peer.payment({ sequence: 1, signer });
    peer.send();
    await bed.settle();
    for (const signer of [101, 102]) {
      const by = signer === guilty ? { ...key, privateKey: otherKeys.privateKey } : key;
      await peer.checkpoint(signer, by, { from: 0, to: 1 });
    }
    peer.send();
    await bed.judged(peer, 2);
    const verdicts = covered(peer).map(({ signer, reason }) => [signer, reason]);
    assert.deepEqual(
      verdicts,
      [101, 102].map((signer) => [signer, signer === guilty ? 'checkpointFalse' : 'none']),
    );
    assert.deepEqual(bed.stopped, [`${guilty} checkpointFalse`]);
  });
}

const misplacedCheckpoints = [
  { name: 'that leaves out the first message', range: { from: 1, to: 2 }, reason: 'positionWrong' },
  { name: 'over more than was sent', range: { from: 0, to: 3 }, reason: 'positionWrong' },
  { name: 'over nothing', range: { from: 0, to: 2, stream: 12 }, reason: 'positionWrong' },
];
for (const { name, range, reason } of misplacedCheckpoints) {
  test(`a checkpoint ${name} is answered ${reason} and changes nothing`, async () => {
    const bed = open();
    await bed.greeted('00201');
    const peer = await bed.greeted('00101');
    peer.payment({ sequence: 1 }).payment({ sequence: 2 }).send();
    await bed.settle();
    const leaves = [...peer.leaves.get(101)!, peer.leaves.get(101)![0]!];
    (await peer.checkpoint(101, key, { ...range, leaves })).send();
    (await peer.checkpoint(101, key, { from: 0, to: 2 })).send();
    await bed.judged(peer, 2);
    assert.deepEqual(
      covered(peer).map((one) => one.reason),
      [reason, 'none'],
    );
    assert.deepEqual(bed.stopped, []);
  });
}

test('a signer that does not sign in time is refused until it has, and stopped when it never does', async () => {
  const bed = open({ refusedMs: 1000, overdueMs: 5000 });
  await bed.greeted('00201');
  const peer = await bed.greeted('00101');
  peer.payment({ sequence: 1 }).send();
  await bed.settle();
  bed.clock.pass(1100);
  peer.payment({ sequence: 2 }).send();
  await bed.settle();
  assert.deepEqual(refusals(peer), ['checkpointMissing']);
  (await peer.checkpoint(101, key, { from: 0, to: 2 })).send();
  await bed.judged(peer, 1);
  peer.payment({ sequence: 3 }).send();
  await bed.settle();
  assert.equal(taken(bed), 2);
  for (let i = 0; i < 60; i++) bed.clock.pass(100);
  assert.deepEqual(bed.stopped, ['101 checkpointMissing']);
});

test('after a link has ended its messages are covered over the next, and a cut waits for that', async () => {
  const bed = open();
  await bed.greeted('00201');
  const first = await bed.greeted('00101');
  first.payment({ sequence: 1 }).payment({ sequence: 2 }).send();
  await bed.settle();
  let isCovered = false;
  void bed.stream.covered().then(() => {
    isCovered = true;
  });
  first.close();
  const second = await bed.greeted('00101');
  assert.deepEqual(covered(second), [{ signer: 101, reason: 'none', to: 0, taken: 2 }]);
  await bed.settle();
  assert.equal(isCovered, false);
  const range = { from: 0, to: 2, stream: first.stream, leaves: first.leaves.get(101)! };
  (await second.checkpoint(101, key, range)).send();
  await bed.judged(second, 2);
  assert.deepEqual(covered(second)[1], { signer: 101, reason: 'none', to: 2, taken: 2 });
  assert.equal(isCovered, true);
  assert.equal(bed.stream.uncovered, 0);
});

/** What is left of a stream of 00101 from before the start: places 3 and 5, whose hashes begin with 3 and 5. */
const leftOpen: UncoveredStream = {
  signer: 101,
  stream: 16,
  from: 3,
  leaves: Buffer.concat([Buffer.alloc(32, 3), Buffer.alloc(32), Buffer.alloc(32, 5)]),
  missing: [4],
  behind: 70,
};
const leftLeaves = [3, 3, 3, 3, 0, 5].map((byte) => Buffer.alloc(32, byte));

const held = (peer: TestPeer) =>
  peer.of('held').flatMap(({ view, count }) =>
    Array.from({ length: count }, (_, i) => {
      const at = i * heldMessageBytes;
      return [
        view.getUint32(at + heldMessage.position),
        view.getUint8(at + heldMessage.known),
        view.getUint8(at + heldMessage.hash),
      ];
    }),
  );

test('what was open before a restart is told, recalled, signed with zeros for what is not there, and a cut waits', async () => {
  const bed = open({}, [leftOpen]);
  assert.equal(bed.stream.uncovered, 3);
  let isCovered = false;
  void bed.stream.covered().then(() => {
    isCovered = true;
  });
  const peer = await bed.greeted('00101');
  assert.deepEqual(covered(peer), [{ signer: 101, reason: 'none', recall: true, to: 3, taken: 6 }]);
  peer.recall(101, 16).recall(101, 16).recall(101, 99).send();
  await bed.settle();
  assert.deepEqual(held(peer), [
    [3, 1, 3],
    [4, 0, 0],
    [5, 1, 5],
  ]);
  assert.equal(covered(peer)[1]?.reason, 'positionWrong');
  assert.equal(isCovered, false);
  (await peer.checkpoint(101, key, { from: 3, to: 6, stream: 16, leaves: leftLeaves })).send();
  await bed.judged(peer, 3);
  assert.deepEqual(covered(peer)[2], { signer: 101, reason: 'none', to: 6, taken: 6 });
  assert.equal(isCovered, true);
  const missing = Buffer.concat([Buffer.from([0, 0, 0, 4]), Buffer.alloc(32)]);
  assert.deepEqual(Buffer.from(bed.recorded[0]!.body), missing);
  assert.deepEqual(bed.signed, [101]);
});

test('who signs an older stream while messages of the new one are open is told as signed with those', async () => {
  const bed = open({}, [leftOpen]);
  const peer = await bed.greeted('00101');
  peer.recall(101, 16).payment({ sequence: 1 }).send();
  await bed.settle();
  (await peer.checkpoint(101, key, { from: 3, to: 6, stream: 16, leaves: leftLeaves })).send();
  await bed.judged(peer, 2);
  assert.deepEqual([bed.signed, bed.stream.uncovered], [[], 1]);
  (await peer.checkpoint(101, key, { from: 0, to: 1 })).send();
  await bed.judged(peer, 3);
  assert.deepEqual([bed.signed, bed.stream.uncovered], [[101], 0]);
});

test('a participant of version 1 is told of an older stream only if it can sign it without recalling', async () => {
  const whole = { ...leftOpen, stream: 32, missing: [], leaves: Buffer.alloc(96, 3) };
  const bed = open({}, [leftOpen, whole]);
  const peer = bed.peer().hello(['00101'], { versions: [1] });
  await bed.settle();
  assert.equal((peer.of('welcome')[0]!.text as { version: number }).version, 1);
  assert.deepEqual(
    peer.of('covered').map(({ view }) => readUint64(view, coveredMessage.stream)),
    [32],
  );
  peer.recall(101, 16).send();
  await bed.settle();
  assert.equal(peer.goodbye?.reason, 'frameMalformed');
});

test('a recalled stream is refused to whoever does not speak for its signer', async () => {
  const bed = open({}, [leftOpen]);
  const peer = await bed.greeted('00102');
  peer.recall(101, 16).send();
  await bed.settle();
  assert.deepEqual([held(peer), covered(peer)[0]?.reason], [[], 'positionWrong']);
});

test('who stays away after a restart is stopped, and another who signs is not', async () => {
  const bed = open({ overdueMs: 2000 }, [leftOpen, { ...leftOpen, signer: 102 }]);
  const peer = await bed.greeted('00102');
  (await peer.checkpoint(102, key, { from: 3, to: 6, stream: 16, leaves: leftLeaves })).send();
  await bed.judged(peer, 2);
  for (let i = 0; i < 30; i++) bed.clock.pass(100);
  assert.deepEqual(bed.stopped, ['101 checkpointMissing']);
});

test('how far the journal is covered is noted, for the next start', async () => {
  const bed = open({ overdueMs: 2500 }, [leftOpen]);
  await bed.greeted('00201');
  bed.batches.durable = 100;
  const second = () => {
    for (let i = 0; i < 10; i++) bed.clock.pass(100);
    return bed.covers.at(-1);
  };
  assert.deepEqual(second(), [70, undefined]);
  const peer = await bed.greeted('00102');
  bed.batches.durable = 110;
  peer.payment({ sequence: 1, signer: 102 }).send();
  await bed.settle();
  second();
  // The signer of the older stream was stopped: it holds up nobody else.
  assert.deepEqual(second(), [100, 70]);
  (await peer.checkpoint(102, key, { from: 0, to: 1 })).send();
  await bed.judged(peer, 1);
  assert.deepEqual(second(), [110, 70]);
});

test('a peer that goes on sending what is refused since it does not sign is cut off', async () => {
  const bed = open({ uncoveredMessages: 10 });
  await bed.greeted('00201');
  const peer = await bed.greeted('00101');
  for (let sequence = 1; sequence <= 10; sequence++) peer.payment({ sequence });
  peer.send();
  await bed.settle();
  for (let sequence = 11; sequence <= 41; sequence++) peer.payment({ sequence });
  peer.send();
  await bed.settle();
  bed.clock.pass(200);
  assert.equal(taken(bed), 10);
  assert.equal(peer.goodbye?.reason, 'checkpointMissing');
});

test('a cut does not wait for a signer that was stopped', async () => {
  const bed = open({ overdueMs: 2000 });
  await bed.greeted('00201');
  const peer = await bed.greeted('00101');
  peer.payment({ sequence: 1 }).send();
  await bed.settle();
  const done = bed.stream.covered();
  for (let i = 0; i < 30; i++) bed.clock.pass(100);
  await done;
  assert.deepEqual(bed.stopped, ['101 checkpointMissing']);
});

test('a peer that never reads is cut off, and nobody waits for it', async () => {
  const bed = open();
  const peer = await bed.greeted('00101');
  peer.waiting = 2 ** 30;
  peer.payment({ sequence: 1, kind: 9 }).send();
  await bed.settle();
  assert.ok(peer.destroyed);
  assert.ok(bed.events.includes('stream.peerDoesNotRead'));
});

test('a peer that says nothing for fifteen seconds is cut off; one that is alive is not', async () => {
  const bed = open();
  const silent = await bed.greeted('00101');
  const alive = await bed.greeted('00102');
  for (let second = 0; second < 16; second++) {
    alive.writer.empty('alive');
    alive.send();
    for (let i = 0; i < 10; i++) bed.clock.pass(100);
  }
  assert.deepEqual([silent.destroyed, alive.destroyed], [true, false]);
  assert.ok(alive.of('alive').length >= 2, 'the platform says that it is alive too');
});
