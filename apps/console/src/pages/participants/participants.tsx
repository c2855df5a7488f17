/** Participants: who is healthy, and how near is each to a limit? */
import type { ParticipantRow } from '@clearway/console-api';
import { useAnswer } from '../../api/use-answer.ts';
import { Bullet } from '../../chart/bars.tsx';
import { useDesk } from '../../desk.tsx';
import { countText, noData, shareText } from '../../format/count.ts';
import { digitsOf, moneyText, shareOf, thousandths } from '../../format/money.ts';
import { Mark } from '../../parts/mark.tsx';
import { Empty, FromAnswer } from '../../parts/states.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Foreign } from '../../parts/texts.tsx';
import { Link } from '../../place/use-place.tsx';
import { wordFor } from '../../words/say.ts';

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
  const { say, language } = useDesk();
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
    { key: 'role', head: say('participants.role'), value: ({ role }) => wordFor(say, 'participantRole', role) },
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
      value: ({ health }) => (health === null ? noData : countText(health.payments)),
    },
    {
      key: 'success',
      head: say('participants.success'),
      kind: 'number',
      value: ({ health }) => (health === null ? noData : shareText(health.succeeded, health.payments)),
    },
    {
      key: 'p99',
      head: say('participants.p99'),
      kind: 'number',
      value: ({ health }) => (health?.p99Ms == null ? noData : countText(health.p99Ms)),
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
            taken={shareOf(thousandths(line.outstanding.amount), thousandths(line.limit.amount))}
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
      head: say('participants.keys'),
      kind: 'number',
      value: ({ keys }) => keys.filter(({ endedAt }) => endedAt === null).length,
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
