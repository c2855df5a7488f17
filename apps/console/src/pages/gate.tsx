import type { ReactNode } from 'react';
import { useDesk } from '../desk.tsx';

/** The frame of what one sees before one is known: login and set-up. */
export function Gate({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  const { say, language, theme, setLanguage, setTheme } = useDesk();
  return (
    <main className="gate">
      <div className="row">
        <strong className="gate-name">{language === 'zh' ? '通衢' : 'Clearway'}</strong>
        <span className="hint">{say('shell.what')}</span>
      </div>
      <section className="panel stack">
        <h1>{title}</h1>
        {children}
      </section>
      <div className="row">
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
      </div>
    </main>
  );
}
