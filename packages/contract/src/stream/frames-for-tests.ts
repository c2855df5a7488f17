/** Frames written field by field from a table, as somebody else would write them from docs/reference/stream.md. */
import { identifierToBytes, parseIdentifier } from '@clearway/core/vocabulary';
import type { Unsigned } from '../canonical.ts';
import type { PaymentAnswer, PaymentRequest } from '../messages.ts';
import { type FrameType, frameTypes, questionTypes } from './layout.ts';
import { answerBytes, paymentBytes } from './samples-for-tests.ts';

type Field = readonly [name: string, at: number, form: 'u8' | 'u16' | 'u32' | 'u64' | 'id' | 'hex'];
type Message = Readonly<Record<string, unknown>>;

const tables: Readonly<Partial<Record<FrameType, { readonly size: number; readonly fields: readonly Field[] }>>> = {
  window: { size: 8, fields: [['count', 0, 'u32']] },
  outcomes: {
    size: 64,
    fields: [
      ['state', 0, 'u8'],
      ['answer', 1, 'u8'],
      ['reason', 2, 'u16'],
      ['participant', 4, 'u32'],
      ['id', 8, 'id'],
      ['changedAt', 24, 'u64'],
      ['cycle', 32, 'u32'],
      ['position', 36, 'u32'],
      ['stream', 40, 'u64'],
      ['answeredAt', 48, 'u64'],
      ['flags', 56, 'u8'],
      ['answerReason', 58, 'u16'],
      ['bank', 60, 'u32'],
    ],
  },
  enquiries: {
    size: 24,
    fields: [
      ['participant', 0, 'u32'],
      ['id', 8, 'id'],
    ],
  },
  checkpoints: {
    size: 128,
    fields: [
      ['signer', 0, 'u32'],
      ['suite', 4, 'u8'],
      ['keyVersion', 6, 'u16'],
      ['stream', 8, 'u64'],
      ['from', 16, 'u32'],
      ['to', 20, 'u32'],
      ['signedAt', 24, 'u64'],
      ['root', 32, 'hex'],
      ['signature', 64, 'hex'],
    ],
  },
  covered: {
    size: 24,
    fields: [
      ['signer', 0, 'u32'],
      ['recall', 4, 'u8'],
      ['reason', 6, 'u16'],
      ['stream', 8, 'u64'],
      ['to', 16, 'u32'],
      ['taken', 20, 'u32'],
    ],
  },
  recalls: {
    size: 16,
    fields: [
      ['signer', 0, 'u32'],
      ['stream', 8, 'u64'],
    ],
  },
  held: {
    size: 56,
    fields: [
      ['signer', 0, 'u32'],
      ['known', 4, 'u8'],
      ['stream', 8, 'u64'],
      ['position', 16, 'u32'],
      ['hash', 24, 'hex'],
    ],
  },
};

export interface DescribedFrame {
  readonly type: FrameType;
  readonly number: number;
  /** Of a greeting. */
  readonly text?: object;
  readonly messages?: readonly Message[];
}

export function frameBytes({ type, number, text, messages = [] }: DescribedFrame): Uint8Array {
  const parts = text ? [textBytes(text)] : messages.map((message) => messageBytesOf(type, message));
  const head = Buffer.alloc(16);
  head.writeUInt32BE(16 + parts.reduce((sum, { length }) => sum + length, 0), 0);
  head[4] = frameTypes[type];
  head[5] = 1;
  head.writeUInt16BE(parts.length, 6);
  head.writeBigUInt64BE(BigInt(number), 8);
  return Buffer.concat([head, ...parts]);
}

function textBytes(text: object): Buffer {
  const json = Buffer.from(JSON.stringify(text));
  return Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')]);
}

function messageBytesOf(type: FrameType, message: Message): Uint8Array {
  if (type === 'payments') return paymentOf(message);
  if (type === 'questions') return questionOf(message);
  if (type === 'answers') {
    const place = { stream: message.stream as number, position: message.position as number };
    return answerBytes(message.bank as string, message.answer as Unsigned<PaymentAnswer>, place, 0);
  }
  const { size, fields } = tables[type]!;
  const bytes = Buffer.alloc(size);
  for (const [name, at, form] of fields) write(bytes, at, form, message[name]);
  return bytes;
}

function write(bytes: Buffer, at: number, form: Field[2], value: unknown): void {
  if (form === 'id') bytes.set(identifierToBytes(parseIdentifier(value as string)!), at);
  else if (form === 'hex') bytes.set(Buffer.from(value as string, 'hex'), at);
  else if (form === 'u64') bytes.writeBigUInt64BE(BigInt(value as number), at);
  else bytes.writeUIntBE(value as number, at, { u8: 1, u16: 2, u32: 4 }[form]);
}

function paymentOf({ payment, stream, position }: Message): Uint8Array {
  const place = { stream: stream as number, position: position as number };
  return paymentBytes(payment as Unsigned<PaymentRequest>, place, 0);
}

function questionOf(message: Message): Uint8Array {
  const prefix = Buffer.alloc(8);
  prefix[0] = questionTypes[message.type as keyof typeof questionTypes];
  prefix[1] = message.possibleDuplicate as number;
  prefix[2] = message.signed as number;
  prefix.writeUInt32BE(message.remainingMs as number, 4);
  const signature = message.signature as { suite: number; keyVersion: number; value: string } | undefined;
  if (!signature) return Buffer.concat([prefix, paymentOf(message)]);
  const trailer = Buffer.alloc(8);
  trailer[0] = signature.suite;
  trailer.writeUInt16BE(signature.keyVersion, 2);
  return Buffer.concat([prefix, paymentOf(message), trailer, Buffer.from(signature.value, 'hex')]);
}
