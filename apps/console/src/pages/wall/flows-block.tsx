import type { Figures } from '@clearway/console-api';
import { Bands } from '../../chart/bands.tsx';
import { useDesk } from '../../desk.tsx';
import { shortMoney } from '../../format/money.ts';
import { useNames } from '../../names.tsx';
import { Block } from './wall.tsx';

export function FlowsBlock({ figures, letter }: { readonly figures: Figures; readonly letter: number }) {
  const { say, language } = useDesk();
  const names = useNames();
  // Money of different currencies cannot be added: the scheme's first is drawn.
  const currency = figures.flows[0]?.amount.currency ?? '';
  const flows = figures.flows.filter(({ amount }) => amount.currency === currency);
  const largest = flows[0];
  return (
    <Block area="flows" title={`${say('wall.flows')} ${currency}`}>
      {largest === undefined ? (
        <p className="calm">{say('wall.noFlows')}</p>
      ) : (
        <Bands
          flows={flows}
          nameOf={names.of}
          format={(amount) => shortMoney({ amount, currency }, language)}
          others={say('wall.others')}
          letter={letter}
          summary={say('wall.flowsSummary', {
            pairs: flows.length,
            institution: names.of(largest.institution),
            bank: names.of(largest.bank),
          })}
        />
      )}
    </Block>
  );
}
