/** What a change would do: field by field before and after, and what would come of it, as the platform computed it. */
import type { Effect } from '@clearway/console-api';
import { useDesk } from '../../desk.tsx';
import { noData } from '../../format/count.ts';
import { grouped, moneyText, signedMoneyText } from '../../format/money.ts';
import { Mark } from '../../parts/mark.tsx';
import { Foreign } from '../../parts/texts.tsx';
import { en } from '../../words/en.ts';
import { type Key, wordFor } from '../../words/say.ts';

type Difference = Effect['differences'][number];

export function EffectView({ effect }: { readonly effect: Effect }) {
  const { say } = useDesk();
  return (
    <div className="stack">
      <div className="table-frame">
        <table className="diff">
          <caption className="unseen">{say('change.differences')}</caption>
          <thead>
            <tr>
              <th scope="col">{say('change.field')}</th>
              <th scope="col" className="number">
                {say('change.now')}
              </th>
              <th scope="col" className="number">
                {say('change.proposed')}
              </th>
              <th scope="col" className="number">
                {say('change.effect')}
              </th>
            </tr>
          </thead>
          <tbody>
            {effect.differences.map((difference) => (
              <tr key={difference.field}>
                <th scope="row">{wordFor(say, 'field', difference.field)}</th>
                <td className="number now">
                  <Value difference={difference} text={difference.now} />
                </td>
                <td className="number proposed">
                  <Value difference={difference} text={difference.proposed} />
                </td>
                <td className="number">
                  <Value difference={difference} text={difference.effect} signed />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <ul className="stack">
        {effect.consequences.map(({ consequence, facts }) => (
          <li key={consequence} className="row">
            {grave.has(consequence) && <Mark shape="P2" />}
            <Consequence name={consequence} facts={facts} />
          </li>
        ))}
        <li>{say(effect.undo === 'newChange' ? 'change.undoNew' : 'change.undoImpossible')}</li>
      </ul>
    </div>
  );
}

const grave = new Set<string>(['headroomNegative', 'lastKey', 'paymentsRefusedFromNow', 'founding']);

function Value({
  difference: { currency, field },
  text,
  signed = false,
}: {
  readonly difference: Difference;
  readonly text: string | null;
  readonly signed?: boolean;
}) {
  const { say, language } = useDesk();
  if (text === null) return noData;
  if (currency !== null && /^-?\d+(\.\d+)?$/.test(text)) {
    const money = { amount: text, currency };
    return signed ? signedMoneyText(money, language) : moneyText(money, language);
  }
  if (/^\d+$/.test(text)) return grouped(text);
  return <Foreign text={wordFor(say, field === 'status' ? 'status' : 'value', text)} />;
}

function Consequence({
  name,
  facts,
}: {
  readonly name: string;
  readonly facts: Readonly<Record<string, string | number>>;
}) {
  const { say } = useDesk();
  const key = `consequence.${name}`;
  if (!(key in en)) return name;
  return (say as (key: Key, values: Readonly<Record<string, string | number>>) => string)(key as Key, facts);
}
