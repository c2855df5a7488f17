/** Audit: who did what; and the browser checks by itself that nothing was taken out. */
import type { AuditContent, AuditEntry } from '@clearway/console-api';
import { useEffect, useState } from 'react';
import { ApiProblem } from '../api/problem.ts';
import { useAnswer } from '../api/use-answer.ts';
import { useDesk } from '../desk.tsx';
import { noData } from '../format/count.ts';
import { timeText } from '../format/time.ts';
import { FormProblem } from '../parts/form.tsx';
import { Mark } from '../parts/mark.tsx';
import { Empty, FromAnswer } from '../parts/states.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { Copy, Foreign, Time } from '../parts/texts.tsx';
import { Link, useWay } from '../place/use-place.tsx';
import { wordFor } from '../words/say.ts';
import { type ChainCheck, checkChain } from './audit-chain.ts';

const pageSize = 100;

export default function AuditPage() {
  const { say } = useDesk();
  const { place } = useWay();
  const { before = '', actor = '', subject = '' } = place.query;
  const answer = useAnswer('getAudit', { query: { before, actor, subject, limit: String(pageSize) } });
  const isWhole = actor === '' && subject === '';
  return (
    <>
      <div className="page-head">
        <h1>{say('page.audit')}</h1>
        <button type="button" className="button small" onClick={answer.again}>
          {say('act.refresh')}
        </button>
        <WholeChain />
      </div>
      <FromAnswer answer={answer} what={say('page.audit')} rows={20}>
        {({ entries, next }) =>
          entries.length === 0 ? (
            <Empty title={say('audit.none')} />
          ) : (
            <>
              {isWhole && <Verified entries={entries} />}
              <Entries entries={entries} />
              {next !== null && (
                <div className="table-foot">
                  <Link className="button small" href={`/audit?before=${next}`}>
                    {say('audit.older')}
                  </Link>
                </div>
              )}
            </>
          )
        }
      </FromAnswer>
    </>
  );
}

function Verified({ entries }: { readonly entries: readonly AuditEntry[] }) {
  const { say, ports } = useDesk();
  const [check, setCheck] = useState<ChainCheck>();
  useEffect(() => {
    let isStale = false;
    void checkChain(entries, ports).then((found) => {
      if (!isStale) setCheck(found);
    });
    return () => {
      isStale = true;
    };
  }, [entries, ports]);
  if (check === undefined) return null;
  const { from, to, brokenAt } = check;
  return (
    <p
      className={brokenAt === undefined ? 'note' : 'note p1'}
      role="status"
      data-chain={brokenAt === undefined ? 'holds' : 'broken'}
    >
      {brokenAt !== undefined && <Mark shape="P1" />}{' '}
      {brokenAt === undefined ? say('audit.holds', { from, to }) : say('audit.broken', { at: brokenAt })}
    </p>
  );
}

/** Every entry from the newest to the first, fetched and hashed here page by page. */
function WholeChain() {
  const { say, api, ports } = useDesk();
  const [state, setState] = useState<string>();
  const [problem, setProblem] = useState<ApiProblem>();
  const run = async () => {
    setProblem(undefined);
    try {
      let before = '';
      let last: AuditEntry | undefined;
      let to = 0;
      let checked = 0;
      for (;;) {
        const { entries, next } = await api.ask('getAudit', { query: { before, limit: '500' } });
        if (entries.length === 0) break;
        const { from, to: end, brokenAt } = await checkChain(last === undefined ? entries : [...entries, last], ports);
        if (brokenAt !== undefined) return setState(say('audit.broken', { at: brokenAt }));
        to = to === 0 ? end : to;
        checked = from;
        last = entries.find(({ sequence }) => sequence === from);
        setState(say('audit.checking', { from }));
        if (next === null) break;
        before = String(next);
      }
      setState(say('audit.holds', { from: checked, to }));
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      setProblem(error);
    }
  };
  return (
    <span className="row beside">
      <span role="status">{state}</span>
      <FormProblem problem={problem} />
      <button type="button" className="button small" onClick={() => void run()}>
        {say('audit.verifyAll')}
      </button>
    </span>
  );
}

function Entries({ entries }: { readonly entries: readonly AuditEntry[] }) {
  const { say, zone } = useDesk();
  const columns: readonly Column<AuditEntry>[] = [
    { key: 'sequence', head: say('audit.sequence'), kind: 'number', value: ({ sequence }) => sequence },
    { key: 'at', head: say('audit.at'), value: (entry) => <Time at={contentOf(entry).at} /> },
    {
      key: 'actor',
      head: say('audit.actor'),
      value: (entry) => {
        const { actor } = contentOf(entry);
        return (
          <Link href={`/audit?actor=${encodeURIComponent(actor)}`}>
            <Foreign text={actor} />
          </Link>
        );
      },
    },
    { key: 'act', head: say('audit.act'), value: (entry) => wordFor(say, 'act', contentOf(entry).act) },
    {
      key: 'subject',
      head: say('work.subject'),
      value: (entry) => {
        const { subject } = contentOf(entry);
        return subject === '' ? (
          ''
        ) : (
          <Link href={`/audit?subject=${encodeURIComponent(subject)}`}>
            <Foreign text={subject} />
          </Link>
        );
      },
    },
    {
      key: 'detail',
      head: say('audit.detail'),
      kind: 'wrap',
      value: (entry) => <Foreign text={detailText(contentOf(entry).detail, zone)} />,
    },
    {
      key: 'hash',
      head: 'SHA-256',
      value: ({ hash }) => (
        <span className="hash">
          {hash.slice(0, 12)}… <Copy text={hash} />
        </span>
      ),
    },
  ];
  return (
    <Table caption={say('page.audit')} columns={columns} rows={entries} rowKey={({ sequence }) => String(sequence)} />
  );
}

function contentOf({ content }: AuditEntry): AuditContent {
  return JSON.parse(content) as AuditContent;
}

/** Names and values, what is inside of something under its own name; times as times, and nothing that says nothing. */
function detailText(detail: Readonly<Record<string, unknown>>, zone: number): string {
  return Object.entries(detail)
    .flatMap(([name, value]) => partsOf(name, value, zone))
    .join(' · ');
}

const timeName = /(?:_at|At|Until)$/;

function partsOf(name: string, value: unknown, zone: number): string[] {
  if (value === null || value === '' || value === false || value === 0) return [];
  if (typeof value === 'number' && timeName.test(name)) return [`${name}: ${timeText(value, zone)}`];
  if (Array.isArray(value)) return value.length === 0 ? [] : [`${name}: ${value.map(itemText).join(', ')}`];
  if (typeof value !== 'object') return [value === true ? name : `${name}: ${value}`];
  const { amount, currency, ...rest } = value as Record<string, unknown>;
  if (amount !== undefined && currency !== undefined) return [`${name}: ${currency} ${amount}`];
  return Object.entries({
    ...(amount !== undefined && { amount }),
    ...(currency !== undefined && { currency }),
    ...rest,
  }).flatMap(([inner, part]) => partsOf(inner, part, zone));
}

/** A difference as before and after; whatever else is in a list as it is. */
function itemText(item: unknown): string {
  if (typeof item !== 'object' || item === null) return String(item);
  const { field, now, proposed } = item as Readonly<Record<string, unknown>>;
  return typeof field === 'string' ? `${field} ${now ?? noData} → ${proposed ?? noData}` : JSON.stringify(item);
}
