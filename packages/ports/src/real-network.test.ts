import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import net from 'node:net';
import { after, describe, test } from 'node:test';
import { selfSigned } from './certificate-for-tests.ts';
import { type HttpHandler, type HttpRequest, type HttpResponse, NetworkError } from './index.ts';
import { type Listener, type ListenOptions, listen, realNetwork } from './real.ts';

const empty = new Uint8Array(0);
const text = (value: string) => new Uint8Array(Buffer.from(value));
const ok = (body = empty): HttpResponse => ({ status: 200, headers: { 'content-type': 'text/plain' }, body });
const get = (url: string): HttpRequest => ({ method: 'GET', url, headers: {}, body: empty });
const post = (url: string, body: Uint8Array): HttpRequest => ({ method: 'POST', url, headers: {}, body });

const network = realNetwork();
const opened: Listener[] = [];
after(async () => {
  network.close();
  await Promise.all(opened.map((listener) => listener.close()));
});

async function serve(handler: HttpHandler, options: Partial<ListenOptions> = {}): Promise<Listener & { url: string }> {
  const listener = await listen(handler, {
    host: '127.0.0.1',
    port: 0,
    maxBodyBytes: 1000,
    ...options,
    timeouts: { closeMs: 200, ...options.timeouts },
  });
  opened.push(listener);
  return { ...listener, url: `${options.tls ? 'https' : 'http'}://127.0.0.1:${listener.port}` };
}

/** A server of bare bytes, for what no decent server does. */
async function serveBytes(onConnection: (socket: net.Socket) => void): Promise<{ url: string; close(): void }> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { url: `http://127.0.0.1:${port}`, close };
}

async function networkError(answer: Promise<HttpResponse>): Promise<NetworkError> {
  const error = await answer.then(
    () => assert.fail('there should be no answer'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof NetworkError, String(error));
  return error;
}

describe('requests', () => {
  test('beyond the connections to a host wait for one, and one whose time is up meanwhile was never sent', async () => {
    const waiting: (() => void)[] = [];
    const { url } = await serve(() => new Promise((resolve) => waiting.push(() => resolve(ok()))));
    const narrow = realNetwork({ maxConnections: 2 });
    const answers = Array.from({ length: 2 }, () => narrow.request(get(`${url}/first`), { timeoutMs: 20_000 }));
    const late = await networkError(narrow.request(get(`${url}/late`), { timeoutMs: 50 }));
    assert.equal(late.neverSent, true);
    answers.push(...Array.from({ length: 3 }, () => narrow.request(get(`${url}/then`), { timeoutMs: 20_000 })));
    let answered = 0;
    for (const answer of answers) void answer.then(() => answered++);
    let most = 0;
    while (answered < answers.length) {
      most = Math.max(most, waiting.length);
      for (const answer of waiting.splice(0)) answer();
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(most <= 2, `${most} requests came at the same time`);
    narrow.close();
  });
});

describe('a request', () => {
  test('reaches the handler as it was sent, and its answer comes back', async () => {
    let seen: HttpRequest | undefined;
    const { url } = await serve(async (request) => {
      seen = request;
      return { status: 201, headers: { 'x-answer': 'yes' }, body: text('körper') };
    });
    const request = { ...post(`${url}/v1/a%20b?c=d&e`, text('{"a":1}')), headers: { 'x-question': 'what' } };
    const answer = await network.request(request, { timeoutMs: 5000 });
    assert.equal(seen?.method, 'POST');
    assert.equal(seen?.url, '/v1/a%20b?c=d&e');
    assert.equal(seen?.headers['x-question'], 'what');
    assert.deepEqual(seen?.body, text('{"a":1}'));
    assert.equal(answer.status, 201);
    assert.equal(answer.headers['x-answer'], 'yes');
    assert.deepEqual(answer.body, text('körper'));
  });

  test('may have an answer without a body', async () => {
    const { url } = await serve(async () => ({ status: 204, headers: {}, body: empty }));
    const answer = await network.request(post(url, empty), { timeoutMs: 5000 });
    assert.equal(answer.status, 204);
    assert.equal(answer.headers['content-length'], undefined);
  });

  test('follows no redirect', async () => {
    const { url } = await serve(async () => ({ status: 307, headers: { location: '/other' }, body: empty }));
    assert.equal((await network.request(get(url), { timeoutMs: 5000 })).status, 307);
  });

  test('uses a kept connection again', async () => {
    const ports = new Set<string>();
    const server = await serveBytes((socket) => {
      socket.on('data', () => {
        ports.add(String(socket.remotePort));
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
      });
    });
    for (let count = 0; count < 3; count++) await network.request(get(server.url), { timeoutMs: 5000 });
    server.close();
    assert.equal(ports.size, 1);
  });
});

describe('a request was certainly never sent', () => {
  test('when nobody listens', async () => {
    const { url, close } = await serve(async () => ok());
    await close();
    assert.equal((await networkError(network.request(get(url), { timeoutMs: 5000 }))).neverSent, true);
  });

  test('when the name does not exist, or the address is none', async () => {
    for (const url of ['http://no-such-host.invalid/', 'ftp://127.0.0.1/', '/v1/payments', 'http://']) {
      assert.equal((await networkError(network.request(get(url), { timeoutMs: 5000 }))).neverSent, true, url);
    }
  });

  test('when the server’s certificate is not trusted', async () => {
    const { url } = await serve(async () => ok(), { tls: selfSigned('server') });
    assert.equal((await networkError(network.request(get(url), { timeoutMs: 5000 }))).neverSent, true);
  });

  test('when time is up within the TLS handshake', async () => {
    const server = await serveBytes(() => {});
    const url = server.url.replace('http:', 'https:');
    assert.equal((await networkError(network.request(get(url), { timeoutMs: 50 }))).neverSent, true);
    server.close();
  });
});

describe('a request may have had an effect', () => {
  test('when time is up before the answer', async () => {
    const { url } = await serve(() => new Promise(() => {}));
    const error = await networkError(network.request(get(url), { timeoutMs: 50 }));
    assert.equal(error.neverSent, false);
    assert.match(error.message, /no whole answer within 50 ms/);
  });

  test('when the connection breaks after sending, or within the answer', async () => {
    for (const answer of ['', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf', 'this is not HTTP\r\n\r\n']) {
      const server = await serveBytes((socket) => socket.once('data', () => socket.end(answer)));
      assert.equal((await networkError(network.request(get(server.url), { timeoutMs: 5000 }))).neverSent, false);
      server.close();
    }
  });

  test('when the peer closes a kept connection just as it is used again', async () => {
    const server = await serveBytes((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
        socket.once('data', () => socket.resetAndDestroy());
      });
    });
    await network.request(get(server.url), { timeoutMs: 5000 });
    assert.equal((await networkError(network.request(get(server.url), { timeoutMs: 5000 }))).neverSent, false);
    server.close();
  });

  test('when the answer is larger than is taken', async () => {
    const { url } = await serve(async () => ok(new Uint8Array(101)));
    const small = realNetwork({ maxBodyBytes: 100 });
    const error = await networkError(small.request(get(url), { timeoutMs: 5000 }));
    assert.equal(error.neverSent, false);
    small.close();
  });
});

describe('a listener', () => {
  test('answers 413 without a body when the request is too large, told or untold, and goes on serving', async () => {
    let handled = 0;
    const { url, port } = await serve(async () => {
      handled++;
      return ok();
    });
    const answer = await network.request(post(url, new Uint8Array(1001)), { timeoutMs: 5000 });
    assert.equal(answer.status, 413);
    assert.equal(answer.body.length, 0);
    const chunk = `400\r\n${'x'.repeat(0x400)}\r\n`;
    const raw = await exchange(
      port,
      `POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n${chunk}0\r\n\r\n`,
    );
    assert.match(raw, /^HTTP\/1\.1 413 /);
    assert.equal(handled, 0);
    assert.equal((await network.request(post(url, new Uint8Array(1000)), { timeoutMs: 5000 })).status, 200);
  });

  test('cuts off who sends headers or a body too slowly', async () => {
    const { port } = await serve(async () => ok(), { timeouts: { headersMs: 100, requestMs: 200 } });
    assert.match(await exchange(port, 'POST / HTTP/1.1\r\nhost: a\r\n', false), /^HTTP\/1\.1 408 /);
    const head = 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n';
    assert.match(await exchange(port, `${head}half`, false), /^HTTP\/1\.1 408 /);
  });

  test('answers 400 to a request for another host’s address or without a host', async () => {
    const { port } = await serve(async () => ok());
    assert.match(await exchange(port, 'GET http://else/ HTTP/1.1\r\nhost: a\r\n\r\n'), /^HTTP\/1\.1 400 /);
    assert.match(await exchange(port, 'GET / HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 400 /);
  });

  test('answers 500 when the handler throws, and tells of it', async () => {
    const told: unknown[] = [];
    const mistake = new Error('a mistake of ours');
    const { url } = await serve(() => Promise.reject(mistake), { onError: (error) => told.push(error) });
    assert.equal((await network.request(get(url), { timeoutMs: 5000 })).status, 500);
    assert.deepEqual(told, [mistake]);
  });

  test('finishes the request in progress when it is closed, and ends idle connections at once', async () => {
    let finish = () => {};
    let begun = () => {};
    const inHandler = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const { url, close } = await serve(
      (request) =>
        request.url === '/slow'
          ? new Promise((resolve) => {
              finish = () => resolve(ok(text('whole')));
              begun();
            })
          : Promise.resolve(ok()),
      { timeouts: { closeMs: 60_000 } },
    );
    await network.request(get(url), { timeoutMs: 5000 });
    const slow = network.request(get(`${url}/slow`), { timeoutMs: 5000 });
    await inHandler;
    const closed = close();
    finish();
    const answer = await slow;
    assert.deepEqual(answer.body, text('whole'));
    assert.equal(answer.headers.connection, 'close');
    await closed;
    assert.equal((await networkError(network.request(get(url), { timeoutMs: 5000 }))).neverSent, true);
  });

  test('cuts what does not finish within closeMs', async () => {
    let begun = () => {};
    const inHandler = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const never = () => {
      begun();
      return new Promise<HttpResponse>(() => {});
    };
    const { url, close } = await serve(never, { timeouts: { closeMs: 20 } });
    const answer = networkError(network.request(get(url), { timeoutMs: 5000 }));
    await inHandler;
    await close();
    assert.equal((await answer).neverSent, false);
  });
});

describe('over TLS', () => {
  const server = selfSigned('server');
  const client = selfSigned('client');
  const fingerprint = createHash('sha256').update(new X509Certificate(client.cert).raw).digest('hex');
  const tellCertificate: HttpHandler = async ({ headers }) => ok(text(headers['x-client-certificate'] ?? 'none'));
  const forged = (url: string) => ({ ...get(url), headers: { 'x-client-certificate': fingerprint } });

  async function told(url: string, options: Parameters<typeof realNetwork>[0]): Promise<string[]> {
    const own = realNetwork({ ca: server.cert, keepAlive: false, ...options });
    const answers = [];
    for (let count = 0; count < 3; count++) {
      answers.push(Buffer.from((await own.request(forged(url), { timeoutMs: 5000 })).body).toString());
    }
    own.close();
    return answers;
  }

  test('the handler learns the fingerprint of the client’s certificate, on resumed sessions too', async () => {
    const { url } = await serve(tellCertificate, { tls: { ...server, requestCert: true } });
    assert.deepEqual(await told(url, client), [fingerprint, fingerprint, fingerprint]);
  });

  test('a fingerprint cannot be told by a header', async () => {
    const asking = await serve(tellCertificate, { tls: { ...server, requestCert: true } });
    assert.deepEqual(await told(asking.url, {}), ['none', 'none', 'none']);
    const plain = await serve(tellCertificate);
    assert.deepEqual(await told(plain.url, {}), ['none', 'none', 'none']);
  });

  test('with an authority of its own, only certificates that chain to it count', async () => {
    const other = selfSigned('other');
    const { url } = await serve(tellCertificate, { tls: { ...server, requestCert: true, ca: other.cert } });
    assert.deepEqual(await told(url, client), ['none', 'none', 'none']);
    const own = await serve(tellCertificate, { tls: { ...server, requestCert: true, ca: client.cert } });
    assert.deepEqual(await told(own.url, client), [fingerprint, fingerprint, fingerprint]);
  });
});

/** Sends bytes and reads what comes back: one answer's worth, or all until the other side closes. */
function exchange(port: number, bytes: string, half = true): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (chunk) => {
      received += chunk;
      if (half) socket.end();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(received));
  });
}
