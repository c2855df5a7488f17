/** The one-time link: the first operator's set-up, and everybody's first login after it. */
import type { Enrolment } from '@clearway/console-api';
import { type FormEvent, useState } from 'react';
import { ApiProblem } from '../api/problem.ts';
import { useDesk } from '../desk.tsx';
import { Field, FormProblem } from '../parts/form.tsx';
import { Copy, Time } from '../parts/texts.tsx';
import { useWay } from '../place/use-place.tsx';
import { CodeField } from '../shell/renewal.tsx';
import { listText } from '../words/list.ts';
import { wordFor } from '../words/say.ts';
import { Gate } from './gate.tsx';

export function EnrolmentPage() {
  const { say, api, language, setLogin } = useDesk();
  const way = useWay();
  // What follows the # never leaves the browser by itself: neither in a request nor in a log.
  const [token] = useState(() => window.location.hash.slice(1));
  const [code, setCode] = useState('');
  const [enrolment, setEnrolment] = useState<Enrolment>();
  const [problem, setProblem] = useState<ApiProblem>();
  const [isBusy, setBusy] = useState(false);

  const attempt = async (work: () => Promise<void>) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      setProblem(error);
    } finally {
      setBusy(false);
    }
  };
  const open = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    void attempt(async () => setEnrolment(await api.ask('startEnrolment', { body: { token, code } })));
  };
  const finish = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const text = (name: string) => String(given.get(name) ?? '');
    const isFirst = enrolment?.login === null;
    void attempt(async () => {
      const found = await api.ask('finishEnrolment', {
        body: {
          token,
          code,
          login: isFirst ? text('login') : null,
          name: isFirst ? text('name') : null,
          password: text('password'),
          oneTimeCode: text('oneTimeCode'),
        },
      });
      setLogin(found);
      way.swap('/');
    });
  };

  if (enrolment === undefined) {
    return (
      <Gate title={say('enrolment.title')}>
        <form className="stack" onSubmit={open}>
          <p>{say('enrolment.open')}</p>
          <Field label={say('enrolment.code')} hint={say('enrolment.codeHint')}>
            <input value={code} onChange={(event) => setCode(event.target.value)} maxLength={16} autoComplete="off" />
          </Field>
          <FormProblem problem={problem} />
          <button type="submit" className="button strong" disabled={isBusy || token === ''}>
            {say('enrolment.openIt')}
          </button>
          {token === '' && <p role="alert">{say('enrolment.noToken')}</p>}
        </form>
      </Gate>
    );
  }
  const { secondFactor, expiresAt, login, name, roles } = enrolment;
  return (
    <Gate title={say('enrolment.title')}>
      <form className="stack" onSubmit={finish}>
        <p>
          {roles.length === 0
            ? say('enrolment.firstOperator')
            : listText(
                roles.map((role) => wordFor(say, 'role', role)),
                language,
              )}
        </p>
        <p className="hint">
          {say('enrolment.until')} <Time at={expiresAt} exact />
        </p>
        {login === null ? (
          <>
            <Field label={say('login.login')} hint={say('enrolment.loginHint')}>
              <input
                name="login"
                required
                pattern="[a-z0-9][a-z0-9._\-]{1,31}"
                autoComplete="username"
                autoCapitalize="none"
                spellCheck={false}
              />
            </Field>
            <Field label={say('enrolment.name')}>
              <input name="name" required maxLength={60} autoComplete="name" />
            </Field>
          </>
        ) : (
          <p>
            <strong>{name}</strong> <span className="mono">{login}</span>
          </p>
        )}
        <Field label={say('enrolment.password')} hint={say('enrolment.passwordHint')}>
          <input name="password" type="password" required minLength={12} maxLength={256} autoComplete="new-password" />
        </Field>
        <div className="panel stack">
          <h2>{say('enrolment.secondFactor')}</h2>
          <p>{say('enrolment.secret')}</p>
          <p>
            <code data-secret>{secondFactor.secret}</code> <Copy text={secondFactor.secret} />
          </p>
          <p>
            <a href={secondFactor.uri}>{say('enrolment.inThisDevice')}</a>
          </p>
          <CodeField name="oneTimeCode" />
        </div>
        <FormProblem problem={problem} />
        <button type="submit" className="button strong" disabled={isBusy}>
          {say('enrolment.finish')}
        </button>
      </form>
    </Gate>
  );
}
