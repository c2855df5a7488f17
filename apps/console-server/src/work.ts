/** Work items: opened by the platform in its records, taken, handed over and sometimes ended by people here. */
import type { Person, WorkItem, WorkItemKind } from '@clearway/console-api';
import { formatTime } from '@clearway/contract';
import type { Clock } from '@clearway/ports';
import type { Audit } from './audit.ts';
import type { Database } from './database.ts';
import { findPerson, publicPerson } from './people/people.ts';
import type { Payments } from './records/payments.ts';
import { Refusal } from './refusal.ts';
import { moneyOrNull, timeOrNull } from './words.ts';

export interface Work {
  /** Those that wait by deadline, those that have ended with the latest first. */
  list(state: 'open' | 'closed'): Promise<WorkItem[]>;
  /** Of a payment or a cycle. */
  about(subject: string): Promise<WorkItem[]>;
  take(workItemId: string, by: Person): Promise<WorkItem>;
  handOver(workItemId: string, by: Person, to: string, note: string): Promise<WorkItem>;
  close(workItemId: string, by: Person, reason: string): Promise<WorkItem>;
}

/** What the platform never ends by itself. */
const closableKinds: ReadonlySet<WorkItemKind> = new Set(['contradiction']);
const listed = 500;

export function createWork(options: {
  readonly database: Database;
  readonly audit: Audit;
  readonly payments: Pick<Payments, 'one'>;
  /** Routing digits as numbers, the home cell's first. */
  readonly cellNumbers: readonly number[];
  readonly clock: Pick<Clock, 'now'>;
}): Work {
  const { database, audit, payments, cellNumbers, clock } = options;
  const { ask } = database;
  const [home] = cellNumbers;

  const read = async (condition: string, ...values: unknown[]): Promise<WorkItem[]> => {
    const rows = await ask(
      `SELECT item.*, work.closed_at AS work_closed_at, work.resolution AS work_resolution,
         payment.instructed_agent, payment.amount, payment.currency,
         person.user_id, person.login, person.name, person.roles, person.participant AS person_participant,
         (SELECT coalesce(json_agg(json_build_object('at', note.at, 'by', author.name, 'text', note.text) ORDER BY note.at), '[]')
          FROM console.work_note note JOIN console.person author ON author.user_id = note.by
          WHERE note.cell = item.cell AND note.work_item_id = item.work_item_id) AS notes
       FROM records.work_item item
       LEFT JOIN console.work work USING (cell, work_item_id)
       LEFT JOIN console.person person ON person.user_id = work.owner
       LEFT JOIN records.payment payment ON payment.cell = item.cell AND payment.payment_id = item.subject
       WHERE item.cell = ANY ($1) AND ${condition}`,
      [cellNumbers, ...values],
    );
    return Promise.all(rows.map((row) => itemOf(row, clock.now(), home)).map(withPayment));
  };

  /** A payment over the stream is no row. */
  const withPayment = async (item: WorkItem): Promise<WorkItem> => {
    if (item.participant !== null || !/^[0-9]{31}$/.test(item.subject)) return item;
    const payment = await payments.one(item.subject, undefined);
    if (payment === undefined) return item;
    const { instructedAgent, amount, currency } = payment;
    return { ...item, participant: instructedAgent, amount: moneyOrNull(amount, currency) };
  };

  /** Cell, and identifier in it. */
  const keyOf = (workItemId: string): readonly [cell: number, workItemId: string] => {
    const [, own, cell] = /^(.*)@([0-9]{6})$/.exec(workItemId) ?? [];
    return own === undefined ? [home, workItemId] : [Number(cell), own];
  };

  const isOpen = 'item.closed_at = 0 AND coalesce(work.closed_at, 0) = 0';

  const one = async (workItemId: string): Promise<WorkItem> => {
    const [found] = await read('item.cell = $2 AND item.work_item_id = $3', ...keyOf(workItemId));
    if (found === undefined) throw new Refusal('notFound');
    return found;
  };

  const own = async (workItemId: string, by: Person): Promise<WorkItem> => {
    const item = await one(workItemId);
    if (item.closedAt !== null) throw new Refusal('endsItself', 'It has ended.');
    if (item.owner?.userId !== by.userId) throw new Refusal('notOwner');
    return item;
  };

  const note = 'INSERT INTO console.work_note (cell, work_item_id, at, by, text) VALUES ($1, $2, $3, $4, $5)';

  return {
    list: (state) =>
      state === 'open'
        ? read(`${isOpen} ORDER BY item.due_at, item.work_item_id LIMIT ${listed}`)
        : read(
            `NOT (${isOpen}) ORDER BY greatest(item.closed_at, work.closed_at) DESC, item.work_item_id LIMIT ${listed}`,
          ),
    about: (subject) => read('item.subject = $2 ORDER BY item.opened_at', subject),

    async take(workItemId, by) {
      const item = await one(workItemId);
      if (item.closedAt !== null) throw new Refusal('endsItself', 'It has ended.');
      if (item.owner !== null && item.owner.userId !== by.userId) throw new Refusal('alreadyTaken');
      await database.together(async (askHere) => {
        const taken = await askHere(
          `INSERT INTO console.work (cell, work_item_id, owner) VALUES ($1, $2, $3)
           ON CONFLICT (cell, work_item_id) DO UPDATE SET owner = excluded.owner WHERE work.owner IS NULL OR work.owner = $3
           RETURNING 1`,
          [...keyOf(workItemId), by.userId],
        );
        if (taken.length === 0) throw new Refusal('alreadyTaken');
        await audit.append(askHere, { actor: by.login, act: 'workTaken', subject: workItemId });
      });
      return one(workItemId);
    },

    async handOver(workItemId, by, to, text) {
      await own(workItemId, by);
      const next = await findPerson(ask, { login: to });
      const canWork = next?.roles.some((role) => ['operator', 'proposer', 'approver'].includes(role));
      if (next?.state !== 'active' || !canWork)
        throw new Refusal('fieldInvalid', `to: nobody called ${to} can work here.`);
      await database.together(async (askHere) => {
        await askHere('UPDATE console.work SET owner = $3 WHERE cell = $1 AND work_item_id = $2', [
          ...keyOf(workItemId),
          next.userId,
        ]);
        await askHere(note, [...keyOf(workItemId), clock.now(), by.userId, text]);
        await audit.append(askHere, {
          actor: by.login,
          act: 'workHandedOver',
          subject: workItemId,
          detail: { to, note: text },
        });
      });
      return one(workItemId);
    },

    async close(workItemId, by, reason) {
      const item = await own(workItemId, by);
      if (!item.closable) throw new Refusal('endsItself');
      await database.together(async (askHere) => {
        await askHere('UPDATE console.work SET closed_at = $3, resolution = $4 WHERE cell = $1 AND work_item_id = $2', [
          ...keyOf(workItemId),
          clock.now(),
          reason,
        ]);
        await audit.append(askHere, { actor: by.login, act: 'workClosed', subject: workItemId, detail: { reason } });
      });
      return one(workItemId);
    },
  };
}

/** What the home cell has opened bears its own name; another cell's says which cell. */
function itemOf(row: Record<string, unknown>, now: number, home: number): WorkItem {
  const kind = row.kind as WorkItemKind;
  // A signature that is missing may still come; one that is false stays.
  const isFalseSignature = kind === 'coverage' && (row.work_item_id as string).endsWith(':false');
  const closedAt = Math.max(Number(row.closed_at), Number(row.work_closed_at ?? 0));
  const dueAt = Number(row.due_at);
  const notes = row.notes as { at: number; by: string; text: string }[];
  const resolution = (row.work_resolution as string | null) ?? (row.resolution as string);
  return {
    workItemId:
      row.cell === home ? (row.work_item_id as string) : `${row.work_item_id}@${String(row.cell).padStart(6, '0')}`,
    kind,
    subject: row.subject as string,
    participant: kind === 'coverage' ? (row.subject as string) : (row.instructed_agent as string | null),
    amount: row.amount === null ? null : moneyOrNull(BigInt(row.amount as string), row.currency as number),
    openedAt: formatTime(Number(row.opened_at)),
    dueAt: formatTime(dueAt),
    overdue: closedAt === 0 && now > dueAt,
    owner:
      row.user_id === null
        ? null
        : publicPerson({
            userId: row.user_id as number,
            login: row.login as string,
            name: row.name as string,
            roles: row.roles as Person['roles'],
            participant: row.person_participant as string | null,
          }),
    closedAt: timeOrNull(closedAt),
    resolution: resolution === '' ? null : resolution,
    closable: closedAt === 0 && (closableKinds.has(kind) || isFalseSignature),
    notes: notes.map(({ at, by, text }) => ({ at: formatTime(at), by, text })),
  };
}
