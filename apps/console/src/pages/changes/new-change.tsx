/** Proposing a change: chosen, seen as a difference as the platform computes it, then put before another person. */
import { type ChangeKind, type ChangeRequest, type Effect, type Role, roles } from '@clearway/console-api';
import { type FormEvent, useEffect, useState } from 'react';
import { ApiProblem } from '../../api/problem.ts';
import { useAnswer } from '../../api/use-answer.ts';
import { useDesk, useLive } from '../../desk.tsx';
import { currencySign, parseAmount } from '../../format/money.ts';
import { parseField, zoneText } from '../../format/time.ts';
import { useNames } from '../../names.tsx';
import { Field, FormProblem } from '../../parts/form.tsx';
import { Empty } from '../../parts/states.tsx';
import { Copy } from '../../parts/texts.tsx';
import { Link, useWay } from '../../place/use-place.tsx';
import { wordFor } from '../../words/say.ts';
import { EffectView } from './effect-view.tsx';

const kinds: readonly ChangeKind[] = [
  'netDebitCap',
  'suspendParticipant',
  'resumeParticipant',
  'endKey',
  'closeCycle',
  'addUser',
  'changeUser',
  'resetUser',
  'endUser',
];
const forParticipants = new Set<ChangeKind>(['netDebitCap', 'suspendParticipant', 'resumeParticipant', 'endKey']);
const forUsers = new Set<ChangeKind>(['addUser', 'changeUser', 'resetUser', 'endUser']);

export default function NewChangePage() {
  const { say, api, login, zone } = useDesk();
  const way = useWay();
  const [preview, setPreview] = useState<{ readonly request: ChangeRequest; readonly effect: Effect }>();
  // The first persons are appointed by one: the code is told once, here, and the link is issued in the settings.
  const [founded, setFounded] = useState<{ readonly changeId: number; readonly enrolmentCode: string }>();
  const [problem, setProblem] = useState<ApiProblem>();
  const [wrong, setWrong] = useState<string>();
  const kind = kinds.find((one) => one === way.place.query.kind) ?? 'netDebitCap';
  const { figures } = useLive();
  const openCycle = figures?.cycles.find(({ state }) => state === 'open')?.cycle ?? null;
  const currency = login?.scheme.currencies[0] ?? 'CNY';

  // What was seen is what is proposed: another choice needs another look.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the kind says when
  useEffect(() => setPreview(undefined), [kind]);

  if (login?.person.roles.includes('proposer') !== true) {
    return (
      <Empty title={say('problem.noRight', { what: say('change.new') })}>
        <p>{say('change.onlyProposer')}</p>
      </Empty>
    );
  }
  const attempt = async (work: () => Promise<void>) => {
    setProblem(undefined);
    setWrong(undefined);
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      setProblem(error);
    }
  };
  const look = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const text = (name: string) => String(fields.get(name) ?? '').trim();
    const amount = kind === 'netDebitCap' ? parseAmount(text('cap'), currency) : undefined;
    if (kind === 'netDebitCap' && (amount === undefined || amount.startsWith('-'))) {
      setWrong(say('change.capWrong'));
      return;
    }
    const endsAt = kind === 'endKey' && text('endsAt') !== '' ? parseField(text('endsAt'), zone) : undefined;
    const participant = text('userParticipant');
    const request: ChangeRequest = {
      kind,
      participant: forParticipants.has(kind) ? text('participant') : null,
      cap: amount === undefined ? null : { amount, currency },
      keyVersion: kind === 'endKey' ? Number(text('keyVersion')) : null,
      endsAt: endsAt === undefined ? null : new Date(endsAt).toISOString(),
      cycle: kind === 'closeCycle' ? openCycle : null,
      user: forUsers.has(kind)
        ? {
            login: text('login'),
            name: text('name'),
            roles: fields.getAll('roles') as Role[],
            participant: participant === '' ? null : participant,
          }
        : null,
      why: text('why'),
    };
    void attempt(async () => setPreview({ request, effect: await api.ask('previewChange', { body: request }) }));
  };
  const propose = () =>
    void attempt(async () => {
      if (preview === undefined) return;
      const { changeId, enrolmentCode } = await api.ask('proposeChange', { body: preview.request });
      if (enrolmentCode === null) way.go(`/changes/${changeId}`);
      else setFounded({ changeId, enrolmentCode });
    });

  if (founded !== undefined) {
    return (
      <Empty title={say('change.founded', { number: founded.changeId })}>
        <p>
          {say('change.enrolmentCode')} <code data-enrolment-code>{founded.enrolmentCode}</code>{' '}
          <Copy text={founded.enrolmentCode} />
        </p>
        <p>
          {say('change.linkWaits')} <Link href="/settings">{say('settings.people')}</Link>
        </p>
      </Empty>
    );
  }
  return (
    <div className="stack">
      <div className="page-head">
        <h1>{say('change.new')}</h1>
      </div>
      <form className="panel stack" onSubmit={look} onChange={() => setPreview(undefined)}>
        <Field label={say('change.kind')}>
          <select name="kind" value={kind} onChange={(event) => way.refine({ kind: event.target.value })}>
            {kinds.map((one) => (
              <option key={one} value={one}>
                {wordFor(say, 'changeKind', one)}
              </option>
            ))}
          </select>
        </Field>
        {forParticipants.has(kind) && <ParticipantField kind={kind} chosen={way.place.query.participant} />}
        {kind === 'netDebitCap' && <CapField currency={currency} />}
        {kind === 'endKey' && (
          <>
            <Field label={say('participant.version')}>
              <input name="keyVersion" type="number" min={1} max={65535} required />
            </Field>
            <Field label={`${say('change.endsAt')} (${zoneText(zone)})`} hint={say('change.endsAtHint')}>
              <input name="endsAt" type="datetime-local" step={1} />
            </Field>
          </>
        )}
        {kind === 'closeCycle' && (
          <p>{openCycle === null ? say('wall.noCycle') : say('change.closes', { cycle: openCycle })}</p>
        )}
        {forUsers.has(kind) && <UserFields kind={kind} />}
        <Field label={say('change.why')} hint={say('change.whyHint')}>
          <textarea name="why" required minLength={3} maxLength={500} />
        </Field>
        {wrong !== undefined && (
          <p role="alert" className="note p1">
            {wrong}
          </p>
        )}
        <FormProblem problem={problem} />
        <div className="row">
          <button type="submit" className="button">
            {say('change.preview')}
          </button>
        </div>
      </form>
      {preview !== undefined && (
        <section className="stack" aria-live="polite">
          <EffectView effect={preview.effect} />
          <div className="row">
            <button type="button" className="button strong" onClick={propose}>
              {say('change.propose', { what: wordFor(say, 'changeKind', kind) })}
            </button>
            <span className="hint">{say('change.needsSecond')}</span>
          </div>
        </section>
      )}
    </div>
  );
}

function ParticipantField({ kind, chosen }: { readonly kind: ChangeKind; readonly chosen: string | undefined }) {
  const { say } = useDesk();
  const names = useNames();
  const fitting = names.all.filter(({ role }) => kind !== 'netDebitCap' || role === 'bank');
  return (
    <Field label={say('participant.one')}>
      {/* A new choice of kind draws it anew, with the participant that the address names. */}
      <select key={`${fitting.length} ${kind}`} name="participant" required defaultValue={chosen ?? ''}>
        <option value="" disabled>
          {say('change.choose')}
        </option>
        {fitting.map(({ code, name }) => (
          <option key={code} value={code}>
            {code} {name}
          </option>
        ))}
      </select>
    </Field>
  );
}

function CapField({ currency }: { readonly currency: string }) {
  const { say, language } = useDesk();
  return (
    <Field label={`${say('change.cap')} (${currencySign(currency, language)})`} hint={say('change.capHint')}>
      <input name="cap" inputMode="decimal" required maxLength={40} autoComplete="off" />
    </Field>
  );
}

function UserFields({ kind }: { readonly kind: ChangeKind }) {
  const { say } = useDesk();
  const names = useNames();
  const { value } = useAnswer('getUsers', kind === 'addUser' ? undefined : {});
  const [login, setLogin] = useState('');
  const user = value?.users.find((one) => one.login === login);
  const writes = kind === 'addUser' || kind === 'changeUser';
  return (
    <>
      <Field label={say('login.login')} hint={say('enrolment.loginHint')}>
        {kind === 'addUser' ? (
          <input name="login" required pattern="[a-z0-9][a-z0-9._\-]{1,31}" autoCapitalize="none" autoComplete="off" />
        ) : (
          <select name="login" required value={login} onChange={(event) => setLogin(event.target.value)}>
            <option value="" disabled>
              {say('change.choose')}
            </option>
            {value?.users.map((one) => (
              <option key={one.userId} value={one.login}>
                {one.login}
              </option>
            ))}
          </select>
        )}
      </Field>
      {writes ? (
        <div key={login} className="stack">
          <Field label={say('enrolment.name')}>
            <input name="name" required maxLength={60} autoComplete="off" defaultValue={user?.name ?? ''} />
          </Field>
          <fieldset className="row">
            <legend>{say('settings.roles')}</legend>
            {roles.map((role) => (
              <label key={role} className="row">
                <input type="checkbox" name="roles" value={role} defaultChecked={user?.roles.includes(role) ?? false} />
                {wordFor(say, 'role', role)}
              </label>
            ))}
          </fieldset>
          <Field label={say('change.userParticipant')} hint={say('change.userParticipantHint')}>
            <select name="userParticipant" defaultValue={user?.participant ?? ''}>
              <option value="">--</option>
              {names.all.map(({ code, name }) => (
                <option key={code} value={code}>
                  {code} {name}
                </option>
              ))}
            </select>
          </Field>
        </div>
      ) : (
        user !== undefined && (
          <>
            <input type="hidden" name="name" value={user.name} />
            <input type="hidden" name="userParticipant" value={user.participant ?? ''} />
            {user.roles.map((role) => (
              <input key={role} type="hidden" name="roles" value={role} />
            ))}
          </>
        )
      )}
    </>
  );
}
