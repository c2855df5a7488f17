/**
 * What a payment costs when it is rows in a database: the way that most switches are built. One transaction a payment
 * (reserve, insert, post to two accounts), prepared statements, eight connections, the same PostgreSQL and settings.
 */
import pg from 'pg';

export interface BaselineResult {
  readonly payments: number;
  readonly paymentsPerSecond: number;
}

const connectionsAtOnce = 8;
const accounts = 203;

export async function benchBaseline(connection: pg.ClientConfig, seconds: number): Promise<BaselineResult> {
  const clients = await Promise.all(
    Array.from({ length: connectionsAtOnce }, async () => {
      const client = new pg.Client(connection);
      await client.connect();
      return client;
    }),
  );
  const [first] = clients;
  try {
    await first.query('CREATE SCHEMA IF NOT EXISTS baseline');
    await first.query('DROP TABLE IF EXISTS baseline.payment, baseline.account');
    await first.query(
      'CREATE TABLE baseline.account (id int PRIMARY KEY, position bigint NOT NULL, net_debit_cap bigint NOT NULL)',
    );
    await first.query(
      'CREATE TABLE baseline.payment (id text PRIMARY KEY, debtor int NOT NULL, creditor int NOT NULL, amount bigint NOT NULL, state text NOT NULL, at timestamptz NOT NULL DEFAULT now())',
    );
    await first.query('INSERT INTO baseline.account SELECT n, 0, 1000000000000000 FROM generate_series(1, $1) n', [
      accounts,
    ]);
    const until = performance.now() + seconds * 1000;
    const began = performance.now();
    const counts = await Promise.all(clients.map((client, worker) => work(client, worker, until)));
    const elapsed = (performance.now() - began) / 1000;
    const payments = counts.reduce((sum, count) => sum + count, 0);
    const { rows } = await first.query(
      'SELECT count(*)::int AS payments, (SELECT sum(position) FROM baseline.account)::text AS sum FROM baseline.payment',
    );
    if (rows[0].payments !== payments || rows[0].sum !== '0')
      throw new Error(`the baseline lost something: ${JSON.stringify(rows[0])}`);
    return { payments, paymentsPerSecond: Math.round(payments / elapsed) };
  } finally {
    await first.query('DROP SCHEMA IF EXISTS baseline CASCADE');
    await Promise.all(clients.map((client) => client.end()));
  }
}

async function work(client: pg.Client, worker: number, until: number): Promise<number> {
  let payments = 0;
  for (; performance.now() < until; payments++) {
    const debtor = 4 + ((payments * 7 + worker * 31) % (accounts - 3));
    const creditor = 1 + (payments % 3);
    const amount = 100 + (payments % 900);
    // Lower account first, so that two payments never wait for each other in a circle.
    await client.query('BEGIN');
    await client.query({
      name: 'insert',
      text: "INSERT INTO baseline.payment (id, debtor, creditor, amount, state) VALUES ($1, $2, $3, $4, 'succeeded')",
      values: [`${worker}-${payments}`, debtor, creditor, amount],
    });
    await client.query({
      name: 'credit',
      text: 'UPDATE baseline.account SET position = position + $2 WHERE id = $1',
      values: [creditor, amount],
    });
    await client.query({
      name: 'debit',
      text: 'UPDATE baseline.account SET position = position - $2 WHERE id = $1 AND position - $2 >= -net_debit_cap',
      values: [debtor, amount],
    });
    await client.query('COMMIT');
  }
  return payments;
}
