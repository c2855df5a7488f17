/** Bars that compare: a value beside its limit, and what is owed to the left of nothing and to the right. */
import type { Money } from '@clearway/console-api';
import { shareOf, thousandths } from '../format/money.ts';

const full = 1000;

interface BulletProps {
  /** Taken and reserved as shares of the limit; what is left is what they leave. */
  readonly taken: number;
  readonly reserved: number;
  readonly summary: string;
}

/** How much of a limit is taken: the tick at the end is the limit. */
export function Bullet({ taken, reserved, summary }: BulletProps) {
  const used = Math.min(1, Math.max(0, taken));
  const held = Math.min(1 - used, Math.max(0, reserved));
  return (
    <svg className="bullet" viewBox={`0 0 ${full} 100`} preserveAspectRatio="none" role="img" aria-label={summary}>
      <rect className="ground" x="0" y="30" width={full} height="40" />
      <rect className="taken" x="0" y="30" width={used * full} height="40" />
      <rect className="held" x={used * full} y="30" width={held * full} height="40" />
      <rect className="tick" x={full - 6} y="10" width="6" height="80" />
    </svg>
  );
}

interface SideBarProps {
  readonly value: Money;
  /** Largest of all bars, either side, in thousandths. */
  readonly largest: bigint;
  readonly summary: string;
}

/** Owes to the left, is owed to the right: the side and the sign say it, no colour does. */
export function SideBar({ value, largest, summary }: SideBarProps) {
  const amount = thousandths(value.amount);
  const length = (shareOf(amount < 0n ? -amount : amount, largest) * full) / 2;
  return (
    <svg className="side-bar" viewBox={`0 0 ${full} 100`} preserveAspectRatio="none" role="img" aria-label={summary}>
      <rect
        className={amount < 0n ? 'owes' : 'owed'}
        x={amount < 0n ? full / 2 - length : full / 2}
        y="18"
        width={length}
        height="64"
      />
      <rect className="middle" x={full / 2 - 1} y="0" width="2" height="100" />
    </svg>
  );
}
