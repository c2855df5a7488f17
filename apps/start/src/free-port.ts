/** Ports of this machine's own loopback. */
import { createServer } from 'node:net';

/** Below the range that systems give to outgoing connections, so that a port stays free while its owner restarts. */
const range = { from: 20_000, to: 32_000 };
/**
 * Each process looks from a place of its own on: between finding a port free and its owner's listening, worlds that
 * start at the same time must not find the same.
 */
const ownBlock = 20;
let next = (process.pid * ownBlock) % (range.to - range.from);

export function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}

/** A free port that is none of `taken`, and none that this process was given lately. */
export async function freePort(taken: ReadonlySet<number>): Promise<number> {
  for (;;) {
    const port = range.from + next;
    next = (next + 1) % (range.to - range.from);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
}
