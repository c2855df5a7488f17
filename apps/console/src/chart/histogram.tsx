/** How many over time, stacked by outcome shape rather than hue; a stretch of it is chosen by dragging or by keys. */
import { type KeyboardEvent, type PointerEvent, useState } from 'react';
import { useDesk } from '../desk.tsx';
import { clockText } from '../format/time.ts';
import { niceScale } from './scale.ts';
import { useSize } from './use-size.ts';

export interface Bar {
  readonly succeeded: number;
  readonly failed: number;
  readonly open: number;
}

interface HistogramProps {
  readonly summary: string;
  readonly from: number;
  readonly stepMs: number;
  readonly bars: readonly Bar[];
  /** What is not later was not counted: hatched, since it is neither none nor few. */
  readonly readTo?: number | undefined;
  /** Bars from and to, both included. */
  readonly onChoose: (first: number, last: number) => void;
}

export function Histogram({ summary, from, stepMs, bars, readTo = 0, onChoose }: HistogramProps) {
  const { zone, say } = useDesk();
  const [frame, { width }] = useSize<HTMLDivElement>();
  const [drag, setDrag] = useState<readonly [number, number]>();
  const height = 72;
  const ground = height - 16;
  const top = niceScale(Math.max(1, ...bars.map(({ succeeded, failed, open }) => succeeded + failed + open)), 2).top;
  const wide = width / Math.max(1, bars.length);
  const tall = (value: number) => (value / top) * ground;

  const barAt = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    return Math.min(bars.length - 1, Math.max(0, Math.floor((event.clientX - box.left) / wide)));
  };
  const choose = (range: readonly [number, number]) => {
    setDrag(undefined);
    onChoose(Math.min(...range), Math.max(...range));
  };
  const step = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const [begin, end] = drag ?? [bars.length - 1, bars.length - 1];
    if (by !== undefined) {
      event.preventDefault();
      const next = Math.min(bars.length - 1, Math.max(0, end + by));
      setDrag(event.shiftKey ? [begin, next] : [next, next]);
    } else if (event.key === 'Enter' && drag !== undefined) choose(drag);
    else if (event.key === 'Escape') setDrag(undefined);
  };
  const label = (bar: number) => clockText(from + bar * stepMs, zone);
  const chosen = drag === undefined ? undefined : [Math.min(...drag), Math.max(...drag)];

  return (
    <div className="chart histogram" ref={frame}>
      <svg
        width={width}
        height={height}
        fontSize={12}
        role="img"
        aria-label={
          chosen === undefined ? summary : say('histogram.chosen', { from: label(chosen[0]), to: label(chosen[1] + 1) })
        }
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys choose a stretch
        tabIndex={0}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag([barAt(event), barAt(event)]);
        }}
        onPointerMove={(event) => drag !== undefined && event.buttons === 1 && setDrag([drag[0], barAt(event)])}
        onPointerUp={(event) => drag !== undefined && choose([drag[0], barAt(event)])}
        onKeyDown={step}
      >
        {bars.map(({ succeeded, failed, open }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: places on the axis
          <g key={index}>
            <rect
              className="succeeded"
              x={index * wide}
              width={Math.max(1, wide - 1)}
              y={ground - tall(succeeded)}
              height={tall(succeeded)}
            />
            <rect
              className="failed"
              x={index * wide}
              width={Math.max(1, wide - 1)}
              y={ground - tall(succeeded + failed)}
              height={tall(failed)}
            />
            <rect
              className="open"
              x={index * wide}
              width={Math.max(1, wide - 1)}
              y={ground - tall(succeeded + failed + open)}
              height={tall(open)}
            />
          </g>
        ))}
        {readTo > from && (
          <>
            <pattern id="not-counted" width="6" height="6" patternUnits="userSpaceOnUse">
              <path className="hatch" d="M0 6 6 0" />
            </pattern>
            <rect fill="url(#not-counted)" width={Math.min(width, ((readTo - from) / stepMs) * wide)} height={ground}>
              <title>{say('histogram.notCounted')}</title>
            </rect>
          </>
        )}
        {chosen !== undefined && (
          <rect
            className="brush"
            x={chosen[0] * wide}
            width={(chosen[1] - chosen[0] + 1) * wide}
            y={0}
            height={ground}
          />
        )}
        <line className="rule" x1={0} x2={width} y1={ground + 0.5} y2={ground + 0.5} />
        <text className="axis" x={0} y={height - 3}>
          {label(0)}
        </text>
        <text className="axis" x={width} y={height - 3} textAnchor="end">
          {label(bars.length)}
        </text>
      </svg>
    </div>
  );
}
