import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { openApiDocument, openApiText } from './openapi.ts';
import { routes } from './routes.ts';

test('docs/reference/console-openapi.json is what the code makes', () => {
  const file = new URL('../../../docs/reference/console-openapi.json', import.meta.url);
  const message = 'write it anew: node packages/console-api/dist/openapi-main.js';
  assert.equal(readFileSync(file, 'utf8'), openApiText(), message);
});

test('every reference of the document leads to a schema', () => {
  const document = openApiDocument();
  const { schemas } = document.components as { schemas: Record<string, unknown> };
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, target]) => target!);
  assert.ok(references.length > 50);
  for (const target of references) {
    assert.ok(Object.hasOwn(schemas, target.replace('#/components/schemas/', '')), target);
  }
});

test('every route stands in the document once, and no two share method and path', () => {
  const { paths } = openApiDocument() as { paths: Record<string, Record<string, { operationId: string }>> };
  const operations = Object.values(paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId));
  assert.deepEqual(operations.sort(), Object.keys(routes).sort());
});

test('only what gives a session, its way in or the document is open', () => {
  const open = Object.entries(routes).filter(([, { access }]) => access === 'open');
  assert.deepEqual(
    open.map(([operation]) => operation),
    ['getOpenApi', 'logIn', 'startEnrolment', 'finishEnrolment'],
  );
});
