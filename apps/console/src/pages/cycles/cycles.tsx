/** Clearing cycles, newest first. */
import type { CycleRow } from '@clearway/console-api';
import { useAnswer } from '../../api/use-answer.ts';
import { type Span, TimeLine } from '../../chart/time-line.tsx';
import { useDesk } from '../../desk.tsx';
import { countText } from '../../format/count.ts';
import { digitsOf } from '../../format/money.ts';
import { Mark } from '../../parts/mark.tsx';
import { Empty, FromAnswer } from '../../parts/states.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Time } from '../../parts/texts.tsx';
import { Link, useWay } from '../../place/use-place.tsx';
import { wordFor } from '../../words/say.ts';

const refreshMs = 5_000;
const pageSize = 50;
const mostSpans = 8;

function spanOf({ cycle, openedAt, cutOffAt, settledAt }: CycleRow): Span {
  const ms = (at: string | null) => (at === null ? undefined : Date.parse(at));
  return { key: String(cycle), name: String(cycle), from: Date.parse(openedAt), cut: ms(cutOffAt), to: ms(settledAt) };
}

export default function CyclesPage() {
  const { say, ports } = useDesk();
  const { place } = useWay();
  const after = place.query.after ?? '';
  const answer = useAnswer('getCycles', { query: { after, limit: String(pageSize) } }, refreshMs);
  const moment = (at: string | null) => (at === null ? '' : <Time at={at} />);
  const columns: readonly Column<CycleRow>[] = [
    {
      key: 'cycle',
      head: say('payments.cycle'),
      value: ({ cycle }) => (
        <Link className="whole" href={`/cycles/${cycle}`}>
          {cycle}
        </Link>
      ),
    },
    { key: 'date', head: say('cycle.businessDate'), value: ({ businessDate }) => businessDate },
    {
      key: 'state',
      head: say('payments.state'),
      value: ({ state }) => (
        <>
          {state === 'queued' && <Mark shape="P1" />} {wordFor(say, 'cycleState', state)}
        </>
      ),
    },
    {
      key: 'payments',
      head: say('participants.payments'),
      kind: 'number',
      value: ({ payments }) => countText(payments),
    },
    {
      key: 'turnover',
      head: say('cycle.turnover'),
      kind: 'number',
      value: ({ turnover }) => turnover.map((money) => `${money.currency} ${digitsOf(money)}`).join(', '),
    },
    { key: 'opened', head: say('cycle.openedAt'), value: ({ openedAt }) => moment(openedAt) },
    { key: 'cut', head: say('cycle.cutOffAt'), value: ({ cutOffAt }) => moment(cutOffAt) },
    { key: 'netted', head: say('cycle.nettedAt'), value: ({ nettedAt }) => moment(nettedAt) },
    { key: 'settled', head: say('cycle.settledAt'), value: ({ settledAt }) => moment(settledAt) },
  ];
  return (
    <>
      <div className="page-head">
        <h1>{say('page.cycles')}</h1>
      </div>
      <FromAnswer answer={answer} what={say('page.cycles')} rows={12}>
        {({ cycles, next }) =>
          cycles.length === 0 ? (
            <Empty title={say('cycle.none')} />
          ) : (
            <>
              <section className="panel cycle-line-panel">
                <TimeLine
                  summary={say('cycle.line')}
                  now={ports.now()}
                  spans={cycles.slice(0, mostSpans).map(spanOf)}
                />
                <p className="hint">{say('cycle.line')}</p>
              </section>
              <Table
                caption={say('page.cycles')}
                columns={columns}
                rows={cycles}
                rowKey={({ cycle }) => String(cycle)}
                opens={({ cycle }) => `/cycles/${cycle}`}
              />
              {next !== null && (
                <div className="table-foot">
                  <Link className="button small" href={`/cycles?after=${next}`}>
                    {say('cycle.older')}
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
