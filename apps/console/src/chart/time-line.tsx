/** Spans over time, one row each: outlined while they are open, filled while something is done about them. */
import { useDesk } from '../desk.tsx';
import { clockText } from '../format/time.ts';
import { useSize } from './use-size.ts';

export interface Span {
  readonly key: string;
  readonly name: string;
  /** ms since 1970. */
  readonly from: number;
  /** End of what is outlined and begin of what is filled; undefined while it is open. */
  readonly cut: number | undefined;
  /** Undefined while it is not ended. */
  readonly to: number | undefined;
}

interface TimeLineProps {
  readonly summary: string;
  readonly spans: readonly Span[];
  readonly now: number;
}

const rowPx = 20;
const axisPx = 18;
const namePx = 48;
const markCount = 5;

export function TimeLine({ summary, spans, now }: TimeLineProps) {
  const { zone } = useDesk();
  const [frame, { width }] = useSize<HTMLDivElement>();
  const begin = Math.min(...spans.map(({ from }) => from));
  const x = (at: number) => namePx + ((at - begin) / Math.max(1, now - begin)) * Math.max(1, width - namePx - 2);
  const height = spans.length * rowPx + axisPx;
  const marks = Array.from({ length: markCount }, (_, index) => begin + ((now - begin) * index) / (markCount - 1));
  return (
    <div className="chart" ref={frame}>
      <svg width={width} height={height} fontSize={12} role="img" aria-label={summary}>
        {marks.map((at, index) => (
          <g key={at}>
            <line className="rule" x1={x(at)} x2={x(at)} y1={0} y2={height - axisPx} />
            <text
              className="axis"
              x={x(at)}
              y={height - 4}
              textAnchor={index === 0 ? 'start' : index === markCount - 1 ? 'end' : 'middle'}
            >
              {clockText(at, zone)}
            </text>
          </g>
        ))}
        {spans.map(({ key, name, from, cut, to }, index) => (
          <g key={key} transform={`translate(0 ${index * rowPx})`}>
            <text x={namePx - 8} y={14} textAnchor="end">
              {name}
            </text>
            <rect className="span-open" x={x(from)} y={4} width={Math.max(1, x(cut ?? now) - x(from))} height={12} />
            {cut !== undefined && (
              <rect className="span-done" x={x(cut)} y={4} width={Math.max(2, x(to ?? now) - x(cut))} height={12} />
            )}
          </g>
        ))}
      </svg>
    </div>
  );
}
