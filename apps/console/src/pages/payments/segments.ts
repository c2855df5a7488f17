/** Stages on a line of time from which long idle stretches are cut. */
import type { PaymentDetail } from '@clearway/console-api';

export type Stage = PaymentDetail['stages'][number];

export interface Segment {
  readonly stage: Stage;
  /** ms on the drawn line, which is shorter than the true one where a stretch was cut. */
  readonly begin: number;
  readonly end: number;
  /** The time before this stage is not drawn. */
  readonly isCut: boolean;
}

/** A stretch is idle when it is this long and this many times all that was drawn before it. */
const idle = { leastMs: 5_000, times: 4 };
/** What the clearing waits for is never the payment's own time: it stands at the end of the line, however long. */
export const clearing: ReadonlySet<string> = new Set(['cutOff', 'netted', 'settled', 'refund']);
const shortMs = 1_000;

export function toSegments(stages: readonly Stage[]): readonly Segment[] {
  let drawn = 0;
  return stages.map((stage) => {
    const after = Math.max(0, stage.afterMs ?? 0);
    const isLong = after >= idle.leastMs && after > drawn * idle.times && stage.stage !== 'unknown';
    const isClearing = clearing.has(stage.stage);
    const isCut = isClearing ? after >= shortMs : isLong;
    const begin = drawn;
    if (!isCut && !isClearing) drawn += after;
    return { stage, begin, end: drawn, isCut };
  });
}
