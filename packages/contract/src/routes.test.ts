import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findRoute, routes } from './routes.ts';

test('no two routes have the same name, or the same side, method and path', () => {
  assert.equal(new Set(routes.map(({ operationId }) => operationId)).size, routes.length);
  assert.equal(new Set(routes.map(({ side, method, path }) => `${side} ${method} ${path}`)).size, routes.length);
});

describe('an address finds', () => {
  const id = '2026112210010100000000001010001';
  for (const [method, path, operationId, parameters] of [
    ['POST', '/v1/payments', 'submitPayment', {}],
    ['GET', `/v1/payments/${id}`, 'getPayment', { paymentId: id }],
    ['POST', `/v1/payments/${id}/answer`, 'answerPayment', { paymentId: id }],
    ['GET', '/v1/cycles/7/file', 'getReconciliationFile', { cycle: '7' }],
    ['GET', '/v1/cycles/7/file/2', 'getReconciliationFilePart', { cycle: '7', part: '2' }],
    ['DELETE', '/v1/keys/2', 'endKey', { version: '2' }],
    ['GET', '/metrics', 'getMetrics', {}],
  ] as const) {
    test(`${operationId} at ${method} ${path}`, () => {
      const found = findRoute('platform', method, path);
      assert.ok(typeof found !== 'string');
      assert.equal(found.route.operationId, operationId);
      assert.deepEqual(found.parameters, parameters);
    });
  }

  for (const [method, path, nothing] of [
    ['GET', '/', 'notFound'],
    ['GET', '/v1/payments/', 'notFound'],
    ['GET', '/v1/payments/a/b/c', 'notFound'],
    ['GET', '/v1/payments/..%2f', 'notFound'],
    ['GET', `/v1/payments/${'1'.repeat(65)}`, 'notFound'],
    ['POST', '/v1/offers', 'notFound'],
    ['PUT', '/v1/payments', 'methodNotAllowed'],
    ['DELETE', `/v1/payments/${id}`, 'methodNotAllowed'],
  ] as const) {
    test(`${nothing} at ${method} ${path}`, () => {
      assert.equal(findRoute('platform', method, path), nothing);
    });
  }
});
