import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { openApiDocument, openApiText } from './openapi.ts';
import { routes } from './routes.ts';

test('docs/reference/openapi.json is what the code makes', () => {
  const file = new URL('../../../docs/reference/openapi.json', import.meta.url);
  const message = 'write it anew: node packages/contract/dist/openapi-main.js';
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

test('every route stands in the document once', () => {
  const { paths, webhooks } = openApiDocument() as Record<string, Record<string, object>>;
  const operations = [...Object.values(paths!), ...Object.values(webhooks!)].flatMap((path) => Object.values(path));
  assert.deepEqual(
    operations.map(({ operationId }) => operationId).sort(),
    routes.map(({ operationId }) => operationId).sort(),
  );
});
