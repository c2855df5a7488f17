import { type FormEvent, useState } from 'react';
import { ApiProblem } from '../api/problem.ts';
import { useDesk } from '../desk.tsx';
import { Field, FormProblem } from '../parts/form.tsx';
import { CodeField } from '../shell/renewal.tsx';
import { Gate } from './gate.tsx';

export function LoginPage() {
  const { say, api, setLogin } = useDesk();
  const [problem, setProblem] = useState<ApiProblem>();
  const [isBusy, setBusy] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const [login, password, code] = ['login', 'password', 'code'].map((name) => String(given.get(name) ?? ''));
    setBusy(true);
    try {
      setLogin(await api.ask('logIn', { body: { login, password, code, keep: 'cookie' } }));
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      setProblem(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Gate title={say('login.title')}>
      <form className="stack" onSubmit={submit}>
        <Field label={say('login.login')}>
          <input name="login" required autoComplete="username" autoCapitalize="none" spellCheck={false} />
        </Field>
        <Field label={say('login.password')}>
          <input name="password" type="password" required autoComplete="current-password" />
        </Field>
        <CodeField />
        <FormProblem problem={problem} />
        <button type="submit" className="button strong" disabled={isBusy}>
          {say('login.enter')}
        </button>
      </form>
      <p className="hint">{say('login.first')}</p>
    </Gate>
  );
}
