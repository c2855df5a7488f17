/**
 * Logins: long for reading, short for acting. Ten minutes after the last act the right to act is gone until password
 * and code are given again; the login itself lasts a shift.
 */
import type { Chance, Clock, Crypto } from '@clearway/ports';
import type { Audit } from '../audit.ts';
import type { Ask, Database } from '../database.ts';
import { Refusal } from '../refusal.ts';
import type { Attempts } from './attempts.ts';
import { stepOfCode } from './one-time-code.ts';
import { hashPassword, holdsPassword } from './password.ts';
import { findPerson, type StoredPerson } from './people.ts';
import { csrfOf, hashOf, newToken } from './secrets.ts';

export interface Login {
  readonly token: string;
  readonly csrfToken: string;
  readonly person: StoredPerson;
  /** ms */
  readonly startedAt: number;
  readonly endsAt: number;
  readonly actsUntil: number;
  readonly purpose: string | null;
}

export interface Credentials {
  readonly password: string;
  readonly code: string;
}

export interface Logins {
  /** @throws Refusal, the same for a wrong login, password or code */
  open(login: string, credentials: Credentials, address: string): Promise<Login>;
  /** For somebody who has just shown who he is by other means. */
  openFor(person: StoredPerson): Promise<Login>;
  find(token: string): Promise<Login | undefined>;
  renew(login: Login, credentials: Credentials, address: string): Promise<void>;
  /** An act was done: the right to act lasts from now on. */
  acted(login: Login): Promise<void>;
  setPurpose(login: Login, purpose: string): Promise<void>;
  end(login: Login): Promise<void>;
}

export const readingMs = 12 * 3_600_000;
export const actingMs = 600_000;

export function createLogins(options: {
  readonly database: Database;
  readonly audit: Audit;
  readonly attempts: Attempts;
  readonly ports: { readonly clock: Clock; readonly chance: Chance; readonly crypto: Crypto };
  /** 32 bytes, under which second factors are kept. */
  readonly key: Uint8Array;
}): Logins {
  const { database, audit, attempts, key } = options;
  const { clock, chance, crypto } = options.ports;
  const { ask } = database;
  /** Somebody unknown takes as long as somebody known. */
  const nobody = hashPassword(chance, newToken(chance));

  const check = async (login: string, { password, code }: Credentials, address: string): Promise<StoredPerson> => {
    attempts.take('address', address);
    attempts.take('name', login);
    const person = await findPerson(ask, { login });
    const isRight = await holdsPassword(password, person?.password ?? (await nobody));
    const step =
      isRight && person?.state === 'active' && person.secondFactor !== null
        ? stepOfCode(openSecret(crypto, key, login, person.secondFactor), code, clock.now(), person.lastStep)
        : undefined;
    const taken =
      step !== undefined &&
      (await ask('UPDATE console.person SET last_step = $2 WHERE user_id = $1 AND last_step < $2 RETURNING 1', [
        person!.userId,
        step,
      ]));
    if (!taken || taken.length === 0) {
      await audit.record({ actor: person?.login ?? 'nobody', act: 'loginRefused', subject: address });
      throw new Refusal('loginRefused');
    }
    attempts.forget('name', login);
    return person!;
  };

  const openFor = async (person: StoredPerson): Promise<Login> => {
    const token = newToken(chance);
    const startedAt = clock.now();
    const login = {
      token,
      csrfToken: csrfOf(token),
      person,
      startedAt,
      endsAt: startedAt + readingMs,
      actsUntil: startedAt + actingMs,
      purpose: null,
    };
    await database.together(async (askHere) => {
      await askHere(
        'INSERT INTO console.login (token_hash, user_id, started_at, ends_at, acts_until) VALUES ($1, $2, $3, $4, $5)',
        [hashOf(token), person.userId, startedAt, login.endsAt, login.actsUntil],
      );
      await askHere('UPDATE console.person SET last_login_at = $2 WHERE user_id = $1', [person.userId, startedAt]);
      await audit.append(askHere, { actor: person.login, act: 'loggedIn', subject: person.login });
    });
    return login;
  };

  const prolong = (login: Login) =>
    ask('UPDATE console.login SET acts_until = $2 WHERE token_hash = $1', [
      hashOf(login.token),
      Math.min(clock.now() + actingMs, login.endsAt),
    ]);

  return {
    openFor,
    open: async (login, credentials, address) => openFor(await check(login, credentials, address)),

    async find(token) {
      const [row] = await ask(
        `SELECT user_id, started_at, ends_at, acts_until, purpose FROM console.login
         WHERE token_hash = $1 AND ended_at = 0 AND ends_at > $2`,
        [hashOf(token), clock.now()],
      );
      const person = row && (await findPerson(ask, { userId: row.user_id as number }));
      if (person?.state !== 'active') return undefined;
      return {
        token,
        csrfToken: csrfOf(token),
        person,
        startedAt: Number(row.started_at),
        endsAt: Number(row.ends_at),
        actsUntil: Number(row.acts_until),
        purpose: row.purpose as string | null,
      };
    },

    async renew(login, credentials, address) {
      await check(login.person.login, credentials, address);
      await prolong(login);
      await audit.record({ actor: login.person.login, act: 'loginRenewed', subject: login.person.login });
    },

    acted: async (login) => void (await prolong(login)),

    async setPurpose(login, purpose) {
      await database.together(async (askHere) => {
        await askHere('UPDATE console.login SET purpose = $2 WHERE token_hash = $1', [hashOf(login.token), purpose]);
        await audit.append(askHere, {
          actor: login.person.login,
          act: 'purposeSaid',
          subject: login.person.login,
          detail: { purpose },
        });
      });
    },

    async end(login) {
      await ask('UPDATE console.login SET ended_at = $2 WHERE token_hash = $1', [hashOf(login.token), clock.now()]);
      await audit.record({ actor: login.person.login, act: 'loggedOut', subject: login.person.login });
    },
  };
}

/** Ends every login of somebody whose rights have changed. */
export async function endLoginsOf(ask: Ask, userId: number, at: number): Promise<void> {
  await ask('UPDATE console.login SET ended_at = $2 WHERE user_id = $1 AND ended_at = 0', [userId, at]);
}

const context = (login: string) => new TextEncoder().encode(`second factor of ${login}`);

export const sealSecret = (crypto: Crypto, key: Uint8Array, login: string, secret: Uint8Array): Uint8Array =>
  crypto.encrypt(key, secret, context(login));

export const openSecret = (crypto: Crypto, key: Uint8Array, login: string, sealed: Uint8Array): Uint8Array =>
  crypto.decrypt(key, sealed, context(login));
