/** Who may use the console. */
import type { Person, Role } from '@clearway/console-api';
import type { Ask } from '../database.ts';

export interface StoredPerson extends Person {
  readonly state: 'invited' | 'active' | 'ended';
  readonly password: string | null;
  readonly secondFactor: Buffer | null;
  readonly lastStep: number;
  readonly createdAt: number;
  readonly lastLoginAt: number;
  readonly linkChange: number;
}

const columns = `user_id, login, name, roles, participant, state, password, second_factor, last_step, created_at,
  last_login_at, link_change`;

export async function findPerson(
  ask: Ask,
  by: { login: string } | { userId: number },
): Promise<StoredPerson | undefined> {
  const [condition, value] = 'login' in by ? ['login = $1', by.login] : ['user_id = $1', by.userId];
  const [row] = await ask(`SELECT ${columns} FROM console.person WHERE ${condition}`, [value]);
  return row && personOf(row);
}

export async function allPeople(ask: Ask): Promise<StoredPerson[]> {
  return (await ask(`SELECT ${columns} FROM console.person ORDER BY login`)).map(personOf);
}

/** Somebody who may log in as soon as he has opened his link. */
export async function invite(
  ask: Ask,
  person: Omit<Person, 'userId'> & { readonly createdAt: number; readonly linkChange: number },
): Promise<number> {
  const { login, name, roles, participant, createdAt, linkChange } = person;
  const [row] = await ask<{ user_id: number }>(
    `INSERT INTO console.person (login, name, roles, participant, state, created_at, link_change)
     VALUES ($1, $2, $3, $4, 'invited', $5, $6) RETURNING user_id`,
    [login, name, roles, participant, createdAt, linkChange],
  );
  return row.user_id;
}

export const publicPerson = ({ userId, login, name, roles, participant }: Person): Person => ({
  userId,
  login,
  name,
  roles,
  participant,
});

function personOf(row: Record<string, unknown>): StoredPerson {
  return {
    userId: row.user_id as number,
    login: row.login as string,
    name: row.name as string,
    roles: row.roles as Role[],
    participant: row.participant as string | null,
    state: row.state as StoredPerson['state'],
    password: row.password as string | null,
    secondFactor: row.second_factor as Buffer | null,
    lastStep: Number(row.last_step),
    createdAt: Number(row.created_at),
    lastLoginAt: Number(row.last_login_at),
    linkChange: row.link_change as number,
  };
}
