/** Changes: every act with effect on money, limits, participants or people, by two persons. */
import type { Change } from '@clearway/console-api';
import { useAnswer } from '../../api/use-answer.ts';
import { useDesk } from '../../desk.tsx';
import { useNames } from '../../names.tsx';
import { Empty, FromAnswer } from '../../parts/states.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Foreign, Time } from '../../parts/texts.tsx';
import { Link, useWay } from '../../place/use-place.tsx';
import { wordFor } from '../../words/say.ts';

const refreshMs = 3_000;
const filters = ['proposed', 'all'] as const;

export default function ChangesPage() {
  const { say, login } = useDesk();
  const { place } = useWay();
  const names = useNames();
  const filter = place.query.state === 'proposed' ? 'proposed' : 'all';
  const answer = useAnswer('getChanges', { query: { state: filter === 'all' ? '' : filter } }, refreshMs);
  const mayPropose = login?.person.roles.includes('proposer') === true;
  const columns: readonly Column<Change>[] = [
    {
      key: 'id',
      head: say('change.number'),
      value: ({ changeId }) => (
        <Link className="whole" href={`/changes/${changeId}`}>
          {changeId}
        </Link>
      ),
    },
    { key: 'kind', head: say('change.kind'), value: ({ kind }) => wordFor(say, 'changeKind', kind) },
    {
      key: 'subject',
      head: say('work.subject'),
      value: ({ request }) => <Foreign text={subjectOf(request, names.of)} />,
    },
    { key: 'state', head: say('payments.state'), value: ({ state }) => wordFor(say, 'changeState', state) },
    { key: 'by', head: say('change.proposedBy'), value: ({ proposedBy }) => <Foreign text={proposedBy.name} /> },
    { key: 'at', head: say('change.proposedAt'), value: ({ proposedAt }) => <Time at={proposedAt} /> },
    {
      key: 'decided',
      head: say('change.decidedBy'),
      value: ({ decidedBy }) => decidedBy !== null && <Foreign text={decidedBy.name} />,
    },
    {
      key: 'decidedAt',
      head: say('change.decidedAt'),
      value: ({ decidedAt }) => decidedAt !== null && <Time at={decidedAt} />,
    },
    { key: 'why', head: say('change.why'), kind: 'wrap', value: ({ request }) => <Foreign text={request.why} /> },
  ];
  return (
    <>
      <div className="page-head">
        <h1>{say('page.changes')}</h1>
        <span className="beside">
          <Link
            className="button"
            href={mayPropose ? '/changes/new' : '/changes'}
            aria-disabled={!mayPropose}
            title={mayPropose ? undefined : say('change.onlyProposer')}
          >
            {say('change.new')}
          </Link>
        </span>
      </div>
      <nav className="tabs" aria-label={say('page.changes')}>
        {filters.map((one) => (
          <Link
            key={one}
            href={one === 'all' ? '/changes' : `/changes?state=${one}`}
            aria-current={one === filter ? 'page' : undefined}
          >
            {say(`change.filter.${one}`)}
          </Link>
        ))}
      </nav>
      <FromAnswer answer={answer} what={say('page.changes')} rows={8}>
        {({ changes }) =>
          changes.length === 0 ? (
            <Empty title={say('change.none')}>
              <p>{say('change.noneWhy')}</p>
            </Empty>
          ) : (
            <Table
              caption={say('page.changes')}
              columns={columns}
              rows={changes}
              rowKey={({ changeId }) => String(changeId)}
              opens={({ changeId }) => `/changes/${changeId}`}
            />
          )
        }
      </FromAnswer>
    </>
  );
}

/** What a change is about, in one line. */
export function subjectOf(request: Change['request'], nameOf: (code: string) => string): string {
  if (request.participant !== null) return `${request.participant} ${nameOf(request.participant)}`;
  if (request.cycle !== null) return String(request.cycle);
  return request.user === null ? '' : `${request.user.login} ${request.user.name}`;
}
