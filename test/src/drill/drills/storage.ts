/** Storage that changed behind the platform's back: rotten bits, an old copy put back, somebody's hand. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Client } from 'pg';
import { signalIfAlive } from '../../processes.ts';
import { until } from '../../until.ts';
import { verify } from '../../verify.ts';
import type { Drill, Stage } from '../drill.ts';
import { occurrences, pidOf, restartsOf, serves } from '../running.ts';
import { asSuperuser } from '../superuser.ts';

/** Constraints and triggers do not hold whoever owns the disk. */
async function burglar(connect: () => Promise<Client>): Promise<Client> {
  const client = await connect();
  await client.query('SET session_replication_role = replica');
  return client;
}

const columns = ['header', 'facts', 'bodies'] as const;

const rot: Drill = {
  name: 'journal-rot',
  about: 'one bit of the journal or one amount of the records is changed in the database: clearway verify names it',
  faults: [22, 42],
  async strike(stage) {
    await asSuperuser(stage.world, async (connect) => {
      const client = await burglar(connect);
      let turn = 0;
      do {
        const column = columns[turn % columns.length];
        const { rows } = await client.query(
          `SELECT sequence, octet_length(${column}) AS length FROM journal.batch
           WHERE octet_length(${column}) > 0 ORDER BY sequence LIMIT 1000`,
        );
        const { sequence, length } = stage.random.pick(rows);
        const at = stage.random.below(length);
        const mask = 1 << stage.random.below(8);
        const flip = () =>
          client.query(
            `UPDATE journal.batch SET ${column} = set_byte(${column}, $1, get_byte(${column}, $1) # $2) WHERE sequence = $3`,
            [at, mask, sequence],
          );
        await flip();
        const { status, said } = await verify(stage.world);
        assert.equal(status, 1, `a bit of ${column} of batch ${sequence} is found: ${said}`);
        await flip();
        stage.struck(`bit of ${column} flipped and found`);
        turn++;
      } while (turn < columns.length);

      const change = (by: number) =>
        client.query(
          `UPDATE records.payment SET amount = amount + $1
           WHERE payment_id = (SELECT min(payment_id) FROM records.payment WHERE state = 'succeeded')`,
          [by],
        );
      await change(1);
      const { status, said } = await verify(stage.world);
      assert.equal(status, 1, `a changed amount is found: ${said}`);
      await change(-1);
      stage.struck('amount changed and found');
    });
  },
};

/** What the cell says when it does not start. */
const refusals = ({ world }: Stage) =>
  occurrences(
    join(world.dataFolder, 'logs', 'cell.log'),
    /program\.failed","error":"(DamagedJournal|JournalDamaged)Error/g,
  );

const tables = ['journal.cell', 'journal.epoch', 'journal.batch'];

const oldCopy: Drill = {
  name: 'old-copy',
  about:
    'the journal is put back as it was some seconds before: the cell does not serve until all of it is there again',
  faults: [21],
  async strike(stage) {
    await asSuperuser(stage.world, async (connect) => {
      const client = await burglar(connect);
      const { rows } = await client.query('SELECT max(sequence) AS sequence FROM journal.batch');
      await until('some more batches', async () => {
        const now = await client.query('SELECT max(sequence) AS sequence FROM journal.batch');
        return !stage.lasts() && Number(now.rows[0].sequence) > Number(rows[0].sequence) + 20;
      });
      // What was made of the journal has to be there, or nothing could know.
      await until('records of them', async () => {
        const cursor = await client.query('SELECT max(sequence) AS sequence FROM records.cursor');
        return Number(cursor.rows[0].sequence) > Number(rows[0].sequence);
      });
      const before = refusals(stage);
      await client.query('BEGIN');
      await client.query(`LOCK TABLE ${tables.join(', ')} IN ACCESS EXCLUSIVE MODE`);
      for (const table of tables)
        await client.query(`CREATE TABLE public.whole_${table.slice(8)} AS SELECT * FROM ${table}`);
      await client.query('DELETE FROM journal.batch WHERE sequence > $1', [rows[0].sequence]);
      signalIfAlive(pidOf(stage, 'cell')!, 'SIGKILL');
      // What it had sent waits for the locks, and would be done when they go.
      await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'clearway_cell'`);
      await client.query('COMMIT');
      stage.struck('journal put back');
      const restarts = restartsOf(stage, 'cell');
      await until('the cell refuses to serve', () => refusals(stage) > before + 1);
      stage.struck('start refused', restartsOf(stage, 'cell') - restarts);

      await client.query('BEGIN');
      await client.query(`LOCK TABLE ${tables.join(', ')} IN ACCESS EXCLUSIVE MODE`);
      for (const table of tables) {
        await client.query(`DELETE FROM ${table}`);
        await client.query(`INSERT INTO ${table} SELECT * FROM public.whole_${table.slice(8)}`);
        await client.query(`DROP TABLE public.whole_${table.slice(8)}`);
      }
      await client.query('COMMIT');
      await serves(stage, 'cell');
    });
  },
};

export const storage: readonly Drill[] = [rot, oldCopy];
