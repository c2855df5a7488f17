/** Work: what must we do next? One list by deadline of work items, alarms and changes that wait. */
import type { Alarm, Change, WorkItem } from '@clearway/console-api';
import type { ReactNode } from 'react';
import { alarmSentence } from '../../alarm.ts';
import { useAnswer } from '../../api/use-answer.ts';
import { useDesk } from '../../desk.tsx';
import { watchText } from '../../format/time.ts';
import { useNames } from '../../names.tsx';
import { Mark } from '../../parts/mark.tsx';
import { Empty, FromAnswer, ProblemPanel } from '../../parts/states.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Amount, Foreign, Identifier, Time } from '../../parts/texts.tsx';
import { Link, useWay } from '../../place/use-place.tsx';
import { wordFor } from '../../words/say.ts';
import { AlarmActs, ItemActs } from './acts.tsx';

const refreshMs = 3_000;
/** By when somebody acts: now, in half an hour, in this shift. */
const alarmMs = { P1: 0, P2: 30 * 60_000, P3: 8 * 3_600_000 } as const;

interface Row {
  readonly key: string;
  /** ms. */
  readonly due: number;
  readonly isOverdue: boolean;
  readonly endedAt: string | null;
  readonly kind: ReactNode;
  readonly subject: ReactNode;
  readonly amount: ReactNode;
  readonly owner: string | null;
  readonly next: ReactNode;
  readonly acts: ReactNode;
}

export default function WorkPage() {
  const { say } = useDesk();
  const { place } = useWay();
  const isClosed = place.query.state === 'closed';
  const items = useAnswer('getWorkItems', { query: { state: isClosed ? 'closed' : 'open' } }, refreshMs);
  const alarms = useAnswer('getAlarms', {}, refreshMs);
  const changes = useAnswer('getChanges', isClosed ? undefined : { query: { state: 'proposed' } }, refreshMs);
  const rows = useRows(place.query.item);
  const shown = [
    ...(items.value?.workItems ?? []).map((item) => rows.ofItem(item, items.again)),
    ...((isClosed ? alarms.value?.recent : alarms.value?.alarms) ?? []).map((one) => rows.ofAlarm(one, alarms.again)),
    ...(isClosed ? [] : (changes.value?.changes ?? [])).map(rows.ofChange),
  ].sort((a, b) => (isClosed ? b.due - a.due : a.due - b.due));
  return (
    <div className="stack">
      <div className="page-head">
        <h1>{say('page.work')}</h1>
        <span className="hint">{say('work.order')}</span>
      </div>
      <nav className="tabs" aria-label={say('page.work')}>
        {(['open', 'closed'] as const).map((one) => (
          <Link
            key={one}
            href={`/work?state=${one}`}
            aria-current={(one === 'closed') === isClosed ? 'page' : undefined}
          >
            {say(`work.${one}`)}
          </Link>
        ))}
      </nav>
      {[alarms, changes].map(
        ({ value, problem, again }, index) =>
          value === undefined &&
          problem !== undefined && (
            <ProblemPanel
              // biome-ignore lint/suspicious/noArrayIndexKey: always these two
              key={index}
              problem={problem}
              what={say(index === 0 ? 'wall.alarms' : 'page.changes')}
              again={again}
            />
          ),
      )}
      <FromAnswer answer={items} what={say('page.work')} rows={6}>
        {() =>
          shown.length === 0 ? (
            <Empty title={say(isClosed ? 'work.noneClosed' : 'work.none')}>
              <p>{say('work.noneWhy')}</p>
            </Empty>
          ) : (
            <Inbox rows={shown} />
          )
        }
      </FromAnswer>
    </div>
  );
}

function Inbox({ rows }: { readonly rows: readonly Row[] }) {
  const { say, ports } = useDesk();
  const columns: readonly Column<Row>[] = [
    {
      key: 'due',
      head: say('work.due'),
      value: ({ due, isOverdue, endedAt }) =>
        endedAt !== null ? (
          <Time at={endedAt} />
        ) : isOverdue ? (
          <span className="overdue">{say('work.overdue', { time: watchText(ports.now() - due) })}</span>
        ) : (
          say('work.left', { time: watchText(due - ports.now()) })
        ),
    },
    { key: 'kind', head: say('work.kind'), value: ({ kind }) => kind },
    { key: 'subject', head: say('work.subject'), kind: 'wrap', value: ({ subject }) => subject },
    { key: 'amount', head: say('payments.amount'), kind: 'number', value: ({ amount }) => amount },
    {
      key: 'owner',
      head: say('work.owner'),
      value: ({ owner }) =>
        owner === null ? <span className="hint">{say('alarm.noOwner')}</span> : <Foreign text={owner} />,
    },
    { key: 'next', head: say('work.next'), kind: 'wrap', value: ({ next }) => next },
    { key: 'act', head: say('work.act'), value: ({ acts }) => acts },
  ];
  return <Table caption={say('page.work')} columns={columns} rows={rows} rowKey={({ key }) => key} />;
}

/** How each kind of work stands in the list. */
function useRows(chosen: string | undefined) {
  const { say, ports } = useDesk();
  const names = useNames();
  const now = ports.now();
  return {
    ofItem(item: WorkItem, again: () => void): Row {
      const { workItemId, kind, participant, amount, resolution, notes } = item;
      return {
        key: workItemId,
        due: Date.parse(item.closedAt ?? item.dueAt),
        isOverdue: item.overdue,
        endedAt: item.closedAt,
        kind: (
          <span id={workItemId}>
            {workItemId === chosen && <strong>› </strong>}
            {item.overdue && <Mark shape="P1" />} {wordFor(say, 'workKind', kind)}
          </span>
        ),
        subject: (
          <>
            <Subject item={item} />{' '}
            {participant !== null && <Link href={`/participants/${participant}`}>{names.of(participant)}</Link>}
          </>
        ),
        amount: amount !== null && <Amount money={amount} />,
        owner: item.owner?.name ?? null,
        next: (
          <>
            {resolution === null ? wordFor(say, 'workNext', kind) : wordFor(say, 'state', resolution)}
            {notes.map(({ at, by, text }) => (
              <div key={at} className="hint">
                <Foreign text={`${by}: ${text}`} />
              </div>
            ))}
          </>
        ),
        acts: <ItemActs item={item} again={again} />,
      };
    },

    ofAlarm(alarm: Alarm, again: () => void): Row {
      const { alarmId, priority, state, since, endedAt, owner, note, shelvedUntil, shelving } = alarm;
      const due =
        Date.parse(endedAt ?? shelvedUntil ?? since) + (endedAt === null && !shelvedUntil ? alarmMs[priority] : 0);
      return {
        key: `${alarmId} ${since}`,
        due,
        isOverdue: endedAt === null && state === 'new' && due < now,
        endedAt,
        kind: (
          <>
            <Mark shape={priority} /> {priority} {wordFor(say, 'alarmState', state)}
          </>
        ),
        subject: <Link href={alarm.act}>{alarmSentence(say, names, alarm)}</Link>,
        amount: null,
        owner,
        next: (
          <>
            {endedAt === null && wordFor(say, 'alarmNext', alarm.kind)}
            {note !== null && (
              <div className="hint">
                <Foreign text={note} />
              </div>
            )}
            {shelving !== null && (
              <div className="hint">
                {say('alarm.shelvingAsked', { name: shelving.name, minutes: shelving.minutes })}{' '}
                <Foreign text={shelving.reason} />
              </div>
            )}
          </>
        ),
        acts: <AlarmActs alarm={alarm} again={again} />,
      };
    },

    ofChange({ changeId, kind, proposedBy, expiresAt, request, yours }: Change): Row {
      const subject =
        request.participant ?? request.user?.login ?? (request.cycle === null ? '' : String(request.cycle));
      return {
        key: `change ${changeId}`,
        due: Date.parse(expiresAt),
        isOverdue: false,
        endedAt: null,
        kind: say('work.approval'),
        subject: (
          <Link href={`/changes/${changeId}`}>
            {say('change.title', { number: changeId, kind: wordFor(say, 'changeKind', kind) })}{' '}
            <Foreign text={names.of(subject)} />
          </Link>
        ),
        amount: request.cap !== null && <Amount money={request.cap} />,
        owner: proposedBy.name,
        next: say(yours.mayDecide ? 'work.decide' : 'work.waitsForAnother'),
        acts: (
          <Link className="button" href={`/changes/${changeId}`}>
            {say('work.openChange')}
          </Link>
        ),
      };
    },
  };
}

function Subject({ item: { kind, subject } }: { readonly item: WorkItem }) {
  const { say } = useDesk();
  if (kind === 'shortfall') return <Link href={`/cycles/${subject}`}>{say('cycle.name', { cycle: subject })}</Link>;
  return (
    <Link href={`/payments/${subject}`}>
      <Identifier id={subject} />
    </Link>
  );
}
