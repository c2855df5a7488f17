/** One cycle: does it balance, will it settle, who is short? The sum of its positions comes first. */
import { type CycleDetail, type CycleMatrix, cycleStates, type PositionLine } from '@clearway/console-api';
import { addressFor } from '../../api/api.ts';
import { useAnswer } from '../../api/use-answer.ts';
import { SideBar } from '../../chart/bars.tsx';
import { HeatMap } from '../../chart/heat-map.tsx';
import { useDesk } from '../../desk.tsx';
import { countText } from '../../format/count.ts';
import { digitsOf, moneyText, shortMoney, signedDigits, thousandths } from '../../format/money.ts';
import { useNames } from '../../names.tsx';
import { Mark } from '../../parts/mark.tsx';
import { StateStrip } from '../../parts/state-strip.tsx';
import { FromAnswer } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { Amount, Copy, Foreign, Time } from '../../parts/texts.tsx';
import { Link, useWay } from '../../place/use-place.tsx';

const refreshMs = 3_000;
const matrixEveryMs = 15_000;

export default function CyclePage({ cycle }: Readonly<Record<string, string>>) {
  const { say } = useDesk();
  const answer = useAnswer('getCycle', { at: { cycle } }, refreshMs);
  return (
    <FromAnswer answer={answer} what={say('cycle.one')} rows={14}>
      {(detail) => <Cycle detail={detail} />}
    </FromAnswer>
  );
}

function Cycle({ detail }: { readonly detail: CycleDetail }) {
  const { say } = useDesk();
  const { cycle, sum, shortfalls } = detail;
  const names = useNames();
  const times = [
    ['open', cycle.openedAt],
    ['cut', cycle.cutOffAt],
    ['netted', cycle.nettedAt],
    ['settled', cycle.settledAt],
  ] as const;
  return (
    <div className="stack">
      <div className="page-head">
        <h1>{say('cycle.name', { cycle: cycle.cycle })}</h1>
        <span>
          {say('cycle.businessDate')} {cycle.businessDate}
        </span>
        <span>
          {countText(cycle.payments)} {say('wall.paymentsUnit')}
        </span>
        {cycle.turnover.map((money) => (
          <Amount key={money.currency} money={money} />
        ))}
      </div>
      <section className="panel stack">
        <StateStrip
          states={cycleStates.filter((state) => state !== 'queued' || cycle.state === 'queued')}
          current={cycle.state}
          group="cycleState"
        />
        <div className="row hint">
          {times.map(
            ([state, at]) =>
              at !== null && (
                <span key={state}>
                  {say(`cycleState.${state}`)} <Time at={at} exact />
                </span>
              ),
          )}
        </div>
        {sum.map((money) => {
          const isZero = thousandths(money.amount) === 0n;
          return (
            <p key={money.currency} className="sum" data-zero={isZero} data-sum>
              {!isZero && <Mark shape="P1" />}
              {say(isZero ? 'cycle.sumZero' : 'cycle.sumBroken', { currency: money.currency, sum: digitsOf(money) })}
            </p>
          );
        })}
        {shortfalls.map(({ participant, missing }) => (
          <p key={participant} className="note p1">
            <Mark shape="P1" /> {say('cycle.lacks', { name: names.of(participant) })} <Amount money={missing} />
          </p>
        ))}
        {detail.workItems.length > 0 && (
          <p>
            <Link href="/work">{say('payment.openWork')}</Link>
          </p>
        )}
      </section>
      <Positions positions={detail.positions} />
      <Matrix cycle={cycle.cycle} isOpen={cycle.settledAt === null} />
      <Files detail={detail} />
    </div>
  );
}

function Positions({ positions }: { readonly positions: readonly PositionLine[] }) {
  const { say, language } = useDesk();
  const largest = positions.reduce((most, { net }) => {
    const size = thousandths(net.amount);
    const absolute = size < 0n ? -size : size;
    return absolute > most ? absolute : most;
  }, 0n);
  const sorted = [...positions].sort((a, b) => Number(thousandths(a.net.amount) - thousandths(b.net.amount)));
  return (
    <section className="stack">
      <h2>{say('cycle.positions')}</h2>
      <Table<PositionLine>
        caption={say('cycle.positions')}
        columns={[
          {
            key: 'name',
            head: say('participants.name'),
            value: ({ participant, name }) => (
              <Link href={`/participants/${participant}`}>
                <Foreign text={name} />
              </Link>
            ),
          },
          { key: 'debits', head: say('cycle.debits'), kind: 'number', value: ({ debits }) => digitsOf(debits) },
          {
            key: 'debitCount',
            head: say('cycle.count'),
            kind: 'number',
            value: ({ debitCount }) => countText(debitCount),
          },
          { key: 'credits', head: say('cycle.credits'), kind: 'number', value: ({ credits }) => digitsOf(credits) },
          {
            key: 'creditCount',
            head: say('cycle.count'),
            kind: 'number',
            value: ({ creditCount }) => countText(creditCount),
          },
          {
            key: 'bar',
            head: say('cycle.sides'),
            value: ({ net }) => <SideBar value={net} largest={largest} summary={moneyText(net, language)} />,
          },
          {
            key: 'net',
            head: say('cycle.net'),
            kind: 'number',
            value: ({ net }) => <strong>{signedDigits(net)}</strong>,
          },
          { key: 'currency', head: say('cycle.currency'), value: ({ net }) => net.currency },
        ]}
        rows={sorted}
        rowKey={({ participant, net }) => `${participant} ${net.currency}`}
      />
    </section>
  );
}

function Matrix({ cycle, isOpen }: { readonly cycle: number; readonly isOpen: boolean }) {
  const { say } = useDesk();
  const answer = useAnswer('getCycleMatrix', { at: { cycle } }, isOpen ? matrixEveryMs : 0);
  return (
    <section className="panel stack">
      <h2>{say('cycle.matrix')}</h2>
      <FromAnswer answer={answer} what={say('cycle.matrix')}>
        {(matrix) => (matrix.pairs.length === 0 ? <p>{say('cycle.noPairs')}</p> : <MatrixViews matrix={matrix} />)}
      </FromAnswer>
    </section>
  );
}

function MatrixViews({ matrix }: { readonly matrix: CycleMatrix }) {
  const { say, language } = useDesk();
  const { place } = useWay();
  const names = useNames();
  const asTable = place.query.matrix === 'table';
  const byPair = new Map(matrix.pairs.map((pair) => [`${pair.institution} ${pair.bank}`, pair]));
  const grossOf = (row: string, column: string) => {
    const pair = byPair.get(`${row} ${column}`);
    return pair === undefined ? 0n : thousandths(pair.toInstitution.amount) + thousandths(pair.toBank.amount);
  };
  return (
    <>
      <p className="row">
        <span>{say('cycle.matrixWhat')}</span>
        <Link href={asTable ? place.path : `${place.path}?matrix=table`}>
          {say(asTable ? 'cycle.asMap' : 'cycle.asTable')}
        </Link>
      </p>
      {asTable ? (
        <Table
          caption={say('cycle.matrix')}
          columns={[
            {
              key: 'institution',
              head: say('payments.institution'),
              value: ({ institution }) => <Foreign text={names.of(institution)} />,
            },
            { key: 'bank', head: say('payments.bank'), value: ({ bank }) => <Foreign text={names.of(bank)} /> },
            {
              key: 'payments',
              head: say('participants.payments'),
              kind: 'number',
              value: ({ payments }) => countText(payments),
            },
            {
              key: 'toInstitution',
              head: say('cycle.toInstitution'),
              kind: 'number',
              value: ({ toInstitution }) => digitsOf(toInstitution),
            },
            { key: 'toBank', head: say('cycle.toBank'), kind: 'number', value: ({ toBank }) => digitsOf(toBank) },
            { key: 'currency', head: say('cycle.currency'), value: ({ toBank }) => toBank.currency },
          ]}
          rows={matrix.pairs}
          rowKey={({ institution, bank, toBank }) => `${institution} ${bank} ${toBank.currency}`}
        />
      ) : (
        <HeatMap
          caption={say('cycle.matrix')}
          rows={matrix.institutions.map(({ participant, name }) => ({ key: participant, name }))}
          columns={matrix.banks.map(({ participant, name }) => ({ key: participant, name }))}
          weight={(row, column) => Number(grossOf(row, column))}
          text={(row, column) => {
            const pair = byPair.get(`${row} ${column}`);
            if (pair === undefined) return say('cycle.noPayment');
            return say('cycle.pair', {
              count: pair.payments,
              toInstitution: moneyText(pair.toInstitution, language),
              toBank: moneyText(pair.toBank, language),
            });
          }}
          short={(row, column) => {
            const pair = byPair.get(`${row} ${column}`);
            if (pair === undefined) return '--';
            const net = thousandths(pair.toInstitution.amount) - thousandths(pair.toBank.amount);
            const amount = `${net / 1000n}`;
            return `${net > 0n ? '+' : ''}${shortMoney({ amount, currency: pair.toBank.currency }, language)}`;
          }}
        />
      )}
    </>
  );
}

function Files({ detail }: { readonly detail: CycleDetail }) {
  const { say, login } = useDesk();
  const mayRead = login?.person.roles.some((role) => role !== 'supervisor') === true;
  return (
    <section className="stack">
      <h2>{say('cycle.files')}</h2>
      {detail.files.length === 0 ? (
        <p className="hint">{say('cycle.noFiles')}</p>
      ) : (
        <Table
          caption={say('cycle.files')}
          columns={[
            { key: 'name', head: say('participants.name'), value: ({ name }) => <Foreign text={name} /> },
            { key: 'bytes', head: say('cycle.bytes'), kind: 'number', value: ({ bytes }) => countText(bytes) },
            {
              key: 'hash',
              head: 'SHA-256',
              value: ({ hash }) => (
                <span className="hash">
                  {hash} <Copy text={hash} />
                </span>
              ),
            },
            {
              key: 'get',
              head: say('cycle.file'),
              value: ({ participant }) =>
                mayRead ? (
                  <a
                    href={addressFor('getCycleFile', { at: { cycle: detail.cycle.cycle, participant } })}
                    download={`cycle-${detail.cycle.cycle}-${participant}.csv`}
                  >
                    {say('act.download')}
                  </a>
                ) : (
                  <span className="hint">{say('evidence.notForYou')}</span>
                ),
            },
          ]}
          rows={detail.files}
          rowKey={({ participant }) => participant}
        />
      )}
    </section>
  );
}
