/** One change: what would be different, and the second person's word on it. */
import type { Change } from '@clearway/console-api';
import { useState } from 'react';
import { useAnswer } from '../../api/use-answer.ts';
import { useDesk } from '../../desk.tsx';
import { useNames } from '../../names.tsx';
import { Act, textOf } from '../../parts/act.tsx';
import { Field } from '../../parts/form.tsx';
import { FromAnswer } from '../../parts/states.tsx';
import { Copy, Foreign, Time } from '../../parts/texts.tsx';
import { Link } from '../../place/use-place.tsx';
import { wordFor } from '../../words/say.ts';
import { subjectOf } from './changes.tsx';
import { EffectView } from './effect-view.tsx';

const refreshMs = 3_000;

export default function ChangePage({ id }: Readonly<Record<string, string>>) {
  const { say } = useDesk();
  const answer = useAnswer('getChange', { at: { changeId: id } }, refreshMs);
  // The code of an enrolment is told once, in the answer to the approval: it must outlive the next look.
  const [told, setTold] = useState<string>();
  return (
    <FromAnswer answer={answer} what={say('change.one')} rows={8}>
      {(change) => (
        <ChangeView
          change={change}
          told={told}
          onDecided={(decided) => {
            if (decided.enrolmentCode !== null) setTold(decided.enrolmentCode);
            answer.again();
          }}
        />
      )}
    </FromAnswer>
  );
}

interface ChangeViewProps {
  readonly change: Change;
  readonly told: string | undefined;
  readonly onDecided: (change: Change) => void;
}

function ChangeView({ change, told, onDecided }: ChangeViewProps) {
  const { say } = useDesk();
  const names = useNames();
  const { request, proposedBy, decidedBy } = change;
  return (
    <div className="stack">
      <div className="page-head">
        <h1>
          {say('change.title', { number: change.changeId, kind: wordFor(say, 'changeKind', change.kind) })}{' '}
          <Foreign text={subjectOf(request, names.of)} />
        </h1>
        <strong data-change-state={change.state}>{wordFor(say, 'changeState', change.state)}</strong>
      </div>
      <dl className="facts panel">
        <dt>{say('change.proposedBy')}</dt>
        <dd>
          <Foreign text={proposedBy.name} /> <Time at={change.proposedAt} exact />
        </dd>
        <dt>{say('change.why')}</dt>
        <dd>
          <Foreign text={request.why} />
        </dd>
        {change.state === 'proposed' && (
          <>
            <dt>{say('change.expires')}</dt>
            <dd>
              <Time at={change.expiresAt} exact />
            </dd>
          </>
        )}
        {decidedBy !== null && (
          <>
            <dt>{say('change.decidedBy')}</dt>
            <dd>
              <Foreign text={decidedBy.name} /> {change.decidedAt !== null && <Time at={change.decidedAt} exact />}
            </dd>
          </>
        )}
        {change.note !== null && (
          <>
            <dt>{say('change.note')}</dt>
            <dd>
              <Foreign text={change.note} />
            </dd>
          </>
        )}
        {change.result !== null && (
          <>
            <dt>{say('change.result')}</dt>
            <dd>
              <Foreign text={change.result} />
            </dd>
          </>
        )}
      </dl>
      <EffectView effect={change.effect} />
      {told !== undefined && (
        <p className="note p2">
          {say('change.enrolmentCode')} <code data-enrolment-code>{told}</code> <Copy text={told} />
        </p>
      )}
      <Decision change={change} onDecided={onDecided} />
      {change.state === 'executed' && (change.kind === 'addUser' || change.kind === 'resetUser') && (
        <LinkForUser change={change} />
      )}
    </div>
  );
}

function Decision({ change, onDecided }: { readonly change: Change; readonly onDecided: (change: Change) => void }) {
  const { say, api } = useDesk();
  const { yours, effect } = change;
  if (change.state !== 'proposed') return null;
  const at = { changeId: change.changeId };
  const whyNot = yours.mayDecide ? undefined : wordFor(say, 'problem', yours.whyNot ?? 'notAllowed');
  const object = wordFor(say, 'changeKind', change.kind);
  return (
    <section className="panel stack" aria-label={say('change.decide')}>
      <div className="row">
        <Act
          label={say('change.approve', { what: object })}
          strong
          whyNot={whyNot}
          onSubmit={(fields) =>
            api.ask('approveChange', { at, body: { confirmation: textOf(fields, 'confirmation') } }).then(onDecided)
          }
        >
          <p>{say('change.approveWhy')}</p>
          {effect.confirmation !== null && (
            <Field label={say('change.typeIt', { text: effect.confirmation })}>
              <input name="confirmation" required autoComplete="off" />
            </Field>
          )}
        </Act>
        <Act
          label={say('change.return')}
          whyNot={whyNot}
          onSubmit={(fields) => api.ask('returnChange', { at, body: { note: textOf(fields, 'note') } }).then(onDecided)}
        >
          <NoteField />
        </Act>
        <Act
          label={say('change.refuse')}
          whyNot={whyNot}
          onSubmit={(fields) => api.ask('refuseChange', { at, body: { note: textOf(fields, 'note') } }).then(onDecided)}
        >
          <NoteField />
        </Act>
        {yours.mayWithdraw && (
          <Act label={say('change.withdraw')} onSubmit={() => api.ask('withdrawChange', { at }).then(onDecided)}>
            <p>{say('change.withdrawWhy')}</p>
          </Act>
        )}
      </div>
      {whyNot !== undefined && (
        <p className="hint" data-why-not>
          {whyNot}
        </p>
      )}
    </section>
  );
}

function NoteField() {
  const { say } = useDesk();
  return (
    <Field label={say('change.note')}>
      <textarea name="note" required minLength={3} maxLength={500} />
    </Field>
  );
}

/** The link goes by the proposer, the code by the approver: neither alone can become the new person. */
function LinkForUser({ change }: { readonly change: Change }) {
  const { say, login } = useDesk();
  if (login?.person.login !== change.proposedBy.login) return null;
  return (
    <p className="note">
      {say('change.linkWaits')} <Link href="/settings">{say('settings.people')}</Link>
    </p>
  );
}
