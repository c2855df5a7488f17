/**
 * A few connections, used by one at a time, in order of asking.
 *
 * After any error a connection is thrown away: errors are rare, and so no state of a failed query is ever met by the
 * next one.
 */
import type { Clock } from '@clearway/ports';
import type { Client } from 'pg';
import { UnavailableError } from '../port.ts';
import { DeadlineError, within } from './deadline.ts';

export interface PoolOptions {
  readonly size: number;
  readonly clock: Pick<Clock, 'after'>;
  /** @throws UnavailableError */
  connect(): Promise<Client>;
}

export interface Pool {
  readonly size: number;
  /** Throws what `connect` or `work` throw; DeadlineError only once `work` has begun. */
  use<T>(deadlineMs: number, work: (client: Client) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export function createPool({ size, clock, connect }: PoolOptions): Pool {
  const idle: Client[] = [];
  const waiting: (() => void)[] = [];
  const dead = new WeakSet<Client>();
  let used = 0;
  let isClosed = false;

  async function take(): Promise<void> {
    if (used < size) used += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  }

  function give(): void {
    const next = waiting.shift();
    if (next) next();
    else used -= 1;
  }

  async function open(deadlineMs: number): Promise<Client> {
    const connecting = connect();
    const client = await within(clock, deadlineMs, connecting).catch((error) => {
      connecting.then((late) => late.end()).catch(() => {}); // its own error is the one that is thrown here
      throw error instanceof DeadlineError
        ? new UnavailableError('PostgreSQL takes connections but does not answer. Nothing was sent.')
        : error;
    });
    client.once('end', () => {
      dead.add(client);
      const place = idle.indexOf(client);
      if (place >= 0) idle.splice(place, 1);
    });
    return client;
  }

  function keep(client: Client): void {
    if (isClosed) void client.end();
    else if (!dead.has(client)) idle.push(client);
  }

  return {
    size,
    async use(deadlineMs, work) {
      await take();
      try {
        const client = idle.pop() ?? (await open(deadlineMs));
        try {
          const result = await within(clock, deadlineMs, work(client));
          keep(client);
          return result;
        } catch (error) {
          void client.end();
          throw error;
        }
      } finally {
        give();
      }
    },

    async close() {
      isClosed = true;
      await Promise.all(idle.splice(0).map((client) => client.end()));
    },
  };
}
