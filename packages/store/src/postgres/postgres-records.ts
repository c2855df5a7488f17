/** The records in PostgreSQL: written in bulk by one projector, read by key or by pages. */
import type { Client, QueryResult } from 'pg';
import type {
  AgreementRecord,
  CycleRecord,
  FilePartRecord,
  FileRecord,
  PaymentQuery,
  PaymentRecord,
  PositionRecord,
  Records,
  RecordsChange,
  WorkItemRecord,
} from '../port.ts';
import { checkFileSealable, checkFileUnsealed, checkSameFile, staleWrite } from '../records-law.ts';
import { ask, inTransaction } from './ask.ts';
import type { Pool } from './pool.ts';
import { type RecordTable, recordTable } from './record-table.ts';

const payments = recordTable<PaymentRecord>('records.payment', ['paymentId'], {
  paymentId: 'text',
  kind: 'text',
  instructingAgent: 'text',
  instructedAgent: 'text',
  endToEndId: 'text',
  amount: 'money',
  currency: 'integer',
  reference: 'text',
  state: 'text',
  reason: 'text',
  cycle: 'number',
  receivedAt: 'number',
  submittedAt: 'number',
  changedAt: 'number',
  sequence: 'number',
  requestSequence: 'number',
  requestIndex: 'integer',
  answerSequence: 'number',
  answerIndex: 'integer',
  hash: 'text',
});

const agreements = recordTable<AgreementRecord>('records.agreement', ['agreementId'], {
  agreementId: 'text',
  institution: 'text',
  bank: 'text',
  paymentLimit: 'money',
  currency: 'integer',
  expiresOn: 'integer',
  state: 'text',
  reason: 'text',
  changedAt: 'number',
  sequence: 'number',
});

const cycles = recordTable<CycleRecord>('records.cycle', ['cycle'], {
  cycle: 'number',
  businessDate: 'integer',
  state: 'text',
  openedAt: 'number',
  cutOffAt: 'number',
  nettedAt: 'number',
  settledAt: 'number',
  payments: 'number',
  turnover: 'money',
});

const positions = recordTable<PositionRecord>('records.position', ['cycle', 'participant', 'currency'], {
  cycle: 'number',
  participant: 'text',
  currency: 'integer',
  credits: 'money',
  debits: 'money',
  creditCount: 'number',
  debitCount: 'number',
});

const workItems = recordTable<WorkItemRecord>('records.work_item', ['workItemId'], {
  workItemId: 'text',
  kind: 'text',
  subject: 'text',
  openedAt: 'number',
  dueAt: 'number',
  owner: 'text',
  closedAt: 'number',
  resolution: 'text',
});

const files = recordTable<FileRecord>('records.file', ['cycle', 'participant'], {
  cycle: 'number',
  participant: 'text',
  payments: 'number',
  bytes: 'number',
  hash: 'text',
  parts: 'integer',
});

const fileParts = recordTable<FilePartRecord>('records.file_part', ['part'], {
  part: 'integer',
  payments: 'number',
  bytes: 'number',
  hash: 'text',
});

/** Rows a round trip when a whole cycle is read. */
const pageRows = 2_000;
/** Payments asked for by name in one round trip. */
const namesAtOnce = 10_000;

export function postgresRecords(cell: number, pool: Pool, deadlineMs: number): Records {
  const query = (text: string, values: readonly unknown[]): Promise<QueryResult> =>
    ask(pool, deadlineMs, (client) => client.query(text, [cell, ...values]));

  /** `rest` follows SELECT … FROM … WHERE cell = $1. */
  async function find<Row extends object>(table: RecordTable<Row>, rest: string, ...values: unknown[]): Promise<Row[]> {
    const { rows } = await query(`SELECT ${table.columns} FROM ${table.name} WHERE cell = $1 ${rest}`, values);
    return rows.map(table.read);
  }

  const file = async (cycle: number, participant: string) =>
    (await find(files, 'AND cycle = $2 AND participant = $3', cycle, participant))[0];

  const partsOf = ({ cycle, participant, parts }: FileRecord) =>
    find(fileParts, 'AND cycle = $2 AND participant = $3 AND part <= $4 ORDER BY part', cycle, participant, parts);

  return {
    async cursor() {
      const { rows } = await query('SELECT sequence FROM records.cursor WHERE cell = $1', []);
      return Number(rows[0]?.sequence ?? 0);
    },

    write: (change) => ask(pool, deadlineMs, (client) => inTransaction(client, () => write(client, cell, change))),

    async payment(paymentId) {
      return (await find(payments, 'AND payment_id = $2', paymentId))[0];
    },

    async payments(query) {
      const { text, values } = paymentsQuery(query);
      const { rows } = await ask(pool, deadlineMs, (client) => client.query(text, [cell, ...values]));
      return rows.map(payments.read);
    },

    async paymentsNamed(paymentIds) {
      const found: PaymentRecord[] = [];
      for (let first = 0; first < paymentIds.length; first += namesAtOnce) {
        const names = paymentIds.slice(first, first + namesAtOnce);
        found.push(...(await find(payments, 'AND payment_id = ANY($2)', names)));
      }
      return found;
    },

    async *paymentsOfCycle(cycle, participant) {
      for (let after = ''; ; ) {
        const { rows } = await query(cyclePageText, [cycle, participant, after, pageRows]);
        for (const row of rows) yield payments.read(row);
        if (rows.length < pageRows) return;
        after = rows[rows.length - 1].payment_id;
      }
    },

    async agreement(agreementId) {
      return (await find(agreements, 'AND agreement_id = $2', agreementId))[0];
    },

    cycles: (limit) => find(cycles, 'ORDER BY cycle DESC LIMIT $2', limit),

    async cycle(cycle) {
      return (await find(cycles, 'AND cycle = $2', cycle))[0];
    },

    positions: (cycle) => find(positions, 'AND cycle = $2 ORDER BY participant, currency', cycle),

    async putFilePart(cycle, participant, { part, payments, hash, content }) {
      const { rowCount } = await query(
        `INSERT INTO records.file_part (cell, cycle, participant, part, payments, hash, content)
         SELECT $1::integer, $2::bigint, $3::text, $4::integer, $5::bigint, $6::text, $7::bytea
         WHERE NOT EXISTS (SELECT FROM records.file WHERE cell = $1 AND cycle = $2 AND participant = $3)
         ON CONFLICT (cell, cycle, participant, part)
         DO UPDATE SET payments = excluded.payments, hash = excluded.hash, content = excluded.content`,
        [cycle, participant, part, payments, hash, content],
      );
      checkFileUnsealed(cycle, participant, rowCount === 0);
    },

    async sealFile(given) {
      const { cycle, participant } = given;
      const sealed = await file(cycle, participant);
      if (sealed !== undefined) return checkSameFile(given, sealed);
      checkFileSealable(given, await partsOf(given));
      await query(
        `INSERT INTO records.file (cell, cycle, participant, payments, bytes, hash, parts)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (cell, cycle, participant) DO NOTHING`,
        [cycle, participant, given.payments, given.bytes, given.hash, given.parts],
      );
      checkSameFile(given, (await file(cycle, participant))!);
    },

    file,

    async fileParts(cycle, participant) {
      const found = await file(cycle, participant);
      return found === undefined ? [] : partsOf(found);
    },

    async filePart(cycle, participant, part) {
      const { rows } = await query(
        `SELECT content FROM records.file_part JOIN records.file USING (cell, cycle, participant)
         WHERE cell = $1 AND cycle = $2 AND participant = $3 AND part = $4 AND part <= parts`,
        [cycle, participant, part],
      );
      return rows[0]?.content;
    },

    workItems: (open) => find(workItems, `AND closed_at ${open ? '=' : '<>'} 0 ORDER BY due_at, work_item_id`),

    async hint(name) {
      const { rows } = await query('SELECT value FROM records.hint WHERE cell = $1 AND name = $2', [name]);
      return rows[0] && Number(rows[0].value);
    },

    async putHint(name, value) {
      await query(
        `INSERT INTO records.hint (cell, name, value) VALUES ($1, $2, $3)
         ON CONFLICT (cell, name) DO UPDATE SET value = excluded.value`,
        [name, value],
      );
    },
  };
}

async function write(client: Client, cell: number, change: RecordsChange): Promise<void> {
  await client.query('INSERT INTO records.cursor (cell, sequence) VALUES ($1, 0) ON CONFLICT DO NOTHING', [cell]);
  const { rows } = await client.query('SELECT sequence FROM records.cursor WHERE cell = $1 FOR UPDATE', [cell]);
  const cursor = Number(rows[0].sequence);
  if (change.sequence < cursor) throw staleWrite(change.sequence, cursor);
  await upsert(client, cell, payments, change.payments);
  await upsert(client, cell, agreements, change.agreements);
  await upsert(client, cell, cycles, change.cycles);
  await upsert(client, cell, positions, change.positions);
  await upsert(client, cell, workItems, change.workItems);
  await client.query('UPDATE records.cursor SET sequence = $2 WHERE cell = $1', [cell, change.sequence]);
}

async function upsert<Row extends object>(
  client: Client,
  cell: number,
  table: RecordTable<Row>,
  rows: readonly Row[],
): Promise<void> {
  if (rows.length > 0) await client.query(table.upsert, table.parameters(cell, rows));
}

/**
 * Either of two agents may be the participant. One condition with OR would read every payment of the cell in order;
 * two halves, each in the order of its own index and each as long as the page, do not.
 */
const eitherAgent = (half: (agent: string) => string, rest: string) =>
  `(${half('instructing_agent')}) UNION (${half('instructed_agent')}) ${rest}`;

const cyclePageText = eitherAgent(
  (agent) =>
    `SELECT ${payments.columns} FROM records.payment
     WHERE cell = $1 AND cycle = $2 AND state = 'succeeded' AND ${agent} = $3 AND payment_id > $4
     ORDER BY payment_id LIMIT $5`,
  'ORDER BY payment_id LIMIT $5',
);

function paymentsQuery(query: PaymentQuery): { text: string; values: unknown[] } {
  const values: unknown[] = [];
  const value = (given: unknown) => `$${values.push(given) + 1}`;
  const conditions = ['cell = $1'];
  if (query.endToEndId !== undefined) conditions.push(`end_to_end_id = ${value(query.endToEndId)}`);
  if (query.state !== undefined) conditions.push(`state = ${value(query.state)}`);
  if (query.cycle !== undefined) conditions.push(`cycle = ${value(query.cycle)}`);
  if (query.from !== undefined) conditions.push(`submitted_at >= ${value(query.from)}`);
  if (query.to !== undefined) conditions.push(`submitted_at < ${value(query.to)}`);
  if (query.after !== undefined) {
    const after = value(query.after);
    const time = `(SELECT submitted_at FROM records.payment WHERE cell = $1 AND payment_id = ${after})`;
    conditions.push(`submitted_at <= ${time}`, `(submitted_at < ${time} OR payment_id > ${after})`);
  }
  const order = `ORDER BY submitted_at DESC, payment_id LIMIT ${value(query.limit)}`;
  const select = (more: readonly string[]) =>
    `SELECT ${payments.columns} FROM records.payment WHERE ${[...conditions, ...more].join(' AND ')} ${order}`;
  if (query.participant === undefined) return { text: select([]), values };
  const participant = value(query.participant);
  return { text: eitherAgent((agent) => select([`${agent} = ${participant}`]), order), values };
}
