/** From institutions to banks: still bands whose width is the money of the last minute. Eight of each, and the others together. */
import type { Flow } from '@clearway/console-api';
import { fromThousandths, shareOf, thousandths } from '../format/money.ts';
import { useSize } from './use-size.ts';

interface BandsProps {
  readonly flows: readonly Flow[];
  readonly nameOf: (code: string) => string;
  readonly format: (amount: string) => string;
  readonly others: string;
  readonly summary: string;
  readonly letter: number;
}

const mostNamed = 8;

export function Bands({ flows, nameOf, format, others, summary, letter }: BandsProps) {
  const [frame, { width, height }] = useSize<HTMLDivElement>();
  const total = flows.reduce((sum, { amount }) => sum + thousandths(amount.amount), 0n);
  const left = ranked(flows, ({ institution }) => institution);
  const right = ranked(flows, ({ bank }) => bank);
  const leftPlaces = placed(left, total, height);
  const rightPlaces = placed(right, total, height);
  const side = Math.min(width * 0.34, letter * 10.5);
  const [from, to] = [side + 6, width - side - 6];
  const taken = { left: new Map<string, number>(), right: new Map<string, number>() };
  const keyOf = (sums: readonly Sum[], code: string) => (sums.some(({ key }) => key === code) ? code : '');

  const paths = [...flows]
    .map((flow) => ({
      begin: keyOf(left, flow.institution),
      end: keyOf(right, flow.bank),
      tall: shareOf(thousandths(flow.amount.amount), total),
    }))
    // In the order of both sides, so that no band of an institution crosses another of the same.
    .sort((a, b) => orderOf(right, a.end) - orderOf(right, b.end) || orderOf(left, a.begin) - orderOf(left, b.begin))
    .map(({ begin, end, tall }, index) => {
      const [a, b] = [leftPlaces.get(begin), rightPlaces.get(end)];
      if (a === undefined || b === undefined) return null;
      const [downLeft, downRight] = [taken.left.get(begin) ?? 0, taken.right.get(end) ?? 0];
      taken.left.set(begin, downLeft + tall * a.scale);
      taken.right.set(end, downRight + tall * b.scale);
      const [y1, y2] = [a.top + downLeft, b.top + downRight];
      const [h1, h2] = [tall * a.scale, tall * b.scale];
      const middle = (from + to) / 2;
      return (
        <path
          // biome-ignore lint/suspicious/noArrayIndexKey: bands have no state
          key={index}
          className="band"
          d={`M${from} ${y1}C${middle} ${y1} ${middle} ${y2} ${to} ${y2}V${y2 + h2}C${middle} ${y2 + h2} ${middle} ${y1 + h1} ${from} ${y1 + h1}Z`}
        />
      );
    });

  return (
    <div className="chart" ref={frame}>
      <svg width={width} height={height} fontSize={letter} role="img" aria-label={summary}>
        {paths}
        {[...leftPlaces].map(([key, place]) => (
          <BandEnd
            key={key}
            {...place}
            x={from - 4}
            textX={from - 10}
            anchor="end"
            letter={letter}
            name={key === '' ? others : nameOf(key)}
            amount={format(place.amount)}
          />
        ))}
        {[...rightPlaces].map(([key, place]) => (
          <BandEnd
            key={key}
            {...place}
            x={to}
            textX={to + 10}
            anchor="start"
            letter={letter}
            name={key === '' ? others : nameOf(key)}
            amount={format(place.amount)}
          />
        ))}
      </svg>
    </div>
  );
}

interface Sum {
  readonly key: string;
  readonly amount: bigint;
}

interface BandEndProps {
  readonly top: number;
  readonly tall: number;
  readonly x: number;
  readonly textX: number;
  readonly anchor: 'start' | 'end';
  readonly letter: number;
  readonly name: string;
  readonly amount: string;
}

function BandEnd({ top, tall, x, textX, anchor, letter, name, amount }: BandEndProps) {
  const hasTwoLines = tall > letter * 2.3;
  return (
    <g>
      <rect className="end" x={x} y={top} width={4} height={Math.max(1, tall)} />
      <text x={textX} y={top + tall / 2} dy={hasTwoLines ? '-0.2em' : '0.35em'} textAnchor={anchor}>
        {name}
      </text>
      {hasTwoLines && (
        <text className="axis" x={textX} y={top + tall / 2} dy="1em" textAnchor={anchor}>
          {amount}
        </text>
      )}
    </g>
  );
}

/** The largest first; what is beyond the eighth is one, under the empty key. */
function ranked(flows: readonly Flow[], keyOf: (flow: Flow) => string): readonly Sum[] {
  const sums = new Map<string, bigint>();
  for (const flow of flows) sums.set(keyOf(flow), (sums.get(keyOf(flow)) ?? 0n) + thousandths(flow.amount.amount));
  const sorted = [...sums]
    .map(([key, amount]) => ({ key, amount }))
    .sort((a, b) => (a.amount < b.amount ? 1 : a.amount > b.amount ? -1 : a.key < b.key ? -1 : 1));
  if (sorted.length <= mostNamed) return sorted;
  const rest = sorted.slice(mostNamed).reduce((sum, { amount }) => sum + amount, 0n);
  return [...sorted.slice(0, mostNamed), { key: '', amount: rest }];
}

const orderOf = (sums: readonly Sum[], key: string) => sums.findIndex((sum) => sum.key === key);

interface Place {
  readonly top: number;
  readonly tall: number;
  /** px for the whole. */
  readonly scale: number;
  readonly amount: string;
}

function placed(sums: readonly Sum[], total: bigint, height: number): Map<string, Place> {
  const gap = Math.min(6, height / (sums.length * 4 || 1));
  const scale = Math.max(0, height - gap * (sums.length - 1));
  let top = 0;
  return new Map(
    sums.map(({ key, amount }) => {
      const tall = shareOf(amount, total) * scale;
      const place = { top, tall, scale, amount: fromThousandths(amount) };
      top += tall + gap;
      return [key, place];
    }),
  );
}
