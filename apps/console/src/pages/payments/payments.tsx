/** Payments: which ones? One search for box, chips, picture, rows and address. */
import type { PaymentRow } from '@clearway/console-api';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { ApiProblem } from '../../api/problem.ts';
import { useAnswer } from '../../api/use-answer.ts';
import { Histogram } from '../../chart/histogram.tsx';
import { useDesk, useLive } from '../../desk.tsx';
import { countText } from '../../format/count.ts';
import { visibleText } from '../../format/foreign.ts';
import { clockText, dateText } from '../../format/time.ts';
import { Mark } from '../../parts/mark.tsx';
import { SavedViews } from '../../parts/saved-views.tsx';
import { Empty, FromAnswer, ProblemPanel } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { Time } from '../../parts/texts.tsx';
import { formatPlace } from '../../place/place.ts';
import { useWay } from '../../place/use-place.tsx';
import { usePaymentColumns } from './payment-columns.tsx';
import { PaymentPreview } from './payment-preview.tsx';
import { timeOf, without, withTime, withWord, wordsOf } from './search.ts';

const pageSize = 50;
const barCount = 60;
/** How often it is looked for what is new; the rows stay still until they are asked for. */
const newEveryMs = 5_000;

export default function PaymentsPage() {
  const way = useWay();
  const search = way.place.query.q ?? '';
  const set = (text: string) => way.refine({ q: text.trim() === '' ? undefined : text.trim() });
  return (
    <>
      <SearchBox key={search} search={search} onSearch={set} />
      <div className="row search-line">
        <Chips search={search} onSearch={set} />
        <SavedViews address={formatPlace({ path: '/payments', query: { q: search } })} />
      </div>
      <Picture search={search} onSearch={set} />
      <Rows key={`rows ${search}`} search={search} onSearch={set} />
    </>
  );
}

interface SearchProps {
  readonly search: string;
  readonly onSearch: (text: string) => void;
}

function SearchBox({ search, onSearch }: SearchProps) {
  const { say } = useDesk();
  const [text, setText] = useState(search);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSearch(text);
  };
  return (
    <form className="filter-line" onSubmit={submit} aria-label={say('payments.search')}>
      <h1>{say('page.payments')}</h1>
      <input
        data-filter
        aria-label={say('payments.search')}
        value={text}
        maxLength={500}
        spellCheck={false}
        autoComplete="off"
        placeholder="state:unknown bank:00201 amount:>1000"
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit" className="button">
        {say('act.search')}
      </button>
    </form>
  );
}

/** Said as from and to, so that a copied link shows others the same. */
const spans = [
  ['15m', 900_000],
  ['1h', 3_600_000],
  ['24h', 86_400_000],
] as const;

function Chips({ search, onSearch }: SearchProps) {
  const { say, ports } = useDesk();
  const { figures } = useLive();
  const at = figures === undefined ? ports.now() : Date.parse(figures.at);
  const words = wordsOf(search);
  const since = (from: number) => onSearch(withTime(search, new Date(from).toISOString(), new Date(at).toISOString()));
  const cycle = figures?.cycles.find(({ state }) => state === 'open');
  return (
    <div className="chips">
      {words.length === 0 && <p className="hint">{say('payments.range')}</p>}
      {words.map((word) => (
        <span key={word} className="chip">
          <code>{visibleText(word)}</code>
          <button
            type="button"
            aria-label={say('payments.without', { word })}
            onClick={() => onSearch(without(search, word))}
          >
            ×
          </button>
        </span>
      ))}
      {words.length > 0 && (
        <button type="button" className="button plain small" onClick={() => onSearch('')}>
          {say('payments.all')}
        </button>
      )}
      {timeOf(search).from === undefined && (
        <>
          {spans.map(([name, ms]) => (
            <Span key={name} name={say(`span.${name}`)} onChoose={() => since(at - ms)} />
          ))}
          {cycle?.openedAt != null && (
            <Span
              name={say('cycle.name', { cycle: cycle.cycle })}
              onChoose={() => since(Date.parse(cycle.openedAt ?? ''))}
            />
          )}
          {figures !== undefined && (
            <Span name={say('span.day')} onChoose={() => since(Date.parse(figures.today.since))} />
          )}
        </>
      )}
    </div>
  );
}

function Span({ name, onChoose }: { readonly name: string; readonly onChoose: () => void }) {
  return (
    <button type="button" className="button plain small" onClick={onChoose}>
      {name}
    </button>
  );
}

function Picture({ search, onSearch }: SearchProps) {
  const { say, zone } = useDesk();
  const time = timeOf(search);
  const answer = useAnswer(
    'getPaymentHistogram',
    { query: { q: search, ...time, bars: String(barCount) } },
    time.to === undefined ? newEveryMs : 0,
  );
  const { value, problem } = answer;
  if (value === undefined) {
    // A search that cannot be read is told once, above the rows.
    return problem === undefined || problem.reason === 'queryInvalid' ? (
      <div className="histogram" />
    ) : (
      <ProblemPanel problem={problem} what={say('payments.picture')} again={answer.again} />
    );
  }
  const from = Date.parse(value.from);
  const bars = value.succeeded.map((succeeded, index) => ({
    succeeded,
    failed: value.failed[index] + value.refused[index],
    open: value.open[index],
  }));
  const total = bars.reduce((sum, { succeeded, failed, open }) => sum + succeeded + failed + open, 0);
  const end = from + bars.length * value.stepMs;
  const timeAt = (at: number) => `${dateText(at, zone)} ${clockText(at, zone)}`;
  return (
    <Histogram
      summary={say('payments.pictureSummary', { count: countText(total), from: timeAt(from), to: timeAt(end) })}
      from={from}
      stepMs={value.stepMs}
      bars={bars}
      readTo={value.readTo === null ? undefined : Date.parse(value.readTo)}
      onChoose={(first, last) => {
        const begin = new Date(from + first * value.stepMs).toISOString();
        onSearch(withTime(search, begin, new Date(from + (last + 1) * value.stepMs).toISOString()));
      }}
    />
  );
}

function Rows({ search, onSearch }: SearchProps) {
  const { say, api } = useDesk();
  const answer = useAnswer('getPayments', { query: { q: search, limit: String(pageSize) } });
  const [more, setMore] = useState<readonly PaymentRow[]>([]);
  const [next, setNext] = useState<string | null>();
  const [further, setFurther] = useState<string | null>();
  const [problem, setProblem] = useState<ApiProblem>();
  const longestMs = Math.max(0, ...[...(answer.value?.payments ?? []), ...more].map(({ durationMs }) => durationMs));
  const columns = usePaymentColumns((field, value) => onSearch(withWord(search, field, value)), longestMs);
  const first = answer.value;
  const after = next === undefined ? (first?.next ?? null) : next;
  const readTo = further === undefined ? (first?.readTo ?? null) : further;

  const seen = useRef(first);
  useEffect(() => {
    if (seen.current === first) return;
    seen.current = first;
    setMore([]);
    setNext(undefined);
    setFurther(undefined);
  }, [first]);

  const loadMore = async () => {
    if (after === null) return;
    try {
      const page = await api.ask('getPayments', { query: { q: search, limit: String(pageSize), after } });
      setMore([...more, ...page.payments]);
      setNext(page.next);
      setFurther(page.readTo);
      setProblem(undefined);
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      setProblem(error);
    }
  };
  return (
    <FromAnswer answer={answer} what={say('page.payments')} rows={20}>
      {({ payments, isWhole }) => {
        const rows = [...payments, ...more];
        const foot = (
          <div className="table-foot">
            <span>{say('payments.shown', { count: rows.length })}</span>
            {readTo !== null && (
              <span>
                {say('payments.readTo')} <Time at={readTo} exact />
              </span>
            )}
            {after !== null && (
              <button type="button" className="button small" onClick={() => void loadMore()}>
                {readTo === null ? say('payments.more', { count: pageSize }) : say('payments.further')}
              </button>
            )}
            {problem !== undefined && <span role="alert">{say('problem.failed', { what: say('page.payments') })}</span>}
          </div>
        );
        const part = !isWhole && (
          <p className="note p2" role="status">
            <Mark shape="P2" /> {say('payments.partly')}
          </p>
        );
        if (rows.length === 0 && after !== null) {
          return (
            <>
              {part}
              <Empty title={say('payments.noneSoFar')}>{foot}</Empty>
            </>
          );
        }
        if (rows.length === 0) {
          return (
            <Empty title={say('payments.none')}>
              {part}
              <p>
                {search === '' ? say('payments.noneYet') : say('payments.noneFor', { search: visibleText(search) })}
              </p>
              {search !== '' && (
                <div className="row">
                  <button type="button" className="button" onClick={() => onSearch('')}>
                    {say('payments.widen')}
                  </button>
                </div>
              )}
            </Empty>
          );
        }
        return (
          <>
            {part}
            {payments.length > 0 && <NewRows newest={payments[0].paymentId} search={search} onShow={answer.again} />}
            <Table
              caption={say('page.payments')}
              columns={columns}
              rows={rows}
              rowKey={({ paymentId }) => paymentId}
              opens={({ paymentId }) => `/payments/${paymentId}`}
              preview={({ paymentId }) => <PaymentPreview paymentId={paymentId} />}
            />
            {foot}
          </>
        );
      }}
    </FromAnswer>
  );
}

/** New rows wait to be asked for: nothing moves under the eye. */
function NewRows({
  newest,
  search,
  onShow,
}: {
  readonly newest: string;
  readonly search: string;
  readonly onShow: () => void;
}) {
  const { say } = useDesk();
  const { figures } = useLive();
  const flows = figures !== undefined && (figures.rate?.submitted ?? 0) > 0;
  const { value } = useAnswer('getPayments', { query: { q: search, limit: String(pageSize) } }, flows ? newEveryMs : 0);
  const found = value?.payments.findIndex(({ paymentId }) => paymentId === newest) ?? 0;
  const count = value === undefined ? 0 : found === -1 ? value.payments.length : found;
  return (
    <div className="new-rows">
      {count > 0 && (
        <button type="button" className="button small" onClick={onShow}>
          {say('payments.new', { count: found === -1 ? `${count}+` : count })}
        </button>
      )}
    </div>
  );
}
