/** What has happened with a participant, and how far it has come. */
import type { Alarm, ParticipantDetail } from '@clearway/console-api';
import { alarmSentence } from '../../alarm.ts';
import { useDesk } from '../../desk.tsx';
import { durationText } from '../../format/time.ts';
import { useNames } from '../../names.tsx';
import { Mark } from '../../parts/mark.tsx';
import { Table } from '../../parts/table.tsx';
import { Foreign, Time } from '../../parts/texts.tsx';
import { Link } from '../../place/use-place.tsx';
import { wordFor } from '../../words/say.ts';

export function Incidents({ incidents }: { readonly incidents: readonly Alarm[] }) {
  const { say, ports } = useDesk();
  const names = useNames();
  return (
    <section className="panel">
      <h2>{say('participant.incidents')}</h2>
      {incidents.length === 0 ? (
        <p className="hint">{say('participant.noIncidents')}</p>
      ) : (
        <Table<Alarm>
          caption={say('participant.incidents')}
          columns={[
            {
              key: 'priority',
              head: say('alarm.priority'),
              value: ({ priority, endedAt }) => (
                <>
                  {endedAt === null && <Mark shape={priority} />} {priority}
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
            {
              key: 'took',
              head: say('payments.duration'),
              kind: 'number',
              value: ({ since, endedAt }) =>
                durationText((endedAt === null ? ports.now() : Date.parse(endedAt)) - Date.parse(since)),
            },
            {
              key: 'state',
              head: say('payments.state'),
              value: ({ state, note }) => (
                <>
                  {wordFor(say, 'alarmState', state)} {note !== null && <Foreign text={note} />}
                </>
              ),
            },
          ]}
          rows={incidents}
          rowKey={({ alarmId, since }) => `${alarmId} ${since}`}
        />
      )}
    </section>
  );
}

/** Told from what is so now: nobody ticks anything off. */
export function Onboarding({ steps }: { readonly steps: ParticipantDetail['onboarding'] }) {
  const { say } = useDesk();
  const done = steps.filter(({ isDone }) => isDone).length;
  return (
    <section className="panel">
      <h2>
        {say('participant.onboarding')} <span className="hint">{`${done}/${steps.length}`}</span>
      </h2>
      <ol className="steps">
        {steps.map(({ step, isDone }) => (
          <li key={step} data-done={isDone}>
            <svg className="mark" viewBox="0 0 16 16" aria-hidden="true" fill="none" stroke="currentColor">
              <rect x="1.5" y="1.5" width="13" height="13" strokeWidth="1.2" />
              {isDone && <path d="m4 8 3 3 5-6" strokeWidth="1.8" />}
            </svg>
            {wordFor(say, 'step', step)}
            <span className="unseen">{say(isDone ? 'participant.stepDone' : 'participant.stepOpen')}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
