import { createRoot } from 'react-dom/client';
import { shareEvents } from './api/shared-events.ts';
import { App } from './app.tsx';
import { DeskProvider } from './desk.tsx';
import { WayProvider } from './place/use-place.tsx';
import type { Ports } from './ports.ts';
import { verifySignature } from './signature.ts';

const openEvents = (path: string) => new EventSource(path);
const openChannel = (name: string) => new BroadcastChannel(name);

const ports: Ports = {
  now: () => Date.now(),
  chance: () => Math.random(),
  after(ms, action) {
    const timer = window.setTimeout(action, ms);
    return () => window.clearTimeout(timer);
  },
  every(ms, action) {
    const timer = window.setInterval(action, ms);
    return () => window.clearInterval(timer);
  },
  request: (path, init) => fetch(path, init),
  openEvents: (path) =>
    // Without locks, as in an insecure context, each page has a stream of its own.
    navigator.locks === undefined
      ? openEvents(path)
      : shareEvents({ locks: navigator.locks, openChannel, openEvents }, path),
  timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  digest: async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)),
  verify: (...signed) => verifySignature(crypto.subtle, ...signed),
  keep: window.localStorage,
};

createRoot(document.getElementById('root')!).render(
  <WayProvider>
    <DeskProvider ports={ports}>
      <App />
    </DeskProvider>
  </WayProvider>,
);
