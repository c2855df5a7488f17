/** Load and banks as children: an order and the answer to it. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Order, Told } from './orders.ts';
import { within } from './within.ts';

export interface Child {
  readonly pid: number;
  /** Resolves with the answer of this type. @throws Error when the child fails */
  ask<T extends Told['type']>(order: Order, answer: T): Promise<Extract<Told, { type: T }>>;
  /** Rejects when the child fails or ends without being asked to. */
  readonly failed: Promise<never>;
  end(): Promise<void>;
}

const readyMs = 60_000;

export interface ChildOptions {
  readonly arguments: readonly string[];
  /** V8 options, as for profiles. */
  readonly execArguments: readonly string[];
  /** Everything that is no answer to an order. */
  onTold?(told: Told): void;
}

/** @param script beside this file, compiled */
export async function startChild(script: string, options: ChildOptions): Promise<Child> {
  const child: ChildProcess = fork(fileURLToPath(new URL(script, import.meta.url)), options.arguments, {
    execArgv: [...options.execArguments],
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const waiting = new Map<string, (told: Told) => void>();
  let ending = false;
  const failed = new Promise<never>((_, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (!ending) reject(new Error(`${script} has ended: ${signal ?? `exit code ${code}`}`));
    });
    child.on('message', (told: Told) => {
      const waiter = waiting.get(told.type);
      waiting.delete(told.type);
      if (told.type === 'failed') reject(new Error(`${script}: ${told.detail}`));
      else if (waiter) waiter(told);
      else options.onTold?.(told);
    });
  });
  // Whoever asks hears of it; who does not ask any more need not.
  failed.catch(() => {});
  const told = <T extends Told['type']>(type: T) =>
    Promise.race([
      failed,
      new Promise<Extract<Told, { type: T }>>((resolve) => {
        waiting.set(type, resolve as (told: Told) => void);
      }),
    ]);
  await within(readyMs, `${script}, ready,`, told('ready'));
  return {
    pid: child.pid!,
    failed,
    ask(order, answer) {
      const answered = told(answer);
      child.send(order);
      return answered;
    },
    async end() {
      ending = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.send({ type: 'end' } satisfies Order);
      await ended;
    },
  };
}
