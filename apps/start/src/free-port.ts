/** Ports of this machine's own loopback. */
import { createServer } from 'node:net';

/** Below the range that systems give to outgoing connections, so that a port stays free while its owner restarts. */
const range = { from: 20_000, to: 32_000 };

export function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}

/** A free port that is none of `taken`. */
export async function freePort(taken: ReadonlySet<number>): Promise<number> {
  for (;;) {
    const port = range.from + Math.floor(Math.random() * (range.to - range.from));
    if (!taken.has(port) && (await isFree(port))) return port;
  }
}
