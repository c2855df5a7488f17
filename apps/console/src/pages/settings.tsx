/** One's own settings, and who may use the console. */
import type { User } from '@clearway/console-api';
import { useState } from 'react';
import { ApiProblem } from '../api/problem.ts';
import { useAnswer } from '../api/use-answer.ts';
import { useDesk, zoneChoices } from '../desk.tsx';
import { zoneText } from '../format/time.ts';
import { FormProblem } from '../parts/form.tsx';
import { FromAnswer } from '../parts/states.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { Copy, Foreign, Time } from '../parts/texts.tsx';
import { listText } from '../words/list.ts';
import { wordFor } from '../words/say.ts';

export default function SettingsPage() {
  const {
    say,
    api,
    login,
    setLogin,
    language,
    theme,
    setLanguage,
    setTheme,
    zone,
    zoneChoice,
    setZoneChoice,
    ports,
    askRenewal,
  } = useDesk();
  if (login === undefined) return null;
  const { person, scheme } = login;
  const leave = () =>
    void api.ask('logOut').then(
      () => setLogin(undefined),
      () => setLogin(undefined),
    );
  return (
    <div className="stack">
      <div className="page-head">
        <h1>{say('page.settings')}</h1>
      </div>
      <section className="panel">
        <dl className="facts">
          <dt>{say('enrolment.name')}</dt>
          <dd>
            <Foreign text={person.name} /> <span className="mono hint">{person.login}</span>
          </dd>
          <dt>{say('settings.roles')}</dt>
          <dd>
            {listText(
              person.roles.map((role) => wordFor(say, 'role', role)),
              language,
            )}
          </dd>
          {person.participant !== null && (
            <>
              <dt>{say('participant.one')}</dt>
              <dd>{person.participant}</dd>
            </>
          )}
          <dt>{say('settings.readsUntil')}</dt>
          <dd>
            <Time at={login.endsAt} exact />
          </dd>
          <dt>{say('settings.actsUntil')}</dt>
          <dd>
            {login.actsUntil === null ? say('settings.actsNot') : <Time at={login.actsUntil} exact />}{' '}
            <button type="button" className="button small" onClick={askRenewal}>
              {say('settings.renew')}
            </button>
          </dd>
          <dt>{say('settings.zone')}</dt>
          <dd className="row">
            {zoneChoices.map((one) => (
              <button
                key={one}
                type="button"
                className="button small"
                aria-pressed={zoneChoice === one}
                onClick={() => setZoneChoice(one)}
              >
                {one === 'scheme'
                  ? scheme.timeZone
                  : one === 'utc'
                    ? 'UTC'
                    : say('settings.thisMachine', { zone: ports.timeZone })}
              </button>
            ))}
            <span>{zoneText(zone)}</span>
          </dd>
          <dt>{say('settings.language')}</dt>
          <dd className="row">
            {(['zh', 'en'] as const).map((one) => (
              <button
                key={one}
                type="button"
                className="button small"
                aria-pressed={language === one}
                onClick={() => setLanguage(one)}
                lang={one === 'zh' ? 'zh-Hans' : 'en'}
              >
                {one === 'zh' ? '中文' : 'English'}
              </button>
            ))}
          </dd>
          <dt>{say('settings.theme')}</dt>
          <dd className="row">
            {(['light', 'dark'] as const).map((one) => (
              <button
                key={one}
                type="button"
                className="button small"
                aria-pressed={theme === one}
                onClick={() => setTheme(one)}
              >
                {say(`shell.${one}`)}
              </button>
            ))}
          </dd>
        </dl>
        <div className="row">
          <button type="button" className="button" onClick={leave}>
            {say('login.leave')}
          </button>
        </div>
      </section>
      {person.participant === null && <People />}
    </div>
  );
}

function People() {
  const { say, language } = useDesk();
  const answer = useAnswer('getUsers', {});
  const columns: readonly Column<User>[] = [
    { key: 'login', head: say('login.login'), value: ({ login }) => <span className="mono">{login}</span> },
    { key: 'name', head: say('enrolment.name'), value: ({ name }) => <Foreign text={name} /> },
    {
      key: 'roles',
      head: say('settings.roles'),
      value: ({ roles }) =>
        listText(
          roles.map((role) => wordFor(say, 'role', role)),
          language,
        ),
    },
    { key: 'participant', head: say('participant.one'), value: ({ participant }) => participant ?? '' },
    { key: 'state', head: say('payments.state'), value: ({ state }) => wordFor(say, 'userState', state) },
    {
      key: 'login-at',
      head: say('settings.lastLogin'),
      value: ({ lastLoginAt }) => lastLoginAt !== null && <Time at={lastLoginAt} />,
    },
    {
      key: 'link',
      head: say('settings.link'),
      value: (user) => user.linkIsYours && <IssueLink userId={user.userId} />,
    },
  ];
  return (
    <section className="stack">
      <h2>{say('settings.people')}</h2>
      <FromAnswer answer={answer} what={say('settings.people')} rows={4}>
        {({ users }) => (
          <Table
            caption={say('settings.people')}
            columns={columns}
            rows={users}
            rowKey={({ userId }) => String(userId)}
          />
        )}
      </FromAnswer>
    </section>
  );
}

function IssueLink({ userId }: { readonly userId: number }) {
  const { say, api } = useDesk();
  const [link, setLink] = useState<string>();
  const [problem, setProblem] = useState<ApiProblem>();
  const issue = async () => {
    try {
      setLink((await api.ask('issueEnrolmentLink', { at: { userId } })).link);
      setProblem(undefined);
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      setProblem(error);
    }
  };
  if (link !== undefined) {
    return (
      <>
        <code data-link>{link}</code> <Copy text={link} />
      </>
    );
  }
  return (
    <>
      <button type="button" className="button small" onClick={() => void issue()}>
        {say('settings.issueLink')}
      </button>
      <FormProblem problem={problem} />
    </>
  );
}
