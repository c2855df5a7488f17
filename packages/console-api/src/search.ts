/**
 * The one grammar of searches, for filter box, API and command line: words with blanks between them, each
 * `field:value`, with `"…"` around values that have blanks (in it `\\"` and `\\\\`), and `>`, `>=`, `<`, `<=` before amounts and times. A word
 * alone is a payment's 31 digits, a participant's five, or the institution's own reference.
 */
import { paymentKinds, paymentStates } from './words.ts';

export const searchFields = {
  id: { form: /^[0-9]{31}$/, means: 'payment identifier, 31 digits', operators: ['='] },
  participant: { form: /^[0-9]{5}$/, means: 'code on either side', operators: ['='] },
  institution: { form: /^[0-9]{5}$/, means: 'code of the payment institution', operators: ['='] },
  bank: { form: /^[0-9]{5}$/, means: 'code of the bank', operators: ['='] },
  endToEndId: { form: /^[\s\S]{1,10000}$/, means: 'the institution’s own reference', operators: ['='] },
  state: { form: new RegExp(`^(${paymentStates.join('|')}|open)$`), means: 'state, or open', operators: ['='] },
  kind: { form: new RegExp(`^(${paymentKinds.join('|')})$`), means: 'kind of payment', operators: ['='] },
  reason: { form: /^[A-Za-z]{1,40}$/, means: 'word of docs/reference/reasons.md', operators: ['='] },
  cycle: { form: /^[1-9][0-9]{0,9}$/, means: 'cycle of its success', operators: ['='] },
  reference: { form: /^[0-9]{31}$/, means: 'agreement, or original of a refund', operators: ['='] },
  currency: { form: /^[A-Z]{3}$/, means: 'ISO 4217', operators: ['='] },
  amount: {
    form: /^(0|[1-9][0-9]{0,14})(\.[0-9]{1,3})?$/,
    means: 'major units',
    operators: ['=', '>', '>=', '<', '<='],
  },
  time: {
    form: /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/,
    means: 'when it was submitted, UTC, as 2026-11-22T10:00:05.000Z',
    operators: ['>', '>=', '<', '<='],
  },
} as const satisfies Record<string, { form: RegExp; means: string; operators: readonly Operator[] }>;

export type SearchField = keyof typeof searchFields;
export type Operator = '=' | '>' | '>=' | '<' | '<=';

export interface SearchTerm {
  readonly field: SearchField;
  readonly operator: Operator;
  readonly value: string;
}

interface Fault {
  readonly wrong: string;
  readonly why: string;
}
export type Search = { readonly terms: readonly SearchTerm[] } | Fault;

const longest = 12_000;
const mostTerms = 20;

export function parseSearch(text: string): Search {
  if (text.length > longest)
    return { wrong: `${text.slice(0, 20)}…`, why: `a search has at most ${longest} characters` };
  const terms: SearchTerm[] = [];
  for (const [word, name, sign, quoted, plain] of text.matchAll(
    /(?:([A-Za-z]+):)?(>=|<=|>|<|=)?(?:"((?:[^"\\]|\\.)*)"|(\S+))/gs,
  )) {
    const term = termOf(name, sign as Operator | undefined, quoted?.replaceAll(/\\(.)/gs, '$1') ?? plain, word);
    if ('wrong' in term) return term;
    terms.push(term);
  }
  if (terms.length > mostTerms) return { wrong: text.slice(0, 20), why: `a search has at most ${mostTerms} words` };
  return { terms };
}

function termOf(name: string | undefined, sign: Operator | undefined, value: string, word: string): SearchTerm | Fault {
  const shown = word.length > 60 ? `${word.slice(0, 60)}…` : word;
  if (name === undefined) {
    if (sign !== undefined) return { wrong: shown, why: 'say of what, as in amount:>100' };
    return { field: fieldOfBare(value), operator: '=', value };
  }
  if (!Object.hasOwn(searchFields, name)) {
    return { wrong: shown, why: `there is no field ${name}; there are ${Object.keys(searchFields).join(', ')}` };
  }
  const field = name as SearchField;
  const { form, means, operators } = searchFields[field];
  const operator = sign ?? '=';
  if (!(operators as readonly Operator[]).includes(operator)) {
    return { wrong: shown, why: `${field} is compared with ${operators.join(' ')}` };
  }
  if (!form.test(value)) return { wrong: shown, why: `${field} is ${means}` };
  return { field, operator, value };
}

function fieldOfBare(value: string): SearchField {
  if (searchFields.id.form.test(value)) return 'id';
  return searchFields.participant.form.test(value) ? 'participant' : 'endToEndId';
}

/** The text of a term, as the parser reads it. */
export function searchWord({ field, operator, value }: SearchTerm): string {
  const sign = operator === '=' ? '' : operator;
  return `${field}:${sign}${/[\s"\\]/.test(value) ? `"${value.replaceAll(/["\\]/g, '\\$&')}"` : value}`;
}
