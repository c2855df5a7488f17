/** An act with its words asked for first: the button opens a form, the form carries it out. */
import { type FormEvent, type ReactNode, useState } from 'react';
import { ApiProblem } from '../api/problem.ts';
import { useDesk } from '../desk.tsx';
import { Dialog } from './dialog.tsx';
import { FormProblem } from './form.tsx';

interface ActProps {
  /** Verb and object: what the button does. */
  readonly label: string;
  readonly strong?: boolean;
  readonly isSmall?: boolean;
  /** Why it cannot be done; the button stays and says so. */
  readonly whyNot?: string | undefined;
  /** The fields that it needs. */
  readonly children: ReactNode;
  readonly onSubmit: (fields: FormData) => Promise<unknown>;
}

export function Act({ label, strong = false, isSmall = false, whyNot, children, onSubmit }: ActProps) {
  const { say } = useDesk();
  const [isOpen, setOpen] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem>();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      await onSubmit(new FormData(event.currentTarget));
      setOpen(false);
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      setProblem(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <button
        type="button"
        className={`button${strong ? ' strong' : ''}${isSmall ? ' small' : ''}`}
        aria-disabled={whyNot !== undefined}
        title={whyNot}
        onClick={() => whyNot === undefined && setOpen(true)}
      >
        {label}
      </button>
      {isOpen && (
        <Dialog title={label} onClose={() => setOpen(false)}>
          <form className="stack" onSubmit={submit}>
            {children}
            <FormProblem problem={problem} />
            <div className="row">
              <button type="submit" className="button strong" disabled={isBusy}>
                {label}
              </button>
              <button type="button" className="button" onClick={() => setOpen(false)}>
                {say('act.cancel')}
              </button>
            </div>
          </form>
        </Dialog>
      )}
    </>
  );
}

/** The text of a field of a form. */
export const textOf = (fields: FormData, name: string): string => String(fields.get(name) ?? '').trim();
