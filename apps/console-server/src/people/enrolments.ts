/**
 * One-time links by which people get into the console: the first operator by the link that is printed at the first
 * start, everybody else by a link of the proposer *and* a code of the approver, so that neither can become somebody else.
 */
import type { Enrolment, EnrolmentFinish, EnrolmentLink } from '@clearway/console-api';
import { formatTime } from '@clearway/contract';
import type { Chance, Clock, Crypto } from '@clearway/ports';
import type { Audit } from '../audit.ts';
import type { Database } from '../database.ts';
import { Refusal } from '../refusal.ts';
import type { Attempts } from './attempts.ts';
import { endLoginsOf, openSecret, sealSecret } from './logins.ts';
import { authenticatorUri, base32, secretBytes, stepOfCode } from './one-time-code.ts';
import { hashPassword, isWeak } from './password.ts';
import { findPerson, invite, type StoredPerson } from './people.ts';
import { hashOf, newToken } from './secrets.ts';

export interface Enrolments {
  /** The link for the first operator; undefined when there is somebody already. An earlier one ends. */
  first(): Promise<EnrolmentLink | undefined>;
  /** `codeHash`: of what the approver was given, empty where nobody was. */
  issue(person: StoredPerson, codeHash: string): Promise<EnrolmentLink>;
  start(token: string, code: string, address: string): Promise<Enrolment>;
  finish(asked: EnrolmentFinish, address: string): Promise<StoredPerson>;
}

const validMs = 24 * 3_600_000;
const issuer = 'Clearway';
/** Second factors of links whose person has no login yet are kept under this name. */
const unnamed = 'enrolment';

/** Of the first operator: everything but looking over the shoulders of others. */
const firstRoles = ['operator', 'proposer', 'approver'] as const;

export function createEnrolments(options: {
  readonly database: Database;
  readonly audit: Audit;
  readonly attempts: Attempts;
  readonly ports: { readonly clock: Clock; readonly chance: Chance; readonly crypto: Crypto };
  readonly key: Uint8Array;
  /** Address of the console, for links. */
  readonly address: () => string;
}): Enrolments {
  const { database, audit, attempts, key, address } = options;
  const { clock, chance, crypto } = options.ports;
  const { ask } = database;

  const make = async (userId: number | null, codeHash: string): Promise<EnrolmentLink> => {
    const token = newToken(chance);
    const expiresAt = clock.now() + validMs;
    const secret = sealSecret(crypto, key, unnamed, chance.bytes(secretBytes));
    await database.together(async (askHere) => {
      await askHere('UPDATE console.enrolment SET used_at = $2 WHERE used_at = 0 AND user_id IS NOT DISTINCT FROM $1', [
        userId,
        clock.now(),
      ]);
      await askHere(
        'INSERT INTO console.enrolment (token_hash, user_id, code_hash, second_factor, expires_at) VALUES ($1, $2, $3, $4, $5)',
        [hashOf(token), userId, codeHash, Buffer.from(secret), expiresAt],
      );
    });
    return { link: `${address()}/enrol#${token}`, expiresAt: formatTime(expiresAt) };
  };

  const isFirst = async () => (await ask('SELECT 1 FROM console.person LIMIT 1')).length === 0;

  /** @throws Refusal unless the link is good, with its code */
  const find = async (token: string, code: string, from: string) => {
    attempts.take('address', from);
    attempts.take('name', `link ${hashOf(token)}`);
    const [row] = await ask(
      `SELECT user_id, code_hash, second_factor, expires_at FROM console.enrolment
       WHERE token_hash = $1 AND used_at = 0 AND expires_at > $2`,
      [hashOf(token), clock.now()],
    );
    const isGood = row !== undefined && (row.code_hash === '' || row.code_hash === hashOf(code));
    const person =
      isGood && row.user_id !== null ? await findPerson(ask, { userId: row.user_id as number }) : undefined;
    if (!isGood || person?.state === 'ended' || (row.user_id === null && !(await isFirst()))) {
      throw new Refusal('enrolmentInvalid');
    }
    const secret = openSecret(crypto, key, unnamed, row.second_factor as Buffer);
    return { person, secret, expiresAt: Number(row.expires_at) };
  };

  return {
    first: async () => ((await isFirst()) ? make(null, '') : undefined),
    issue: (person, codeHash) => make(person.userId, codeHash),

    async start(token, code, from) {
      const { person, secret, expiresAt } = await find(token, code, from);
      return {
        login: person?.login ?? null,
        name: person?.name ?? null,
        roles: person?.roles ?? [...firstRoles],
        participant: person?.participant ?? null,
        expiresAt: formatTime(expiresAt),
        secondFactor: { secret: base32(secret), uri: authenticatorUri(issuer, person?.login ?? 'operator', secret) },
      };
    },

    async finish(asked, from) {
      const { person, secret } = await find(asked.token, asked.code, from);
      const login = person?.login ?? asked.login;
      const name = person?.name ?? asked.name;
      if (login === null || name === null)
        throw new Refusal('fieldInvalid', 'The first operator chooses login and name: both are missing.');
      if (isWeak(asked.password, login)) throw new Refusal('passwordWeak');
      const step = stepOfCode(secret, asked.oneTimeCode, clock.now(), 0);
      if (step === undefined) throw new Refusal('loginRefused', 'The one-time code is not that of this second factor.');
      const password = await hashPassword(chance, asked.password);
      const sealed = Buffer.from(sealSecret(crypto, key, login, secret));
      await database.together(async (askHere) => {
        const used = await askHere(
          'UPDATE console.enrolment SET used_at = $2 WHERE token_hash = $1 AND used_at = 0 RETURNING 1',
          [hashOf(asked.token), clock.now()],
        );
        if (used.length === 0) throw new Refusal('enrolmentInvalid');
        const createdAt = clock.now();
        const userId =
          person?.userId ??
          (await invite(askHere, { login, name, roles: [...firstRoles], participant: null, createdAt, linkChange: 0 }));
        await askHere(
          `UPDATE console.person SET state = 'active', password = $2, second_factor = $3, last_step = $4, link_change = 0
           WHERE user_id = $1`,
          [userId, password, sealed, step],
        );
        await endLoginsOf(askHere, userId, clock.now());
        await audit.append(askHere, {
          actor: login,
          act: 'enrolled',
          subject: login,
          detail: { isFirst: person === undefined },
        });
      });
      return (await findPerson(ask, { login }))!;
    },
  };
}
