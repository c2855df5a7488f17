/** Keys and when they end, on a line of ninety days: what runs out first stands out before it does. */
import type { ParticipantDetail } from '@clearway/console-api';
import { useDesk } from '../../desk.tsx';
import { Mark } from '../../parts/mark.tsx';
import { Table } from '../../parts/table.tsx';
import { Copy, Time } from '../../parts/texts.tsx';

/** A key, or the certificate of the links. */
interface Kept {
  readonly name: string;
  readonly suite: string;
  readonly fingerprint: string;
  readonly endedAt: string | null;
}

const dayMs = 86_400_000;
const shownDays = 90;
/** Time to agree on a new key, register it and change over. */
const soonDays = 14;
const marks = [0, 30, 60, 90] as const;

export function KeysPanel({ detail }: { readonly detail: ParticipantDetail }) {
  const { say, ports } = useDesk();
  const now = ports.now();
  const { keys, certificateEndsAt } = detail.participant;
  const kept: readonly Kept[] = [
    ...keys.map(({ version, ...key }) => ({ name: String(version), ...key })),
    ...(detail.certificate === null
      ? []
      : [{ name: 'TLS', suite: 'X.509', fingerprint: detail.certificate, endedAt: certificateEndsAt }]),
  ];
  return (
    <section className="panel">
      <h2>{say('participant.keys')}</h2>
      <Radar kept={kept} now={now} />
      <Table<Kept>
        caption={say('participant.keys')}
        columns={[
          { key: 'version', head: say('participant.version'), kind: 'number', value: ({ name }) => name },
          { key: 'suite', head: say('participant.suite'), value: ({ suite }) => suite },
          {
            key: 'fingerprint',
            head: say('participant.fingerprint'),
            value: ({ fingerprint }) => (
              <span className="hash">
                {fingerprint.slice(0, 16)}… <Copy text={fingerprint} />
              </span>
            ),
          },
          {
            key: 'ended',
            head: say('participant.keyState'),
            value: (key) => <KeyState endedAt={key.endedAt} now={now} />,
          },
        ]}
        rows={kept}
        rowKey={({ name, suite }) => `${name} ${suite}`}
      />
    </section>
  );
}

/** Whole days until a key ends; undefined without an end, negative when it has ended. */
export function daysLeft(endedAt: string | null, now: number): number | undefined {
  return endedAt === null ? undefined : Math.floor((Date.parse(endedAt) - now) / dayMs);
}

function KeyState({ endedAt, now }: { readonly endedAt: string | null; readonly now: number }) {
  const { say } = useDesk();
  const days = daysLeft(endedAt, now);
  if (endedAt === null || days === undefined) return say('participant.keyActive');
  if (days < 0) {
    return (
      <span className="hint">
        {say('participant.keyEnded')} <Time at={endedAt} />
      </span>
    );
  }
  return (
    <>
      {days <= soonDays && <Mark shape="P2" />} {say('participant.keyEnds', { days })} <Time at={endedAt} />
    </>
  );
}

function Radar({ kept, now }: { readonly kept: readonly Kept[]; readonly now: number }) {
  const { say } = useDesk();
  const ending = kept.filter(({ endedAt }) => endedAt !== null && Date.parse(endedAt) > now);
  const x = (days: number) => 12 + (Math.min(shownDays, days) / shownDays) * 376;
  return (
    <figure className="radar">
      <svg
        viewBox="0 0 400 44"
        fontSize={12}
        role="img"
        aria-label={say('participant.radar', { count: ending.length })}
      >
        <line className="rule" x1={x(0)} x2={x(shownDays)} y1={20} y2={20} />
        {marks.map((days) => (
          <g key={days}>
            <line className="rule" x1={x(days)} x2={x(days)} y1={16} y2={24} />
            <text className="axis" x={x(days)} y={40} textAnchor="middle">
              {days}
            </text>
          </g>
        ))}
        {ending.map(({ name, endedAt }) => {
          const days = daysLeft(endedAt, now) ?? 0;
          return (
            <g key={name}>
              <rect
                className={days <= soonDays ? 'radar-soon' : 'radar-end'}
                x={x(days) - 4}
                y={16}
                width={8}
                height={8}
              />
              <text x={x(days)} y={11} textAnchor="middle">
                {name}
              </text>
            </g>
          );
        })}
      </svg>
      <figcaption className="hint">
        {ending.length === 0 ? say('participant.noEnds') : say('participant.radar', { count: ending.length })}
      </figcaption>
    </figure>
  );
}
