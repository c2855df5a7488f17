/** Operations: what limits us? A row for each cell, flushes over time, and the configuration with who approved it. */
import type { ConfigurationHistory, Operations } from '@clearway/console-api';
import { useAnswer } from '../api/use-answer.ts';
import { LineChart } from '../chart/line-chart.tsx';
import { TimeHeat } from '../chart/time-heat.tsx';
import { useDesk } from '../desk.tsx';
import { countText, noData, rateText } from '../format/count.ts';
import { durationText } from '../format/time.ts';
import { Mark } from '../parts/mark.tsx';
import { Empty, FromAnswer } from '../parts/states.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { Copy, Foreign, Time } from '../parts/texts.tsx';
import { Link } from '../place/use-place.tsx';
import { wordFor } from '../words/say.ts';
import { cellsAwayText } from './wall/cells-block.tsx';

const refreshMs = 2_000;

/** @param parts.cell the one that is looked at; all without it */
export default function OperationsPage({ cell: chosen }: { readonly cell?: string }) {
  const { say } = useDesk();
  const answer = useAnswer('getOperations', {}, refreshMs);
  const isShown = ({ cell }: { readonly cell: string }) => chosen === undefined || cell === chosen;
  return (
    <div className="stack">
      <div className="page-head">
        <h1>
          {say('page.operations')} {chosen !== undefined && <span className="mono">{chosen}</span>}
        </h1>
        {chosen !== undefined && <Link href="/operations">{say('operations.allCells')}</Link>}
      </div>
      <FromAnswer answer={answer} what={say('page.operations')} rows={6}>
        {(operations) => (
          <>
            <CellsAway cells={operations.cells} />
            <Cells cells={operations.cells.filter(isShown)} />
            <Flushes flushes={operations.flush.filter(isShown)} />
            <Console operations={operations} />
          </>
        )}
      </FromAnswer>
      <History />
    </div>
  );
}

type Cell = Operations['cells'][number];

const pageOf = (cell: string) => `/operations/cells/${cell}`;

/** Nobody takes the sums of some for the sums of all. */
function CellsAway({ cells }: { readonly cells: readonly Cell[] }) {
  const { say } = useDesk();
  const away = cells.filter(({ state }) => state === 'unreachable');
  if (away.length === 0) return null;
  return (
    <p className="note p1" role="status">
      <Mark shape="P1" />
      {cellsAwayText(say, cells)}
    </p>
  );
}

function Cells({ cells }: { readonly cells: readonly Cell[] }) {
  const { say } = useDesk();
  const number = (value: number | null | undefined) => (value == null ? noData : countText(value));
  const flushText = (ms: number | null) => (ms === null ? noData : ms.toFixed(1));
  const columns: readonly Column<Cell>[] = [
    {
      key: 'cell',
      head: say('operations.cell'),
      value: ({ cell }) => (
        <Link href={pageOf(cell)} className="mono whole">
          {cell}
        </Link>
      ),
    },
    {
      key: 'state',
      head: say('payments.state'),
      value: ({ state }) => (
        <>
          {state !== 'serving' && <Mark shape="P1" />} {wordFor(say, 'cell', state)}
        </>
      ),
    },
    { key: 'since', head: say('alarm.since'), isWide: true, value: ({ since }) => <Time at={since} /> },
    {
      key: 'rate',
      head: say('operations.rate'),
      kind: 'number',
      value: ({ rate }) => (rate === null ? noData : rateText(rate)),
    },
    { key: 'p99', head: 'p99 ms', kind: 'number', value: ({ p99Ms }) => number(p99Ms) },
    { key: 'inFlight', head: say('operations.inFlight'), kind: 'number', value: ({ inFlight }) => number(inFlight) },
    {
      key: 'batches',
      head: say('operations.batches'),
      kind: 'number',
      isWide: true,
      value: ({ flush }) => number(flush?.batches),
    },
    {
      key: 'commands',
      head: say('operations.commands'),
      kind: 'number',
      isWide: true,
      value: ({ flush }) => number(flush?.commands),
    },
    { key: 'waiting', head: say('operations.queue'), kind: 'number', value: ({ queue }) => number(queue?.waiting) },
    { key: 'shed', head: say('operations.shed'), kind: 'number', value: ({ queue }) => number(queue?.shed) },
    {
      key: 'flush',
      head: say('operations.flush'),
      kind: 'number',
      value: ({ flush }) => (flush === null ? noData : `${flushText(flush.p50Ms)} / ${flushText(flush.p99Ms)}`),
    },
    {
      key: 'unflushed',
      head: say('operations.journalLag'),
      kind: 'number',
      value: ({ queue }) => number(queue?.unflushed),
    },
    { key: 'lag', head: say('operations.recordsLag'), kind: 'number', value: ({ recordsLag }) => number(recordsLag) },
    {
      key: 'undelivered',
      head: say('operations.undelivered'),
      kind: 'number',
      value: ({ undelivered }) => number(undelivered),
    },
    {
      key: 'remembered',
      head: say('operations.remembered'),
      kind: 'number',
      isWide: true,
      value: ({ remembered }) => number(remembered),
    },
    { key: 'version', head: say('operations.version'), value: ({ version }) => version ?? noData },
    { key: 'epoch', head: say('wall.epoch'), kind: 'number', value: ({ epoch }) => number(epoch) },
    {
      key: 'frontier',
      head: say('operations.frontier'),
      kind: 'number',
      isWide: true,
      value: ({ frontier }) => number(frontier),
    },
  ];
  if (cells.length === 0) return <Empty title={say('operations.noCell')} />;
  return (
    <Table
      caption={say('operations.cells')}
      columns={columns}
      rows={cells}
      rowKey={({ cell }) => cell}
      opens={({ cell }) => pageOf(cell)}
    />
  );
}

function Flushes({ flushes }: { readonly flushes: Operations['flush'] }) {
  const { say } = useDesk();
  return (
    <div className="small-multiples">
      {flushes.map(({ cell, from, stepMs, meanMs, largestMs, boundsMs, counts }) => (
        <section key={cell} className="panel">
          <h2>{say('operations.flushes', { cell })}</h2>
          <div className="chart fixed">
            <LineChart
              summary={say('operations.flushes', { cell })}
              from={Date.parse(from)}
              stepMs={stepMs}
              lines={[
                { name: say('operations.largest'), values: largestMs, kind: 'faint' },
                { name: say('operations.mean'), values: meanMs, kind: 'main' },
              ]}
              format={(value) => (value < 10 ? `${value.toFixed(1)} ms` : durationText(value))}
            />
          </div>
          <h2>{say('operations.flushHeat')}</h2>
          {counts.every((row) => row === null) ? (
            <p className="hint">{say('operations.noFlush')}</p>
          ) : (
            <div className="chart tall">
              <TimeHeat
                summary={say('operations.flushHeat')}
                from={Date.parse(from)}
                stepMs={stepMs}
                rows={boundsMs.map((bound, index) =>
                  // The last has no bound of its own: what took longer than all others is in it.
                  index === boundsMs.length - 1 ? `> ${boundsMs[index - 1]} ms` : `≤ ${bound} ms`,
                )}
                counts={counts}
                describe={(row, count) => `${row}  ${countText(count)}`}
              />
            </div>
          )}
        </section>
      ))}
    </div>
  );
}

const mebibyte = 1024 * 1024;

function Console({ operations }: { readonly operations: Operations }) {
  const { say } = useDesk();
  const { version, startedAt, streams, sampleFailures, rssBytes } = operations.console;
  const { schemeVersion, participantsVersion } = operations.configuration;
  return (
    <section className="panel">
      <h2>{say('operations.console')}</h2>
      <dl className="facts">
        <dt>{say('operations.version')}</dt>
        <dd>{version}</dd>
        <dt>{say('operations.started')}</dt>
        <dd>
          <Time at={startedAt} exact />
        </dd>
        <dt>{say('operations.streams')}</dt>
        <dd>{countText(streams)}</dd>
        <dt>{say('operations.sampleFailures')}</dt>
        <dd>{countText(sampleFailures)}</dd>
        <dt>{say('operations.memory')}</dt>
        <dd>{countText(rssBytes / mebibyte)} MiB</dd>
        <dt>{say('operations.configuration')}</dt>
        <dd>{say('operations.versions', { scheme: schemeVersion, participants: participantsVersion })}</dd>
      </dl>
    </section>
  );
}

type Version = ConfigurationHistory['versions'][number];

function History() {
  const { say } = useDesk();
  const answer = useAnswer('getConfigurationHistory', {});
  const columns: readonly Column<Version>[] = [
    { key: 'kind', head: say('operations.document'), value: ({ kind }) => wordFor(say, 'document', kind) },
    { key: 'version', head: say('operations.version'), kind: 'number', value: ({ version }) => version },
    { key: 'kept', head: say('operations.keptAt'), value: ({ keptAt }) => <Time at={keptAt} /> },
    {
      key: 'by',
      head: say('operations.approvedBy'),
      value: ({ change }) =>
        change === null ? (
          say('operations.byFile')
        ) : (
          <Link href={`/changes/${change.changeId}`}>
            {say('operations.by', { proposer: change.proposedBy, approver: change.approvedBy })}
          </Link>
        ),
    },
    {
      key: 'differences',
      head: say('operations.differences'),
      kind: 'wrap',
      value: ({ differences }) => (
        <ul>
          {differences.map(({ path, before, after }) => (
            <li key={path}>
              <code>{path}</code> <Foreign text={`${before ?? noData} → ${after ?? noData}`} />
            </li>
          ))}
        </ul>
      ),
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
    <section className="stack">
      <h2>{say('operations.history')}</h2>
      <FromAnswer answer={answer} what={say('operations.history')} rows={4}>
        {({ versions }) => (
          <Table
            caption={say('operations.history')}
            columns={columns}
            rows={versions}
            rowKey={({ kind, version }) => `${kind} ${version}`}
          />
        )}
      </FromAnswer>
    </section>
  );
}
