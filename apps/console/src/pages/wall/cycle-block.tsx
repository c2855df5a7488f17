import type { Figures } from '@clearway/console-api';
import { cycleStates } from '@clearway/console-api';
import { SideBar } from '../../chart/bars.tsx';
import { useSize } from '../../chart/use-size.ts';
import { useDesk } from '../../desk.tsx';
import { countText } from '../../format/count.ts';
import { digitsOf, moneyText, shortMoney, thousandths } from '../../format/money.ts';
import { clockText, watchText } from '../../format/time.ts';
import { Mark } from '../../parts/mark.tsx';
import { StateStrip } from '../../parts/state-strip.tsx';
import { Link } from '../../place/use-place.tsx';
import { Block } from './wall.tsx';

const mostShown = 3;
/** WCAG 2.2 asks for 24 px where one can touch. */
const leastRowPx = 24;
const rowLines = 1.35;

/** The cycles that are not settled, the open one first, each with the sum of its positions: zero, or nothing is right. */
export function CycleBlock({ figures, letter }: { readonly figures: Figures; readonly letter: number }) {
  const { say, language, zone } = useDesk();
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
          </p>
          <p>
            {countText(cycle.payments)} {say('wall.paymentsUnit')}
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
                {say(isZero ? 'wall.sumZero' : 'cycle.sumBroken', {
                  currency: money.currency,
                  sum: digitsOf(money),
                  at: clockText(Date.parse(figures.at), zone),
                })}
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
      {cycles.length === 1 && <Owes positions={cycles[0].positions} letter={letter} />}
    </Block>
  );
}

interface OwesProps {
  readonly positions: Figures['cycles'][number]['positions'];
  readonly letter: number;
}

/** The largest positions of the open cycle, in the room that is left: owes to the left, is owed to the right. */
function Owes({ positions, letter }: OwesProps) {
  const { language } = useDesk();
  const [list, { height }] = useSize<HTMLUListElement>();
  const shown = Math.floor(height / Math.max(leastRowPx, letter * rowLines));
  const size = ({ net }: OwesProps['positions'][number]) => {
    const amount = thousandths(net.amount);
    return amount < 0n ? -amount : amount;
  };
  // Money of different currencies cannot be compared: the first is drawn.
  const own = positions.filter(({ net }) => net.currency === positions[0].net.currency);
  const sorted = [...own].sort((a, b) => (size(a) > size(b) ? -1 : size(a) < size(b) ? 1 : 0));
  const largest = sorted.length === 0 ? 0n : size(sorted[0]);
  return (
    <ul className="owes-list" ref={list}>
      {sorted.slice(0, shown).map(({ participant, name, net }) => (
        <li key={participant}>
          <Link href={`/participants/${participant}`}>{name}</Link>
          <SideBar value={net} largest={largest} summary={moneyText(net, language)} />
          <span className="number" title={moneyText(net, language)}>
            {shortMoney(net, language)}
          </span>
        </li>
      ))}
    </ul>
  );
}
