/** The search of the bar: a pasted identifier opens its object; anything else is looked for and listed. */
import type { Found } from '@clearway/console-api';
import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { useDesk } from '../desk.tsx';
import { recognise } from '../format/identifier.ts';
import { Foreign } from '../parts/texts.tsx';
import { useWay } from '../place/use-place.tsx';
import { wordFor } from '../words/say.ts';

const pauseMs = 200;

export function Seek() {
  const { say, api, ports } = useDesk();
  const way = useWay();
  const [text, setText] = useState('');
  const [found, setFound] = useState<Found['found']>();
  const [at, setAt] = useState(0);
  const field = useRef<HTMLInputElement>(null);

  useEffect(() => {
    const wanted = text.trim();
    if (wanted === '') return setFound(undefined);
    const stop = new AbortController();
    const cancel = ports.after(pauseMs, () => {
      api.ask('find', { query: { text: wanted }, signal: stop.signal }).then(
        (answer) => {
          setFound(answer.found);
          setAt(0);
        },
        () => setFound(undefined), // Enter still searches the payments, and that page says what failed
      );
    });
    return () => {
      cancel();
      stop.abort();
    };
  }, [text, api, ports]);

  const leave = (to: string) => {
    setText('');
    setFound(undefined);
    field.current?.blur();
    way.go(to);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wanted = text.trim();
    if (wanted === '') return;
    const named = recognise(wanted);
    if (named?.kind === 'payment') return leave(`/payments/${named.id}`);
    const chosen = found?.[at];
    if (chosen !== undefined) return leave(chosen.page);
    if (named?.kind === 'participant') return leave(`/participants/${named.code}`);
    leave(`/payments?q=${encodeURIComponent(wanted)}`);
  };
  const move = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === 'Escape') {
      setText('');
      field.current?.blur();
    } else if (by !== undefined && found !== undefined) {
      event.preventDefault();
      setAt(Math.min(found.length - 1, Math.max(0, at + by)));
    }
  };
  return (
    <form className="seek" onSubmit={submit}>
      <input
        ref={field}
        data-seek
        type="search"
        role="combobox"
        aria-label={say('seek.label')}
        aria-expanded={found !== undefined}
        aria-controls="seek-found"
        aria-activedescendant={found?.[at] === undefined ? undefined : `seek-${at}`}
        placeholder={say('seek.hint')}
        autoComplete="off"
        spellCheck={false}
        value={text}
        maxLength={200}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={move}
      />
      <div
        id="seek-found"
        className={found === undefined ? '' : 'popup listbox'}
        role="listbox"
        aria-label={say('seek.found')}
      >
        {found?.map((one, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above moves through the options
          // biome-ignore lint/a11y/useFocusableInteractive: focus stays in the field
          <div
            key={one.page}
            id={`seek-${index}`}
            role="option"
            aria-selected={index === at}
            onClick={() => leave(one.page)}
          >
            <Foreign text={one.text} />
            <span className="hint">{wordFor(say, 'found', one.kind)}</span>
          </div>
        ))}
        {found?.length === 0 && (
          <div role="option" aria-selected="true" aria-disabled="true" tabIndex={-1}>
            {say('seek.nothing')}
          </div>
        )}
      </div>
    </form>
  );
}
