import { type ReactNode, useEffect, useState } from 'react';
import { useDesk, useLive } from '../desk.tsx';
import { Link, useWay } from '../place/use-place.tsx';
import { Bar } from './bar.tsx';
import { Help } from './help.tsx';
import { type Go, listenForKeys } from './keys.ts';
import { pageOf, pagesFor } from './pages.ts';
import { Palette } from './palette.tsx';
import { Renewal } from './renewal.tsx';

const folded = 'clearway.nav';

export function Shell({ children }: { readonly children: ReactNode }) {
  const { say, login, ports, live, gate } = useDesk();
  const way = useWay();
  const [overlay, setOverlay] = useState<'palette' | 'help' | undefined>();
  const [isNarrow, setNarrow] = useState(() => ports.keep.getItem(folded) === 'narrow');
  const roles = login?.person.roles ?? [];
  const own = pagesFor(roles);
  const page = pageOf(way.place.path);
  const title = page === undefined ? '' : say(page.title);

  useEffect(() => {
    document.title = title === '' ? 'Clearway 通衢' : `${title} · Clearway 通衢`;
  }, [title]);
  useEffect(() => ports.keep.setItem(folded, isNarrow ? 'narrow' : 'wide'), [ports, isNarrow]);
  useEffect(() => {
    const go: Go = {
      page: (letter) => {
        const found = own.find((one) => one.letter === letter);
        if (found !== undefined) way.go(found.path);
        return found !== undefined;
      },
      palette: () => setOverlay('palette'),
      help: () => setOverlay('help'),
      pause: () => live.pause(!live.read().isPaused),
    };
    return listenForKeys(go, ports);
  }, [own, way, live, ports]);

  return (
    <div className={isNarrow ? 'shell narrow' : 'shell'}>
      <a className="skip" href="#main">
        {say('shell.skip')}
      </a>
      <Bar />
      <nav className="nav" aria-label={say('shell.pages')}>
        {own.map(({ path, title: name, icon }) => (
          <Link
            key={path}
            href={path}
            aria-current={page?.path === path ? 'page' : undefined}
            title={say(name)}
            aria-label={say(name)}
          >
            <svg
              width="16"
              height="16"
              viewBox="0 0 16 16"
              fill="none"
              stroke="currentColor"
              strokeWidth="1.3"
              aria-hidden="true"
            >
              <path d={icon} />
            </svg>
            <span className="label">{say(name)}</span>
            {path === '/work' && <OpenCount />}
          </Link>
        ))}
        <button
          type="button"
          className="button plain fold"
          onClick={() => setNarrow(!isNarrow)}
          aria-pressed={isNarrow}
          aria-label={say('shell.fold')}
        >
          {isNarrow ? '»' : '«'}
        </button>
      </nav>
      <main id="main" className={way.place.path === '/' ? 'main full' : 'main'} tabIndex={-1}>
        {roles.includes('supervisor') && <p className="recorded-line">{say('supervision.recorded')}</p>}
        {children}
      </main>
      {overlay === 'palette' && <Palette onClose={() => setOverlay(undefined)} />}
      {overlay === 'help' && <Help onClose={() => setOverlay(undefined)} />}
      {(gate === 'expired' || gate === 'lapsed' || gate === 'purpose') && <Renewal kind={gate} />}
    </div>
  );
}

/** How many alarms wait for a person, beside the page where one acts. */
function OpenCount() {
  const { figures } = useLive();
  const counts = figures?.alarmCounts;
  if (counts === undefined) return null;
  const open = counts.P1 + counts.P2 + counts.P3;
  return open === 0 ? null : <span className="count">{open}</span>;
}
