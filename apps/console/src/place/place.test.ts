import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatPlace, matchPath, parsePlace, withQuery } from './place.ts';

test('a place survives its address, whatever was typed into the search', () => {
  const query = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string({ minLength: 1, unit: 'grapheme' }));
  fc.assert(
    fc.property(query, (given) => {
      const place = { path: '/payments', query: { ...given } };
      assert.deepEqual(parsePlace(formatPlace(place)), place);
    }),
  );
});

test('one view has one address: empty parts and the last slash are left out', () => {
  assert.equal(formatPlace(withQuery(parsePlace('/payments/?q=a&tab=x'), { q: '', tab: undefined })), '/payments');
  assert.deepEqual(parsePlace('/'), { path: '/', query: {} });
});

test('a path is matched part by part, and a broken escape does no harm', () => {
  assert.deepEqual(matchPath('/payments/:id', '/payments/42'), { id: '42' });
  assert.equal(matchPath('/payments/:id', '/payments'), undefined);
  assert.equal(matchPath('/payments', '/cycles'), undefined);
  assert.deepEqual(matchPath('/payments/:id', '/payments/%E0%A4%A'), { id: '%E0%A4%A' });
});
