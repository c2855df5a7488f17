import type { Figures } from '@clearway/console-api';
import { cycleStates } from '@clearway/console-api';
import { useDesk } from '../../desk.tsx';
import { countText } from '../../format/count.ts';
import { digitsOf, shortMoney, thousandths } from '../../format/money.ts';
import { watchText } from '../../format/time.ts';
import { Mark } from '../../parts/mark.tsx';
import { StateStrip } from '../../parts/state-strip.tsx';
import { Link } from '../../place/use-place.tsx';
import { Block } from './wall.tsx';

const mostShown = 3;

/** The cycles that are not settled, the open one first, each with the sum of its positions: zero, or nothing is right. */
export function CycleBlock({ figures }: { readonly figures: Figures }) {
  const { say, language } = useDesk();
  const cycles = [...figures.cycles].reverse().slice(0, mostShown);
  return (
    <Block area="cycle" title={say('wall.cycle')}>
      {cycles.length === 0 && <p className="calm">{say('wall.noCycle')}</p>}
      {cycles.map((cycle) => (
        <div key={cycle.cycle} className="cycle-line">
          <p>
            <Link href={`/cycles/${cycle.cycle}`}>{say('cycle.name', { cycle: cycle.cycle })}</Link>
            {cycle.openedAt !== null && cycle.state === 'open' && (
              <span>
                {' '}
                {say('wall.openFor', { time: watchText(Date.parse(figures.at) - Date.parse(cycle.openedAt)) })}
              </span>
            )}
            <span>
              {' '}
              {countText(cycle.payments)} {say('wall.paymentsUnit')}
            </span>
            {cycle.turnover.map((money) => (
              <span key={money.currency} title={digitsOf(money)}>
                {' '}
                · {money.currency} {shortMoney(money, language)}
              </span>
            ))}
          </p>
          <StateStrip
            states={cycleStates.filter((state) => state !== 'queued' || cycle.state === 'queued')}
            current={cycle.state}
            group="cycleState"
          />
          {cycle.sum.map((money) => {
            const isZero = thousandths(money.amount) === 0n;
            return (
              <p key={money.currency} className="sum" data-zero={isZero}>
                {!isZero && <Mark shape="P1" />}
                {say(isZero ? 'cycle.sumZero' : 'cycle.sumBroken', { currency: money.currency, sum: digitsOf(money) })}
              </p>
            );
          })}
          {cycle.shortfalls.length > 0 && (
            <p className="sum">
              <Mark shape="P1" /> {say('cycle.shortfalls', { count: cycle.shortfalls.length })}
            </p>
          )}
        </div>
      ))}
    </Block>
  );
}
