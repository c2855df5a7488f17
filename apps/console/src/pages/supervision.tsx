/** Supervision: the scheme as a whole, read-only; who looked at what is recorded. */
import type { Figures, HeadroomLine, ParticipantList } from '@clearway/console-api';
import { useAnswer } from '../api/use-answer.ts';
import { Bullet } from '../chart/bars.tsx';
import { useDesk, useLive } from '../desk.tsx';
import { countText, noData, shareText, successText } from '../format/count.ts';
import { digitsOf, shareOf, thousandths, toMoney } from '../format/money.ts';
import { watchText } from '../format/time.ts';
import { useNames } from '../names.tsx';
import { FromAnswer, Waiting } from '../parts/states.tsx';
import { Table } from '../parts/table.tsx';
import { Amount, Foreign } from '../parts/texts.tsx';
import { Link } from '../place/use-place.tsx';

const refreshMs = 10_000;

export default function SupervisionPage() {
  const { say, login, askPurpose } = useDesk();
  const { figures } = useLive();
  const participants = useAnswer('getParticipants', {}, refreshMs);
  return (
    <div className="stack">
      <div className="page-head">
        <h1>{say('page.supervision')}</h1>
        <span>
          {say('supervision.purposeNow')} <Foreign text={login?.purpose ?? noData} />
        </span>
        <button type="button" className="button small" onClick={askPurpose}>
          {say('supervision.change')}
        </button>
      </div>
      {figures === undefined ? (
        <Waiting what={say('page.supervision')} rows={3} />
      ) : (
        <section className="panel">
          <div className="figures">
            <Figure name={say('wall.today')} value={countText(figures.today.payments)} />
            <Figure name={say('wall.success')} value={successText(figures.outcome)} />
            <Figure name={say('wall.unknown')} value={countText(figures.unknown.payments)} />
            <Figure
              name={say('supervision.oldest')}
              value={
                figures.unknown.oldestSince === null
                  ? noData
                  : watchText(Date.parse(figures.at) - Date.parse(figures.unknown.oldestSince))
              }
            />
            {figures.unknown.amount.map((money) => (
              <div key={money.currency} className="figure">
                <span>{say('supervision.unknownAmount')}</span>
                <strong>
                  <Amount money={money} />
                </strong>
              </div>
            ))}
          </div>
        </section>
      )}
      <FromAnswer answer={participants} what={say('page.participants')}>
        {(list) => (
          <>
            <Lost participants={list.participants} />
            <FloatTable
              cycles={figures?.cycles ?? []}
              lines={list.participants
                .filter(({ role }) => role === 'paymentInstitution')
                .flatMap(({ headroom }) => headroom)}
            />
            <Concentration
              rows={list.participants.map(({ code, name, health }) => ({
                code,
                name,
                payments: health?.payments ?? 0,
              }))}
            />
          </>
        )}
      </FromAnswer>
    </div>
  );
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div className="figure">
      <span>{name}</span>
      <strong>{value}</strong>
    </div>
  );
}

/** What customers have lost through others: every payment has one bank, so the banks' counts are everybody's. */
function Lost({ participants }: { readonly participants: ParticipantList['participants'] }) {
  const { say } = useDesk();
  const known = participants.flatMap(({ role, health }) => (role === 'bank' && health !== null ? [health] : []));
  const lost = (by: 'platform' | 'bankSilence') =>
    known.length === 0 ? noData : countText(known.reduce((sum, { faults }) => sum + faults[by], 0));
  return (
    <section className="panel">
      <h2>{say('supervision.lost')}</h2>
      <div className="figures">
        <Figure name={say('supervision.lostByPlatform')} value={lost('platform')} />
        <Figure name={say('supervision.lostBySilence')} value={lost('bankSilence')} />
      </div>
    </section>
  );
}

interface FloatProps {
  readonly lines: readonly HeadroomLine[];
  /** Those that are not settled: what they move has not reached the float. */
  readonly cycles: Figures['cycles'];
}

/** Customers' money at the settlement agent, what of it is bound, and what is on its way to it and from it. */
function FloatTable({ lines, cycles }: FloatProps) {
  const { say } = useDesk();
  const flow = ({ participant, limit: { currency } }: HeadroomLine, side: 'credits' | 'debits') => {
    const own = cycles.flatMap(({ positions }) => positions.filter((one) => one.participant === participant));
    const sum = own.reduce(
      (total, one) => (one[side].currency === currency ? total + thousandths(one[side].amount) : total),
      0n,
    );
    return digitsOf(toMoney(sum, currency));
  };
  const sums = new Map<string, bigint>();
  for (const { limit } of lines) sums.set(limit.currency, (sums.get(limit.currency) ?? 0n) + thousandths(limit.amount));
  return (
    <section className="stack">
      <h2>
        {say('supervision.float')}{' '}
        {[...sums].map(([currency, sum]) => (
          <Amount key={currency} money={toMoney(sum, currency)} />
        ))}
      </h2>
      <Table<HeadroomLine>
        caption={say('supervision.float')}
        columns={[
          {
            key: 'name',
            head: say('participants.name'),
            value: ({ participant, name }) => (
              <Link href={`/participants/${participant}`}>
                <Foreign text={name} />
              </Link>
            ),
          },
          { key: 'float', head: say('participant.float'), kind: 'number', value: ({ limit }) => digitsOf(limit) },
          {
            key: 'in',
            head: say('supervision.flowIn'),
            kind: 'number',
            value: (line) => flow(line, 'credits'),
          },
          {
            key: 'out',
            head: say('supervision.flowOut'),
            kind: 'number',
            value: (line) => flow(line, 'debits'),
          },
          {
            key: 'outstanding',
            head: say('participant.outstanding'),
            kind: 'number',
            value: ({ outstanding }) => digitsOf(outstanding),
          },
          {
            key: 'reserved',
            head: say('participant.reserved'),
            kind: 'number',
            value: ({ reserved }) => digitsOf(reserved),
          },
          {
            key: 'headroom',
            head: say('participants.headroom'),
            kind: 'number',
            value: ({ headroom }) => digitsOf(headroom),
          },
          { key: 'currency', head: say('cycle.currency'), value: ({ limit }) => limit.currency },
        ]}
        rows={lines}
        rowKey={({ participant, limit }) => `${participant} ${limit.currency}`}
      />
    </section>
  );
}

interface ConcentrationProps {
  readonly rows: readonly { readonly code: string; readonly name: string; readonly payments: number }[];
}

/** On how few the traffic rests: each one's share of the payments of the last quarter of an hour, by role both sides count. */
function Concentration({ rows }: ConcentrationProps) {
  const { say } = useDesk();
  const names = useNames();
  const groups = (['paymentInstitution', 'bank'] as const).map((role) => {
    const own = rows.filter(({ code }) => names.all.find((one) => one.code === code)?.role === role);
    const sum = own.reduce((before, { payments }) => before + payments, 0);
    return { role, sum, own: [...own].sort((a, b) => b.payments - a.payments) };
  });
  return (
    <div className="grid-2">
      {groups.map(({ role, sum, own }) => (
        <section key={role} className="stack">
          <h2>{say(`supervision.concentration.${role}`)}</h2>
          <Table
            caption={say(`supervision.concentration.${role}`)}
            columns={[
              { key: 'name', head: say('participants.name'), value: ({ name }) => <Foreign text={name} /> },
              {
                key: 'bar',
                head: say('supervision.share'),
                value: ({ payments }) => (
                  <Bullet
                    taken={shareOf(BigInt(payments), BigInt(sum))}
                    reserved={0}
                    summary={shareText(payments, sum)}
                  />
                ),
              },
              {
                key: 'share',
                head: say('supervision.share'),
                kind: 'number',
                value: ({ payments }) => shareText(payments, sum),
              },
            ]}
            rows={own}
            rowKey={({ code }) => code}
          />
        </section>
      ))}
    </div>
  );
}
