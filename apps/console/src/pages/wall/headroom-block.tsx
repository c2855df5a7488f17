import type { Figures } from '@clearway/console-api';
import { Bullet } from '../../chart/bars.tsx';
import { useDesk } from '../../desk.tsx';
import { moneyText, shareOf, shortMoney, thousandths } from '../../format/money.ts';
import { Link } from '../../place/use-place.tsx';
import { Block } from './wall.tsx';

const mostShown = 9;

/** Who is nearest to a limit: a bank's cap, an institution's float. */
export function HeadroomBlock({ figures }: { readonly figures: Figures }) {
  const { say, language } = useDesk();
  return (
    <Block area="headroom" title={say('wall.headroom')}>
      {figures.headroom.length === 0 && <p className="calm">{say('wall.noHeadroom')}</p>}
      <ul className="headroom-list">
        {figures.headroom.slice(0, mostShown).map(({ participant, name, limit, outstanding, reserved, headroom }) => {
          const whole = thousandths(limit.amount);
          return (
            <li key={`${participant} ${limit.currency}`}>
              <Link href={`/participants/${participant}`}>{name}</Link>
              <Bullet
                taken={shareOf(thousandths(outstanding.amount), whole)}
                reserved={shareOf(thousandths(reserved.amount), whole)}
                summary={say('headroom.summary', {
                  headroom: moneyText(headroom, language),
                  limit: moneyText(limit, language),
                })}
              />
              <span className="number" title={moneyText(headroom, language)}>
                {shortMoney(headroom, language)}
              </span>
            </li>
          );
        })}
      </ul>
    </Block>
  );
}
