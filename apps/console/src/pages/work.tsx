/** Work: what must we do next? Work items by deadline, and the alarms beside them. */
import type { Alarm, WorkItem } from '@clearway/console-api';
import { alarmSentence } from '../alarm.ts';
import { useAnswer } from '../api/use-answer.ts';
import { useDesk } from '../desk.tsx';
import { watchText } from '../format/time.ts';
import { useNames } from '../names.tsx';
import { Act, textOf } from '../parts/act.tsx';
import { Field } from '../parts/form.tsx';
import { Mark } from '../parts/mark.tsx';
import { Empty, FromAnswer } from '../parts/states.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { Amount, Foreign, Identifier, Time } from '../parts/texts.tsx';
import { Link, useWay } from '../place/use-place.tsx';
import { wordFor } from '../words/say.ts';

const refreshMs = 3_000;

export default function WorkPage() {
  const { say } = useDesk();
  const { place } = useWay();
  const state = place.query.state === 'closed' ? 'closed' : 'open';
  const answer = useAnswer('getWorkItems', { query: { state } }, refreshMs);
  return (
    <div className="stack">
      <div className="page-head">
        <h1>{say('page.work')}</h1>
      </div>
      <nav className="tabs" aria-label={say('page.work')}>
        {(['open', 'closed'] as const).map((one) => (
          <Link key={one} href={`/work?state=${one}`} aria-current={one === state ? 'page' : undefined}>
            {say(`work.${one}`)}
          </Link>
        ))}
      </nav>
      <FromAnswer answer={answer} what={say('page.work')} rows={6}>
        {({ workItems }) =>
          workItems.length === 0 ? (
            <Empty title={say(state === 'open' ? 'work.none' : 'work.noneClosed')}>
              <p>{say('work.noneWhy')}</p>
            </Empty>
          ) : (
            <Items items={workItems} chosen={place.query.item} again={answer.again} />
          )
        }
      </FromAnswer>
      <Alarms />
    </div>
  );
}

interface ItemsProps {
  readonly items: readonly WorkItem[];
  readonly chosen: string | undefined;
  readonly again: () => void;
}

function Items({ items, chosen, again }: ItemsProps) {
  const { say, ports } = useDesk();
  const names = useNames();
  const sorted = [...items].sort((a, b) => Date.parse(a.dueAt) - Date.parse(b.dueAt));
  const columns: readonly Column<WorkItem>[] = [
    {
      key: 'due',
      head: say('work.due'),
      value: ({ dueAt, overdue, closedAt }) =>
        closedAt !== null ? (
          <Time at={closedAt} />
        ) : overdue ? (
          <span className="overdue">
            <Mark shape="P1" /> {say('work.overdue', { time: watchText(ports.now() - Date.parse(dueAt)) })}
          </span>
        ) : (
          say('work.left', { time: watchText(Date.parse(dueAt) - ports.now()) })
        ),
    },
    {
      key: 'kind',
      head: say('work.kind'),
      value: ({ kind, workItemId }) => (
        <span id={workItemId}>
          {workItemId === chosen && <strong>› </strong>}
          {wordFor(say, 'workKind', kind)}
        </span>
      ),
    },
    { key: 'subject', head: say('work.subject'), value: (item) => <Subject item={item} /> },
    {
      key: 'participant',
      head: say('participant.one'),
      value: ({ participant }) =>
        participant === null ? '' : <Link href={`/participants/${participant}`}>{names.of(participant)}</Link>,
    },
    {
      key: 'amount',
      head: say('payments.amount'),
      kind: 'number',
      value: ({ amount }) => amount !== null && <Amount money={amount} />,
    },
    {
      key: 'owner',
      head: say('work.owner'),
      value: ({ owner }) =>
        owner === null ? <span className="hint">{say('alarm.noOwner')}</span> : <Foreign text={owner.name} />,
    },
    {
      key: 'next',
      head: say('work.next'),
      kind: 'wrap',
      value: ({ kind, resolution, notes }) => (
        <>
          {resolution === null ? wordFor(say, 'workNext', kind) : wordFor(say, 'state', resolution)}
          {notes.map(({ at, by, text }) => (
            <div key={at} className="hint">
              <Foreign text={`${by}: ${text}`} />
            </div>
          ))}
        </>
      ),
    },
    { key: 'act', head: say('work.act'), value: (item) => <ItemActs item={item} again={again} /> },
  ];
  return <Table caption={say('page.work')} columns={columns} rows={sorted} rowKey={({ workItemId }) => workItemId} />;
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

function ItemActs({ item, again }: { readonly item: WorkItem; readonly again: () => void }) {
  const { say, api, login } = useDesk();
  const mayAct =
    login?.person.roles.some((role) => role === 'operator' || role === 'proposer' || role === 'approver') === true;
  if (item.closedAt !== null) return null;
  const whyNot = mayAct ? undefined : say('problem.whoGrants');
  const at = { workItemId: item.workItemId };
  if (item.owner === null) {
    return (
      <Act label={say('work.take')} whyNot={whyNot} onSubmit={() => api.ask('takeWorkItem', { at }).then(again)}>
        <p>{say('work.takeWhy')}</p>
      </Act>
    );
  }
  if (item.owner.login !== login?.person.login) return null;
  return (
    <div className="row">
      <Act
        label={say('work.handOver')}
        onSubmit={(fields) =>
          api
            .ask('handOverWorkItem', { at, body: { to: textOf(fields, 'to'), note: textOf(fields, 'note') } })
            .then(again)
        }
      >
        <Field label={say('work.to')}>
          <input name="to" required maxLength={64} autoCapitalize="none" />
        </Field>
        <Field label={say('work.note')}>
          <textarea name="note" required minLength={3} maxLength={500} />
        </Field>
      </Act>
      <Act
        label={say('work.close')}
        whyNot={item.closable ? undefined : say('work.endsItself')}
        onSubmit={(fields) => api.ask('closeWorkItem', { at, body: { reason: textOf(fields, 'reason') } }).then(again)}
      >
        <Field label={say('work.reason')}>
          <textarea name="reason" required minLength={3} maxLength={500} />
        </Field>
      </Act>
    </div>
  );
}

function Alarms() {
  const { say } = useDesk();
  const answer = useAnswer('getAlarms', {}, refreshMs);
  return (
    <section className="stack">
      <h2>{say('wall.alarms')}</h2>
      <FromAnswer answer={answer} what={say('wall.alarms')} rows={4}>
        {({ alarms, recent }) => (
          <>
            {alarms.length === 0 ? (
              <p className="panel">{say('wall.noAlarms')}</p>
            ) : (
              <AlarmTable alarms={alarms} again={answer.again} />
            )}
            {recent.length > 0 && (
              <>
                <h2>{say('alarm.recent')}</h2>
                <AlarmTable alarms={recent} again={answer.again} />
              </>
            )}
          </>
        )}
      </FromAnswer>
    </section>
  );
}

function AlarmTable({ alarms, again }: { readonly alarms: readonly Alarm[]; readonly again: () => void }) {
  const { say } = useDesk();
  const names = useNames();
  const columns: readonly Column<Alarm>[] = [
    {
      key: 'priority',
      head: say('alarm.priority'),
      value: ({ priority }) => (
        <>
          <Mark shape={priority} /> {priority}
        </>
      ),
    },
    {
      key: 'cause',
      head: say('alarm.cause'),
      kind: 'wrap',
      value: (alarm) => <Link href={alarm.act}>{alarmSentence(say, names, alarm)}</Link>,
    },
    { key: 'since', head: say('alarm.since'), value: ({ since }) => <Time at={since} /> },
    { key: 'state', head: say('payments.state'), value: ({ state }) => wordFor(say, 'alarmState', state) },
    {
      key: 'owner',
      head: say('work.owner'),
      value: ({ owner, note }) => (
        <>
          {owner === null ? <span className="hint">{say('alarm.noOwner')}</span> : <Foreign text={owner} />}
          {note !== null && <Foreign text={note} />}
        </>
      ),
    },
    {
      key: 'until',
      head: say('alarm.until'),
      value: ({ shelvedUntil, endedAt }) =>
        endedAt !== null ? <Time at={endedAt} /> : shelvedUntil !== null ? <Time at={shelvedUntil} /> : '',
    },
    { key: 'act', head: say('work.act'), value: (alarm) => <AlarmActs alarm={alarm} again={again} /> },
  ];
  return (
    <Table
      caption={say('wall.alarms')}
      columns={columns}
      rows={alarms}
      rowKey={({ alarmId, since }) => `${alarmId} ${since}`}
    />
  );
}

function AlarmActs({ alarm, again }: { readonly alarm: Alarm; readonly again: () => void }) {
  const { say, api, login } = useDesk();
  const mayAct =
    login?.person.roles.some((role) => role === 'operator' || role === 'proposer' || role === 'approver') === true;
  const whyNot = mayAct ? undefined : say('problem.whoGrants');
  const at = { alarmId: alarm.alarmId };
  if (alarm.endedAt !== null) return null;
  if (alarm.state === 'shelved') {
    return (
      <Act label={say('alarm.unshelve')} whyNot={whyNot} onSubmit={() => api.ask('unshelveAlarm', { at }).then(again)}>
        <p>{say('alarm.unshelveWhy')}</p>
      </Act>
    );
  }
  const longest = alarm.priority === 'P1' ? 60 : 480;
  return (
    <div className="row">
      {alarm.state === 'new' && (
        <Act
          label={say('alarm.acknowledge')}
          whyNot={whyNot}
          onSubmit={() => api.ask('acknowledgeAlarm', { at }).then(again)}
        >
          <p>{say('alarm.acknowledgeWhy')}</p>
        </Act>
      )}
      <Act
        label={say('alarm.shelve')}
        whyNot={whyNot}
        onSubmit={(fields) =>
          api
            .ask('shelveAlarm', {
              at,
              body: { reason: textOf(fields, 'reason'), minutes: Number(textOf(fields, 'minutes')) },
            })
            .then(again)
        }
      >
        <Field label={say('work.reason')}>
          <textarea name="reason" required minLength={3} maxLength={500} />
        </Field>
        <Field label={say('alarm.minutes', { longest })}>
          <input name="minutes" type="number" min={5} max={longest} defaultValue={30} required />
        </Field>
      </Act>
    </div>
  );
}
