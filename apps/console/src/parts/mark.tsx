/** Shapes that tell states apart without colour: filled square P1, triangle P2, ring P3; cross failed; hollow dashed diamond unknown. */
import type { PaymentState, Priority } from '@clearway/console-api';

const shapes = {
  P1: <rect x="2" y="2" width="12" height="12" fill="currentColor" />,
  P2: <path d="M8 1.5 15 14H1Z" fill="currentColor" />,
  P3: <circle cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" strokeWidth="2" />,
  succeeded: <circle cx="8" cy="8" r="3" fill="currentColor" />,
  failed: <path d="m3 3 10 10M13 3 3 13" stroke="currentColor" strokeWidth="2.4" />,
  refused: <path d="M3 8h10" stroke="currentColor" strokeWidth="2.4" />,
  unknown: (
    <path
      d="m8 1.5 6.5 6.5L8 14.5 1.5 8Z"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeDasharray="2.6 1.6"
    />
  ),
  reversing: <path d="M8 1.5 14.5 8 8 14.5 1.5 8Z" fill="none" stroke="currentColor" strokeWidth="1.6" />,
  offered: <circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" strokeWidth="1.6" strokeDasharray="3 2" />,
} as const satisfies Record<Priority | PaymentState, unknown>;

export function Mark({ shape }: { readonly shape: keyof typeof shapes }) {
  return (
    <svg className={`mark ${shape.toLowerCase()}`} viewBox="0 0 16 16" aria-hidden="true">
      {shapes[shape]}
    </svg>
  );
}
