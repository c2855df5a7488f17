/** What every page has at hand: who is logged in, the platform's API, the live stream, the language and the clock's zone. */
import type { Login } from '@clearway/console-api';
import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import { type Api, createApi } from './api/api.ts';
import { createLive, type Live } from './api/live.ts';
import type { ApiProblem } from './api/problem.ts';
import type { Language } from './format/money.ts';
import { zoneOffset } from './format/time.ts';
import type { Ports } from './ports.ts';
import { createSay, type Say } from './words/say.ts';

export type Theme = 'light' | 'dark';
/** The scheme's zone, UTC, or that of this machine: one for all times that are shown. */
export const zoneChoices = ['scheme', 'utc', 'local'] as const;
export type ZoneChoice = (typeof zoneChoices)[number];

/**
 * `asking`: not known yet. `none`: nobody. `expired`: somebody was, and what he typed stays on the page while he logs in
 * again. `lapsed`: he may read, and has to prove himself again before he acts.
 */
export type Gate = 'asking' | 'unreachable' | 'none' | 'open' | 'expired' | 'lapsed' | 'purpose';

export interface Desk {
  readonly ports: Ports;
  readonly api: Api;
  readonly live: Live;
  readonly say: Say;
  readonly language: Language;
  readonly theme: Theme;
  setLanguage(language: Language): void;
  setTheme(theme: Theme): void;
  readonly gate: Gate;
  readonly login: Login | undefined;
  setLogin(login: Login | undefined): void;
  /** Asks for password and code again without leaving the page. */
  askRenewal(): void;
  /** Asks a supervisor anew why he looks. */
  askPurpose(): void;
  /** Closes what asks for a renewal. */
  putOffRenewal(): void;
  /** Grows with every login and renewal: what was refused before may be asked again. */
  readonly renewals: number;
  /** Asks the platform anew who is logged in. */
  askLogin(): void;
  /** Minutes east of UTC of the zone that times are shown in. */
  readonly zone: number;
  readonly zoneChoice: ZoneChoice;
  setZoneChoice(choice: ZoneChoice): void;
}

const DeskContext = createContext<Desk | undefined>(undefined);

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (desk === undefined) throw new Error('useDesk outside of DeskProvider');
  return desk;
}

const kept = { language: 'clearway.language', theme: 'clearway.theme', zone: 'clearway.zone' };

function firstLanguage(ports: Ports): Language {
  const chosen = ports.keep.getItem(kept.language);
  if (chosen === 'en' || chosen === 'zh') return chosen;
  return navigator.language.startsWith('zh') ? 'zh' : 'en';
}

function firstTheme(ports: Ports): Theme {
  const chosen = ports.keep.getItem(kept.theme);
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return window.matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

export function DeskProvider({ ports, children }: { readonly ports: Ports; readonly children: ReactNode }) {
  const [language, setLanguage] = useState(() => firstLanguage(ports));
  const [theme, setTheme] = useState(() => firstTheme(ports));
  const [zoneChoice, setZoneChoice] = useState(
    () => zoneChoices.find((one) => one === ports.keep.getItem(kept.zone)) ?? 'scheme',
  );
  const [login, setLogin] = useState<Login | undefined>();
  const [gate, setGate] = useState<Gate>('asking');
  const [renewals, setRenewals] = useState(0);
  const [round, setRound] = useState(0);
  const known = useRef(login);
  known.current = login;

  const machinery = useMemo(() => {
    const hear = ({ reason }: ApiProblem) => {
      if (reason === 'notLoggedIn') setGate(known.current === undefined ? 'none' : 'expired');
      if (reason === 'actRightsLapsed' || reason === 'tokenMissing') setGate('lapsed');
      if (reason === 'purposeMissing') setGate('purpose');
    };
    const api = createApi(ports, () => known.current?.csrfToken, hear);
    // Only the API tells why: a stream says no more than that it ended.
    const live = createLive(ports, () => void api.ask('getLogin').catch(() => {}));
    return { api, live };
  }, [ports]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` says when to ask again
  useEffect(() => {
    const stop = new AbortController();
    machinery.api.ask('getLogin', { signal: stop.signal }).then(
      (found) => {
        setLogin(found);
        setGate('open');
      },
      ({ reason }: ApiProblem) => {
        if (!stop.signal.aborted && reason !== 'notLoggedIn') setGate('unreachable');
      },
    );
    return () => stop.abort();
  }, [machinery, round]);

  useEffect(() => {
    document.documentElement.lang = language === 'zh' ? 'zh-Hans' : 'en';
    ports.keep.setItem(kept.language, language);
  }, [ports, language]);
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    ports.keep.setItem(kept.theme, theme);
  }, [ports, theme]);

  useEffect(() => ports.keep.setItem(kept.zone, zoneChoice), [ports, zoneChoice]);

  const reads = gate === 'open' || gate === 'lapsed';
  useEffect(() => {
    if (!reads) return;
    // What nobody sees is not drawn; who looks again finds it as old as it is, until the next snapshot.
    const follow = () => (document.visibilityState === 'visible' ? machinery.live.start() : machinery.live.stop());
    follow();
    document.addEventListener('visibilitychange', follow);
    return () => {
      document.removeEventListener('visibilitychange', follow);
      machinery.live.stop();
    };
  }, [machinery, reads]);

  const say = useMemo(() => createSay(language), [language]);
  const timeZone = { scheme: login?.scheme.timeZone ?? 'UTC', utc: 'UTC', local: ports.timeZone }[zoneChoice];
  const zone = useMemo(() => zoneOffset(timeZone, ports.now()), [timeZone, ports]);

  const desk: Desk = {
    ports,
    ...machinery,
    say,
    language,
    theme,
    setLanguage,
    setTheme,
    gate,
    login,
    setLogin(next) {
      setLogin(next);
      setGate(next === undefined ? 'none' : 'open');
      if (next !== undefined) setRenewals((count) => count + 1);
    },
    askRenewal: () => setGate('lapsed'),
    askPurpose: () => setGate('purpose'),
    putOffRenewal: () => setGate('open'),
    renewals,
    askLogin() {
      setGate('asking');
      setRound((count) => count + 1);
    },
    zone,
    zoneChoice,
    setZoneChoice,
  };
  return <DeskContext value={desk}>{children}</DeskContext>;
}

/** Draws again with each frame of the stream. */
export function useLive() {
  const { live } = useDesk();
  return useSyncExternalStore(live.subscribe, live.read);
}

/** A number that moves on so often, for what tells the time. */
export function useTick(everyMs: number): number {
  const { ports } = useDesk();
  const [tick, setTick] = useState(0);
  useEffect(() => ports.every(everyMs, () => setTick((count) => count + 1)), [ports, everyMs]);
  return tick;
}
