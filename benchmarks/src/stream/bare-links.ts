/**
 * What the bytes of a payment cost on their way by themselves: three programs and as many links as the rail has, TLS and
 * lengths as there, one frame on each link and way for each time that messages gather; nothing in them is made or read.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { answerMessageBytes, outcomeMessageBytes, questionPrefixBytes, streamProtocol } from '@clearway/contract';
import type { LinkEvents } from '@clearway/ports';
import { listenLinks } from '@clearway/ports/real';
import { authorityFile, certificate } from '@clearway/start';
import { cpuTime } from '../cpu-time.ts';
import { pour } from './pour.ts';
import type { StreamSettings } from './settings.ts';
import { within } from './within.ts';

export interface BareLinksCosts {
  /** Payments whose bytes have arrived everywhere, a second. */
  readonly perSecond: number;
  /** µs of processor time a payment over all programs; undefined where there is no /proc. */
  readonly microseconds: number | undefined;
}

/** What one end of links is told. */
export interface BareEnd {
  readonly address: string;
  readonly links: number;
  readonly bytesPerSecond: number;
  readonly lingerMs: number;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const host = '127.0.0.1';
const openMs = 60_000;
const warmUpMs = 2_000;

/** @param folder for certificates */
export async function benchBareLinks(
  { links, lingerMs, requestBytes }: Pick<StreamSettings, 'links' | 'lingerMs' | 'requestBytes'>,
  rate: number,
  seconds: number,
  folder: string,
): Promise<BareLinksCosts> {
  /** Of a payment on each side: what the cell reads there, and what it writes. */
  const sides = [
    { read: requestBytes, written: outcomeMessageBytes },
    { read: answerMessageBytes, written: questionPrefixBytes + requestBytes + outcomeMessageBytes },
  ];
  const { certificateFile, keyFile } = await certificate(folder, 'bare');
  const [ca, cert, key] = [authorityFile(folder), certificateFile, keyFile].map((file) => readFileSync(file, 'utf8'));
  const perSide = Math.max(1, Math.round(links / 2));
  const arrived = sides.map(() => 0);
  const children: ChildProcess[] = [];
  const closing: (() => void)[] = [];
  let opened = 0;
  let allOpen!: () => void;
  let fail!: (error: Error) => void;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  // Whoever waits hears of it; at the end nobody does any more.
  failed.catch(() => {});
  const established = new Promise<void>((resolve) => {
    allOpen = resolve;
  });
  try {
    for (const [side, { read, written }] of sides.entries()) {
      const bytesPerSecond = (rate * written) / perSide;
      const listener = await listenLinks(
        (link): LinkEvents => {
          closing.push(pour(link, bytesPerSecond, lingerMs));
          opened += 1;
          if (opened === sides.length * perSide) allOpen();
          return {
            data({ length }) {
              arrived[side]! += length;
            },
            drained() {},
            closed() {},
          };
        },
        { host, port: 0, protocol: streamProtocol, tls: { ca: ca!, cert: cert!, key: key! } },
      );
      closing.push(() => void listener.close());
      const child = fork(fileURLToPath(new URL('bare-links-main.js', import.meta.url)));
      children.push(child);
      child.once('exit', (code) => fail(new Error(`an end of the bare links has ended: exit code ${code}`)));
      const end: BareEnd = {
        address: `${host}:${listener.port}`,
        links: perSide,
        bytesPerSecond: (rate * read) / perSide,
        lingerMs,
        ca: ca!,
        cert: cert!,
        key: key!,
      };
      child.send(end);
    }
    const pids = [process.pid, ...children.map(({ pid }) => pid!)];
    const now = () => ({
      at: performance.now(),
      payments: Math.min(...sides.map(({ read }, side) => arrived[side]! / read)),
      ms: [...(cpuTime(pids)?.values() ?? [])].reduce((sum, one) => sum + one, 0),
    });
    await within(openMs, 'all bare links, open,', Promise.race([failed, established]));
    await Promise.race([failed, rest(warmUpMs)]);
    const before = now();
    await Promise.race([failed, rest(seconds * 1000)]);
    const after = now();
    const payments = after.payments - before.payments;
    if (payments === 0) throw new Error('nothing has arrived on the bare links');
    const microseconds = ((after.ms - before.ms) * 1000) / payments;
    return {
      perSecond: Math.round((payments * 1000) / (after.at - before.at)),
      microseconds: microseconds > 0 ? Math.round(microseconds * 100) / 100 : undefined,
    };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    for (const close of closing) close();
  }
}

const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
