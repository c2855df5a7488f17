/** One participant: healthy, and whose fault if not? */
import type { Health, ParticipantDetail } from '@clearway/console-api';
import { useAnswer } from '../../api/use-answer.ts';
import { Bullet } from '../../chart/bars.tsx';
import { LineChart } from '../../chart/line-chart.tsx';
import { useDesk } from '../../desk.tsx';
import { countText, noData, shareText } from '../../format/count.ts';
import { digitsOf, moneyText, shareOf, signedDigits, thousandths } from '../../format/money.ts';
import { durationText } from '../../format/time.ts';
import { Mark } from '../../parts/mark.tsx';
import { FromAnswer } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { Amount, Copy, Foreign, Time } from '../../parts/texts.tsx';
import { Link } from '../../place/use-place.tsx';
import { wordFor } from '../../words/say.ts';
import { usePaymentColumns } from '../payments/payment-columns.tsx';
import { Incidents, Onboarding } from './incidents.tsx';
import { KeysPanel } from './keys-panel.tsx';

const refreshMs = 5_000;
const leastMinutes = 15;

export default function ParticipantPage({ code }: Readonly<Record<string, string>>) {
  const { say } = useDesk();
  const answer = useAnswer('getParticipant', { at: { code } }, refreshMs);
  return (
    <FromAnswer answer={answer} what={say('participant.one')} rows={14}>
      {(detail) => <Participant detail={detail} />}
    </FromAnswer>
  );
}

function Participant({ detail }: { readonly detail: ParticipantDetail }) {
  const { say, login } = useDesk();
  const { participant } = detail;
  const mayPropose = login?.person.roles.includes('proposer') === true;
  return (
    <div className="stack">
      <div className="page-head">
        <h1>
          <Foreign text={participant.name} />
        </h1>
        <span className="mono">
          {participant.code} <Copy text={participant.code} />
        </span>
        <span>{wordFor(say, 'participantRole', participant.role)}</span>
        <span>
          {participant.status === 'suspended' && <Mark shape="P2" />} {wordFor(say, 'status', participant.status)}
        </span>
        {login?.person.participant === null && (
          <span className="beside">
            <Link
              className="button"
              href={mayPropose ? `/changes/new?participant=${participant.code}` : '#'}
              aria-disabled={!mayPropose}
              title={mayPropose ? undefined : say('change.onlyProposer')}
            >
              {say('change.new')}
            </Link>
          </span>
        )}
      </div>
      <HealthPanel detail={detail} />
      <Minutes detail={detail} />
      <div className="grid-2">
        <Limits detail={detail} />
        <KeysPanel detail={detail} />
      </div>
      <Legs detail={detail} />
      <div className="grid-2">
        <Positions detail={detail} />
        <Connection detail={detail} />
      </div>
      <div className="grid-2">
        <Incidents incidents={detail.incidents} />
        <Onboarding steps={detail.onboarding} />
      </div>
      <Unknowns detail={detail} />
    </div>
  );
}

function HealthPanel({ detail }: { readonly detail: ParticipantDetail }) {
  const { say } = useDesk();
  const { health } = detail.participant;
  if (health === null) return <p className="note p2">{say('participant.noHealth')}</p>;
  const figures: readonly (readonly [string, string])[] = [
    [say('participants.payments'), countText(health.payments)],
    [say('participants.success'), shareText(health.succeeded, health.payments)],
    [say('participant.p50'), health.p50Ms === null ? noData : durationText(health.p50Ms)],
    [say('participant.p99'), health.p99Ms === null ? noData : durationText(health.p99Ms)],
    [say('participants.unknown'), countText(detail.participant.unknown)],
    [say('fault.institution'), countText(health.faults.institution)],
    [say('fault.bankDecision'), countText(health.faults.bankDecision)],
    [say('fault.bankSilence'), countText(health.faults.bankSilence)],
    [say('fault.platform'), countText(health.faults.platform)],
  ];
  return (
    <section className="panel">
      <h2>{say('participant.health')}</h2>
      <div className="figures">
        {figures.map(([name, value]) => (
          <div key={name} className="figure">
            <span>{name}</span>
            <strong>{value}</strong>
          </div>
        ))}
      </div>
    </section>
  );
}

function Minutes({ detail }: { readonly detail: ParticipantDetail }) {
  const { say } = useDesk();
  const { stepMs } = detail.minutes;
  // From the first payment of the hour on, a quarter of an hour at least: an hour of nothing would hide what there is.
  const first = detail.minutes.payments.findIndex((count) => (count ?? 0) > 0);
  const skipped = Math.max(0, Math.min(first === -1 ? 0 : first - 1, detail.minutes.payments.length - leastMinutes));
  const [payments, succeeded, p99Ms] = [detail.minutes.payments, detail.minutes.succeeded, detail.minutes.p99Ms].map(
    (values) => values.slice(skipped),
  );
  const begin = Date.parse(detail.minutes.from) + skipped * stepMs;
  const share = succeeded.map((count, index) => {
    const all = payments[index];
    return count === null || all === null || all === 0 ? null : (count / all) * 100;
  });
  return (
    <div className="small-multiples">
      <section className="panel">
        <h2>{say('participant.paymentsMinute')}</h2>
        <div className="chart fixed">
          <LineChart
            summary={say('participant.paymentsMinute')}
            from={begin}
            stepMs={stepMs}
            lines={[{ name: say('participants.payments'), values: payments, kind: 'main' }]}
            format={countText}
          />
        </div>
      </section>
      <section className="panel">
        <h2>{say('participant.successMinute')}</h2>
        <div className="chart fixed">
          <LineChart
            summary={say('participant.successMinute')}
            from={begin}
            stepMs={stepMs}
            top={100}
            lines={[{ name: say('participants.success'), values: share, kind: 'main' }]}
            format={(value) => `${Math.floor(value * 10) / 10}%`}
          />
        </div>
      </section>
      <section className="panel">
        <h2>{say('participant.p99Minute')}</h2>
        <div className="chart fixed">
          <LineChart
            summary={say('participant.p99Minute')}
            from={begin}
            stepMs={stepMs}
            lines={[{ name: 'p99', values: p99Ms, kind: 'main' }]}
            format={durationText}
          />
        </div>
      </section>
    </div>
  );
}

function Limits({ detail }: { readonly detail: ParticipantDetail }) {
  const { say, language } = useDesk();
  return (
    <section className="panel stack">
      <h2>{say(detail.participant.role === 'bank' ? 'participant.cap' : 'participant.float')}</h2>
      {detail.participant.headroom.length === 0 && <p>{say('participant.noLimit')}</p>}
      {detail.participant.headroom.map(({ limit, outstanding, reserved, headroom }) => (
        <div key={limit.currency}>
          <Bullet
            taken={shareOf(-thousandths(outstanding.amount), thousandths(limit.amount))}
            reserved={shareOf(thousandths(reserved.amount), thousandths(limit.amount))}
            summary={say('headroom.summary', {
              headroom: moneyText(headroom, language),
              limit: moneyText(limit, language),
            })}
          />
          <dl className="facts">
            <dt>{say('participant.limit')}</dt>
            <dd className="number">
              <Amount money={limit} />
            </dd>
            <dt>{say('participant.outstanding')}</dt>
            <dd className="number">
              <Amount money={outstanding} />
            </dd>
            <dt>{say('participant.reserved')}</dt>
            <dd className="number">
              <Amount money={reserved} />
            </dd>
            <dt>{say('participants.headroom')}</dt>
            <dd className="number">
              <strong>
                <Amount money={headroom} />
              </strong>
            </dd>
          </dl>
        </div>
      ))}
    </section>
  );
}

type Leg = { readonly counterpart: string; readonly name: string; readonly health: Health };

function Legs({ detail }: { readonly detail: ParticipantDetail }) {
  const { say } = useDesk();
  return (
    <section className="stack">
      <h2>{say('participant.legs')}</h2>
      <Table<Leg>
        caption={say('participant.legs')}
        columns={[
          {
            key: 'name',
            head: say('participant.counterpart'),
            value: ({ counterpart, name }) => (
              <Link href={`/participants/${counterpart}`}>
                <Foreign text={name} />
              </Link>
            ),
          },
          {
            key: 'payments',
            head: say('participants.payments'),
            kind: 'number',
            value: ({ health }) => countText(health.payments),
          },
          {
            key: 'success',
            head: say('participants.success'),
            kind: 'number',
            value: ({ health }) => shareText(health.succeeded, health.payments),
          },
          {
            key: 'p50',
            head: 'p50 ms',
            kind: 'number',
            value: ({ health }) => (health.p50Ms === null ? noData : countText(health.p50Ms)),
          },
          {
            key: 'p99',
            head: 'p99 ms',
            kind: 'number',
            value: ({ health }) => (health.p99Ms === null ? noData : countText(health.p99Ms)),
          },
          {
            key: 'institution',
            head: say('fault.institution'),
            kind: 'number',
            value: ({ health }) => health.faults.institution,
          },
          {
            key: 'decision',
            head: say('fault.bankDecision'),
            kind: 'number',
            value: ({ health }) => health.faults.bankDecision,
          },
          {
            key: 'silence',
            head: say('fault.bankSilence'),
            kind: 'number',
            value: ({ health }) => health.faults.bankSilence,
          },
          {
            key: 'platform',
            head: say('fault.platform'),
            kind: 'number',
            value: ({ health }) => health.faults.platform,
          },
        ]}
        rows={detail.legs}
        rowKey={({ counterpart }) => counterpart}
      />
    </section>
  );
}

function Positions({ detail }: { readonly detail: ParticipantDetail }) {
  const { say } = useDesk();
  return (
    <section className="panel">
      <h2>{say('participant.positions')}</h2>
      <Table
        caption={say('participant.positions')}
        columns={[
          {
            key: 'cycle',
            head: say('payments.cycle'),
            value: ({ cycle }) => <Link href={`/cycles/${cycle}`}>{cycle}</Link>,
          },
          { key: 'state', head: say('payments.state'), value: ({ state }) => wordFor(say, 'cycleState', state) },
          { key: 'credits', head: say('cycle.credits'), kind: 'number', value: ({ line }) => digitsOf(line.credits) },
          { key: 'debits', head: say('cycle.debits'), kind: 'number', value: ({ line }) => digitsOf(line.debits) },
          { key: 'net', head: say('cycle.net'), kind: 'number', value: ({ line }) => signedDigits(line.net) },
          { key: 'currency', head: say('cycle.currency'), value: ({ line }) => line.net.currency },
        ]}
        rows={detail.positions}
        rowKey={({ cycle, line }) => `${cycle} ${line.net.currency}`}
      />
    </section>
  );
}

function Connection({ detail }: { readonly detail: ParticipantDetail }) {
  const { say } = useDesk();
  const { endpoint, certificate, enquiryBudget, changes } = detail;
  const { links } = detail.participant;
  return (
    <section className="panel stack">
      <h2>{say('participant.connection')}</h2>
      <dl className="facts">
        <dt>{say('participant.endpoint')}</dt>
        <dd className="mono">
          <Foreign text={endpoint} />
        </dd>
        <dt>{say('participant.links')}</dt>
        <dd data-links>{links === null ? noData : links === 0 ? say('participant.noLink') : countText(links)}</dd>
        <dt>{say('participant.certificate')}</dt>
        <dd className="mono">
          {certificate === null ? say('participant.noCertificate') : <Foreign text={certificate} />}
        </dd>
        <dt>{say('participant.enquiries')}</dt>
        <dd>{say('participant.budget', { rate: enquiryBudget.perSecond, burst: enquiryBudget.burst })}</dd>
      </dl>
      {changes.length > 0 && (
        <>
          <h2>{say('page.changes')}</h2>
          <ul>
            {changes.map(({ changeId, kind, state, at }) => (
              <li key={changeId}>
                <Link href={`/changes/${changeId}`}>{wordFor(say, 'changeKind', kind)}</Link>{' '}
                {wordFor(say, 'changeState', state)} <Time at={at} />
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function Unknowns({ detail }: { readonly detail: ParticipantDetail }) {
  const { say } = useDesk();
  const columns = usePaymentColumns();
  if (detail.unknownPayments.length === 0) return null;
  return (
    <section className="stack">
      <h2>{say('participant.unknownPayments')}</h2>
      <Table
        caption={say('participant.unknownPayments')}
        columns={columns}
        rows={detail.unknownPayments}
        rowKey={({ paymentId }) => paymentId}
        opens={({ paymentId }) => `/payments/${paymentId}`}
      />
    </section>
  );
}
