import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { DeskProvider } from './desk.tsx';
import { WayProvider } from './place/use-place.tsx';
import type { Ports } from './ports.ts';
import { verifySignature } from './signature.ts';

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
  openEvents: (path) => new EventSource(path),
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
