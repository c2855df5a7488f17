/**
 * The way of a payment on one line of time: each stage with what went before it. Waiting for others is an outline, our
 * own work is filled, what came too late is hatched; long idle times (until the cut-off) are cut out and say so.
 */
import type { PaymentDetail } from '@clearway/console-api';
import { useDesk } from '../../desk.tsx';
import { clockText, durationText } from '../../format/time.ts';
import { useNames } from '../../names.tsx';
import { Mark } from '../../parts/mark.tsx';
import { wordFor } from '../../words/say.ts';
import { clearing, type Segment, toSegments } from './segments.ts';

const ours = new Set(['gateway', 'cell']);

export function Trace({ detail }: { readonly detail: PaymentDetail }) {
  const { say } = useDesk();
  const segments = toSegments(detail.stages);
  const shown = Math.max(1, ...segments.map(({ end }) => end));
  const waits = longestWaits(segments);
  const { of: nameOf } = useNames();
  const who = (waiter: string) => (/^\d{5}$/.test(waiter) ? nameOf(waiter) : wordFor(say, 'waiter', waiter));
  return (
    <>
      {waits.length > 0 && (
        <p className="row">
          {waits.map(([waiter, ms]) => (
            <span key={waiter}>
              <strong>{who(waiter)}</strong> {durationText(ms)}
            </span>
          ))}
        </p>
      )}
      <ol className="trace" aria-label={say('trace.label')}>
        <li className="head">
          <span>{say('trace.stage')}</span>
          <span>{say('trace.waitedFor')}</span>
          <span>0 … {durationText(shown)}</span>
          <span>{say('trace.after')}</span>
          <span>{say('trace.at')}</span>
          <span>{say('trace.batch')}</span>
        </li>
        {segments.map((segment, index) => (
          <Row
            // biome-ignore lint/suspicious/noArrayIndexKey: stages of one payment only grow at the end
            key={index}
            segment={segment}
            shown={shown}
            who={who(segment.stage.waitedFor)}
            verdicts={detail.verdicts}
          />
        ))}
      </ol>
    </>
  );
}

interface RowProps {
  readonly segment: Segment;
  readonly shown: number;
  readonly who: string;
  readonly verdicts: PaymentDetail['verdicts'];
}

function Row({ segment, shown, who, verdicts }: RowProps) {
  const { say, zone } = useDesk();
  const { stage, begin, end, isCut } = segment;
  const place = (ms: number) => (ms / shown) * 1000;
  const isLate = stage.stage === 'unknown' || stage.stage === 'reversing';
  const kind = isLate ? 'late' : ours.has(stage.waitedFor) ? 'own' : 'wait';
  const word = wordFor(say, 'stage', stage.stage);
  const verdict = verdicts.find(
    ({ what }) => what === (stage.stage === 'received' ? 'request' : stage.stage === 'answered' ? 'answer' : ''),
  );
  return (
    <>
      {isCut && (
        <li className="idle">
          <span>{say('trace.cut', { duration: durationText(stage.afterMs ?? 0) })}</span>
        </li>
      )}
      <li>
        <span>
          {isLate && <Mark shape="unknown" />} {word}
          {stage.detail !== '' && <span className="hint">&nbsp;{wordFor(say, 'state', stage.detail)}</span>}
        </span>
        <span>{who}</span>
        <span className="track">
          <svg viewBox="0 0 1000 16" preserveAspectRatio="none" aria-hidden="true">
            {!isCut && end > begin && (
              <rect
                className={kind}
                x={place(begin)}
                y="3"
                width={Math.max(2, place(end) - place(begin))}
                height="10"
              />
            )}
            {(isCut || end === begin) && (
              <rect className="own" x={Math.min(998, place(end))} y="3" width="2" height="10" />
            )}
          </svg>
        </span>
        <span>{stage.afterMs === null ? '' : durationText(stage.afterMs)}</span>
        <span title={wordFor(say, 'waiter', stage.clock)}>{clockText(Date.parse(stage.at), zone, true)}</span>
        <span>
          {stage.sequence ?? ''}
          {verdict !== undefined && (
            <span className="hint">&nbsp;{say(verdict.holds ? 'trace.signed' : 'trace.signatureBroken')}</span>
          )}
        </span>
      </li>
    </>
  );
}

/** Who was waited for, and how long in all, until the institution was told; longest first. */
function longestWaits(segments: readonly Segment[]): readonly (readonly [string, number])[] {
  const sums = new Map<string, number>();
  for (const { stage, isCut } of segments) {
    if (isCut || clearing.has(stage.stage) || stage.afterMs === null || stage.afterMs <= 0) continue;
    sums.set(stage.waitedFor, (sums.get(stage.waitedFor) ?? 0) + stage.afterMs);
  }
  return [...sums].sort((a, b) => b[1] - a[1]);
}
