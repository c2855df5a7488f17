/** One program of `exchanges.ts`: `bank`, `gateway` or `wallet`, told by its parent what it needs. */
import { readFileSync } from 'node:fs';
import type { HttpRequest, HttpResponse } from '@clearway/ports';
import { listen, realNetwork } from '@clearway/ports/real';
import { bodies, type Orders, type Told } from './exchanges.ts';

const host = '127.0.0.1';
const timeoutMs = 20_000;
const maxBodyBytes = 64 * 1024;
const tickMs = 5;

/** Fields as long as those of a signed message. */
const headers = {
  'content-type': 'application/json',
  'content-digest': `sha-256=:${'A'.repeat(43)}=:`,
  'signature-input': `clearway=("@method" "@authority" "@path" "@query" "content-digest" "content-type");created=1795341600;expires=1795341660;nonce="${'a'.repeat(22)}";alg="ed25519";keyid="00101/1";tag="clearway"`,
  signature: `clearway=:${'A'.repeat(86)}==:`,
};

const tell = (told: Told) => void process.send!(told);
const post = (url: string, bytes: number): HttpRequest => ({ method: 'POST', url, headers, body: filled(bytes) });
const filled = (bytes: number) => new Uint8Array(bytes).fill(97);
const ok = (bytes: number): HttpResponse => ({ status: 200, headers, body: filled(bytes) });

async function bank({ cert, key }: Extract<Orders, { role: 'bank' }>): Promise<void> {
  const tls = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  const { port } = await listen(async () => ok(bodies.answer), { host, port: 0, maxBodyBytes, tls });
  tell({ port });
}

async function gateway({ ca, banks }: Extract<Orders, { role: 'gateway' }>): Promise<void> {
  const network = realNetwork({ ca: readFileSync(ca, 'utf8') });
  let turn = 0;
  const handle = async () => {
    turn = (turn + 1) % banks.length;
    await network.request(post(`https://${host}:${banks[turn]}/v1/offers`, bodies.offer), { timeoutMs });
    return ok(bodies.status);
  };
  const { port } = await listen(handle, { host, port: 0, maxBodyBytes });
  tell({ port });
}

/** Tells its count of answers whenever it is asked. */
function wallet({ gateway, inFlight }: Extract<Orders, { role: 'wallet' }>): void {
  const network = realNetwork();
  let answered = 0;
  const once = async () => {
    await network.request(post(`http://${host}:${gateway}/v1/payments`, bodies.payment), { timeoutMs });
    answered++;
  };
  process.on('message', (order: { readonly perSecond?: number }) => {
    if (order.perSecond === undefined) tell({ answered });
    else start(order.perSecond);
  });
  tell({ port: 0 });

  function start(perSecond: number): void {
    if (perSecond > 0) {
      spread(perSecond);
      return;
    }
    const without = async () => {
      for (;;) await once();
    };
    for (let running = 0; running < inFlight; running++) without().catch(fail);
  }

  function spread(perSecond: number): void {
    let due = performance.now();
    setInterval(() => {
      while (due <= performance.now()) {
        due -= (Math.log(1 - Math.random()) * 1000) / perSecond;
        once().catch(fail);
      }
    }, tickMs);
  }
}

function fail(error: unknown): void {
  process.stderr.write(`${(error as Error).stack}\n`);
  process.exit(1);
}

process.on('disconnect', () => process.exit(0));
process.once('message', (orders: Orders) => {
  if (orders.role === 'bank') bank(orders).catch(fail);
  else if (orders.role === 'gateway') gateway(orders).catch(fail);
  else wallet(orders);
});
