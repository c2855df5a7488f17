/** Ctrl-K: pages, participants by code, name or initials, and forms. It opens; it carries nothing out. */
import { type KeyboardEvent, useState } from 'react';
import { useDesk } from '../desk.tsx';
import { useNames } from '../names.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { readViews } from '../parts/saved-views.tsx';
import { useWay } from '../place/use-place.tsx';
import { pagesFor } from './pages.ts';

interface Entry {
  readonly text: string;
  readonly kind: string;
  readonly to: string;
  /** What else it is found by. */
  readonly also: string;
}

const shown = 12;

export function Palette({ onClose }: { readonly onClose: () => void }) {
  const { say, login, ports } = useDesk();
  const way = useWay();
  const names = useNames();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const roles = login?.person.roles ?? [];
  const entries: Entry[] = [
    ...pagesFor(roles).map(({ path, title }) => ({
      text: say(title),
      kind: say('palette.page'),
      to: path,
      also: path,
    })),
    ...names.all.map(({ code, name }) => ({
      text: `${code} ${name}`,
      kind: say('found.participant'),
      to: `/participants/${code}`,
      also: initials(name),
    })),
    ...(roles.includes('proposer')
      ? [{ text: say('change.new'), kind: say('palette.form'), to: '/changes/new', also: 'new change' }]
      : []),
    ...readViews(ports.keep).map(({ name, address }) => ({
      text: name,
      kind: say('palette.view'),
      to: `${address}${address.includes('?') ? '&' : '?'}view=${encodeURIComponent(name)}`,
      also: address,
    })),
    { text: say('page.settings'), kind: say('palette.page'), to: '/settings', also: 'settings' },
  ];
  const wanted = text.trim().toLowerCase();
  const fitting = entries
    .filter((entry) => `${entry.text} ${entry.also}`.toLowerCase().includes(wanted))
    .slice(0, shown);

  const open = (entry: Entry | undefined) => {
    if (entry === undefined) return;
    onClose();
    way.go(entry.to);
  };
  const move = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === 'Enter') open(fitting[at]);
    if (by === undefined) return;
    event.preventDefault();
    setAt(Math.min(fitting.length - 1, Math.max(0, at + by)));
  };
  return (
    <Dialog title={say('palette.title')} onClose={onClose}>
      <div className="stack">
        <input
          autoFocus
          role="combobox"
          aria-label={say('palette.title')}
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant={fitting[at] === undefined ? undefined : `palette-${at}`}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
          }}
          onKeyDown={move}
        />
        <div className="listbox" id="palette-list" role="listbox" aria-label={say('palette.title')}>
          {fitting.map((entry, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the field above moves through the options
            // biome-ignore lint/a11y/useFocusableInteractive: focus stays in the field
            <div
              key={entry.to}
              id={`palette-${index}`}
              role="option"
              aria-selected={index === at}
              onClick={() => open(entry)}
            >
              {entry.text}
              <span className="hint">{entry.kind}</span>
            </div>
          ))}
        </div>
      </div>
    </Dialog>
  );
}

/** `Harbour Bank` → `hb` */
function initials(name: string): string {
  return name
    .split(/\s+/)
    .map((word) => word.charAt(0))
    .join('');
}
