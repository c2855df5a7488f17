/** How something is distributed, minute by minute: a column of shades for each, nothing where nothing was measured. */
import { useState } from 'react';
import { useDesk } from '../desk.tsx';
import { clockText } from '../format/time.ts';
import { shadeOf } from './scale.ts';
import { useSize } from './use-size.ts';

interface TimeHeatProps {
  readonly summary: string;
  readonly from: number;
  readonly stepMs: number;
  /** Names of the rows, the lowest first. */
  readonly rows: readonly string[];
  /** One for each step. */
  readonly counts: readonly (readonly number[] | null)[];
  readonly describe: (row: string, count: number) => string;
}

const shades = 7;
const axisPx = 18;
const namePx = 64;
const markCount = 5;

export function TimeHeat({ summary, from, stepMs, rows, counts, describe }: TimeHeatProps) {
  const { zone } = useDesk();
  const [frame, { width, height }] = useSize<HTMLDivElement>();
  const [reading, setReading] = useState<string>();
  const tall = Math.max(1, (height - axisPx) / rows.length);
  const wide = Math.max(1, (width - namePx) / Math.max(1, counts.length));
  const largest = Math.max(0, ...counts.flatMap((row) => row ?? []));
  const label = (step: number) => clockText(from + step * stepMs, zone).slice(0, 5);
  const marks = Array.from({ length: markCount }, (_, index) => Math.round((index / (markCount - 1)) * counts.length));
  return (
    <div className="chart" ref={frame}>
      <svg width={width} height={height} fontSize={12} role="img" aria-label={summary}>
        {rows.map((row, index) => (
          <text
            key={row}
            className="axis"
            x={namePx - 6}
            y={height - axisPx - (index + 0.5) * tall}
            dy="0.35em"
            textAnchor="end"
          >
            {row}
          </text>
        ))}
        {counts.map((column, step) =>
          column?.map((count, index) => {
            const shade = shadeOf(count, largest, shades);
            return (
              <rect
                // biome-ignore lint/suspicious/noArrayIndexKey: places on the axes
                key={`${step} ${index}`}
                className={`heat-fill-${shade}`}
                x={namePx + step * wide}
                y={height - axisPx - (index + 1) * tall}
                width={Math.max(1, wide - 1)}
                height={Math.max(1, tall - 1)}
                onPointerEnter={() => setReading(`${label(step)}  ${describe(rows[index], count)}`)}
                onPointerLeave={() => setReading(undefined)}
              />
            );
          }),
        )}
        {marks.map((step, index) => (
          <text
            key={step}
            className="axis"
            x={namePx + step * wide}
            y={height - 4}
            textAnchor={index === 0 ? 'start' : index === markCount - 1 ? 'end' : 'middle'}
          >
            {label(step)}
          </text>
        ))}
      </svg>
      {reading !== undefined && (
        <p className="reading" aria-hidden="true">
          {reading}
        </p>
      )}
    </div>
  );
}
