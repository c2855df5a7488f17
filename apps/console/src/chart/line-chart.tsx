/** Lines over time on one axis: gaps stay gaps, no smoothing, one point a pixel; a cursor by mouse and arrow keys. */
import { type KeyboardEvent, type PointerEvent, useState } from 'react';
import { useDesk } from '../desk.tsx';
import { clockText } from '../format/time.ts';
import { bandPath, linePath, niceScale, toBuckets } from './scale.ts';
import { useSize } from './use-size.ts';

export interface Line {
  readonly name: string;
  readonly values: readonly (number | null)[];
  readonly kind: 'main' | 'second' | 'faint';
}

interface LineChartProps {
  /** What a reader who cannot see it is told. */
  readonly summary: string;
  /** ms since 1970 of the first value. */
  readonly from: number;
  readonly stepMs: number;
  readonly lines: readonly Line[];
  /** What is usual at each of these times, behind the lines; null where nothing is known. */
  readonly band?: { readonly least: readonly (number | null)[]; readonly most: readonly (number | null)[] } | undefined;
  readonly format: (value: number) => string;
  /** Size of the letters in px: a wall's are larger. */
  readonly letter?: number;
  /** The same top for several that are compared. */
  readonly top?: number;
}

const markCount = 5;

export function LineChart({ summary, from, stepMs, lines, band, format, letter = 12, top }: LineChartProps) {
  const { zone } = useDesk();
  const [frame, { width, height }] = useSize<HTMLDivElement>();
  const [cursor, setCursor] = useState<number>();
  const count = Math.max(1, ...lines.map(({ values }) => values.length));
  const largest = Math.max(
    0,
    ...[...lines.map(({ values }) => values), band?.most ?? []].flat().map((value) => value ?? 0),
  );
  const scale = niceScale(top ?? largest, 3);
  const widest = Math.max(...[0, scale.top].map((value) => format(value).length));
  const left = widest * letter * 0.62 + 8;
  const bottom = letter * 1.6;
  const x = (at: number) => left + (count === 1 ? 0 : (at / (count - 1)) * Math.max(1, width - left - 4));
  const y = (value: number) => letter * 0.6 + (1 - value / scale.top) * Math.max(1, height - bottom - letter * 0.6);
  const marks = Array.from({ length: Math.round(scale.top / scale.step) + 1 }, (_, index) => index * scale.step);
  const times = Array.from({ length: markCount }, (_, index) => Math.round((index / (markCount - 1)) * (count - 1)));

  const point = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    const at = Math.round(((event.clientX - box.left - left) / Math.max(1, width - left - 4)) * (count - 1));
    setCursor(Math.min(count - 1, Math.max(0, at)));
  };
  const step = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    setCursor(Math.min(count - 1, Math.max(0, (cursor ?? count - 1) + by)));
  };
  const label = (at: number) => {
    const time = clockText(from + at * stepMs, zone);
    return stepMs < 60_000 ? time : time.slice(0, 5);
  };
  const reading =
    cursor === undefined
      ? undefined
      : `${label(cursor)}  ${lines.map(({ name, values }) => `${name} ${values[cursor] === null || values[cursor] === undefined ? '--' : format(values[cursor])}`).join('  ')}`;

  return (
    <div className="chart" ref={frame}>
      <svg
        width={width}
        height={height}
        role="img"
        aria-label={reading ?? summary}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: as above
        tabIndex={0}
        fontSize={letter}
        onPointerMove={point}
        onPointerLeave={() => setCursor(undefined)}
        onKeyDown={step}
        onBlur={() => setCursor(undefined)}
      >
        {marks.map((value) => (
          <g key={value}>
            <line className="rule" x1={left} x2={width} y1={y(value)} y2={y(value)} />
            <text className="axis" x={left - 6} y={y(value)} dy="0.35em" textAnchor="end">
              {format(value)}
            </text>
          </g>
        ))}
        {times.map((at, index) => (
          <text
            // biome-ignore lint/suspicious/noArrayIndexKey: places on the axis
            key={index}
            className="axis"
            x={x(at)}
            y={height - letter * 0.3}
            textAnchor={index === 0 ? 'start' : index === markCount - 1 ? 'end' : 'middle'}
          >
            {label(at)}
          </text>
        ))}
        {band !== undefined && <path className="usual" d={bandPath(band.least, band.most, x, y)} />}
        {lines.map(({ name, values, kind }) => (
          <path
            key={name}
            className={`line ${kind}`}
            d={linePath(toBuckets(values, Math.max(1, width - left)), x, y)}
          />
        ))}
        {cursor !== undefined && <line className="cursor" x1={x(cursor)} x2={x(cursor)} y1={0} y2={height - bottom} />}
      </svg>
      {reading !== undefined && (
        <p className="reading" aria-hidden="true">
          {reading}
        </p>
      )}
    </div>
  );
}

interface SparklineProps {
  readonly values: readonly (number | null)[];
  /** The same for all that stand in one column. */
  readonly top: number;
  readonly summary: string;
}

export function Sparkline({ values, top, summary }: SparklineProps) {
  const [width, height] = [64, 20];
  const x = (at: number) => 1 + (at / Math.max(1, values.length - 1)) * (width - 2);
  const y = (value: number) => 1 + (1 - value / Math.max(top, 1e-9)) * (height - 2);
  return (
    <svg className="sparkline" width={width} height={height} role="img" aria-label={summary}>
      <path className="line main" d={linePath(toBuckets(values, width), x, y)} />
    </svg>
  );
}
