/** Payments in the cell's archive, asked for through the cell. Every answer is undefined where the cell keeps none. */
import type { PaymentHistogram, SearchTerm } from '@clearway/console-api';
import { formatTime } from '@clearway/contract';
import { type PaymentKind, type PaymentState, paymentKinds, paymentStates, reasonOf } from '@clearway/core';
import type { OperatorLink } from '@clearway/server';
import { type Order, type PaymentRecord, type RecordFilter, submissionPlace } from '@clearway/store';
import type { CellAccess } from '../cell-access.ts';
import type { Directory } from '../directory.ts';
import { Refusal } from '../refusal.ts';
import { paymentRow } from './payment-row.ts';
import type { MayBeUndefined, PaymentPage, Payments, TallyRow } from './payments.ts';
import { filterOf, isMeant, openStates, termsOf } from './search-terms.ts';

/** Records that are read for a picture or for figures, where a page reads a million. */
const mostCounted = 4_000_000;
const mostRefunds = 200;
/** Bars of a histogram are at least this wide, ms. */
const leastBarMs = 1_000;
const stateNames = namesOf<PaymentState>(paymentStates);
const kindNames = namesOf<PaymentKind>(paymentKinds);

/** @param patient the same cell for what may take minutes */
export function createArchivePayments(
  cell: CellAccess,
  patient: CellAccess,
  directory: Directory,
): MayBeUndefined<Omit<Payments, 'one'>> & Pick<Payments, 'one'> {
  const search = (query: RecordFilter & { limit: number; before?: Order }) =>
    cell.ask((link) => link.searchArchive(query));

  /** By identifier or by the institutions' own reference: these have indexes. */
  const lookUp = async (terms: readonly SearchTerm[], filter: RecordFilter, limit: number) => {
    const id = terms.find(({ field }) => field === 'id')?.value;
    if (id !== undefined) {
      const found = await cell.ask((link) => link.paymentRecord(id));
      return found === undefined ? [] : [found];
    }
    const endToEndId = terms.find(({ field }) => field === 'endToEndId')?.value as string;
    const { participants } = await directory.read();
    const named = [filter.institution, ...(filter.participants ?? [])].map(Number);
    const institutions = participants.filter(({ role }) => role === 'paymentInstitution').map(({ code }) => code);
    const own = institutions.filter((code) => named.includes(Number(code)));
    const found: PaymentRecord[] = [];
    for (const participant of own.length > 0 ? own : institutions) {
      found.push(...(await cell.ask((link) => link.searchPayments({ participant, endToEndId, limit }))));
    }
    return found.sort((a, b) => b.submittedAt - a.submittedAt);
  };

  const list = (
    found: readonly PaymentRecord[],
    terms: readonly SearchTerm[],
    more: Pick<PaymentPage, 'next' | 'readTo' | 'places'>,
  ): PaymentPage => ({ payments: found.map(paymentRow), understood: [...terms], isWhole: true, ...more });

  return {
    async page({ q, after, limit, scope }) {
      const terms = termsOf(q);
      const filter = filterOf(terms, scope);
      const before = after === '' ? undefined : readCursor(after);
      // Also where nothing can fit, the cell has to say first whether it has an archive.
      if (filter === undefined || terms.some(({ field }) => field === 'id' || field === 'endToEndId')) {
        if ((await search({ states: ['unknown'], limit: 1 })) === undefined) return undefined;
        const found = filter === undefined ? [] : await lookUp(terms, filter, limit);
        const meant = found.filter((record) => isMeant(record, terms, filter as RecordFilter));
        return list(meant.slice(0, limit), terms, { next: null, readTo: null, places: [] });
      }
      const found = await search({ ...filter, limit, ...(before && { before }) });
      if (found === undefined) return undefined;
      return list(found.payments, terms, {
        next: found.next === undefined ? null : writeCursor(found.next),
        readTo: found.readTo === undefined ? null : formatTime(found.readTo),
        places: found.payments.map((record) => writeCursor(submissionPlace(record))),
      });
    },

    async histogram({ q, from, to, bars, scope }): Promise<PaymentHistogram | undefined> {
      const stepMs = Math.max(leastBarMs, Math.ceil((to - from) / bars));
      const terms = termsOf(q);
      const span: SearchTerm[] = [
        { field: 'time', operator: '>=', value: formatTime(from) },
        { field: 'time', operator: '<', value: formatTime(to) },
      ];
      const counts = { succeeded: newBars(), failed: newBars(), refused: newBars(), open: newBars() };
      function newBars() {
        return new Array<number>(Math.ceil((to - from) / stepMs)).fill(0);
      }
      const answer = { from: formatTime(from), stepMs, readTo: null, ...counts };
      const place = (state: PaymentState, submittedAt: number, payments: number) => {
        const name = openStates.includes(state) ? 'open' : (state as keyof typeof counts);
        counts[name][Math.floor((submittedAt - from) / stepMs)] += payments;
      };
      const filter = filterOf([...terms, ...span], scope);
      if (filter === undefined) return answer;
      if (terms.some(({ field }) => field === 'id' || field === 'endToEndId')) {
        for (const record of await lookUp(terms, filter, mostRefunds)) {
          if (isMeant(record, terms, filter)) place(record.state as PaymentState, record.submittedAt, 1);
        }
        return answer;
      }
      // Finer steps than the bars would cost nothing; coarser ones could not be put into them.
      const tallied = await cell.ask((link) =>
        link.tallyArchive({ ...filter, by: ['state'], stepMs, mostRead: mostCounted, stepsFrom: from }),
      );
      if (tallied === undefined) return undefined;
      for (const { at, state, payments } of tallied.rows) place(stateNames[state] as PaymentState, at, payments);
      return { ...answer, readTo: tallied.readTo === undefined ? null : formatTime(tallied.readTo) };
    },

    async one(paymentId, scope) {
      const found = await cell.ask((link) => link.paymentRecord(paymentId));
      const isSeen = scope === undefined || found?.instructingAgent === scope || found?.instructedAgent === scope;
      return isSeen ? found : undefined;
    },

    async refundsOf({ paymentId, instructingAgent, submittedAt }) {
      const found = await search({
        institution: Number(instructingAgent),
        kind: 'refund',
        reference: paymentId,
        from: submittedAt,
        limit: mostRefunds,
      });
      return found && [...found.payments];
    },

    async withoutOutcome(participant, limit) {
      const found = await search({ participants: [Number(participant)], states: ['unknown', 'reversing'], limit });
      return found && [...found.payments].reverse();
    },

    async tally({ by, stepMs, participant, states, cycle, from, to, isExhaustive = false }) {
      const found = await counted(isExhaustive ? patient : cell, (link) =>
        link.tallyArchive({
          by,
          stepMs,
          mostRead: isExhaustive ? Number.MAX_SAFE_INTEGER : mostCounted,
          ...(participant !== undefined && { participants: [Number(participant)] }),
          ...(states && { states }),
          ...(cycle !== undefined && { cycle }),
          ...(from !== undefined && { from }),
          ...(to !== undefined && { to }),
        }),
      );
      if (found === undefined) return undefined;
      const code = (number: number) => String(number).padStart(5, '0');
      const rows = found.rows.map(
        ({ institution, bank, kind, state, reason, bucket, ...row }): TallyRow => ({
          ...row,
          institution: by.includes('institution') ? code(institution) : '',
          bank: by.includes('bank') ? code(bank) : '',
          kind: kindNames[kind] ?? '',
          state: stateNames[state] ?? '',
          reason: reasonOf(reason) ?? 'none',
          bucket: by.includes('bucket') && bucket >= 0 ? bucket : null,
        }),
      );
      return { rows, readTo: found.readTo ?? 0 };
    },

    async lastSubmittedAt(since) {
      const found = await search({ limit: 1, from: since + 1 });
      return found && (found.payments[0]?.submittedAt ?? since);
    },
  };
}

/** @throws Refusal `tooSlow` where an answer would have more rows than the archive gives */
async function counted<T>(cell: CellAccess, question: (link: OperatorLink) => Promise<T>): Promise<T> {
  try {
    return await cell.ask(question);
  } catch (error) {
    const isTooMuch = error instanceof Refusal && /more than \d+ rows/.test(error.message);
    throw isTooMuch ? new Refusal('tooSlow', error.message) : error;
  }
}

function namesOf<W extends string>(numbers: Readonly<Record<string, number>>): (W | undefined)[] {
  const names: (W | undefined)[] = [];
  for (const [name, number] of Object.entries(numbers)) if (number !== 0) names[number] = name as W;
  return names;
}

const writeCursor = ([high, low]: Order) => `${high}.${low}`;

function readCursor(text: string): Order {
  const [, high, low] = /^([0-9]{1,10})\.([0-9]{1,10})$/.exec(text) ?? [];
  if (low === undefined) throw new Refusal('queryInvalid', 'after is what an earlier page gave as next.');
  return [Number(high), Number(low)];
}
