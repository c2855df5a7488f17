/**
 * The wall: is money moving as it should; if not, where, and since when? Everything in one view without scrolling, at
 * fixed places, sized by the smaller side of its frame.
 */
import type { Figures } from '@clearway/console-api';
import { type ReactNode, useEffect, useRef } from 'react';
import { deadMs, lateMs } from '../../api/live.ts';
import { useAnswer } from '../../api/use-answer.ts';
import { LineChart } from '../../chart/line-chart.tsx';
import { useSize } from '../../chart/use-size.ts';
import { useDesk, useLive, useTick } from '../../desk.tsx';
import { countText, noData, rateText, successText } from '../../format/count.ts';
import { shortCount, shortMoney } from '../../format/money.ts';
import { ageText, clockText, dateText, watchText, zoneText } from '../../format/time.ts';
import { Mark } from '../../parts/mark.tsx';
import { Waiting } from '../../parts/states.tsx';
import { Link, useWay } from '../../place/use-place.tsx';
import { StaleLine } from '../../shell/freshness.tsx';
import { AlarmsBlock } from './alarms-block.tsx';
import { CellsBlock, cellsAwayText } from './cells-block.tsx';
import { CycleBlock } from './cycle-block.tsx';
import { FlowsBlock } from './flows-block.tsx';
import { HeadroomBlock } from './headroom-block.tsx';

const lookMs = 250;
const minutesRefreshMs = 60_000;

export function WallPage({ isFull = false }: { readonly isFull?: boolean }) {
  const { say, live, login } = useDesk();
  const { figures } = useLive();
  const [frame, { width, height }] = useSize<HTMLDivElement>();
  useTick(lookMs);
  if (figures === undefined) {
    return (
      <div className={isFull ? 'wall-frame whole' : 'wall-frame'} ref={frame}>
        <Waiting what={say('page.wall')} />
      </div>
    );
  }
  const isDead = live.age() > deadMs;
  // Letters in charts are drawn in px; they follow the same measure as those that CSS sizes by cqmin.
  const letter = Math.max(11, (Math.min(width, height) / 100) * 1.9);
  const isParticipant = login?.person.participant !== null;
  return (
    <div
      className={isFull ? 'wall-frame whole' : 'wall-frame'}
      data-environment={login?.scheme.environment}
      ref={frame}
    >
      {isFull && <StaleLine isFull />}
      <h1 className="unseen">{say('page.wall')}</h1>
      <div className={isDead ? 'wall stale' : 'wall'}>
        <Head figures={figures} isFull={isFull} />
        <Now figures={figures} />
        <Success figures={figures} />
        <Latency figures={figures} />
        <Unknown figures={figures} />
        <RateBlock letter={letter} />
        <Today figures={figures} />
        <AlarmsBlock figures={figures} />
        {!isParticipant && <CellsBlock figures={figures} />}
        <FlowsBlock figures={figures} letter={letter} />
        <CycleBlock figures={figures} letter={letter} />
        <HeadroomBlock figures={figures} letter={letter} />
      </div>
    </div>
  );
}

interface BlockProps {
  readonly area: string;
  readonly title: ReactNode;
  readonly children: ReactNode;
}

export function Block({ area, title, children }: BlockProps) {
  return (
    <section className={`block ${area}`}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Head({ figures, isFull }: { readonly figures: Figures; readonly isFull: boolean }) {
  const { say, zone, live, language, login } = useDesk();
  const { isPaused } = useLive();
  const at = Date.parse(figures.at);
  const age = live.age();
  const due = figures.cycles.find(({ cutOffDueAt }) => cutOffDueAt !== null)?.cutOffDueAt;
  const cutOff = due == null ? undefined : Date.parse(due);
  return (
    <header className="wall-head">
      <strong>{language === 'zh' ? '通衢' : 'Clearway'}</strong>
      {login?.scheme.environment === 'sandbox' && <span className="environment">{say('shell.sandbox')}</span>}
      {isFull && (
        <time dateTime={figures.at}>
          {dateText(at, zone)} {clockText(at, zone)} {zoneText(zone)}
        </time>
      )}
      {figures.businessDate !== null && (
        <span>
          {say('wall.businessDay')} {figures.businessDate}
        </span>
      )}
      {cutOff !== undefined && (
        <span>
          {say('wall.cutOff')} {watchText(cutOff - at)}
        </span>
      )}
      <Missing figures={figures} />
      <span className="push">
        {say(isPaused ? 'live.paused' : age > lateMs ? 'live.late' : 'live.age', { age: ageText(age) })}
      </span>
      {isFull ? <LeaveFull /> : <Link href="/?view=full">{say('wall.full')}</Link>}
    </header>
  );
}

/** Nobody takes what is known of some for what is so of all. */
function Missing({ figures }: { readonly figures: Figures }) {
  const { say, zone } = useDesk();
  const at = (since: string) => ({ at: clockText(Date.parse(since), zone) });
  const cell = figures.missing.find(({ what }) => what === 'cell');
  const records = figures.missing.find(({ what }) => what === 'records');
  const isPartly = figures.cells.length > 1;
  return (
    <>
      {cell !== undefined && (
        <span className="missing" data-missing="cell">
          <Mark shape="P2" /> {isPartly ? cellsAwayText(say, figures.cells) : say('wall.cellMissing', at(cell.since))}
        </span>
      )}
      {records !== undefined && (
        <span className="missing" data-missing="records">
          <Mark shape="P2" /> {say('wall.recordsMissing', at(records.since))}
        </span>
      )}
    </>
  );
}

function LeaveFull() {
  const { say } = useDesk();
  const way = useWay();
  const leave = useRef(way);
  leave.current = way;
  useEffect(() => {
    const hear = ({ key }: KeyboardEvent) => key === 'Escape' && leave.current.go('/');
    window.addEventListener('keydown', hear);
    return () => window.removeEventListener('keydown', hear);
  }, []);
  return <Link href="/">{say('wall.leaveFull')}</Link>;
}

function Now({ figures }: { readonly figures: Figures }) {
  const { say, zone } = useDesk();
  const { rate, lastPaymentAt, at } = figures;
  const isStill = rate !== null && rate.submitted === 0;
  return (
    <Block area="now" title={say('wall.now')}>
      <p className="huge">
        <Link href="/payments" className="plain">
          {rate === null ? noData : rateText(rate.submitted)}
        </Link>
        <small>{say('wall.perSecond')}</small>
      </p>
      <p className="under">
        {lastPaymentAt === null
          ? say('wall.noPaymentYet')
          : isStill
            ? say('wall.lastPayment', {
                at: clockText(Date.parse(lastPaymentAt), zone),
                ago: watchText(Date.parse(at) - Date.parse(lastPaymentAt)),
              })
            : say('wall.inFlight', { count: figures.inFlight === null ? noData : countText(figures.inFlight) })}
      </p>
    </Block>
  );
}

function Success({ figures }: { readonly figures: Figures }) {
  const { say } = useDesk();
  const { succeeded, failed, refused, becameUnknown } = figures.outcome;
  return (
    <Block area="success" title={say('wall.success')}>
      <p className="huge">
        <Link href="/payments" className="plain">
          {successText(figures.outcome)}
        </Link>
      </p>
      <p className="under outcomes">
        <span>
          <Mark shape="succeeded" /> {countText(succeeded)}
        </span>
        <span>
          <Mark shape="failed" /> {countText(failed)}
        </span>
        <span>
          <Mark shape="refused" /> {countText(refused)}
        </span>
        <span>
          <Mark shape="unknown" /> {countText(becameUnknown)}
        </span>
        <span className="unseen">{say('wall.outcomes', { succeeded, failed, refused, unknown: becameUnknown })}</span>
      </p>
    </Block>
  );
}

function Latency({ figures }: { readonly figures: Figures }) {
  const { say } = useDesk();
  const { p50Ms, p99Ms, flushMeanMs } = figures.latency;
  const ms = (value: number | null) => (value === null ? noData : countText(value));
  return (
    <Block area="latency" title={say('wall.latency')}>
      <p className="huge">
        {ms(p99Ms)}
        <small>ms</small>
      </p>
      <p className="under">{say('wall.latencyParts', { p50: ms(p50Ms), flush: ms(flushMeanMs) })}</p>
    </Block>
  );
}

function Unknown({ figures }: { readonly figures: Figures }) {
  const { say, language, at } = { ...useDesk(), at: Date.parse(figures.at) };
  const { payments, oldestSince, amount } = figures.unknown;
  return (
    <Block
      area="unknown-now"
      title={
        <>
          <Mark shape="unknown" /> {say('wall.unknown')}
        </>
      }
    >
      <p className="huge">
        <Link href="/payments?q=state%3Aunknown" className="plain">
          {countText(payments)}
        </Link>
      </p>
      <p className="under">
        {oldestSince === null
          ? say('wall.noneUnknown')
          : say('wall.oldest', { age: watchText(at - Date.parse(oldestSince)) })}
        {amount.map((money) => ` · ${money.currency} ${shortMoney(money, language)}`).join('')}
      </p>
    </Block>
  );
}

const spans = ['15m', '1h', '24h'] as const;

function RateBlock({ letter }: { readonly letter: number }) {
  const { say } = useDesk();
  const { overview } = useLive();
  const { place } = useWay();
  const span = spans.find((one) => one === place.query.span) ?? '15m';
  // Whole minutes come with a new snapshot; the seconds come with every frame.
  const { value: minutely } = useAnswer('getOverview', span === '15m' ? undefined : {}, minutesRefreshMs);
  if (overview === undefined) return null;
  const minutes = (minutely ?? overview).minutes;
  const kept = span === '1h' ? 60 : minutes.submitted.length;
  const skipped = minutes.submitted.length - kept;
  const series = span === '15m' ? overview.seconds : minutes;
  const cut = (values: readonly (number | null)[]) => (span === '15m' ? values : values.slice(skipped));
  const from = Date.parse(series.from) + (span === '15m' ? 0 : skipped * series.stepMs);
  const lines = [
    { name: say('wall.submitted'), values: cut(series.submitted), kind: 'main' as const },
    ...(span === '15m' ? [] : [{ name: say('wall.peak'), values: cut(series.peak), kind: 'faint' as const }]),
  ];
  const { usual } = minutely ?? overview;
  const usualAt = (values: readonly (number | null)[], index: number) =>
    values[Math.floor((from + index * series.stepMs - Date.parse(usual?.from ?? '')) / (usual?.stepMs ?? 1))] ?? null;
  const band = usual && {
    least: lines[0].values.map((_, index) => usualAt(usual.least, index)),
    most: lines[0].values.map((_, index) => usualAt(usual.most, index)),
  };
  const known = lines[0].values.filter((value): value is number => value !== null);
  const summary = say('wall.rateSummary', {
    least: countText(known.length === 0 ? Number.NaN : Math.min(...known)),
    most: countText(known.length === 0 ? Number.NaN : Math.max(...known)),
  });
  return (
    <Block
      area="rate"
      title={
        <>
          {say('wall.rate')}{' '}
          <span className="spans">
            {spans.map((one) => (
              <Link
                key={one}
                href={`?span=${one}${place.query.view === 'full' ? '&view=full' : ''}`}
                aria-current={one === span}
              >
                {say(`span.${one}`)}
              </Link>
            ))}
          </span>
          {band !== null && <small className="band-note">{say('wall.usual')}</small>}
        </>
      }
    >
      <LineChart
        summary={summary}
        from={from}
        stepMs={series.stepMs}
        lines={lines}
        band={band ?? undefined}
        format={countText}
        letter={letter}
      />
    </Block>
  );
}

function Today({ figures }: { readonly figures: Figures }) {
  const { say, language, zone } = useDesk();
  const { payments, turnover, peak } = figures.today;
  return (
    <Block area="today" title={say('wall.today')}>
      <dl className="today-figures">
        <div>
          <dt>{say('wall.payments')}</dt>
          <dd title={countText(payments)}>{shortCount(payments, language)}</dd>
        </div>
        {turnover.map((money) => (
          <div key={money.currency}>
            <dt>
              {say('wall.turnover')} {money.currency}
            </dt>
            <dd title={money.amount}>{shortMoney(money, language)}</dd>
          </div>
        ))}
        <div>
          <dt>{say('wall.peak')}</dt>
          <dd>
            {peak === null ? noData : countText(peak.rate)}
            {peak !== null && (
              <small> {say('wall.peakAt', { at: clockText(Date.parse(peak.at), zone).slice(0, 5) })}</small>
            )}
          </dd>
        </div>
      </dl>
    </Block>
  );
}
