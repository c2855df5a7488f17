import { useDesk } from '../desk.tsx';
import { wordFor } from '../words/say.ts';

interface StateStripProps {
  readonly states: readonly string[];
  readonly current: string;
  /** Of the words. */
  readonly group: string;
}

/** Where something is on its way through fixed states: what is behind, what is now, what is to come. */
export function StateStrip({ states, current, group }: StateStripProps) {
  const { say } = useDesk();
  const at = states.indexOf(current);
  return (
    <ol className="strip">
      {states.map((state, index) => (
        <li
          key={state}
          data-step={index < at ? 'past' : index === at ? 'now' : 'next'}
          aria-current={index === at ? 'step' : undefined}
        >
          {wordFor(say, group, state)}
        </li>
      ))}
    </ol>
  );
}
