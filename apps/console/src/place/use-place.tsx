import {
  type AnchorHTMLAttributes,
  createContext,
  type MouseEvent,
  type ReactNode,
  useContext,
  useMemo,
  useSyncExternalStore,
} from 'react';
import { formatPlace, type Place, parsePlace, withQuery } from './place.ts';

export interface Way {
  readonly place: Place;
  go(to: string | Place): void;
  /** Without a step in the history: for what is typed. */
  swap(to: string | Place): void;
  /** The same page with another query. */
  refine(change: Readonly<Record<string, string | undefined>>): void;
}

const WayContext = createContext<Way | undefined>(undefined);
const moved = 'clearway-moved';

function listen(onChange: () => void): () => void {
  window.addEventListener('popstate', onChange);
  window.addEventListener(moved, onChange);
  return () => {
    window.removeEventListener('popstate', onChange);
    window.removeEventListener(moved, onChange);
  };
}

const current = () => window.location.pathname + window.location.search;
const text = (to: string | Place) => (typeof to === 'string' ? to : formatPlace(to));

function move(to: string, how: 'push' | 'replace'): void {
  if (to === current()) return;
  const path = window.location.pathname;
  if (how === 'push') window.history.pushState(null, '', to);
  else window.history.replaceState(null, '', to);
  if (how === 'push' && path !== window.location.pathname) window.scrollTo(0, 0);
  window.dispatchEvent(new Event(moved));
}

export function WayProvider({ children }: { readonly children: ReactNode }) {
  const address = useSyncExternalStore(listen, current);
  const way = useMemo((): Way => {
    const place = parsePlace(address);
    return {
      place,
      go: (to) => move(text(to), 'push'),
      swap: (to) => move(text(to), 'replace'),
      refine: (change) => move(formatPlace(withQuery(place, change)), 'push'),
    };
  }, [address]);
  return <WayContext value={way}>{children}</WayContext>;
}

export function useWay(): Way {
  const way = useContext(WayContext);
  if (way === undefined) throw new Error('useWay outside of WayProvider');
  return way;
}

type LinkProps = AnchorHTMLAttributes<HTMLAnchorElement> & { readonly href: string };

/** A real link: it can be opened in a new tab and copied; a plain click stays in the application. */
export function Link({ href, onClick, children, ...rest }: LinkProps) {
  const way = useWay();
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    way.go(href);
  };
  return (
    <a href={href} onClick={follow} {...rest}>
      {children}
    </a>
  );
}
