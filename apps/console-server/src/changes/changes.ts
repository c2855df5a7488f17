/**
 * Changes with four eyes: proposed by one person, decided by another on exactly what was proposed, void when what it is
 * about has changed since, carried out once.
 *
 * ```
 * proposed ─▶ executing ─▶ executed | failed | void
 *          └▶ returned | refused | withdrawn | void
 * ```
 */
import type { Change, ChangeKind, ChangeRequest, ChangeState, Effect, Person } from '@clearway/console-api';
import { formatTime, parseTime } from '@clearway/contract';
import type { Cancel, Chance, Clock } from '@clearway/ports';
import { type Administration, describeParticipant } from '@clearway/server';
import type { Audit } from '../audit.ts';
import type { CellAccess } from '../cell-access.ts';
import type { Ask, Database } from '../database.ts';
import type { Directory } from '../directory.ts';
import { endLoginsOf } from '../people/logins.ts';
import { allPeople, findPerson, invite, publicPerson } from '../people/people.ts';
import { hashOf, newCode } from '../people/secrets.ts';
import { Refusal } from '../refusal.ts';
import { timeOrNull } from '../words.ts';
import { capOf, type EffectReader, isFounding, needed } from './effect.ts';

export interface Changes {
  list(state: ChangeState | undefined, asker: Person): Promise<Change[]>;
  ofParticipant(code: string): Promise<{ changeId: number; kind: ChangeKind; state: ChangeState; at: string }[]>;
  one(changeId: number, asker: Person): Promise<Change>;
  propose(request: ChangeRequest, asker: Person): Promise<Change>;
  approve(changeId: number, confirmation: string, asker: Person): Promise<Change>;
  end(changeId: number, how: 'returned' | 'refused' | 'withdrawn', note: string | null, asker: Person): Promise<Change>;
  /** What a stop of the console left half done: it is found out what became of it. */
  resume(): Promise<void>;
  /** Proposals that have waited longer than this, for the alarms. */
  waiting(): Promise<{ readonly changeId: number; readonly kind: string; readonly proposedAt: number }[]>;
  start(): Cancel;
}

const validMs = 4 * 3_600_000;
const listed = 200;
const sweepMs = 15_000;

interface Stored {
  readonly change_id: number;
  readonly kind: ChangeKind;
  readonly state: ChangeState;
  readonly request: string;
  readonly effect: string;
  readonly basis: string;
  readonly proposed_by: number;
  readonly proposed_at: string;
  readonly expires_at: string;
  readonly decided_by: number | null;
  readonly decided_at: string;
  readonly note: string | null;
  readonly result: string | null;
}

const columns = `change_id, kind, state, request, effect, basis, proposed_by, proposed_at, expires_at, decided_by,
  decided_at, note, result`;

/** What became of it, with the version of the document that it made. */
interface Done {
  readonly state: 'executed' | 'failed' | 'void';
  readonly result: string;
  readonly version?: number;
  readonly code?: string;
}

export function createChanges(options: {
  readonly database: Database;
  readonly audit: Audit;
  readonly effects: EffectReader;
  readonly cell: CellAccess;
  readonly directory: Directory;
  readonly clock: Clock;
  readonly chance: Chance;
  log(event: string, fields: Record<string, unknown>): void;
}): Changes {
  const { database, audit, effects, cell, directory, clock, chance, log } = options;
  const { ask } = database;

  const find = async (changeId: number): Promise<Stored> => {
    const [row] = await ask<Stored>(`SELECT ${columns} FROM console.change WHERE change_id = $1`, [changeId]);
    if (row === undefined) throw new Refusal('notFound');
    return row;
  };

  const show = async (rows: readonly Stored[], asker: Person, code: string | null = null): Promise<Change[]> => {
    const people = new Map((await allPeople(ask)).map((person) => [person.userId, publicPerson(person)]));
    return rows.map((row) => ({
      changeId: row.change_id,
      kind: row.kind,
      state: row.state,
      request: JSON.parse(row.request) as ChangeRequest,
      effect: JSON.parse(row.effect) as Effect,
      proposedBy: people.get(row.proposed_by)!,
      proposedAt: formatTime(Number(row.proposed_at)),
      expiresAt: formatTime(Number(row.expires_at)),
      decidedBy: row.decided_by === null ? null : people.get(row.decided_by)!,
      decidedAt: timeOrNull(Number(row.decided_at)),
      note: row.note,
      result: row.result,
      yours: rightsOver(row, asker),
      enrolmentCode: code,
    }));
  };

  const showOne = async (changeId: number, asker: Person, code: string | null = null) =>
    (await show([await find(changeId)], asker, code))[0];

  /** Moves a change on, with the audit's entry, unless somebody else has moved it meanwhile. */
  const move = (
    row: Stored,
    from: ChangeState,
    to: ChangeState,
    actor: string,
    set: Readonly<Record<string, unknown>>,
  ) =>
    database.together(async (askHere) => {
      const names = Object.keys(set);
      const assignments = ['state = $3', ...names.map((name, index) => `${name} = $${index + 4}`)];
      const moved = await askHere(
        `UPDATE console.change SET ${assignments.join(', ')} WHERE change_id = $1 AND state = $2 RETURNING 1`,
        [row.change_id, from, to, ...Object.values(set)],
      );
      if (moved.length === 0) throw new Refusal('changeNotOpen');
      const { code_hash: _, decided_by: __, ...detail } = set;
      await audit.append(askHere, {
        actor,
        act: `change${to[0].toUpperCase()}${to.slice(1)}`,
        subject: `change ${row.change_id}`,
        detail: { kind: row.kind, ...detail },
      });
    });

  const checkDecidable = (row: Stored, asker: Person) => {
    if (row.proposed_by === asker.userId) throw new Refusal('changeIsYours');
    if (row.state !== 'proposed') throw new Refusal('changeNotOpen', `It is ${row.state}.`);
  };

  /** Carries out what was approved; only for a change that is `executing`, and only once at a time. */
  const carryOut = async (row: Stored): Promise<Done> => {
    const request = JSON.parse(row.request) as ChangeRequest;
    switch (request.kind) {
      case 'closeCycle': {
        const cycle = needed(request.cycle, 'cycle');
        await cell.ask((link) => link.closeCycle(cycle));
        return { state: 'executed', result: `cycle ${cycle} is cut` };
      }
      case 'addUser':
      case 'changeUser':
      case 'resetUser':
      case 'endUser':
        return database.together((askHere) => changePerson(askHere, row.change_id, request));
      default:
        return changeParticipant(row, request, Number(row.decided_at));
    }
  };

  const changeParticipant = async (row: Stored, request: ChangeRequest, at: number): Promise<Done> => {
    const participant = needed(request.participant, 'participant');
    const change = administrationOf(request, at);
    const done = await cell.ask((link) => link.administer({ participant, expected: row.basis, change }));
    if (done.outcome === 'refused') return { state: 'failed', result: 'reason' in done ? done.reason : 'refused' };
    const { participants, participantsVersion } = await directory.readNow();
    if (done.outcome === 'changed') {
      // After a lost answer it is asked again: then what is there may be our own doing.
      const now = participants.find(({ code }) => code === participant);
      const isOurs = now !== undefined && isAsWanted(now, row.basis, change);
      return isOurs
        ? { state: 'executed', result: `${participant} is as proposed` }
        : { state: 'void', result: `${participant} has changed since` };
    }
    return { state: 'executed', result: `participants, version ${participantsVersion}`, version: participantsVersion };
  };

  const changePerson = async (askHere: Ask, changeId: number, request: ChangeRequest): Promise<Done> => {
    const user = needed(request.user, 'user');
    const now = clock.now();
    const person = await findPerson(askHere, { login: user.login });
    if (request.kind === 'addUser') {
      if (person?.linkChange === changeId) return { state: 'executed', result: `${user.login} is invited` };
      if (person !== undefined) return { state: 'void', result: `there is a user ${user.login} already` };
      await invite(askHere, { ...user, createdAt: now, linkChange: changeId });
      return { state: 'executed', result: `${user.login} is invited`, code: newCode(chance) };
    }
    if (person === undefined) return { state: 'void', result: `there is no user ${user.login} any more` };
    await endLoginsOf(askHere, person.userId, now);
    if (request.kind === 'endUser') {
      await askHere(`UPDATE console.person SET state = 'ended' WHERE user_id = $1`, [person.userId]);
      return { state: 'executed', result: `${user.login} has ended` };
    }
    if (request.kind === 'resetUser') {
      await askHere(
        `UPDATE console.person SET state = 'invited', password = NULL, second_factor = NULL, link_change = $2
         WHERE user_id = $1`,
        [person.userId, changeId],
      );
      return { state: 'executed', result: `${user.login} is invited anew`, code: newCode(chance) };
    }
    await askHere('UPDATE console.person SET name = $2, roles = $3, participant = $4 WHERE user_id = $1', [
      person.userId,
      user.name,
      user.roles,
      user.participant,
    ]);
    return { state: 'executed', result: `${user.login} is changed` };
  };

  /** From `executing` to an end; gives the code for the approver, if there is one. */
  const execute = async (row: Stored, actor: string): Promise<string | null> => {
    const done = await carryOut(row);
    await move(row, 'executing', done.state, actor, {
      result: done.result,
      version: done.version ?? 0,
      ...(done.code !== undefined && { code_hash: hashOf(done.code) }),
    });
    return done.code ?? null;
  };

  const voidIfChanged = async (row: Stored, asker: string) => {
    const now = await effects.foresee(JSON.parse(row.request) as ChangeRequest).catch((error) => {
      if (
        error instanceof Refusal &&
        ['sameGoal', 'notFound', 'fieldInvalid', 'platformRefused'].includes(error.reason)
      )
        return undefined;
      throw error;
    });
    if (now?.basis === row.basis) return;
    await move(row, 'proposed', 'void', asker, {
      result: 'what it is about has changed since',
      decided_at: clock.now(),
    });
    throw new Refusal('changeVoid');
  };

  const expire = async () => {
    const rows = await ask<Stored>(
      `SELECT ${columns} FROM console.change WHERE state = 'proposed' AND expires_at <= $1`,
      [clock.now()],
    );
    for (const row of rows) {
      await move(row, 'proposed', 'void', 'console', { result: 'nobody decided in time', decided_at: clock.now() });
    }
  };

  const changes: Changes = {
    async list(state, asker) {
      const rows = await ask<Stored>(
        `SELECT ${columns} FROM console.change WHERE ($1::text IS NULL OR state = $1) ORDER BY change_id DESC LIMIT $2`,
        [state ?? null, listed],
      );
      return show(rows, asker);
    },

    async ofParticipant(code) {
      const rows = await ask<{ change_id: number; kind: ChangeKind; state: ChangeState; proposed_at: string }>(
        `SELECT change_id, kind, state, proposed_at FROM console.change WHERE participant = $1
         ORDER BY change_id DESC LIMIT 20`,
        [code],
      );
      return rows.map(({ change_id, kind, state, proposed_at }) => ({
        changeId: change_id,
        kind,
        state,
        at: formatTime(Number(proposed_at)),
      }));
    },

    one: (changeId, asker) => showOne(changeId, asker),

    async propose(request, asker) {
      const { effect, basis } = await effects.foresee(request);
      const now = clock.now();
      const founding = request.kind === 'addUser' && (await isFounding(ask));
      const changeId = await database.together(async (askHere) => {
        const [row] = await askHere<{ change_id: number }>(
          `INSERT INTO console.change (kind, state, request, effect, basis, participant, proposed_by, proposed_at, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING change_id`,
          [
            request.kind,
            founding ? 'executing' : 'proposed',
            JSON.stringify(request),
            JSON.stringify(effect),
            basis,
            request.participant,
            asker.userId,
            now,
            now + validMs,
          ],
        );
        await audit.append(askHere, {
          actor: asker.login,
          act: 'changeProposed',
          subject: `change ${row.change_id}`,
          detail: { request, differences: effect.differences, founding },
        });
        return row.change_id;
      });
      const code = founding ? await execute(await find(changeId), asker.login) : null;
      return showOne(changeId, asker, code);
    },

    async approve(changeId, confirmation, asker) {
      const row = await find(changeId);
      checkDecidable(row, asker);
      const { effect } = { effect: JSON.parse(row.effect) as Effect };
      if (effect.confirmation !== null && confirmation.trim() !== effect.confirmation) {
        throw new Refusal('fieldInvalid', 'confirmation: type what the change shows.');
      }
      if (Number(row.expires_at) <= clock.now()) {
        await expire();
        throw new Refusal('changeVoid');
      }
      await voidIfChanged(row, asker.login);
      const decidedAt = clock.now();
      await move(row, 'proposed', 'executing', asker.login, { decided_by: asker.userId, decided_at: decidedAt });
      const code = await execute({ ...row, state: 'executing', decided_at: String(decidedAt) }, asker.login);
      return showOne(changeId, asker, code);
    },

    async end(changeId, how, note, asker) {
      const row = await find(changeId);
      if (how === 'withdrawn') {
        if (row.proposed_by !== asker.userId) throw new Refusal('notAllowed', 'Only its author can withdraw it.');
      } else checkDecidable(row, asker);
      await move(row, 'proposed', how, asker.login, {
        ...(how !== 'withdrawn' && { decided_by: asker.userId }),
        decided_at: clock.now(),
        note,
      });
      return showOne(changeId, asker);
    },

    async resume() {
      await expire();
      const rows = await ask<Stored>(
        `SELECT ${columns} FROM console.change WHERE state = 'executing' AND decided_at <= $1`,
        [clock.now() - sweepMs],
      );
      for (const row of rows) await execute(row, 'console');
    },

    async waiting() {
      const rows = await ask<{ change_id: number; kind: string; proposed_at: string }>(
        `SELECT change_id, kind, proposed_at FROM console.change WHERE state = 'proposed'`,
      );
      return rows.map(({ change_id, kind, proposed_at }) => ({
        changeId: change_id,
        kind,
        proposedAt: Number(proposed_at),
      }));
    },

    start() {
      let cancel: Cancel = () => {};
      let stopped = false;
      const next = () => {
        cancel = clock.after(sweepMs, async () => {
          await changes.resume().catch((error: Error) => log('console.changesWait', { detail: error.message }));
          if (!stopped) next();
        });
      };
      next();
      return () => {
        stopped = true;
        cancel();
      };
    },
  };
  return changes;
}

function rightsOver(row: Stored, asker: Person): Change['yours'] {
  const isOpen = row.state === 'proposed';
  const isOwn = row.proposed_by === asker.userId;
  const mayApprove = asker.roles.includes('approver');
  const whyNot = !isOpen ? 'changeNotOpen' : isOwn ? 'changeIsYours' : mayApprove ? null : 'notAllowed';
  return { mayDecide: whyNot === null, mayWithdraw: isOpen && isOwn, whyNot };
}

function administrationOf(request: ChangeRequest, at: number): Administration['change'] {
  switch (request.kind) {
    case 'netDebitCap': {
      const { amount, currency } = capOf(request);
      return { kind: 'netDebitCap', currency, amount: String(amount) };
    }
    case 'endKey':
      return {
        kind: 'endKey',
        version: needed(request.keyVersion, 'keyVersion'),
        // An end that has come while people decided is now.
        at: Math.max(at, request.endsAt === null ? at : (parseTime(request.endsAt) ?? at)),
      };
    default:
      return { kind: 'status', status: request.kind === 'suspendParticipant' ? 'suspended' : 'active' };
  }
}

/** Whether a participant is what the change makes of the one that the basis describes. */
function isAsWanted(
  now: Parameters<typeof describeParticipant>[0],
  basis: string,
  change: Administration['change'],
): boolean {
  const before = JSON.parse(basis) as { code: string; status: string; caps: string[]; versions: string[] };
  switch (change.kind) {
    case 'status':
      before.status = change.status;
      break;
    case 'netDebitCap':
      before.caps = [
        ...before.caps.filter((cap) => !cap.startsWith(`${change.currency}:`)),
        `${change.currency}:${change.amount}`,
      ].sort();
      break;
    case 'endKey':
      before.versions = before.versions
        .map((version) => (version === `${change.version}:` ? `${change.version}:${change.at}` : version))
        .sort();
      break;
  }
  return describeParticipant(now) === JSON.stringify(before);
}
