/**
 * The link between a cell and its gateways and operators: calls both ways over a stream socket.
 *
 * A frame is a u32 length and a message: u32 length of its JSON, the JSON, then the byte strings that the JSON names
 * as `{"$bytes": [offset, length]}`. Values must be JSON plus Uint8Array and bigint, `{"$bigint": digits}`. Calls carry a
 * number, answers repeat it.
 */
import type { Socket } from 'node:net';

const largestFrame = 64 * 1024 * 1024;

export class LinkLostError extends Error {
  override name = 'LinkLostError';
}

export type Handler = (method: string, value: unknown) => Promise<unknown>;

export interface Channel {
  /** @throws LinkLostError when the link breaks before the answer; what the other side did is then not known */
  call(method: string, value: unknown): Promise<unknown>;
  /** No answer is waited for. */
  tell(method: string, value: unknown): void;
  readonly closed: Promise<void>;
  readonly isOpen: boolean;
  close(): void;
}

interface Message {
  readonly kind: 'call' | 'tell' | 'answer' | 'error';
  readonly number: number;
  readonly method?: string;
  readonly value?: unknown;
}

export function encodeMessage(message: unknown): Buffer {
  const blobs: Uint8Array[] = [];
  const json = Buffer.from(JSON.stringify(marked(message, { blobs, length: 0 })));
  const length = blobs.reduce((sum, blob) => sum + blob.length, 0);
  const frame = Buffer.allocUnsafe(8 + json.length + length);
  frame.writeUInt32BE(4 + json.length + length, 0);
  frame.writeUInt32BE(json.length, 4);
  json.copy(frame, 8);
  let at = 8 + json.length;
  for (const blob of blobs) {
    frame.set(blob, at);
    at += blob.length;
  }
  return frame;
}

/**
 * With marks in place of what JSON cannot say. A walk before and after, since JSON's own way to look at each value takes
 * twice as long.
 */
function marked(value: unknown, taken: { readonly blobs: Uint8Array[]; length: number }): unknown {
  if (typeof value === 'bigint') return { $bigint: String(value) };
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) {
    taken.blobs.push(value);
    taken.length += value.length;
    return { $bytes: [taken.length - value.length, value.length] };
  }
  if (Array.isArray(value)) return value.map((item) => marked(item, taken));
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) copy[key] = marked((value as Record<string, unknown>)[key], taken);
  return copy;
}

/** Reads a message without its frame length. */
export function decodeMessage(bytes: Buffer): unknown {
  const jsonLength = bytes.readUInt32BE(0);
  return unmarked(JSON.parse(bytes.toString('utf8', 4, 4 + jsonLength)), bytes.subarray(4 + jsonLength));
}

function unmarked(value: unknown, blobs: Buffer): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const given = value as Record<string, unknown>;
  if (typeof given.$bigint === 'string') return BigInt(given.$bigint);
  if (Array.isArray(given.$bytes)) {
    const [offset, length] = given.$bytes as [number, number];
    return new Uint8Array(blobs.subarray(offset, offset + length));
  }
  for (const key of Object.keys(given)) {
    if (typeof given[key] === 'object') given[key] = unmarked(given[key], blobs);
  }
  return given;
}

/** Speaks on a connected socket; `handle` answers what the other side calls. */
export function openChannel(socket: Socket, handle: Handler): Channel {
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let number = 0;
  let isOpen = true;
  let left: Buffer = Buffer.alloc(0);

  let gathering = false;

  /** What is sent in one turn of the event loop leaves in one write: the other side wakes once, and finds more to do. */
  const send = (message: Message) => {
    if (!isOpen) return;
    if (!gathering) {
      gathering = true;
      socket.cork();
      setImmediate(() => {
        gathering = false;
        socket.uncork();
      });
    }
    socket.write(encodeMessage(message));
  };

  const receive = (message: Message) => {
    if (message.kind === 'call' || message.kind === 'tell') {
      const answer = handle(message.method!, message.value);
      if (message.kind === 'tell') {
        answer.catch((error: Error) => socket.destroy(error));
        return;
      }
      answer.then(
        (value) => send({ kind: 'answer', number: message.number, value: value ?? null }),
        (error: Error) => send({ kind: 'error', number: message.number, value: error.message }),
      );
      return;
    }
    const waiter = waiting.get(message.number);
    waiting.delete(message.number);
    if (message.kind === 'answer') waiter?.resolve(message.value);
    else waiter?.reject(new Error(String(message.value)));
  };

  socket.on('data', (chunk: Buffer) => {
    left = left.length === 0 ? chunk : Buffer.concat([left, chunk]);
    let at = 0;
    while (left.length - at >= 4) {
      const length = left.readUInt32BE(at);
      if (length > largestFrame) {
        socket.destroy(new Error(`a frame of ${length} bytes is above the ${largestFrame} that the link carries`));
        return;
      }
      if (left.length - at - 4 < length) break;
      receive(decodeMessage(left.subarray(at + 4, at + 4 + length)) as Message);
      at += 4 + length;
    }
    left = left.subarray(at);
  });

  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      isOpen = false;
      for (const { reject } of waiting.values()) reject(new LinkLostError('the link broke before the answer came'));
      waiting.clear();
      resolve();
    });
  });
  // 'close' follows every error and is where it is dealt with.
  socket.on('error', () => socket.destroy());

  return {
    call(method, value) {
      if (!isOpen) return Promise.reject(new LinkLostError('the link is not open'));
      const mine = ++number;
      return new Promise((resolve, reject) => {
        waiting.set(mine, { resolve, reject });
        send({ kind: 'call', number: mine, method, value });
      });
    },
    tell: (method, value) => send({ kind: 'tell', number: 0, method, value }),
    closed,
    get isOpen() {
      return isOpen;
    },
    close: () => socket.destroy(),
  };
}
