import type { Figures } from '@clearway/console-api';
import { Bullet } from '../../chart/bars.tsx';
import { useSize } from '../../chart/use-size.ts';
import { useDesk } from '../../desk.tsx';
import { moneyText, shareOf, shortMoney, thousandths } from '../../format/money.ts';
import { Link } from '../../place/use-place.tsx';
import { Block } from './wall.tsx';

/** As many as can be read and touched: WCAG 2.2 asks for 24 px. */
const leastRowPx = 24;
const lines = 1.35;

/** Who is nearest to a limit: a bank's cap, an institution's float. */
export function HeadroomBlock({ figures, letter }: { readonly figures: Figures; readonly letter: number }) {
  const { say, language } = useDesk();
  const [list, { height }] = useSize<HTMLUListElement>();
  const shown = Math.floor(height / Math.max(leastRowPx, letter * lines));
  return (
    <Block area="headroom" title={say('wall.headroom')}>
      {figures.headroom.length === 0 && <p className="calm">{say('wall.noHeadroom')}</p>}
      <ul className="headroom-list" ref={list}>
        {figures.headroom.slice(0, shown).map(({ participant, name, limit, outstanding, reserved, headroom }) => {
          const whole = thousandths(limit.amount);
          return (
            <li key={`${participant} ${limit.currency}`}>
              <Link href={`/participants/${participant}`}>{name}</Link>
              <Bullet
                taken={shareOf(-thousandths(outstanding.amount), whole)}
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
