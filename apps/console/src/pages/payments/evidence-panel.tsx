import type { PaymentDetail } from '@clearway/console-api';
import { useState } from 'react';
import { addressFor } from '../../api/api.ts';
import { ApiProblem } from '../../api/problem.ts';
import { useDesk } from '../../desk.tsx';
import { useNames } from '../../names.tsx';
import { FormProblem } from '../../parts/form.tsx';
import { Mark } from '../../parts/mark.tsx';
import { checkEvidence, type EvidenceCheck } from './evidence.ts';

interface EvidencePanelProps {
  readonly paymentId: string;
  readonly verdicts: PaymentDetail['verdicts'];
  readonly mayKeep: boolean;
}

export function EvidencePanel({ paymentId, verdicts, mayKeep }: EvidencePanelProps) {
  const { say, api, ports } = useDesk();
  const names = useNames();
  const [check, setCheck] = useState<EvidenceCheck>();
  const [problem, setProblem] = useState<ApiProblem>();
  const at = { paymentId };

  const verify = async () => {
    setProblem(undefined);
    try {
      setCheck(await checkEvidence(await api.ask('getEvidence', { at }), ports));
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      setProblem(error);
    }
  };
  return (
    <section className="panel stack">
      <h2>{say('evidence.title')}</h2>
      <ul>
        {verdicts.map(({ what, holds, signer, suite, keyVersion, problem: wrong }) => (
          <li key={what}>
            {!holds && <Mark shape="failed" />}{' '}
            {say(holds ? 'evidence.holds' : 'evidence.broken', {
              what: say(`evidence.${what}`),
              signer: names.of(signer),
              suite,
              keyVersion,
            })}
            {wrong !== null && <span className="mono"> {wrong}</span>}
          </li>
        ))}
        {verdicts.length === 0 && <li>{say('evidence.none')}</li>}
      </ul>
      {mayKeep ? (
        <div className="row">
          <button type="button" className="button" onClick={() => void verify()}>
            {say('evidence.verify')}
          </button>
          <a className="button" href={addressFor('getEvidence', { at })} download={`evidence-${paymentId}.json`}>
            {say('evidence.download')}
          </a>
        </div>
      ) : (
        <p className="hint">{say('evidence.notForYou')}</p>
      )}
      <FormProblem problem={problem} />
      <div role="status">
        {check !== undefined && (
          <ul data-evidence>
            {check.signatures.map(({ what, signer, holds }) => (
              <li key={what}>
                <Mark shape={holds === true ? 'succeeded' : holds === false ? 'failed' : 'unknown'} />{' '}
                {say(
                  holds === true
                    ? 'evidence.hereHolds'
                    : holds === false
                      ? 'evidence.hereBroken'
                      : 'evidence.hereUnknown',
                  {
                    what: say(`evidence.${what}`),
                    signer: names.of(signer),
                  },
                )}
              </li>
            ))}
            <li>
              <Mark shape={check.chain.holds ? 'succeeded' : 'failed'} />{' '}
              {say(check.chain.holds ? 'evidence.chainHolds' : 'evidence.chainBroken', {
                from: check.chain.from,
                to: check.chain.to,
              })}
            </li>
          </ul>
        )}
      </div>
    </section>
  );
}
