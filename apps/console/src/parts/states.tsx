/** What a page shows when it has nothing to show: each says what is so, and what one can do. */
import { type ReactNode, useEffect, useState } from 'react';
import type { ApiProblem } from '../api/problem.ts';
import type { Answer } from '../api/use-answer.ts';
import { useDesk } from '../desk.tsx';
import { wordFor } from '../words/say.ts';
import { Mark } from './mark.tsx';

const skeletonAfterMs = 300;
const slowAfterMs = 3_000;

/** Waits in silence, then as a skeleton of the same size, then says what is waited for. */
export function Waiting({ rows = 8, what }: { readonly rows?: number; readonly what: string }) {
  const { say, ports } = useDesk();
  const [step, setStep] = useState(0);
  useEffect(() => {
    const stops = [ports.after(skeletonAfterMs, () => setStep(1)), ports.after(slowAfterMs, () => setStep(2))];
    return () =>
      stops.forEach((stop) => {
        stop();
      });
  }, [ports]);
  return (
    <div role="status" aria-busy="true">
      {step > 0 && (
        <div className="skeleton" aria-hidden="true">
          {Array.from({ length: rows }, (_, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: all alike
            <i key={index} />
          ))}
        </div>
      )}
      {step > 1 && <p className="hint">{say('waiting.for', { what })}</p>}
      {step === 1 && <span className="unseen">{say('waiting.for', { what })}</span>}
    </div>
  );
}

interface ProblemProps {
  readonly problem: ApiProblem;
  readonly what: string;
  readonly again?: () => void;
}

export function ProblemPanel({ problem, what, again }: ProblemProps) {
  const { say } = useDesk();
  const isRight = problem.reason === 'notAllowed';
  const title = isRight ? say('problem.noRight', { what }) : say('problem.failed', { what });
  return (
    <section className="state" role={isRight ? undefined : 'alert'}>
      <h2>
        <Mark shape={isRight ? 'refused' : 'failed'} />
        {title}
      </h2>
      <p>
        {wordFor(say, 'problem', problem.reason)} {isRight ? say('problem.whoGrants') : ''}
      </p>
      {problem.detail !== '' && <p className="mono">{problem.detail}</p>}
      {!isRight && <p>{say('problem.moneySafe')}</p>}
      {problem.trace !== undefined && (
        <p>
          {say('problem.trace')} <code>{problem.trace}</code>
        </p>
      )}
      {again !== undefined && !isRight && (
        <div className="row">
          <button type="button" className="button" onClick={again}>
            {say('act.retry')}
          </button>
        </div>
      )}
    </section>
  );
}

/** Nothing there: which search found nothing, and how to look further. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <section className="state" role="status">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

interface FromAnswerProps<Value> {
  readonly answer: Answer<Value>;
  readonly what: string;
  readonly rows?: number;
  readonly children: (value: Value) => ReactNode;
}

/** The way from an answer to a page: waiting, failed, or there; what is old because a newer one failed says so. */
export function FromAnswer<Value>({ answer, what, rows, children }: FromAnswerProps<Value>) {
  const { value, problem, again } = answer;
  if (value === undefined) {
    if (problem !== undefined) return <ProblemPanel problem={problem} what={what} again={again} />;
    return <Waiting what={what} {...(rows === undefined ? {} : { rows })} />;
  }
  return (
    <>
      {problem !== undefined && <OldNote answer={answer} what={what} />}
      {children(value)}
    </>
  );
}

function OldNote({ answer, what }: { readonly answer: Answer<unknown>; readonly what: string }) {
  const { say, ports } = useDesk();
  const seconds = Math.floor((ports.now() - answer.arrivedAt) / 1000);
  return (
    <p className="note p2 row" role="status">
      <Mark shape="P2" />
      {say('problem.showsOld', { what, seconds })}
      <button type="button" className="button small" onClick={answer.again}>
        {say('act.retry')}
      </button>
    </p>
  );
}
