/** Checks many signatures on a thread of its own; what is sent there and back is one array of bytes for all of them. */
import { Worker } from 'node:worker_threads';
import type { SignatureCheck, Suite } from './index.ts';

/**
 * For each check: number of the key u32, length of the bytes u32, the bytes, length of the signature u32, the
 * signature.
 */
export interface ChecksMessage {
  /** Keys that were not sent before, by number: suite and PEM. */
  readonly keys: readonly (readonly [number, string, string])[];
  readonly count: number;
  readonly packed: Uint8Array;
}

export interface Verifier {
  /** In order of the checks; undefined when the thread has ended. Rejects for a key that does not fit its suite. */
  verify(checks: readonly SignatureCheck[]): Promise<readonly boolean[] | undefined>;
}

/** Keys that the thread keeps; then it is begun anew, so that ended keys do not stay for ever. */
const mostKeys = 65_536;

export interface VerifierOptions {
  /** @throws Error for a key that does not fit its suite */
  checkKey(suite: Suite, publicKey: string): void;
  /** Called once, when the thread takes no more. */
  ended(): void;
}

export function startVerifier({ checkKey, ended }: VerifierOptions): Verifier {
  const worker = new Worker(new URL('./verifier-main.js', import.meta.url), { execArgv: [] });
  const numbers: Readonly<Record<Suite, Map<string, number>>> = { ed25519: new Map(), 'ecdsa-p256-sha256': new Map() };
  let known = 0;
  let waiting: ((answer: readonly boolean[] | undefined) => void)[] = [];
  let isOver = false;

  const end = () => {
    if (isOver) return;
    isOver = true;
    ended();
    const left = waiting;
    waiting = [];
    for (const resolve of left) resolve(undefined);
  };
  worker.on('message', (answer: Uint8Array) => {
    const resolve = waiting.shift()!;
    // A process may end while nothing is being checked.
    if (waiting.length === 0) worker.unref();
    resolve(Array.from(answer, (one) => one === 1));
    if (known > mostKeys && waiting.length === 0) {
      end();
      void worker.terminate();
    }
  });
  worker.on('error', end);
  worker.on('exit', end);
  worker.unref();

  return {
    async verify(checks) {
      for (const { suite, publicKey } of checks) if (!numbers[suite].has(publicKey)) checkKey(suite, publicKey);
      if (isOver) return undefined;
      const keys: [number, string, string][] = [];
      const packed = Buffer.allocUnsafeSlow(
        checks.reduce((size, { bytes, signature }) => size + 12 + bytes.length + signature.length, 0),
      );
      let at = 0;
      for (const { suite, publicKey, bytes, signature } of checks) {
        let number = numbers[suite].get(publicKey);
        if (number === undefined) {
          number = known++;
          numbers[suite].set(publicKey, number);
          keys.push([number, suite, publicKey]);
        }
        at = packed.writeUInt32BE(number, at);
        at = packed.writeUInt32BE(bytes.length, at);
        packed.set(bytes, at);
        at = packed.writeUInt32BE(signature.length, at + bytes.length);
        packed.set(signature, at);
        at += signature.length;
      }
      worker.ref();
      const message: ChecksMessage = { keys, count: checks.length, packed };
      worker.postMessage(message, [packed.buffer as ArrayBuffer]);
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
}
