import type { ReactNode } from 'react';
import type { ApiProblem } from '../api/problem.ts';
import { useDesk } from '../desk.tsx';
import { wordFor } from '../words/say.ts';
import { Mark } from './mark.tsx';

interface FieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly children: ReactNode;
}

/** A label that holds its field, so that both are one for whoever hears the page. */
export function Field({ label, hint, children }: FieldProps) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child
    <label className="field">
      <span>{label}</span>
      {children}
      {hint !== undefined && <span className="hint">{hint}</span>}
    </label>
  );
}

/** Why a form was not taken. */
export function FormProblem({ problem }: { readonly problem: ApiProblem | undefined }) {
  const { say } = useDesk();
  return (
    <div role="alert">
      {problem !== undefined && (
        <p className="note p1">
          <Mark shape="failed" /> {wordFor(say, 'problem', problem.reason)}{' '}
          {problem.detail !== '' && <span className="hint mono">{problem.detail}</span>}
        </p>
      )}
    </div>
  );
}
