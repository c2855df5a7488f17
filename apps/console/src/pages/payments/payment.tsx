/** One payment: what happened, who waited for whom, and can it be proved? */
import type { PaymentDetail } from '@clearway/console-api';
import { type ReactNode, useEffect, useState } from 'react';
import { useAnswer } from '../../api/use-answer.ts';
import { useDesk } from '../../desk.tsx';
import { durationText } from '../../format/time.ts';
import { useNames } from '../../names.tsx';
import { FromAnswer } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { Amount, Foreign, Identifier, Outcome, Time } from '../../parts/texts.tsx';
import { isFinal } from '../../payment-state.ts';
import { Link, useWay } from '../../place/use-place.tsx';
import { wordFor } from '../../words/say.ts';
import { EvidencePanel } from './evidence-panel.tsx';
import { usePaymentColumns } from './payment-columns.tsx';
import { Trace } from './trace.tsx';

const openEveryMs = 2_000;
const settlingEveryMs = 3_000;
const tabs = ['facts', 'json', 'iso'] as const;

export default function PaymentPage({ id }: Readonly<Record<string, string>>) {
  const { say } = useDesk();
  const [everyMs, setEveryMs] = useState(openEveryMs);
  const answer = useAnswer('getPayment', { at: { paymentId: id } }, everyMs);
  const { value } = answer;
  const isOpen = value === undefined || !isFinal(value.payment.state);
  const isDone = value !== undefined && (value.cycle === null || value.cycle.settledAt !== null);
  useEffect(() => setEveryMs(isOpen ? openEveryMs : isDone ? 0 : settlingEveryMs), [isOpen, isDone]);
  return (
    <FromAnswer answer={answer} what={say('payment.one')} rows={14}>
      {(detail) => <Payment detail={detail} />}
    </FromAnswer>
  );
}

function Payment({ detail }: { readonly detail: PaymentDetail }) {
  const { say, login } = useDesk();
  const names = useNames();
  const columns = usePaymentColumns();
  const { payment, refunds, cycle, verdicts } = detail;
  const mayKeepEvidence = login?.person.roles.some((role) => role !== 'supervisor') === true;
  return (
    <div className="stack">
      <div className="page-head">
        <h1 className="row">
          <Outcome state={payment.state} />
          {payment.amount !== null && <Amount money={payment.amount} />}
        </h1>
        <span>
          {wordFor(say, 'kind', payment.kind)}:{' '}
          <Link href={`/participants/${payment.institution}`}>{names.of(payment.institution)}</Link> →{' '}
          <Link href={`/participants/${payment.bank}`}>{names.of(payment.bank)}</Link>
        </span>
        <Time at={payment.submittedAt} exact />
        <Identifier id={payment.paymentId} copy />
      </div>
      {payment.reason !== 'none' && (
        <p className="note">
          {wordFor(say, 'reason', payment.reason)} <code>{payment.reason}</code>
        </p>
      )}
      {detail.workItem !== null && (
        <p className="note p2">
          {say('payment.workItem')}{' '}
          <Link href={`/work?item=${encodeURIComponent(detail.workItem)}`}>{say('payment.openWork')}</Link>
        </p>
      )}
      <section className="panel">
        <h2>{say('payment.trace', { duration: durationText(payment.durationMs) })}</h2>
        <Trace detail={detail} />
      </section>
      <div className="grid-2">
        <section className="panel">
          <h2>{say('payment.settlement')}</h2>
          {cycle === null ? (
            <p>{say(payment.state === 'succeeded' ? 'payment.cycleUnknown' : 'payment.noCycle')}</p>
          ) : (
            <p>
              <Link href={`/cycles/${cycle.cycle}`}>{say('cycle.name', { cycle: cycle.cycle })}</Link>{' '}
              {cycle.businessDate}: {wordFor(say, 'cycleState', cycle.state)}{' '}
              {cycle.settledAt !== null && <Time at={cycle.settledAt} exact />}
            </p>
          )}
          {refunds.refunded !== null && (
            <p>
              {say('payment.refunded')} <Amount money={refunds.refunded} />
            </p>
          )}
        </section>
        <EvidencePanel paymentId={payment.paymentId} verdicts={verdicts} mayKeep={mayKeepEvidence} />
      </div>
      {refunds.payments.length > 0 && (
        <section className="stack">
          <h2>{say('payment.refunds')}</h2>
          <Table
            caption={say('payment.refunds')}
            columns={columns}
            rows={refunds.payments}
            rowKey={({ paymentId }) => paymentId}
            opens={({ paymentId }) => `/payments/${paymentId}`}
          />
        </section>
      )}
      <Views detail={detail} />
    </div>
  );
}

function Views({ detail }: { readonly detail: PaymentDetail }) {
  const { say } = useDesk();
  const { place } = useWay();
  const chosen = tabs.find((tab) => tab === place.query.tab) ?? 'facts';
  return (
    <section className="panel">
      <nav className="tabs" aria-label={say('payment.views')}>
        {tabs.map((tab) => (
          <Link key={tab} href={`${place.path}?tab=${tab}`} aria-current={tab === chosen ? 'page' : undefined}>
            {say(`payment.${tab}`)}
          </Link>
        ))}
      </nav>
      {chosen === 'facts' && <Facts detail={detail} />}
      {chosen === 'json' && (
        <Raw value={detail.messages} empty={say('payment.noBodies')} isEmpty={detail.messages.request === null} />
      )}
      {chosen === 'iso' && <Raw value={detail.iso} empty="" isEmpty={false} />}
    </section>
  );
}

function Raw({
  value,
  empty,
  isEmpty,
}: {
  readonly value: unknown;
  readonly empty: string;
  readonly isEmpty: boolean;
}) {
  if (isEmpty) return <p>{empty}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard
    <pre className="raw" tabIndex={0}>
      <Pretty text={JSON.stringify(value, undefined, 2)} />
    </pre>
  );
}

/** Line by line, so that what turns the direction of one line cannot reach the next. */
function Pretty({ text }: { readonly text: string }) {
  return text.split('\n').map((line, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: lines of a text that does not change
    <span key={index}>
      {/^\s*/.exec(line)?.[0]}
      <bdi>
        <Shown text={line.trimStart()} />
      </bdi>
      {'\n'}
    </span>
  ));
}

function Shown({ text }: { readonly text: string }) {
  return <Foreign text={text} />;
}

function Facts({ detail }: { readonly detail: PaymentDetail }) {
  const { say } = useDesk();
  const { payment, journal, reference } = detail;
  const rows: readonly (readonly [string, ReactNode])[] = [
    [say('payments.id'), <Identifier key="id" id={payment.paymentId} copy />],
    [say('payments.endToEnd'), <Foreign key="end" text={payment.endToEndId} />],
    [say('payments.state'), <Outcome key="state" state={payment.state} />],
    [say('payment.isoStatus'), `${payment.isoStatus}${payment.isoReason === null ? '' : ` ${payment.isoReason}`}`],
    [say('payment.received'), <Time key="received" at={payment.receivedAt} exact />],
    [say('payment.changed'), <Time key="changed" at={payment.changedAt} exact />],
    ...(reference === null
      ? []
      : ([
          [
            say(payment.kind === 'refund' ? 'payment.original' : 'payment.agreement'),
            payment.kind === 'refund' ? (
              <Link key="original" href={`/payments/${reference}`}>
                <Identifier id={reference} />
              </Link>
            ) : (
              <Identifier key="agreement" id={reference} copy />
            ),
          ],
        ] as const)),
    [say('payment.cell'), journal.cell],
    [say('payment.batches'), `${journal.requestSequence}.${journal.requestIndex} … ${journal.lastSequence}`],
    [
      say('payment.hash'),
      <span key="hash" className="hash">
        {journal.hash}
      </span>,
    ],
  ];
  return (
    <dl className="facts">
      {rows.map(([name, value]) => (
        <div key={name} style={{ display: 'contents' }}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
