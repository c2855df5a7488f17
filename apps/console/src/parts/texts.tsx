/** Small texts that are the same everywhere: money, times, identifiers, what others wrote. */
import type { Money, PaymentState } from '@clearway/console-api';
import { useEffect, useState } from 'react';
import { useDesk } from '../desk.tsx';
import { visibleText } from '../format/foreign.ts';
import { identifierParts } from '../format/identifier.ts';
import { moneyText, shortMoney } from '../format/money.ts';
import { clockText, dateText, timeText } from '../format/time.ts';
import { wordFor } from '../words/say.ts';
import { Mark } from './mark.tsx';

/** Text that others chose: it cannot turn the direction of ours, hide, or fill the page. */
export function Foreign({ text }: { readonly text: string }) {
  return <bdi className="foreign">{visibleText(text)}</bdi>;
}

export function Amount({ money, short = false }: { readonly money: Money; readonly short?: boolean }) {
  const { language } = useDesk();
  const exact = moneyText(money, language);
  return short ? <span title={exact}>{shortMoney(money, language)}</span> : <span>{exact}</span>;
}

/** The time of day, and the day where it is not the platform's today; all of it in the title. */
export function Time({ at, exact = false }: { readonly at: string; readonly exact?: boolean }) {
  const { zone, ports } = useDesk();
  const ms = Date.parse(at);
  const day = dateText(ms, zone);
  const isToday = day === dateText(ports.now(), zone);
  return (
    <time dateTime={at} title={timeText(ms, zone)}>
      {exact ? timeText(ms, zone) : `${isToday ? '' : `${day.slice(5)} `}${clockText(ms, zone, true)}`}
    </time>
  );
}

export function Identifier({ id, copy = false }: { readonly id: string; readonly copy?: boolean }) {
  return (
    <span className="identifier">
      {identifierParts(id).map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one identifier never move
        <span key={index}>{part}</span>
      ))}
      {copy && <Copy text={id} />}
    </span>
  );
}

const thanksMs = 1500;

/** Copies exactly the text, without what style puts between its parts. */
export function Copy({ text }: { readonly text: string }) {
  const { say, ports } = useDesk();
  const [done, setDone] = useState(false);
  useEffect(() => (done ? ports.after(thanksMs, () => setDone(false)) : undefined), [done, ports]);
  const copy = () => void navigator.clipboard.writeText(text).then(() => setDone(true));
  return (
    <button
      type="button"
      className="copy"
      data-copy
      onClick={copy}
      aria-label={`${say('act.copy')} ${text.slice(0, 64)}`}
    >
      <svg
        width="14"
        height="14"
        viewBox="0 0 16 16"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        aria-hidden="true"
      >
        {done ? <path d="m3 8 4 4 6-8" /> : <path d="M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z" />}
      </svg>
      <span className="unseen" role="status">
        {done ? say('act.copied') : ''}
      </span>
    </button>
  );
}

export function Outcome({ state }: { readonly state: PaymentState }) {
  const { say } = useDesk();
  return (
    <span className="outcome">
      <Mark shape={state} />
      {wordFor(say, 'state', state)}
    </span>
  );
}
