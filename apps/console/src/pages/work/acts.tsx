/** What a person can do about a work item or an alarm. */
import type { Alarm, WorkItem } from '@clearway/console-api';
import { useDesk } from '../../desk.tsx';
import { Act, textOf } from '../../parts/act.tsx';
import { Field } from '../../parts/form.tsx';
import { Foreign } from '../../parts/texts.tsx';

export function ItemActs({ item, again }: { readonly item: WorkItem; readonly again: () => void }) {
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

export function AlarmActs({ alarm, again }: { readonly alarm: Alarm; readonly again: () => void }) {
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
  const { shelving } = alarm;
  return (
    <div className="row">
      {shelving !== null && shelving.login !== login?.person.login && (
        <Act
          label={say('alarm.approveShelving')}
          strong
          whyNot={whyNot}
          onSubmit={() => api.ask('approveShelving', { at }).then(again)}
        >
          <p>{say('alarm.shelvingAsked', { name: shelving.name, minutes: shelving.minutes })}</p>
          <p>
            <Foreign text={shelving.reason} />
          </p>
        </Act>
      )}
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
        {alarm.priority === 'P1' && <p>{say('alarm.shelvedByTwo')}</p>}
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
