import type { PaymentRow } from '@clearway/console-api';
import type { ReactNode } from 'react';
import { useDesk } from '../../desk.tsx';
import { digitsOf } from '../../format/money.ts';
import { durationText } from '../../format/time.ts';
import { type Names, useNames } from '../../names.tsx';
import type { Column } from '../../parts/table.tsx';
import { Foreign, Identifier, Outcome, Time } from '../../parts/texts.tsx';
import { Link } from '../../place/use-place.tsx';
import { wordFor } from '../../words/say.ts';

/** What a click on a value looks for. */
export type Narrow = (field: string, value: string) => void;

/**
 * The columns of payments, wherever payments are listed.
 * @param longestMs of those in the list: their bars are drawn on one scale, and none without it
 */
export function usePaymentColumns(narrow?: Narrow, longestMs = 0): readonly Column<PaymentRow>[] {
  const { say } = useDesk();
  const names = useNames();
  const pick = (field: string, value: string, shown: ReactNode) =>
    narrow === undefined ? (
      shown
    ) : (
      <button
        type="button"
        className="cell-filter"
        title={say('payments.only', { value })}
        onClick={() => narrow(field, value)}
      >
        {shown}
      </button>
    );
  return [
    { key: 'time', head: say('payments.time'), value: (row) => <Time at={row.submittedAt} /> },
    {
      key: 'id',
      head: say('payments.id'),
      value: (row) => (
        <Link className="whole" href={`/payments/${row.paymentId}`}>
          <Identifier id={row.paymentId} />
        </Link>
      ),
    },
    {
      key: 'state',
      head: say('payments.state'),
      kind: 'elastic',
      value: (row) => (
        <>
          {pick('state', row.state, <Outcome state={row.state} />)}
          {row.reason !== 'none' && (
            <span className="hint"> {pick('reason', row.reason, wordFor(say, 'reason', row.reason))}</span>
          )}
        </>
      ),
    },
    {
      key: 'amount',
      head: say('payments.amount'),
      kind: 'number',
      value: (row) => (row.amount === null ? '--' : `${row.amount.currency} ${digitsOf(row.amount)}`),
    },
    { key: 'kind', head: say('payments.kind'), value: (row) => pick('kind', row.kind, wordFor(say, 'kind', row.kind)) },
    {
      key: 'institution',
      head: say('payments.institution'),
      value: (row) => pick('institution', row.institution, named(names, row.institution)),
    },
    { key: 'bank', head: say('payments.bank'), value: (row) => pick('bank', row.bank, named(names, row.bank)) },
    {
      key: 'duration',
      head: say('payments.duration'),
      kind: 'number',
      value: ({ durationMs }) => (
        <span className="took">
          {longestMs > 0 && <Took share={durationMs / longestMs} />}
          {durationText(durationMs)}
        </span>
      ),
    },
    {
      key: 'cycle',
      head: say('payments.cycle'),
      kind: 'number',
      isWide: true,
      value: (row) => (row.cycle === 0 ? '' : <Link href={`/cycles/${row.cycle}`}>{row.cycle}</Link>),
    },
    { key: 'end', head: say('payments.endToEnd'), isWide: true, value: (row) => <Foreign text={row.endToEndId} /> },
  ];
}

/** From the right, beside its figure. */
function Took({ share }: { readonly share: number }) {
  const length = Math.max(1, Math.round(share * 40));
  return (
    <svg viewBox="0 0 40 8" aria-hidden="true">
      <rect x={40 - length} width={length} height="8" />
    </svg>
  );
}

function named(names: Names, code: string) {
  return (
    <span title={code}>
      <Foreign text={names.of(code)} />
    </span>
  );
}
