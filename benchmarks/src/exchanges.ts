/**
 * What the HTTP exchanges of a payment cost by themselves: as many programs as the rail has, over the same client and
 * server, plain from wallet to gateway and over TLS from there to a bank, with bodies and fields of the same length, and
 * nothing in them that is made, read or checked.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { authorityFile, certificate } from '@clearway/start';
import { cpuTime } from './cpu-time.ts';

/** Bytes of a body. */
export const bodies = { payment: 650, offer: 720, answer: 450, status: 950 };

export type Orders =
  | { readonly role: 'bank'; readonly cert: string; readonly key: string }
  | { readonly role: 'gateway'; readonly ca: string; readonly banks: readonly number[] }
  | { readonly role: 'wallet'; readonly gateway: number; readonly inFlight: number };
export interface Told {
  readonly port?: number;
  readonly answered?: number;
}

export interface ExchangeCosts {
  readonly perSecond: number;
  /** Processor time of the two exchanges of a payment, µs, over all programs. */
  readonly microseconds: number;
}

const banks = 6;
const wallets = 3;
const inFlight = 128;
const warmUpSeconds = 8;

/** @param perSecond payments a second, as the rail has them; 0: as many as there can be */
export async function benchExchanges(
  folder: string,
  perSecond: number,
  seconds: number,
): Promise<ExchangeCosts | undefined> {
  const children: ChildProcess[] = [];
  const start = async (orders: Orders): Promise<{ child: ChildProcess; port: number }> => {
    const child = fork(fileURLToPath(new URL('exchanges-main.js', import.meta.url)), { detached: true });
    children.push(child);
    const told = answerOf(child);
    child.send(orders);
    return { child, port: (await told).port! };
  };
  try {
    const folderOf = join(folder, 'exchanges');
    const { certificateFile: cert, keyFile: key } = await certificate(folderOf, 'bank');
    const open = await Promise.all(Array.from({ length: banks }, () => start({ role: 'bank', cert, key })));
    const ports = open.map(({ port }) => port);
    const gateway = await start({ role: 'gateway', ca: authorityFile(folderOf), banks: ports });
    const paying = await Promise.all(
      Array.from({ length: wallets }, () => start({ role: 'wallet', gateway: gateway.port, inFlight })),
    );
    for (const { child } of paying) child.send({ perSecond: perSecond / wallets });
    const answered = async () => {
      const counts = await Promise.all(paying.map(({ child }) => asked(child)));
      return counts.reduce((sum, one) => sum + one, 0);
    };
    const pids = children.map(({ pid }) => pid!);
    await rest(warmUpSeconds);
    const [before, timeBefore, began] = [await answered(), cpuTime(pids), performance.now()];
    await rest(seconds);
    const [after, timeAfter, ended] = [await answered(), cpuTime(pids), performance.now()];
    if (timeBefore === undefined || timeAfter === undefined) return undefined;
    const payments = after - before;
    return {
      perSecond: Math.round((payments * 1000) / (ended - began)),
      microseconds: Math.round(((sum(timeAfter) - sum(timeBefore)) * 1000) / payments),
    };
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

async function asked(child: ChildProcess): Promise<number> {
  const told = answerOf(child);
  child.send({});
  return (await told).answered!;
}

function answerOf(child: ChildProcess): Promise<Told> {
  return new Promise((resolve, reject) => {
    child.once('message', (told: Told) => resolve(told));
    child.once('exit', () => reject(new Error('a program of the exchanges has ended')));
  });
}

const sum = (times: ReadonlyMap<number, number>) => [...times.values()].reduce((total, ms) => total + ms, 0);

function rest(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
