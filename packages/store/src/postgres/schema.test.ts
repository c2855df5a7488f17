import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startPostgres } from '@clearway/embedded';
import { realChance, realClock, realCrypto } from '@clearway/ports/real';
import { openTestDatabase } from './test-database.ts';

const path = fileURLToPath(new URL('../../src/postgres/schema.txt', import.meta.url));
const ours = `('clearway', 'journal', 'secret', 'records', 'console')`;

/** Everything that the migrations make, one line each, so that a change of the schema shows as a change of lines. */
const describeSchema = `
  WITH relation AS (
    SELECT c.oid, n.nspname || '.' || c.relname AS name, c.relacl AS acl
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ${ours} AND c.relkind = 'r'),
  column_of AS (
    SELECT r.name, a.*, CASE a.attstorage WHEN 'e' THEN ' external' ELSE '' END AS storage
    FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid WHERE a.attnum > 0 AND NOT a.attisdropped),
  line (place, kind, text) AS (
    SELECT nspname, 0, 'schema ' || nspname FROM pg_namespace WHERE nspname IN ${ours}
    UNION ALL
    SELECT name, attnum, format('table %s column %s %s%s%s', name, attname, format_type(atttypid, atttypmod),
      CASE WHEN attnotnull THEN ' not null' ELSE '' END, storage) FROM column_of
    UNION ALL
    SELECT r.name, 100, format('table %s constraint %s', r.name, pg_get_constraintdef(c.oid))
    FROM relation r JOIN pg_constraint c ON c.conrelid = r.oid WHERE c.contype <> 'n'
    UNION ALL
    SELECT r.name, 101, pg_get_indexdef(i.indexrelid) FROM relation r JOIN pg_index i ON i.indrelid = r.oid WHERE NOT i.indisprimary
    UNION ALL
    SELECT r.name, 102, pg_get_triggerdef(t.oid) FROM relation r JOIN pg_trigger t ON t.tgrelid = r.oid WHERE NOT t.tgisinternal
    UNION ALL
    SELECT r.name, 103, format('table %s grants %s to %s', r.name, string_agg(g.privilege_type, ', ' ORDER BY g.privilege_type), g.grantee::regrole)
    FROM relation r, aclexplode(r.acl) g WHERE g.grantee::regrole::text LIKE 'clearway%' GROUP BY r.name, g.grantee
    UNION ALL
    SELECT c.name, 104, format('table %s column %s grants %s to %s', c.name, c.attname, g.privilege_type, g.grantee::regrole)
    FROM column_of c, aclexplode(c.attacl) g)
  SELECT text FROM line ORDER BY place, kind, text`;

test('schema.txt says what the migrations make (write it anew: node packages/store/dist/postgres/schema.test.js --write)', async () => {
  const database = await openTestDatabase({ startPostgres, clock: realClock, chance: realChance, crypto: realCrypto });
  try {
    const { rows } = await (await database.session()).query(describeSchema);
    const found = `${rows.map((row) => row.text).join('\n')}\n`;
    if (process.argv.includes('--write')) await writeFile(path, found);
    assert.equal(found, await readFile(path, 'utf8'));
  } finally {
    await database.close();
  }
});
