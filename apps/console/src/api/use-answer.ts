import type { Operation, Responses } from '@clearway/console-api';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useDesk } from '../desk.tsx';
import { type Asked, addressFor } from './api.ts';
import { ApiProblem } from './problem.ts';

export interface Answer<Value> {
  /** The last that came, also while a newer one is waited for or could not be had. */
  readonly value: Value | undefined;
  readonly problem: ApiProblem | undefined;
  /** Being asked for, and not there yet. */
  readonly waiting: boolean;
  /** When `value` arrived, by this machine's clock. */
  readonly arrivedAt: number;
  again(): void;
}

interface Held<Value> {
  readonly address: string;
  readonly value?: Value;
  readonly problem?: ApiProblem;
  readonly arrivedAt: number;
}

/**
 * Asks, and asks anew when the question changes, after a new login, and every so many ms while the page is seen.
 * `undefined` asks nothing.
 */
export function useAnswer<O extends Operation>(
  operation: O,
  asked: Omit<Asked<O>, 'signal'> | undefined,
  everyMs = 0,
): Answer<Responses[O]> {
  const { api, ports, renewals } = useDesk();
  const address = asked === undefined ? '' : addressFor(operation, asked as Asked<O>);
  const question = useRef(asked);
  question.current = asked;
  const [held, setHeld] = useState<Held<Responses[O]>>({ address: '', arrivedAt: 0 });
  const [round, setRound] = useState(0);
  const [waiting, setWaiting] = useState(true);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `renewals` and `round` say when to ask again
  useEffect(() => {
    if (address === '') return;
    const stop = new AbortController();
    setWaiting(true);
    api.ask(operation, { ...(question.current as Asked<O>), signal: stop.signal }).then(
      (value) => {
        if (stop.signal.aborted) return;
        setHeld({ address, value, arrivedAt: ports.now() });
        setWaiting(false);
      },
      (error: unknown) => {
        if (stop.signal.aborted) return;
        if (!(error instanceof ApiProblem)) throw error;
        setHeld((before) => ({ ...(before.address === address ? before : { arrivedAt: 0 }), address, problem: error }));
        setWaiting(false);
      },
    );
    return () => stop.abort();
  }, [api, ports, operation, address, renewals, round]);

  useEffect(() => {
    if (everyMs === 0 || address === '') return;
    return ports.every(everyMs, () => {
      if (document.visibilityState === 'visible') setRound((count) => count + 1);
    });
  }, [ports, everyMs, address]);

  const again = useCallback(() => setRound((count) => count + 1), []);
  const own = held.address === address ? held : undefined;
  return {
    value: own?.value,
    problem: own?.problem,
    waiting: address !== '' && (waiting || own === undefined),
    arrivedAt: own?.arrivedAt ?? 0,
    again,
  };
}
