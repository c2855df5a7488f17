/**
 * The console's HTTP: headers that close the usual doors, the table of routes with its rights, and the pages.
 *
 * Node's server is used as it is, since a stream of events has no end that a handler could return.
 */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { type Operation, problemContentType, type Route } from '@clearway/console-api';
import { openApiText, requests } from '@clearway/console-api/openapi';
import type { Chance, Clock } from '@clearway/ports';
import { Compile, type Validator } from 'typebox/compile';
import type { Console } from '../console.ts';
import type { Login } from '../people/logins.ts';
import type { CycleFile } from '../records/cycles.ts';
import { problemOf, Refusal } from '../refusal.ts';
import { type Asked, type Begun, createAnswers } from './answers.ts';
import { findRoute } from './find-route.ts';
import { checkRights, scopeOf } from './rights.ts';
import type { StaticFiles } from './static-files.ts';

export interface ConsoleServer {
  readonly address: string;
  close(): Promise<void>;
}

export interface ServeOptions {
  readonly desk: Console;
  readonly files: StaticFiles;
  readonly ports: { readonly clock: Clock; readonly chance: Chance };
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** PEM; without it plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** By which browsers reach it, where that is not address and port. */
  readonly name?: string | undefined;
  /** Told the address before the first request. */
  listening?(address: string): void;
  log(event: string, fields: Record<string, unknown>): void;
}

const csrfHeader = 'x-clearway-csrf';
const mostBodyBytes = 65_536;
/** Marked in the page; styles that a library makes carry it, and no other inline style is applied. */
const nonceMark = '__CSP_NONCE__';

const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=()',
} as const;

const contentSecurityPolicy = (nonce: string) =>
  [
    `default-src 'none'`,
    `script-src 'self'`,
    `style-src 'self' 'nonce-${nonce}'`,
    `img-src 'self' data:`,
    `font-src 'self'`,
    `connect-src 'self'`,
    `worker-src 'self'`,
    `manifest-src 'self'`,
    `form-action 'self'`,
    `base-uri 'none'`,
    `frame-ancestors 'none'`,
  ].join('; ');

export async function serveConsole(options: ServeOptions): Promise<ConsoleServer> {
  const { desk, files, host, tls, name, log } = options;
  const scheme = tls === undefined ? 'http' : 'https';
  // The prefix makes a browser refuse the cookie from anybody but this very host, and without TLS.
  const cookieName = tls === undefined ? 'clearway_login' : '__Host-clearway_login';
  const cookieOf = (token: string, seconds: number) =>
    `${cookieName}=${token}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${tls === undefined ? '' : '; Secure'}`;
  const { clock, chance } = options.ports;
  const answers = createAnswers(desk, clock);
  const openApi = openApiText();
  const validators = new Map<Operation, Validator>();
  let address = '';
  let hosts: readonly string[] = [];

  const begin = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    for (const [name, value] of Object.entries(securityHeaders)) outgoing.setHeader(name, value);
    if (tls !== undefined) outgoing.setHeader('strict-transport-security', 'max-age=31536000');
    handle(incoming, outgoing).catch((error) => {
      if (error instanceof Refusal) return refuse(outgoing, error);
      log('console.requestFailed', { detail: (error as Error).message, stack: (error as Error).stack });
      refuse(outgoing, new Refusal('internal'));
    });
  };
  const limits = { requestTimeout: 15_000, headersTimeout: 10_000 };
  const server =
    tls === undefined
      ? http.createServer(limits, begin)
      : https.createServer({ ...limits, ...tls, minVersion: 'TLSv1.3' }, begin);

  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    // A name that somebody else made point here is not ours: no page of his gets an answer.
    if (!hosts.includes(incoming.headers.host ?? ''))
      throw new Refusal('originForeign', 'The host is not this console’s.');
    const url = new URL(incoming.url ?? '/', address);
    if (!url.pathname.startsWith('/api/')) return servePage(incoming, outgoing, url.pathname);
    outgoing.setHeader('cache-control', 'no-store');
    outgoing.setHeader('content-security-policy', `default-src 'none'; frame-ancestors 'none'`);
    const found = findRoute(incoming.method ?? '', url.pathname);
    if (typeof found === 'string') throw new Refusal(found);
    const { operation, route, parameters } = found;
    if (operation === 'getOpenApi') return send(outgoing, 200, 'application/json; charset=utf-8', openApi);
    const { login, isToken } = await readLogin(incoming);
    checkOrigin(incoming, route, login, isToken);
    checkRights(route, login, clock.now());
    await recordLook(operation, route, login, url);
    if (operation === 'getLive') return stream(outgoing, login!);
    const body = await readBody(incoming, operation);
    const asked: Asked<unknown> = { parameters, query: url.searchParams, body, login, address: addressOf(incoming) };
    const answer = await (answers[operation] as (asked: Asked<unknown>) => Promise<unknown>)(asked);
    if (route.act) await desk.logins.acted(login!);
    await reply(outgoing, operation, route, answer, parameters);
  };

  const stream = (outgoing: ServerResponse, login: Login) =>
    desk.live.open(outgoing, scopeOf(login.person), async () => (await desk.logins.find(login.token)) !== undefined);

  const readLogin = async ({ headers }: IncomingMessage) => {
    const [, bearer] = /^Bearer ([A-Za-z0-9_-]{43})$/.exec(headers.authorization ?? '') ?? [];
    const [, cookie] = new RegExp(`(?:^|; )${cookieName}=([A-Za-z0-9_-]{43})(?:;|$)`).exec(headers.cookie ?? '') ?? [];
    const token = bearer ?? cookie;
    return { isToken: bearer !== undefined, login: token === undefined ? undefined : await desk.logins.find(token) };
  };

  /** A browser sends cookies with what other sites make it ask: such a request lacks our origin, or the token. */
  const checkOrigin = (
    { method, headers }: IncomingMessage,
    route: Route,
    login: Login | undefined,
    isToken: boolean,
  ) => {
    if (method === 'GET') return;
    const site = headers['sec-fetch-site'];
    const isForeign = headers.origin !== undefined && !hosts.some((one) => headers.origin === `${scheme}://${one}`);
    if (isForeign || (site !== undefined && site !== 'same-origin' && site !== 'none'))
      throw new Refusal('originForeign');
    if (route.access === 'open' || login === undefined || isToken) return;
    if (headers[csrfHeader] !== login.csrfToken) throw new Refusal('tokenMissing');
  };

  const recordLook = async (operation: Operation, route: Route, login: Login | undefined, url: URL) => {
    if (login === undefined || route.access === 'open' || route.access === 'login') return;
    if (!login.person.roles.includes('supervisor') || route.method !== 'GET') return;
    await desk.audit.record({
      actor: login.person.login,
      act: 'looked',
      subject: url.pathname.slice('/api/v1'.length),
      detail: { operation, query: url.search.slice(0, 500), purpose: login.purpose },
    });
  };

  const readBody = async (incoming: IncomingMessage, operation: Operation): Promise<unknown> => {
    const schema = requests[operation as keyof typeof requests];
    if (schema === undefined) {
      incoming.resume();
      return undefined;
    }
    if (!/^application\/json\b/.test(incoming.headers['content-type'] ?? ''))
      throw new Refusal('contentTypeUnsupported');
    const body = parse(await readBytes(incoming));
    const validator = validators.get(operation) ?? (Compile(schema) as unknown as Validator);
    validators.set(operation, validator);
    if (!validator.Check(body)) {
      const [error] = validator.Errors(body);
      throw new Refusal('fieldInvalid', `${error.instancePath || '/'} ${error.message}`);
    }
    return body;
  };

  const reply = async (
    outgoing: ServerResponse,
    operation: Operation,
    route: Route,
    answer: unknown,
    parameters: Readonly<Record<string, string>>,
  ) => {
    if (answer === undefined) {
      if (operation === 'logOut') outgoing.setHeader('set-cookie', cookieOf('', 0));
      outgoing.writeHead(204).end();
      return;
    }
    if (isBegun(answer)) {
      const message = await desk.describeLogin(answer.begun);
      const { token } = answer.begun;
      if (answer.keep === 'cookie') {
        const seconds = Math.floor((answer.begun.endsAt - clock.now()) / 1000);
        outgoing.setHeader('set-cookie', cookieOf(token, seconds));
      }
      const shown = { ...message, token: answer.keep === 'token' ? token : null };
      return send(outgoing, 200, 'application/json; charset=utf-8', JSON.stringify(shown));
    }
    if (operation === 'getCycleFile') {
      const name = `clearway-${parameters.participant}-${parameters.cycle}.csv`;
      outgoing.setHeader('content-disposition', `attachment; filename="${name}"`);
      const { bytes, content } = answer as CycleFile;
      outgoing.writeHead(200, { 'content-type': route.contentType!, 'content-length': bytes });
      return pipeline(content, outgoing).catch((error: NodeJS.ErrnoException) => {
        // Who asked has gone.
        if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
      });
    }
    if (operation === 'getEvidence') {
      outgoing.setHeader(
        'content-disposition',
        `attachment; filename="clearway-evidence-${parameters.paymentId}.json"`,
      );
    }
    send(outgoing, 200, 'application/json; charset=utf-8', JSON.stringify(answer));
  };

  const servePage = (incoming: IncomingMessage, outgoing: ServerResponse, path: string) => {
    if (incoming.method !== 'GET' && incoming.method !== 'HEAD') throw new Refusal('methodNotAllowed');
    const file = files.find(path);
    const nonce = Buffer.from(chance.bytes(16)).toString('base64');
    outgoing.setHeader('content-security-policy', contentSecurityPolicy(nonce));
    outgoing.setHeader('cache-control', file?.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache');
    if (file === undefined) {
      return send(outgoing, 404, 'text/plain; charset=utf-8', 'There is no such page. Is the web application built?\n');
    }
    if (file.compressed !== undefined) {
      outgoing.setHeader('vary', 'accept-encoding');
      if (/\bbr\b/.test(String(incoming.headers['accept-encoding'] ?? ''))) {
        outgoing.setHeader('content-encoding', 'br');
        return send(outgoing, 200, file.contentType, file.compressed);
      }
    }
    const body = file.isPage ? file.body.toString('utf8').replaceAll(nonceMark, nonce) : file.body;
    send(outgoing, 200, file.contentType, body);
  };

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  hosts = [`${host}:${port}`, `localhost:${port}`, ...(name === undefined ? [] : [name])];
  address = `${scheme}://${name ?? `${host}:${port}`}`;
  options.listening?.(address);

  return {
    address,
    close: () =>
      new Promise((resolve) => {
        desk.live.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const isBegun = (answer: unknown): answer is Begun =>
  typeof answer === 'object' && answer !== null && 'begun' in answer;

const addressOf = ({ socket }: IncomingMessage) => socket.remoteAddress ?? 'unknown';

function send(outgoing: ServerResponse, status: number, contentType: string, body: string | Buffer): void {
  outgoing.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) });
  outgoing.end(body);
}

function refuse(outgoing: ServerResponse, refusal: Refusal): void {
  if (outgoing.headersSent) {
    outgoing.destroy();
    return;
  }
  const problem = problemOf(refusal);
  if (refusal.retryAfter !== undefined) outgoing.setHeader('retry-after', String(refusal.retryAfter));
  send(outgoing, problem.status, problemContentType, JSON.stringify(problem));
}

function readBytes(incoming: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= mostBodyBytes) chunks.push(chunk);
      else reject(new Refusal('bodyTooLarge'));
    });
    incoming.on('end', () => resolve(Buffer.concat(chunks)));
    incoming.on('error', reject);
  });
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new Refusal('bodyMalformed');
  }
}
