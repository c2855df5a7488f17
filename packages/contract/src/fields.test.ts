import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fields } from './fields.ts';
import {
  AgreementAnswer,
  AgreementConfirmation,
  AgreementRequest,
  AgreementRescission,
  PaymentAnswer,
  PaymentRequest,
} from './messages.ts';

const messages: Record<keyof typeof fields, object> = {
  PaymentRequest,
  PaymentAnswer,
  AgreementRequest,
  AgreementConfirmation,
  AgreementRescission,
  AgreementAnswer,
};

/** Names of all fields of a message, those of inner objects behind a point; the sealed part is told apart. */
function namesOf(schema: object, before = ''): string[] {
  const properties = 'properties' in schema ? (schema.properties as Record<string, object>) : {};
  return Object.entries(properties).flatMap(([name, inner]) => {
    if (name === 'sealed') return [];
    return 'properties' in inner ? namesOf(inner, `${before}${name}.`) : [`${before}${name}`];
  });
}

for (const [message, table] of Object.entries(fields)) {
  test(`the table tells of every field of ${message}, and of no other`, () => {
    const clear = Object.keys(table).filter((name) => !name.startsWith('sealed.'));
    assert.deepEqual(clear.sort(), namesOf(messages[message as keyof typeof fields]).sort());
  });
}

test('what is within the sealed part is never clear, and what is outside always is', () => {
  for (const table of Object.values(fields)) {
    for (const [name, visibility] of Object.entries(table)) {
      assert.equal(visibility === 'clear', !name.startsWith('sealed.'), name);
    }
  }
});

test('docs/reference/fields.md has the same table', () => {
  const page = readFileSync(new URL('../../../docs/reference/fields.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `(\w+)` \| `([\w.]+)` \| (\w+) \|/gm)].map(([, ...row]) => row.join(' '));
  const expected = Object.entries(fields).flatMap(([message, table]) =>
    Object.entries(table).map(([field, visibility]) => `${message} ${field} ${visibility}`),
  );
  assert.deepEqual(rows, expected);
});
