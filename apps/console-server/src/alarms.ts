/**
 * Alarms: few, each with a cause, a person's act and a time for it. Causes are looked for on the server; what people did
 * about them (acknowledged, shelved with a reason, for how long) is kept, so that a restart forgets none of it.
 */
import type { Alarm, AlarmKind, AlarmState, Person, Priority } from '@clearway/console-api';
import { formatTime } from '@clearway/contract';
import type { Cancel, Clock } from '@clearway/ports';
import type { Audit } from './audit.ts';
import type { Ask, Database } from './database.ts';
import { Refusal } from './refusal.ts';
import { timeOrNull } from './words.ts';

/** What is wrong now. */
export interface Cause {
  readonly kind: AlarmKind;
  readonly priority: Priority;
  readonly subject: string;
  readonly symptoms: number;
  readonly facts: Readonly<Record<string, string | number>>;
  readonly act: string;
}

export interface Alarms {
  /** Without those that have ended. P1 first, then the oldest. */
  active(): readonly Alarm[];
  /** The latest that have ended. */
  recent(): Promise<Alarm[]>;
  /** About one subject, the latest first, whether they have ended or not. */
  about(subject: string): Promise<Alarm[]>;
  acknowledge(alarmId: string, by: Person): Promise<Alarm>;
  /** A P1 only waits for a second person then. */
  shelve(alarmId: string, by: Person, reason: string, minutes: number): Promise<Alarm>;
  /** @throws Refusal `changeIsYours`, `changeNotOpen` */
  approveShelving(alarmId: string, by: Person): Promise<Alarm>;
  unshelve(alarmId: string, by: Person): Promise<Alarm>;
  look(): Promise<void>;
  start(): Cancel;
}

interface Shelving {
  readonly login: string;
  readonly name: string;
  readonly reason: string;
  readonly minutes: number;
  readonly at: number;
}

interface Held {
  readonly alarmId: string;
  readonly since: number;
  cause: Cause;
  owner: string | null;
  note: string | null;
  shelvedUntil: number;
  /** What one person has asked for, where it takes two. */
  shelving: Shelving | null;
  /** When its cause was seen last: it ends only after a while without. */
  seenAt: number;
}

const everyMs = 2_000;
/** A cause that comes back within this time has never gone. */
const deadbandMs = 15_000;
/** Of a shelved P1. */
const longestP1Minutes = 60;
const recentShown = 50;
const incidentsShown = 10;

export async function createAlarms(options: {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: Clock;
  causes(): Promise<readonly Cause[]>;
  log(event: string, fields: Record<string, unknown>): void;
}): Promise<Alarms> {
  const { database, audit, clock, causes, log } = options;
  const { ask } = database;
  const held = new Map<string, Held>();
  for (const one of await readActive(ask, clock.now())) held.set(one.alarmId, one);

  const keep = (one: Held, endedAt = 0) =>
    ask(
      `INSERT INTO console.alarm (alarm_id, since, kind, priority, subject, symptoms, facts, act, ended_at, owner, note,
         shelved_until, shelving)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
       ON CONFLICT (alarm_id, since) DO UPDATE SET priority = excluded.priority, symptoms = excluded.symptoms,
         facts = excluded.facts, ended_at = excluded.ended_at, owner = excluded.owner, note = excluded.note,
         shelved_until = excluded.shelved_until, shelving = excluded.shelving`,
      [
        one.alarmId,
        one.since,
        one.cause.kind,
        one.cause.priority,
        one.cause.subject,
        one.cause.symptoms,
        JSON.stringify(one.cause.facts),
        one.cause.act,
        endedAt,
        one.owner,
        one.note,
        one.shelvedUntil,
        one.shelving === null ? null : JSON.stringify(one.shelving),
      ],
    );

  const find = (alarmId: string): Held => {
    const one = held.get(alarmId);
    if (one === undefined) throw new Refusal('alarmNotActive');
    return one;
  };

  const act = async (one: Held, by: Person, deed: string, detail: Record<string, unknown>) => {
    await keep(one);
    await audit.record({ actor: by.login, act: deed, subject: one.alarmId, detail });
    return alarmOf(one, clock.now());
  };

  const putAway = (one: Held, by: Person, owner: string, reason: string, minutes: number) => {
    Object.assign(one, { owner, note: reason, shelvedUntil: clock.now() + minutes * 60_000, shelving: null });
    return act(one, by, 'alarmShelved', { reason, minutes, owner });
  };

  const look = async () => {
    const now = clock.now();
    const found = new Map((await causes()).map((cause) => [`${cause.kind}:${cause.subject}`, cause]));
    for (const [alarmId, cause] of found) {
      const known = held.get(alarmId);
      const isWorse = known !== undefined && cause.priority < known.cause.priority;
      const nobodys = { owner: null, note: null, shelvedUntil: 0, shelving: null };
      const one = known ?? { alarmId, since: now, cause, ...nobodys, seenAt: now };
      const isChanged = known === undefined || isWorse;
      one.cause = cause;
      one.seenAt = now;
      // What has become worse is new to whoever had it in hand.
      if (isWorse) Object.assign(one, { owner: null, shelvedUntil: 0, shelving: null });
      held.set(alarmId, one);
      if (isChanged) await keep(one);
    }
    for (const one of held.values()) {
      if (found.has(one.alarmId) || now - one.seenAt < deadbandMs) continue;
      held.delete(one.alarmId);
      await keep(one, now);
    }
  };

  return {
    active: () => {
      const now = clock.now();
      return [...held.values()]
        .map((one) => alarmOf(one, now))
        .sort((a, b) => (a.priority < b.priority ? -1 : a.priority > b.priority ? 1 : a.since < b.since ? -1 : 1));
    },
    async recent() {
      const rows = await ask(
        `SELECT * FROM console.alarm WHERE ended_at > 0 ORDER BY ended_at DESC LIMIT ${recentShown}`,
      );
      return rows.map((row) => alarmOf(heldOf(row), clock.now(), Number(row.ended_at)));
    },
    async about(subject) {
      const rows = await ask(
        `SELECT * FROM console.alarm WHERE subject = $1 ORDER BY since DESC LIMIT ${incidentsShown}`,
        [subject],
      );
      return rows.map((row) => alarmOf(heldOf(row), clock.now(), Number(row.ended_at)));
    },
    acknowledge(alarmId, by) {
      const one = find(alarmId);
      one.owner = by.name;
      return act(one, by, 'alarmAcknowledged', {});
    },
    shelve(alarmId, by, reason, minutes) {
      const one = find(alarmId);
      if (one.cause.priority === 'P1' && minutes > longestP1Minutes) {
        throw new Refusal('fieldInvalid', `minutes: at most ${longestP1Minutes} for P1.`);
      }
      if (one.cause.priority === 'P1') {
        one.shelving = { login: by.login, name: by.name, reason, minutes, at: clock.now() };
        return act(one, by, 'alarmShelvingAsked', { reason, minutes });
      }
      return putAway(one, by, by.name, reason, minutes);
    },
    approveShelving(alarmId, by) {
      const one = find(alarmId);
      if (one.shelving === null) throw new Refusal('changeNotOpen', 'Nobody has asked for it to be shelved.');
      const { login, name, reason, minutes } = one.shelving;
      if (login === by.login)
        throw new Refusal('changeIsYours', 'A P1 is shelved by two persons: another has to agree.');
      return putAway(one, by, name, reason, minutes);
    },
    unshelve(alarmId, by) {
      const one = find(alarmId);
      one.shelvedUntil = 0;
      one.shelving = null;
      return act(one, by, 'alarmUnshelved', {});
    },
    look,
    start() {
      let cancel: Cancel = () => {};
      let stopped = false;
      const next = () => {
        cancel = clock.after(everyMs, async () => {
          await look().catch((error: Error) => log('console.alarmsWait', { detail: error.message }));
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
}

function alarmOf(one: Held, now: number, endedAt = 0): Alarm {
  const { alarmId, since, cause, owner, note, shelvedUntil, shelving } = one;
  const isShelved = endedAt === 0 && shelvedUntil > now;
  const state: AlarmState =
    endedAt > 0
      ? owner === null
        ? 'returned'
        : 'ended'
      : isShelved
        ? 'shelved'
        : owner === null
          ? 'new'
          : 'acknowledged';
  return {
    alarmId,
    kind: cause.kind,
    priority: cause.priority,
    state,
    subject: cause.subject,
    symptoms: cause.symptoms,
    facts: { ...cause.facts },
    since: formatTime(since),
    endedAt: timeOrNull(endedAt),
    owner,
    note,
    shelvedUntil: isShelved ? formatTime(shelvedUntil) : null,
    shelving: shelving && endedAt === 0 ? { ...shelving, at: formatTime(shelving.at) } : null,
    act: cause.act,
  };
}

async function readActive(ask: Ask, now: number): Promise<Held[]> {
  const rows = await ask('SELECT * FROM console.alarm WHERE ended_at = 0');
  return rows.map((row) => ({ ...heldOf(row), seenAt: now }));
}

const heldOf = (row: Record<string, unknown>): Held => ({
  alarmId: row.alarm_id as string,
  since: Number(row.since),
  cause: {
    kind: row.kind as AlarmKind,
    priority: row.priority as Priority,
    subject: row.subject as string,
    symptoms: row.symptoms as number,
    facts: JSON.parse(row.facts as string),
    act: row.act as string,
  },
  owner: row.owner as string | null,
  note: row.note as string | null,
  shelvedUntil: Number(row.shelved_until),
  shelving: row.shelving === null ? null : JSON.parse(row.shelving as string),
  seenAt: 0,
});
