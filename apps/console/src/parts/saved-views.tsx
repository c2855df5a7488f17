/** Views of a page that a person comes back to: names for addresses, kept in this browser, for him alone. */
import { useState } from 'react';
import { useDesk } from '../desk.tsx';
import { Link, useWay } from '../place/use-place.tsx';
import type { Ports } from '../ports.ts';
import { Act, textOf } from './act.tsx';
import { Field } from './form.tsx';
import { Foreign } from './texts.tsx';

export interface SavedView {
  readonly name: string;
  readonly address: string;
}

const kept = 'clearway.views';
const mostViews = 20;

export function readViews(keep: Ports['keep']): readonly SavedView[] {
  try {
    const found: unknown = JSON.parse(keep.getItem(kept) ?? '[]');
    return Array.isArray(found) ? found.filter(isView) : [];
  } catch {
    return []; // what another version left there is no view
  }
}

function isView(value: unknown): value is SavedView {
  const { name, address } = (value ?? {}) as Partial<SavedView>;
  return typeof name === 'string' && typeof address === 'string' && address.startsWith('/');
}

/** @param address of what is shown, @param chosen name of the view that it began as */
export function SavedViews({ address }: { readonly address: string }) {
  const { say, ports } = useDesk();
  const { place, refine } = useWay();
  const [views, setViews] = useState(() => readViews(ports.keep));
  const chosen = views.find(({ name }) => name === place.query.view);
  const write = (next: readonly SavedView[]) => {
    ports.keep.setItem(kept, JSON.stringify(next));
    setViews(next);
  };
  const others = (name: string) => views.filter((one) => one.name !== name);
  return (
    <div className="views">
      {views.map((view) => {
        const isChosen = view === chosen;
        return (
          <Link
            key={view.name}
            className="chip"
            href={`${view.address}${view.address.includes('?') ? '&' : '?'}view=${encodeURIComponent(view.name)}`}
            aria-current={isChosen ? 'true' : undefined}
          >
            <Foreign text={view.name} />{' '}
            {isChosen && view.address !== address && <span className="hint">{say('view.edited')}</span>}
          </Link>
        );
      })}
      {chosen !== undefined && (
        <button
          type="button"
          className="button plain small"
          onClick={() => {
            write(others(chosen.name));
            refine({ view: undefined });
          }}
        >
          {say('view.forget')}
        </button>
      )}
      <Act
        label={say('view.save')}
        isSmall
        onSubmit={async (fields) => {
          const name = textOf(fields, 'name');
          write([...others(name), { name, address }].slice(-mostViews));
          refine({ view: name });
        }}
      >
        <Field label={say('view.name')} hint={say('view.hint')}>
          <input name="name" required maxLength={40} autoComplete="off" defaultValue={chosen?.name ?? ''} />
        </Field>
      </Act>
    </div>
  );
}
