import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseSearch, type SearchTerm, searchFields, searchWord } from './search.ts';

const id = '2026112210010132521404100010001';
const understood: readonly (readonly [text: string, ...terms: string[]])[] = [
  [''],
  ['   '],
  [id, `id = ${id}`],
  ['00203', 'participant = 00203'],
  ['order-7', 'endToEndId = order-7'],
  ['state:unknown bank:00203', 'state = unknown', 'bank = 00203'],
  ['amount:>1000 amount:<=5000.50', 'amount > 1000', 'amount <= 5000.50'],
  ['time:>=2026-11-22T10:00:05.000Z', 'time >= 2026-11-22T10:00:05.000Z'],
  ['endToEndId:"two words"', 'endToEndId = two words'],
  ['"say \\"yes\\" \\\\"', 'endToEndId = say "yes" \\'],
  ['"<script>alert(1)</script>"', 'endToEndId = <script>alert(1)</script>'],
];
for (const [text, ...terms] of understood) {
  test(`"${text}" is understood`, () => {
    const search = parseSearch(text);
    assert.ok('terms' in search, JSON.stringify(search));
    assert.deepEqual(
      search.terms.map(({ field, operator, value }) => `${field} ${operator} ${value}`),
      terms,
    );
  });
}

const misunderstood: readonly (readonly [text: string, why: RegExp])[] = [
  ['colour:red', /there is no field colour/],
  ['state:maybe', /state is/],
  ['bank:203', /bank is code/],
  ['bank:>00203', /compared with =/],
  ['amount:1,000', /amount is major units/],
  ['amount:-5', /amount is major units/],
  ['time:2026-11-22T10:00:05.000Z', /compared with/],
  ['>1000', /say of what/],
  ['constructor:1', /there is no field/],
  [`x ${'y '.repeat(30)}`, /at most 20 words/],
  ['z'.repeat(20_000), /at most 12000 characters/],
];
for (const [text, why] of misunderstood) {
  test(`"${text.slice(0, 30)}" is refused with a reason`, () => {
    const search = parseSearch(text);
    assert.ok('wrong' in search);
    assert.match(search.why, why);
    assert.ok(search.wrong.length < 100);
  });
}

const term = fc.constantFrom<SearchTerm>(
  { field: 'id', operator: '=', value: id },
  { field: 'amount', operator: '>=', value: '10.50' },
  { field: 'endToEndId', operator: '=', value: 'a "b: \\c' },
  { field: 'time', operator: '<', value: '2026-11-22T10:00:05.000Z' },
  { field: 'state', operator: '=', value: 'open' },
);
test('what is written from terms is read as the same terms', () => {
  fc.assert(
    fc.property(fc.array(term, { maxLength: 8 }), (terms) => {
      assert.deepEqual(parseSearch(terms.map(searchWord).join(' ')), { terms });
    }),
  );
});

test('any text is understood or refused, never thrown at', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => void parseSearch(text)));
});

test('every field says what it means', () => {
  for (const { means } of Object.values(searchFields)) assert.notEqual(means, '');
});
