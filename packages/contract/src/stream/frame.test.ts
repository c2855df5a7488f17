import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FrameError, FrameReader, FrameWriter, textOf } from './frame.ts';
import { type FrameType, frameTypes, largestFrame, messageBytes } from './layout.ts';

interface Read {
  readonly type: FrameType;
  readonly count: number;
  readonly payload: string;
}

function readAll(chunks: readonly Uint8Array[]): Read[] {
  const reader = new FrameReader();
  const frames: Read[] = [];
  for (const chunk of chunks) {
    reader.read(chunk, ({ type, count, payload }) => {
      frames.push({ type, count, payload: Buffer.from(payload).toString('hex') });
    });
  }
  return frames;
}

/** A payment of 96 bytes: one for the reference, eight sealed, padded. */
function payment(changes: { size?: number; reference?: number; sealed?: number } = {}): Buffer {
  const message = Buffer.alloc(96);
  message.writeUInt16BE(changes.size ?? 96, 0);
  message[2] = changes.reference ?? 1;
  message.writeUInt16BE(changes.sealed ?? 8, 4);
  return message;
}

function put(writer: FrameWriter, type: FrameType, ...messages: readonly Uint8Array[]): void {
  for (const message of messages) {
    const at = writer.message(type, message.length);
    writer.bytes.set(message, at);
  }
}

function frame(type: number, count: number, payload: Uint8Array, number = 1, version = 1): Buffer {
  const head = Buffer.alloc(16);
  head.writeUInt32BE(16 + payload.length, 0);
  head[4] = type;
  head[5] = version;
  head.writeUInt16BE(count, 6);
  head.writeBigUInt64BE(BigInt(number), 8);
  return Buffer.concat([head, payload]);
}

/** Every type of frame, some with several messages. */
function everyType(): Buffer {
  const writer = new FrameWriter();
  writer.text('hello', { versions: [1] });
  put(writer, 'payments', payment(), payment(), payment());
  put(writer, 'questions', Buffer.concat([Buffer.alloc(8), payment()]));
  put(writer, 'questions', Buffer.concat([Buffer.from([1, 0, 1, 0, 0, 0, 0, 9]), payment(), Buffer.alloc(72, 5)]));
  for (const [type, size] of Object.entries(messageBytes)) put(writer, type as FrameType, Buffer.alloc(size, 1));
  writer.empty('alive');
  writer.text('goodbye', { reason: 'none', detail: '' });
  return Buffer.from(writer.take());
}

describe('frames', () => {
  test('are read as they were written', () => {
    const read = readAll([everyType()]);
    assert.deepEqual(
      read.map(({ type, count }) => [type, count]),
      [
        ['hello', 1],
        ['payments', 3],
        ['questions', 2],
        ['window', 1],
        ['outcomes', 1],
        ['answers', 1],
        ['enquiries', 1],
        ['checkpoints', 1],
        ['covered', 1],
        ['recalls', 1],
        ['held', 1],
        ['alive', 0],
        ['goodbye', 1],
      ],
    );
    assert.equal(read[1].payload, Buffer.concat([payment(), payment(), payment()]).toString('hex'));
  });

  test('come out the same wherever the bytes are cut in two', () => {
    const bytes = everyType();
    const whole = readAll([bytes]);
    for (let at = 0; at <= bytes.length; at++)
      assert.deepEqual(readAll([bytes.subarray(0, at), bytes.subarray(at)]), whole, `cut at ${at}`);
  });

  test('come out the same byte by byte', () => {
    const bytes = everyType();
    assert.deepEqual(readAll(Array.from(bytes, (byte) => Buffer.of(byte))), readAll([bytes]));
  });

  test('come out the same however the bytes are cut', () => {
    const bytes = everyType();
    const whole = readAll([bytes]);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const chunks = places.slice(1).map((to, index) => bytes.subarray(places[index], to));
        assert.deepEqual(readAll(chunks), whole);
      }),
    );
  });

  test('are handed over as plain bytes, of which a slice is a copy', () => {
    new FrameReader().read(Buffer.from(everyType()), ({ payload }) => {
      assert.equal(Object.getPrototypeOf(payload), Uint8Array.prototype);
    });
  });

  test('are never kept beyond one frame of memory, whatever length is claimed', () => {
    const reader = new FrameReader();
    const head = frame(frameTypes.payments, 1, Buffer.alloc(0));
    head.writeUInt32BE(largestFrame, 0);
    reader.read(head, () => assert.fail('nothing is whole'));
    for (let i = 0; i < 60; i++) reader.read(Buffer.alloc(16_384), () => assert.fail('nothing is whole'));
    assert.ok(reader.held <= largestFrame);
  });

  test('of more messages or bytes than fit into one become several', () => {
    const writer = new FrameWriter();
    for (let i = 0; i < 5000; i++) put(writer, 'enquiries', Buffer.alloc(24));
    for (let i = 0; i < 200; i++) {
      const large = Buffer.alloc(8192);
      large.writeUInt16BE(8192, 0);
      large[2] = 8;
      large.writeUInt16BE(4096, 4);
      put(writer, 'outcomes', large.subarray(0, 64));
    }
    const counts = readAll([writer.take()]).map(({ type, count }) => [type, count]);
    assert.deepEqual(counts, [
      ['enquiries', 4096],
      ['enquiries', 904],
      ['outcomes', 200],
    ]);
  });
});

describe('a peer that breaks the protocol gets its reason', () => {
  const question = (signed: number, ...parts: Uint8Array[]) =>
    Buffer.concat([Buffer.from([1, 0, signed, 0, 0, 0, 0, 1]), ...parts]);
  const { payments, questions, answers, alive, hello } = frameTypes;
  const long = (length: number) => {
    const head = frame(payments, 0, Buffer.alloc(0));
    head.writeUInt32BE(length, 0);
    return head;
  };
  const cases: readonly [name: string, reason: FrameError['reason'], ...frames: Uint8Array[]][] = [
    ['a length below a head', 'frameMalformed', long(8)],
    ['a length that is no multiple of eight', 'frameMalformed', long(20)],
    ['a length above the largest frame', 'frameMalformed', long(largestFrame + 8)],
    ['a length with the sign bit', 'frameMalformed', long(0x8000_0010)],
    ['a type that does not exist', 'frameMalformed', frame(99, 0, Buffer.alloc(0))],
    ['type 0', 'frameMalformed', frame(0, 0, Buffer.alloc(0))],
    ['another version', 'streamVersionUnsupported', frame(alive, 0, Buffer.alloc(0), 1, 2)],
    ['a first frame that is not number 1', 'frameOutOfOrder', frame(alive, 0, Buffer.alloc(0), 2)],
    ['a frame again', 'frameOutOfOrder', frame(alive, 0, Buffer.alloc(0)), frame(alive, 0, Buffer.alloc(0))],
    ['a frame left out', 'frameOutOfOrder', frame(alive, 0, Buffer.alloc(0)), frame(alive, 0, Buffer.alloc(0), 3)],
    ['a number far beyond', 'frameOutOfOrder', frame(alive, 0, Buffer.alloc(0), 2 ** 53)],
    ['fewer messages than it says', 'frameMalformed', frame(answers, 2, Buffer.alloc(80))],
    ['more messages than it says', 'frameMalformed', frame(answers, 1, Buffer.alloc(160))],
    ['messages without a count', 'frameMalformed', frame(payments, 0, payment())],
    ['more messages than may be', 'frameMalformed', frame(frameTypes.window, 4097, Buffer.alloc(4097 * 8))],
    ['a payment shorter than its head', 'frameMalformed', frame(payments, 1, payment().subarray(0, 72))],
    ['a payment that says it is longer', 'frameMalformed', frame(payments, 1, payment({ size: 104 }))],
    ['a payment that says it is shorter', 'frameMalformed', frame(payments, 1, payment({ size: 88 }))],
    ['a payment of size 0', 'frameMalformed', frame(payments, 1, payment({ size: 0 }))],
    ['a reference beyond the message', 'frameMalformed', frame(payments, 1, payment({ reference: 200 }))],
    ['sealed fields beyond the message', 'frameMalformed', frame(payments, 1, payment({ sealed: 4096 }))],
    ['more padding than is needed', 'frameMalformed', frame(payments, 1, payment({ sealed: 1 }))],
    [
      'payments of which one lies',
      'frameMalformed',
      frame(payments, 2, Buffer.concat([payment(), payment({ size: 88 })])),
    ],
    ['a question without its payment', 'frameMalformed', frame(questions, 1, question(0))],
    ['a signed question without its signature', 'frameMalformed', frame(questions, 1, question(1, payment()))],
    ['an unsigned question with one', 'frameMalformed', frame(questions, 1, question(0, payment(), Buffer.alloc(72)))],
    ['an alive that says something', 'frameMalformed', frame(alive, 0, Buffer.alloc(8))],
    ['two texts in one frame', 'frameMalformed', frame(hello, 2, Buffer.from('{}      '))],
  ];
  for (const [name, reason, ...frames] of cases) {
    test(name, () => {
      const bytes = Buffer.concat(frames);
      const broken = (error: unknown) => error instanceof FrameError && error.reason === reason;
      assert.throws(() => readAll([bytes]), broken);
      assert.throws(() => readAll(Array.from(bytes, (byte) => Buffer.of(byte))), broken, 'byte by byte');
    });
  }

  test('what came before the broken frame has been handed over, what comes in it and behind it has not', () => {
    const reader = new FrameReader();
    const taken: FrameType[] = [];
    const good = frame(alive, 0, Buffer.alloc(0));
    const bad = frame(payments, 2, payment(), 2);
    const behind = frame(alive, 0, Buffer.alloc(0), 3);
    assert.throws(() => reader.read(Buffer.concat([good, bad, behind]), ({ type }) => taken.push(type)), FrameError);
    assert.deepEqual(taken, ['alive']);
  });

  test('a flipped bit is never an exception but a FrameError', () => {
    const bytes = everyType();
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] ^= 1 << (bit & 7);
      try {
        readAll([flipped]);
      } catch (error) {
        assert.ok(error instanceof FrameError, `bit ${bit}: ${error}`);
      }
    }
  });

  for (const [name, content] of [
    ['no JSON', Buffer.from('{"a":   ')],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22, 0x20, 0x20, 0x20, 0x20])],
  ] as const) {
    test(`a greeting that is ${name}`, () => {
      const reader = new FrameReader();
      assert.throws(() => reader.read(frame(hello, 1, content), textOf), FrameError);
    });
  }
});
