/** Logging in again above the page: what was typed below stays as it is. */
import { type FormEvent, useState } from 'react';
import { ApiProblem } from '../api/problem.ts';
import { type Gate, useDesk } from '../desk.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Field, FormProblem } from '../parts/form.tsx';

export function Renewal({ kind }: { readonly kind: Gate & ('expired' | 'lapsed' | 'purpose') }) {
  const { say, api, login, setLogin, putOffRenewal } = useDesk();
  const [problem, setProblem] = useState<ApiProblem>();
  const [isBusy, setBusy] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const [password, code, purpose] = ['password', 'code', 'purpose'].map((name) => String(given.get(name) ?? ''));
    setBusy(true);
    try {
      if (kind === 'purpose') setLogin(await api.ask('setPurpose', { body: { purpose } }));
      else if (kind === 'lapsed') setLogin(await api.ask('renewLogin', { body: { password, code } }));
      else {
        setLogin(
          await api.ask('logIn', { body: { login: login?.person.login ?? '', password, code, keep: 'cookie' } }),
        );
      }
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      setProblem(error);
    } finally {
      setBusy(false);
    }
  };
  const titles = { expired: 'login.expired', lapsed: 'login.lapsed', purpose: 'supervision.purpose' } as const;
  return (
    <Dialog title={say(titles[kind])} onClose={kind === 'lapsed' ? putOffRenewal : undefined}>
      <form className="stack" onSubmit={submit}>
        <p>{say(`${titles[kind]}Why`)}</p>
        {kind === 'purpose' ? (
          <Field label={say('supervision.purposeField')}>
            <input name="purpose" required minLength={3} maxLength={500} autoComplete="off" />
          </Field>
        ) : (
          <>
            <p>
              <strong>{login?.person.name}</strong> <span className="hint">{login?.person.login}</span>
            </p>
            <Field label={say('login.password')}>
              <input name="password" type="password" required autoComplete="current-password" />
            </Field>
            <CodeField />
          </>
        )}
        <FormProblem problem={problem} />
        <div className="row">
          <button type="submit" className="button strong" disabled={isBusy}>
            {say(kind === 'purpose' ? 'supervision.say' : 'login.again')}
          </button>
          {kind === 'lapsed' && (
            <button type="button" className="button" onClick={putOffRenewal}>
              {say('login.onlyRead')}
            </button>
          )}
        </div>
      </form>
    </Dialog>
  );
}

export function CodeField({ name = 'code' }: { readonly name?: string }) {
  const { say } = useDesk();
  return (
    <Field label={say('login.code')} hint={say('login.codeHint')}>
      <input name={name} inputMode="numeric" pattern="[0-9]{6}" maxLength={6} required autoComplete="one-time-code" />
    </Field>
  );
}
