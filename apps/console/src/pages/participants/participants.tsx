/** Participants: who is healthy, and how near is each to a limit? */
import type { ParticipantRow } from '@clearway/console-api';
import { useAnswer } from '../../api/use-answer.ts';
import { Bullet } from '../../chart/bars.tsx';
import { Sparkline } from '../../chart/line-chart.tsx';
import { useDesk } from '../../desk.tsx';
import { countText, noData, shareText } from '../../format/count.ts';
import { digitsOf, moneyText, shareOf, thousandths } from '../../format/money.ts';
import { Mark } from '../../parts/mark.tsx';
import { Empty, FromAnswer } from '../../parts/states.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Foreign } from '../../parts/texts.tsx';
import { Link } from '../../place/use-place.tsx';
import { wordFor } from '../../words/say.ts';
import { daysLeft } from './keys-panel.tsx';

const refreshMs = 10_000;

export default function ParticipantsPage() {
  const { say } = useDesk();
  const answer = useAnswer('getParticipants', {}, refreshMs);
  return (
    <>
      <div className="page-head">
        <h1>{say('page.participants')}</h1>
        <span className="hint">{say('participants.window')}</span>
      </div>
      <FromAnswer answer={answer} what={say('page.participants')} rows={12}>
        {({ participants }) =>
          participants.length === 0 ? <Empty title={say('participants.none')} /> : <List participants={participants} />
        }
      </FromAnswer>
    </>
  );
}

function List({ participants }: { readonly participants: readonly ParticipantRow[] }) {
  const { say, language, ports } = useDesk();
  // The same scale for all that stand in one column.
  const mostPayments = Math.max(0, ...participants.flatMap(({ recent }) => recent.payments.map((count) => count ?? 0)));
  const mostP99 = Math.max(0, ...participants.flatMap(({ recent }) => recent.p99Ms.map((ms) => ms ?? 0)));
  const columns: readonly Column<ParticipantRow>[] = [
    {
      key: 'code',
      head: say('participants.code'),
      value: ({ code }) => (
        <Link className="whole" href={`/participants/${code}`}>
          <span className="mono">{code}</span>
        </Link>
      ),
    },
    { key: 'name', head: say('participants.name'), value: ({ name }) => <Foreign text={name} /> },
    {
      key: 'role',
      head: say('participants.role'),
      isWide: true,
      value: ({ role }) => wordFor(say, 'participantRole', role),
    },
    {
      key: 'status',
      head: say('participants.status'),
      value: ({ status }) => (
        <>
          {status === 'suspended' && <Mark shape="P2" />} {wordFor(say, 'status', status)}
        </>
      ),
    },
    {
      key: 'payments',
      head: say('participants.payments'),
      kind: 'number',
      value: ({ health, recent, name }) => (
        <>
          <Sparkline
            values={recent.payments}
            top={mostPayments}
            summary={`${name} ${say('participant.paymentsMinute')}`}
          />{' '}
          {health === null ? noData : countText(health.payments)}
        </>
      ),
    },
    {
      key: 'success',
      head: say('participants.success'),
      kind: 'number',
      value: ({ health, recent, name }) => (
        <>
          <Sparkline
            values={recent.succeeded.map((count, index) => {
              const all = recent.payments[index];
              return count === null || all === null || all === 0 ? null : count / all;
            })}
            top={1}
            summary={`${name} ${say('participant.successMinute')}`}
          />{' '}
          {health === null ? noData : shareText(health.succeeded, health.payments)}
        </>
      ),
    },
    {
      key: 'p99',
      head: say('participants.p99'),
      kind: 'number',
      value: ({ health, recent, name }) => (
        <>
          <Sparkline values={recent.p99Ms} top={mostP99} summary={`${name} ${say('participant.p99Minute')}`} />{' '}
          {health?.p99Ms == null ? noData : countText(health.p99Ms)}
        </>
      ),
    },
    {
      key: 'unknown',
      head: say('participants.unknown'),
      kind: 'number',
      value: ({ code, unknown }) =>
        unknown === 0 ? (
          '0'
        ) : (
          <Link href={`/payments?q=${encodeURIComponent(`participant:${code} state:unknown`)}`}>{unknown}</Link>
        ),
    },
    {
      key: 'headroom',
      head: say('participants.headroom'),
      kind: 'number',
      value: ({ headroom }) =>
        headroom.map((line) => `${line.headroom.currency} ${digitsOf(line.headroom)}`).join(', ') || noData,
    },
    {
      key: 'taken',
      head: say('participants.taken'),
      value: ({ headroom: [line] }) =>
        line === undefined ? (
          noData
        ) : (
          <Bullet
            taken={shareOf(-thousandths(line.outstanding.amount), thousandths(line.limit.amount))}
            reserved={shareOf(thousandths(line.reserved.amount), thousandths(line.limit.amount))}
            summary={say('headroom.summary', {
              headroom: moneyText(line.headroom, language),
              limit: moneyText(line.limit, language),
            })}
          />
        ),
    },
    {
      key: 'keys',
      head: say('participants.nextEnd'),
      kind: 'number',
      value: ({ keys, certificateEndsAt }) => {
        const days = [...keys.map(({ endedAt }) => endedAt), certificateEndsAt]
          .map((end) => daysLeft(end, ports.now()))
          .filter((left) => left !== undefined && left >= 0);
        const next = days.length === 0 ? undefined : Math.min(...(days as number[]));
        return next === undefined ? (
          <span className="hint">{say('participants.noEnd')}</span>
        ) : (
          say('participants.days', { days: next })
        );
      },
    },
  ];
  return (
    <Table
      caption={say('page.participants')}
      columns={columns}
      rows={participants}
      rowKey={({ code }) => code}
      opens={({ code }) => `/participants/${code}`}
    />
  );
}
