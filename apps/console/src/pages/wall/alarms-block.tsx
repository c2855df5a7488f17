import type { Figures } from '@clearway/console-api';
import { alarmSentence } from '../../alarm.ts';
import { useDesk } from '../../desk.tsx';
import { watchText } from '../../format/time.ts';
import { useNames } from '../../names.tsx';
import { Mark } from '../../parts/mark.tsx';
import { Link } from '../../place/use-place.tsx';
import { Block } from './wall.tsx';

export function AlarmsBlock({ figures }: { readonly figures: Figures }) {
  const { say } = useDesk();
  const names = useNames();
  const { alarms, alarmCounts } = figures;
  const total = alarmCounts.P1 + alarmCounts.P2 + alarmCounts.P3;
  return (
    <Block
      area="alarms"
      title={
        <>
          {say('wall.alarms')} {total > 1 && <Link href="/work">{total}</Link>}
        </>
      }
    >
      {alarms.length === 0 && <p className="calm">{say('wall.noAlarms')}</p>}
      <ul className="alarm-list">
        {alarms.map((alarm) => (
          <li key={alarm.alarmId} data-priority={alarm.priority} data-new={alarm.state === 'new'}>
            <Mark shape={alarm.priority} />
            <Link href={alarm.act} className={alarm.priority === 'P1' ? 'whole' : 'one-line'}>
              {alarmSentence(say, names, alarm)}
            </Link>
            <span className="since">{watchText(Date.parse(figures.at) - Date.parse(alarm.since))}</span>
            <span className="owner">{alarm.owner ?? say('alarm.noOwner')}</span>
          </li>
        ))}
      </ul>
    </Block>
  );
}
