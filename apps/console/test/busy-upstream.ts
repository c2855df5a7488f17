/**
 * An upstream of so many payments a second, for measuring the wall: each second that many payments are drawn and summed
 * to what the platform would tell of them. Nothing of it is ever part of the product.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Figures, Frame, Login, Overview, ParticipantList } from '@clearway/console-api';
import { readStaticFiles } from '@clearway/console-server';

export interface BusyUpstream {
  readonly url: string;
  /** Frames sent to all that listen. */
  readonly sent: number;
  readonly payments: number;
  close(): Promise<void>;
}

const institutions = Array.from({ length: 12 }, (_, index) => String(101 + index).padStart(5, '0'));
const banks = Array.from({ length: 24 }, (_, index) => String(201 + index).padStart(5, '0'));
const cny = (fen: bigint) => ({ amount: `${fen / 100n}.${String(fen % 100n).padStart(2, '0')}`, currency: 'CNY' });
const negative = ({ amount, currency }: { amount: string; currency: string }) => ({ amount: `-${amount}`, currency });
const secondsKept = 900;
const minutesKept = 1440;

export async function startBusyUpstream(webFolder: string, rate: number): Promise<BusyUpstream> {
  const files = readStaticFiles(webFolder);
  const listeners = new Set<ServerResponse>();
  const startedAt = Date.now();
  let sent = 0;
  let payments = 0;
  let turnover = 0n;
  let peak = { rate: 0, at: new Date(startedAt).toISOString() };
  let overview: Overview = {
    number: 0,
    figures: draw(),
    seconds: series(secondsKept, 1000),
    minutes: series(minutesKept, 60_000),
    usual: null,
  };

  /** One second of payments, each drawn by itself: where from, where to, how much, how long. */
  function draw(): Figures {
    const count = Math.round(rate * (0.97 + Math.random() * 0.06));
    const amounts = new Float64Array(institutions.length * banks.length);
    const counts = new Uint32Array(amounts.length);
    const latencies = new Uint32Array(2_000);
    let [failed, unknown] = [0, 0];
    for (let drawn = 0; drawn < count; drawn++) {
      const pair =
        Math.floor(Math.random() ** 2 * institutions.length) * banks.length +
        Math.floor(Math.random() ** 2 * banks.length);
      amounts[pair] += Math.floor(-Math.log(1 - Math.random()) * 9_000);
      counts[pair] += 1;
      latencies[Math.min(latencies.length - 1, Math.floor(-Math.log(1 - Math.random()) * 90))] += 1;
      const luck = Math.random();
      if (luck < 0.000_02) unknown += 1;
      else if (luck < 0.01) failed += 1;
    }
    payments += count;
    const at = new Date().toISOString();
    if (count > peak.rate) peak = { rate: count, at };
    const flows = Array.from(amounts, (fen, pair) => ({
      institution: institutions[Math.floor(pair / banks.length)],
      bank: banks[pair % banks.length],
      payments: counts[pair],
      succeeded: counts[pair],
      amount: cny(BigInt(Math.round(fen))),
    })).sort((a, b) => b.payments - a.payments);
    const moved = amounts.reduce((sum, fen) => sum + fen, 0);
    turnover += BigInt(Math.round(moved));
    const percentile = (share: number) => {
      let seen = 0;
      return latencies.findIndex((one) => {
        seen += one;
        return seen >= count * share;
      });
    };
    return {
      at,
      businessDate: at.slice(0, 10),
      cells: [1, 2, 3, 4].map((cell) => ({
        cell: `01000${cell}`,
        centre: 1 + (cell % 2),
        state: 'serving' as const,
        since: new Date(startedAt).toISOString(),
        version: '0.1.0',
        epoch: 1,
        frontier: sent,
        rate: Math.round(count / 4),
        p99Ms: percentile(0.99),
        inFlight: Math.round(count / 10),
        remembered: payments,
        recordsLag: 1,
        undelivered: 0,
        queue: { waiting: 0, unflushed: 1, shed: 0 },
        flush: { batches: 400, commands: count / 2, meanMs: 2.1, p50Ms: 2, p99Ms: 4, largestMs: 9.5, reclaims: 0 },
      })),
      rate: { submitted: count, succeeded: count - failed - unknown, failed, refused: 0, becameUnknown: unknown },
      outcome: {
        succeeded: (count - failed - unknown) * 60,
        failed: failed * 60,
        refused: 0,
        becameUnknown: unknown * 60,
        successShare: 1 - unknown / count,
      },
      latency: { p50Ms: percentile(0.5), p99Ms: percentile(0.99), flushMeanMs: 2.1, measured: count * 60 },
      lastPaymentAt: at,
      unknown: { payments: unknown, oldestSince: unknown === 0 ? null : at, amount: [] },
      inFlight: Math.round(count / 10),
      today: { since: new Date(startedAt).toISOString(), payments, turnover: [cny(turnover)], peak },
      cycles: [
        {
          cycle: 1,
          businessDate: at.slice(0, 10),
          state: 'open',
          openedAt: new Date(startedAt).toISOString(),
          cutOffDueAt: null,
          payments,
          turnover: [cny(turnover)],
          positions: [],
          sum: [cny(0n)],
          shortfalls: [],
        },
      ],
      headroom: banks.slice(0, 10).map((participant, index) => ({
        participant,
        name: `Bank ${participant}`,
        role: 'bank' as const,
        limit: cny(10_000_000_000n),
        outstanding: negative(cny(turnover / BigInt(index + 20))),
        reserved: cny(BigInt(count)),
        headroom: cny(10_000_000_000n + turnover / BigInt(index + 20)),
        share: 1,
      })),
      flows: flows.slice(0, 100),
      alarms: [],
      alarmCounts: { P1: 0, P2: 0, P3: 0, shelved: 0 },
      missing: [],
    };
  }

  const timer = setInterval(() => {
    const frame: Frame = { number: overview.number + 1, figures: draw() };
    overview = { ...overview, number: frame.number, figures: frame.figures };
    sent += 1;
    for (const listener of listeners) listener.write(event('frame', frame));
  }, 1000);

  const login: Login = {
    person: { userId: 1, login: 'soak', name: 'Soak', roles: ['operator'], participant: null },
    csrfToken: 'none',
    token: null,
    startedAt: new Date(startedAt).toISOString(),
    endsAt: new Date(startedAt + 86_400_000).toISOString(),
    actsUntil: null,
    purpose: null,
    scheme: {
      schemeId: 'soak',
      environment: 'sandbox',
      timeZone: 'Asia/Shanghai',
      businessDate: null,
      currencies: ['CNY'],
    },
  };
  const participants: ParticipantList = { participants: [], version: 1 };
  const answers: Readonly<Record<string, () => unknown>> = {
    '/api/v1/login': () => login,
    '/api/v1/participants': () => participants,
    '/api/v1/overview': () => overview,
  };

  const server = createServer((incoming, outgoing) => {
    const path = (incoming.url ?? '/').split('?')[0];
    if (path === '/api/v1/live') {
      outgoing.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      outgoing.write(event('snapshot', overview));
      listeners.add(outgoing);
      outgoing.on('close', () => listeners.delete(outgoing));
      return;
    }
    const answer = answers[path]?.();
    const file = answer === undefined ? files.find(path) : undefined;
    if (answer !== undefined)
      outgoing.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    else if (file !== undefined) outgoing.writeHead(200, { 'content-type': file.contentType }).end(file.body);
    else outgoing.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    get sent() {
      return sent;
    },
    get payments() {
      return payments;
    },
    close() {
      clearInterval(timer);
      for (const listener of listeners) listener.end();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function event(name: string, data: Overview | Frame): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

function series(length: number, stepMs: number): Overview['seconds'] {
  const empty = () => new Array<number | null>(length).fill(null);
  return {
    from: new Date(Date.now() - length * stepMs).toISOString(),
    stepMs,
    submitted: empty(),
    succeeded: empty(),
    failed: empty(),
    refused: empty(),
    becameUnknown: empty(),
    peak: empty(),
    p50Ms: empty(),
    p99Ms: empty(),
  };
}
