/** The relay itself: what it does to bytes, and that TLS turns damage into an end and never into other words. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net, { type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import tls from 'node:tls';
import { listenLinks, realLinks } from '@clearway/ports/real';
import { authorityFile, certificate } from '@clearway/start';
import { Random } from '../fuzz/random.ts';
import { rest, until } from '../until.ts';
import { type Conditions, treat } from './conditions.ts';
import { type Relay, type RelayOptions, startRelay } from './relay.ts';

const seed = 20261122;
const folder = mkdtempSync(join(tmpdir(), 'clearway-relay-'));
let certificateFile: string;
let keyFile: string;

before(async () => {
  ({ certificateFile, keyFile } = await certificate(folder, 'echo'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** Says back what it hears; `isSecret`: over TLS. Gives its address, and what each of its connections heard. */
async function echo(t: TestContext, isSecret = false) {
  const sockets: Socket[] = [];
  const greet = (socket: Socket) => {
    sockets.push(socket);
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  };
  const server = isSecret
    ? tls.createServer({ cert: readFileSync(certificateFile), key: readFileSync(keyFile) }, greet)
    : net.createServer(greet);
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, sockets };
}

async function relayTo(t: TestContext, target: string, more: Partial<RelayOptions> = {}): Promise<Relay> {
  const relay = await startRelay({ target, seed, ...more });
  t.after(() => relay.close());
  return relay;
}

interface Caller {
  readonly socket: Socket;
  readonly heard: Buffer;
  readonly isClosed: boolean;
}

async function call(t: TestContext, address: string, isSecret = false): Promise<Caller> {
  const chunks: Buffer[] = [];
  let isClosed = false;
  const at = address.startsWith('/') ? { path: address } : { host: '127.0.0.1', port: Number(address.split(':')[1]) };
  const socket = isSecret
    ? tls.connect({ ...at, ca: readFileSync(authorityFile(folder)), servername: '' })
    : net.connect(at);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => void chunks.push(chunk));
  socket.on('close', () => {
    isClosed = true;
  });
  t.after(() => socket.destroy());
  if (!isSecret) await once(socket, 'connect');
  return {
    socket,
    get heard() {
      return Buffer.concat(chunks);
    },
    get isClosed() {
      return isClosed;
    },
  };
}

const bytesOf = (count: number) => new Random(seed).bytes(count);

test('without conditions everything passes as it is, also over Unix sockets', async (t) => {
  const path = join(folder, 'relay.sock');
  const relay = await relayTo(t, (await echo(t)).address, { path });
  const second = await relayTo(t, path);
  const said = bytesOf(500_000);
  const other = await call(t, path);
  const one = await call(t, second.address);
  one.socket.write(said);
  await until('all of it', () => one.heard.length === said.length);
  assert.ok(one.heard.equals(said));
  assert.equal(relay.links, 2);
  other.socket.destroy();
  await until('one link less', () => relay.links === 1);
});

const harmless: [string, Conditions][] = [
  ['delay and jitter', { delayMs: [0, 20] }],
  ['stalls', { stall: 0.2, stallMs: [5, 60] }],
  ['split and merged writes', { split: 0.5, merge: 0.5 }],
  ['little bandwidth', { bytesPerSecond: 400_000 }],
  ['all of these', { delayMs: [0, 5], stall: 0.1, stallMs: [1, 30], split: 0.3, merge: 0.3, bytesPerSecond: 900_000 }],
];
for (const [what, conditions] of harmless) {
  test(`${what}: late, and all in order`, async (t) => {
    const relay = await relayTo(t, (await echo(t)).address);
    relay.set(conditions);
    const one = await call(t, relay.address);
    const said = bytesOf(60_000);
    for (let at = 0; at < said.length; at += 1500) one.socket.write(said.subarray(at, at + 1500));
    await until('all of it', () => one.heard.length === said.length);
    assert.ok(one.heard.equals(said));
    for (const kind of Object.keys(conditions).filter((name) => name !== 'stallMs'))
      assert.ok(relay.struck[kind as 'stall']! > 0, `${kind} has struck: ${JSON.stringify(relay.struck)}`);
  });
}

for (const kind of ['flip', 'repeat', 'reorder', 'truncate'] as const) {
  test(`${kind} under TLS: the connection ends, and nothing wrong is heard before`, async (t) => {
    const relay = await relayTo(t, (await echo(t, true)).address);
    const said = bytesOf(20_000);
    let ended = 0;
    for (let round = 0; round < 8; round++) {
      relay.set({});
      const one = await call(t, relay.address, true);
      await once(one.socket, 'secureConnect');
      const before = relay.struck[kind] ?? 0;
      relay.set({ [kind]: 1 }, {});
      one.socket.write(said);
      await until('the damage', () => (relay.struck[kind] ?? 0) > before);
      // What is cut off may leave the other side waiting for the rest of a record: more of it settles the matter.
      await until('the end', () => {
        if (!one.isClosed) one.socket.write(said);
        return one.isClosed;
      });
      assert.ok(said.subarray(0, one.heard.length).equals(one.heard), 'what was heard is how it began');
      ended++;
    }
    assert.equal(ended, 8);
  });
}

test('a link of the stream ends at both ends when a bit of it flips', async (t) => {
  let theirs: Error | 'ended' | undefined;
  let ours: Error | 'ended' | undefined;
  let isAccepted = false;
  const server = await listenLinks(
    () => {
      isAccepted = true;
      const closed = (error?: Error) => {
        theirs = error ?? 'ended';
      };
      return { data: () => {}, drained: () => {}, closed };
    },
    {
      ...{ host: '127.0.0.1', port: 0, protocol: 'test' },
      tls: { cert: readFileSync(certificateFile, 'utf8'), key: readFileSync(keyFile, 'utf8') },
    },
  );
  t.after(() => server.close());
  const relay = await relayTo(t, `127.0.0.1:${server.port}`);
  const closed = (error?: Error) => {
    ours = error ?? 'ended';
  };
  const links = realLinks({ ca: readFileSync(authorityFile(folder), 'utf8'), protocol: 'test' });
  const link = await links.connect(relay.address, () => ({ data: () => {}, drained: () => {}, closed }), {
    timeoutMs: 10_000,
  });
  await until('the other end', () => isAccepted);
  relay.set({ flip: 1 }, {});
  await until('both ends', () => {
    if (ours === undefined) link.write(bytesOf(1000));
    return ours !== undefined && theirs !== undefined;
  });
});

test('a reset is a reset at both ends', async (t) => {
  const target = await echo(t);
  const relay = await relayTo(t, target.address);
  const one = await call(t, relay.address);
  one.socket.write('a');
  await until('the echo', () => one.heard.length === 1);
  relay.set({ reset: 1 });
  one.socket.write('b');
  await until('the near end', () => one.isClosed);
  assert.equal((one.socket.errored as NodeJS.ErrnoException).code, 'ECONNRESET');
  await until('the other end', () => target.sockets[0].destroyed);
  assert.deepEqual(relay.struck, { reset: 1 });
});

test('a black hole after the beginning swallows, and gives back when it is healed', async (t) => {
  const relay = await relayTo(t, (await echo(t)).address);
  relay.set({ heldAfter: 10 }, {});
  const one = await call(t, relay.address);
  one.socket.write('beginning!');
  await until('the beginning', () => one.heard.length === 10);
  one.socket.write('and more');
  await until('it is held', () => relay.struck.heldAfter === 1);
  await rest(30);
  assert.equal(one.heard.length, 10);
  assert.equal(one.isClosed, false);
  relay.set({});
  await until('the rest', () => one.heard.toString() === 'beginning!and more');
});

test('of a half-open connection one end is gone, and the other does not hear of it', async (t) => {
  const target = await echo(t);
  const relay = await relayTo(t, target.address);
  const one = await call(t, relay.address);
  relay.set({ halfOpen: 1 }, {});
  one.socket.write('nobody hears this');
  await until('one end is gone', () => target.sockets[0]?.destroyed === true);
  one.socket.write('nor this');
  await rest(30);
  assert.equal(one.isClosed, false);
  assert.equal(one.heard.length, 0);
  assert.equal(relay.links, 0);
});

test('who is not read from can write only until its window is full', async (t) => {
  const relay = await relayTo(t, (await echo(t)).address);
  relay.set({ unread: true }, {});
  const one = await call(t, relay.address);
  const said = bytesOf(16 * 1024 * 1024);
  let isWritten = false;
  one.socket.write(said, () => {
    isWritten = true;
  });
  await until('it has begun', () => one.socket.bytesWritten > 0);
  await rest(100);
  assert.equal(isWritten, false);
  assert.equal(one.heard.length, 0);
  relay.set({});
  await until('all of it', () => one.heard.length === said.length);
  assert.ok(one.heard.equals(said));
});

test('large chunks are stuck while small ones pass', async (t) => {
  const relay = await relayTo(t, (await echo(t)).address);
  relay.set({ stuckAbove: 1000 }, {});
  const small = await call(t, relay.address);
  const large = await call(t, relay.address);
  large.socket.write(bytesOf(5000));
  small.socket.write('small');
  await until('the small one', () => small.heard.length === 5);
  await until('it is stuck', () => relay.struck.stuckAbove === 1);
  assert.equal(large.heard.length, 0);
  relay.set({});
  await until('the large one', () => large.heard.length === 5000);
});

test('the same seed treats the same chunks alike, another one does not', () => {
  const all: Conditions = {
    flip: 0.3,
    repeat: 0.2,
    reorder: 0.2,
    truncate: 0.1,
    split: 0.3,
    delayMs: [1, 50],
    reset: 0.01,
  };
  const treatAll = (from: number) => {
    const random = new Random(from);
    return Array.from({ length: 200 }, (_, length) => treat(bytesOf(length + 1), all, random));
  };
  assert.deepEqual(treatAll(1), treatAll(1));
  assert.notDeepEqual(treatAll(1), treatAll(2));
});
