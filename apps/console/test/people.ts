/** People of a running console, made through its own API: the first by the printed link, the others by changes. */
import { createHmac } from 'node:crypto';
import type { Change, ChangeRequest, Enrolment, EnrolmentLink, Login, Role, UserList } from '@clearway/console-api';
import type { BrowserContext } from 'playwright-core';

export interface Person {
  readonly login: string;
  readonly name: string;
  /** A code that was not used yet; waits for the next where all that are good now were. */
  code(): Promise<string>;
  /** Logged in by the API, for what a test does beside the browser. */
  ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Brings this login into a browser. */
  enter(context: BrowserContext): Promise<void>;
}

/** Of everybody in the tests. */
export const password = 'a lantern by the ferry at dusk';
const cookieName = 'clearway';

export async function enrolFirst(link: string, login: string, name: string): Promise<Person> {
  return enrol(link, '', login, name, true);
}

/** Proposes a person and lets another approve; the first ones are appointed by one. */
export async function appoint(
  proposer: Person,
  approver: Person,
  user: { readonly login: string; readonly name: string; readonly roles: Role[]; readonly participant: string | null },
): Promise<Person> {
  const request: ChangeRequest = {
    kind: 'addUser',
    participant: null,
    cap: null,
    keyVersion: null,
    endsAt: null,
    cycle: null,
    user,
    why: 'joins the shift',
  };
  let change = await proposer.ask<Change>('POST', '/changes', request);
  if (change.state === 'proposed') {
    change = await approver.ask<Change>('POST', `/changes/${change.changeId}/approval`, { confirmation: '' });
  }
  const { users } = await proposer.ask<UserList>('GET', '/users');
  const userId = users.find((one) => one.login === user.login)?.userId;
  const { link } = await proposer.ask<EnrolmentLink>('POST', `/users/${userId}/link`);
  return enrol(link, change.enrolmentCode ?? '', user.login, user.name, false);
}

async function enrol(link: string, code: string, login: string, name: string, isFirst: boolean): Promise<Person> {
  const { origin, hash } = new URL(link);
  const token = hash.slice(1);
  const enrolment = await request<Enrolment>(origin, 'POST', '/enrolment', { token, code });
  const nextCode = codes(enrolment.body.secondFactor.secret);
  const finished = await request<Login>(origin, 'POST', '/enrolment/finish', {
    token,
    code,
    login: isFirst ? login : null,
    name: isFirst ? name : null,
    password,
    oneTimeCode: await nextCode(),
  });
  return person(origin, login, name, nextCode, finished);
}

function person(
  origin: string,
  login: string,
  name: string,
  code: () => Promise<string>,
  entered: Answer<Login>,
): Person {
  const { cookie, body } = entered;
  return {
    login,
    name,
    code,
    async ask<Answer>(method: string, path: string, sent?: unknown) {
      const headers = { cookie, 'x-clearway-csrf': body.csrfToken };
      return (await request<Answer>(origin, method, path, sent, headers)).body;
    },
    async enter(context) {
      const [, value] = /=([^;]*)/.exec(cookie)!;
      const key = cookie.slice(0, cookie.indexOf('='));
      await context.addCookies([{ name: key, value, url: origin, httpOnly: true, sameSite: 'Strict' }]);
    },
  };
}

interface Answer<Body> {
  readonly body: Body;
  readonly cookie: string;
}

async function request<Body>(
  origin: string,
  method: string,
  path: string,
  sent?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer<Body>> {
  const response = await fetch(`${origin}/api/v1${path}`, {
    method,
    headers: { ...headers, origin, ...(sent === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  const cookie = response.headers.getSetCookie().find((one) => one.startsWith(cookieName)) ?? '';
  return { body: (response.status === 204 ? undefined : await response.json()) as Body, cookie: cookie.split(';')[0] };
}

const stepMs = 30_000;

/** The codes of an authenticator (RFC 6238). Each is good once, and those of the step before and after are taken too. */
export function codes(secret: string): () => Promise<string> {
  const key = fromBase32(secret);
  let last = 0;
  return async () => {
    const now = () => Math.floor(Date.now() / stepMs);
    // That of the step before is good until this one ends, which has to be long enough for a slow machine.
    const isEarly = Date.now() % stepMs < stepMs / 2;
    const step = Math.max(last + 1, isEarly ? now() - 1 : now());
    while (step > now() + 1) await new Promise((next) => setTimeout(next, 250));
    last = step;
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(step));
    const mac = createHmac('sha1', key).update(counter).digest();
    const number = mac.readUInt32BE(mac[mac.length - 1] & 15) & 0x7fff_ffff;
    return String(number % 1_000_000).padStart(6, '0');
  };
}

function fromBase32(text: string): Buffer {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...text].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}
