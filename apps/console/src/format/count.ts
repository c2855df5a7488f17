import { grouped } from './money.ts';

/** No data is neither zero nor failure. */
export const noData = '--';

/** `83,412`; fractions are cut, since nobody is paid four tenths. */
export function countText(count: number): string {
  return Number.isFinite(count) ? grouped(String(Math.floor(Math.max(0, count)))) : noData;
}

/** `83,412`, and below ten one decimal, so that a slow hour is not a still one. */
export function rateText(perSecond: number): string {
  if (!Number.isFinite(perSecond)) return noData;
  if (perSecond > 0 && perSecond < 10) return (Math.floor(perSecond * 10) / 10).toFixed(1);
  return countText(perSecond);
}

/** From so many cases on a share is told in per cent; below, the cases themselves say more. */
const fewCases = 1000;

/** `99.998%`, cut and never rounded up to a hundred; `41/42` where the cases are few; `--` where there are none. */
export function shareText(part: number, whole: number): string {
  if (whole === 0) return noData;
  if (whole < fewCases) return `${part}/${whole}`;
  const thousandths = (BigInt(Math.round(part)) * 100_000n) / BigInt(Math.round(whole));
  return `${thousandths / 1000n}.${String(thousandths % 1000n).padStart(3, '0')}%`;
}

interface Outcomes {
  readonly succeeded: number;
  readonly failed: number;
  readonly refused: number;
  readonly becameUnknown: number;
  readonly successShare: number | null;
}

/** The share that was told a definite outcome in time, wherever success is shown. */
export function successText({ succeeded, failed, refused, becameUnknown, successShare }: Outcomes): string {
  const told = succeeded + failed + refused + becameUnknown;
  return successShare === null ? noData : shareText(Math.floor(successShare * told + 1e-6), told);
}
