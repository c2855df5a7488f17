import type { Priority } from '@clearway/console-api';
import { useEffect, useState } from 'react';
import { useDesk, useLive, useTick } from '../desk.tsx';
import { clockText, dateText, zoneText } from '../format/time.ts';
import { Mark } from '../parts/mark.tsx';
import { Link } from '../place/use-place.tsx';
import { listText } from '../words/list.ts';
import { wordFor } from '../words/say.ts';
import { Freshness, StaleLine } from './freshness.tsx';
import { Seek } from './seek.tsx';

export function Bar() {
  const { say, login, language, theme, setLanguage, setTheme } = useDesk();
  const environment = login?.scheme.environment ?? 'production';
  return (
    <header className="bar" data-environment={environment}>
      <Link className="scheme" href="/">
        {language === 'zh' ? '通衢' : 'Clearway'}
      </Link>
      {environment === 'sandbox' && <span className="environment">{say('shell.sandbox')}</span>}
      <Seek />
      <span className="push" />
      <Clock />
      <Freshness />
      <StaleLine />
      <Counts />
      <button
        type="button"
        className="button small"
        onClick={() => setLanguage(language === 'zh' ? 'en' : 'zh')}
        lang={language === 'zh' ? 'en' : 'zh-Hans'}
      >
        {language === 'zh' ? 'English' : '中文'}
      </button>
      <button type="button" className="button small" onClick={() => setTheme(theme === 'dark' ? 'light' : 'dark')}>
        {theme === 'dark' ? say('shell.light') : say('shell.dark')}
      </button>
      {login !== undefined && (
        <Link
          className="button small"
          href="/settings"
          title={listText(
            login.person.roles.map((role) => wordFor(say, 'role', role)),
            language,
          )}
        >
          {login.person.name}
        </Link>
      )}
    </header>
  );
}

/** The platform's time, not this machine's. */
function Clock() {
  const { zone } = useDesk();
  const { figures } = useLive();
  if (figures === undefined) return null;
  const at = Date.parse(figures.at);
  return (
    <time className="hint" dateTime={figures.at}>
      {dateText(at, zone)} {clockText(at, zone)} {zoneText(zone)}
    </time>
  );
}

const priorities: readonly Priority[] = ['P1', 'P2', 'P3'];
const announceMs = 1_000;

function Counts() {
  const { say } = useDesk();
  const { figures } = useLive();
  const counts = figures?.alarmCounts;
  useTick(announceMs);
  const [announced, setAnnounced] = useState('');
  const urgent = counts?.P1 ?? 0;
  useEffect(() => setAnnounced(urgent > 0 ? say('alarm.urgent', { count: urgent }) : ''), [urgent, say]);
  if (counts === undefined) return null;
  return (
    <div className="bar-counts">
      <span className="unseen" role="alert">
        {announced}
      </span>
      {priorities.map((priority) => (
        <Link
          key={priority}
          href="/work"
          className="priority"
          data-active={counts[priority] > 0 ? priority.toLowerCase() : undefined}
          aria-label={say('alarm.count', { priority, count: counts[priority] })}
        >
          <Mark shape={priority} />
          {counts[priority]}
        </Link>
      ))}
      {counts.shelved > 0 && (
        <Link className="priority" href="/work">
          {say('alarm.shelvedCount', { count: counts.shelved })}
        </Link>
      )}
    </div>
  );
}
