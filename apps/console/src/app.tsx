import { Component, lazy, type ReactNode, Suspense } from 'react';
import { useDesk } from './desk.tsx';
import { NamesProvider } from './names.tsx';
import { EnrolmentPage } from './pages/enrolment.tsx';
import { LoginPage } from './pages/login.tsx';
import { WallPage } from './pages/wall/wall.tsx';
import { Empty, Waiting } from './parts/states.tsx';
import { matchPath } from './place/place.ts';
import { Link, useWay } from './place/use-place.tsx';
import { pageOf, pagesFor } from './shell/pages.ts';
import { Shell } from './shell/shell.tsx';

// Login and wall are there at once; the other pages are fetched when they are first opened.
const pageKinds: readonly (readonly [string, (parts: Readonly<Record<string, string>>) => ReactNode])[] = [
  ['/payments', page(() => import('./pages/payments/payments.tsx'))],
  ['/payments/:id', page(() => import('./pages/payments/payment.tsx'))],
  ['/participants', page(() => import('./pages/participants/participants.tsx'))],
  ['/participants/:code', page(() => import('./pages/participants/participant.tsx'))],
  ['/cycles', page(() => import('./pages/cycles/cycles.tsx'))],
  ['/cycles/:cycle', page(() => import('./pages/cycles/cycle.tsx'))],
  ['/work', page(() => import('./pages/work/work.tsx'))],
  ['/operations/cells/:cell', page(() => import('./pages/operations.tsx'))],
  ['/operations', page(() => import('./pages/operations.tsx'))],
  ['/changes', page(() => import('./pages/changes/changes.tsx'))],
  ['/changes/new', page(() => import('./pages/changes/new-change.tsx'))],
  ['/changes/:id', page(() => import('./pages/changes/change.tsx'))],
  ['/audit', page(() => import('./pages/audit.tsx'))],
  ['/supervision', page(() => import('./pages/supervision.tsx'))],
  ['/settings', page(() => import('./pages/settings.tsx'))],
];

type PageModule = { readonly default: (parts: Readonly<Record<string, string>>) => ReactNode };

function page(load: () => Promise<PageModule>) {
  const Page = lazy(load);
  return (parts: Readonly<Record<string, string>>) => <Page {...parts} />;
}

export function App() {
  const { gate, say, askLogin, login } = useDesk();
  const { place } = useWay();
  if (place.path === '/enrol') return <EnrolmentPage />;
  if (gate === 'asking') return <Waiting what={say('login.asking')} />;
  if (gate === 'unreachable') {
    return (
      <main className="gate">
        <Empty title={say('login.unreachable')}>
          <p>{say('login.unreachableWhy')}</p>
          <div className="row">
            <button type="button" className="button" onClick={askLogin}>
              {say('act.retry')}
            </button>
          </div>
        </Empty>
      </main>
    );
  }
  if (login === undefined) return <LoginPage />;
  return (
    <NamesProvider>
      {place.path === '/' && place.query.view === 'full' ? <WallPage isFull /> : <InShell />}
    </NamesProvider>
  );
}

function InShell() {
  const { say } = useDesk();
  const { place } = useWay();
  return (
    <Shell>
      <CatchFault key={place.path} words={[say('fault.title'), say('fault.why')]}>
        <Suspense fallback={<Waiting what={say('shell.page')} />}>
          <CurrentPage />
        </Suspense>
      </CatchFault>
    </Shell>
  );
}

function CurrentPage() {
  const { say, login } = useDesk();
  const { place } = useWay();
  if (place.path === '/') return <WallPage />;
  const known = pageOf(place.path);
  const roles = login?.person.roles ?? [];
  if (known !== undefined && !pagesFor(roles).includes(known)) {
    return (
      <Empty title={say('problem.noRight', { what: say(known.title) })}>
        <p>{say('problem.whoGrants')}</p>
      </Empty>
    );
  }
  for (const [pattern, draw] of pageKinds) {
    const parts = matchPath(pattern, place.path);
    if (parts !== undefined) return draw(parts);
  }
  return (
    <Empty title={say('shell.noPage')}>
      <p className="row">
        <Link className="button" href="/">
          {say('page.wall')}
        </Link>
      </p>
    </Empty>
  );
}

interface CatchFaultProps {
  readonly words: readonly [string, string];
  readonly children: ReactNode;
}

/** A fault in one page must not take the others with it. */
class CatchFault extends Component<CatchFaultProps, { readonly fault: Error | undefined }> {
  override state = { fault: undefined as Error | undefined };
  static getDerivedStateFromError(fault: Error) {
    return { fault };
  }
  override render() {
    const { fault } = this.state;
    if (fault === undefined) return this.props.children;
    const [title, why] = this.props.words;
    return (
      <section className="state" role="alert">
        <h2>{title}</h2>
        <p>{why}</p>
        <p className="mono">{fault.message}</p>
      </section>
    );
  }
}
