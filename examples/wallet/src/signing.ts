/** Two-step signing for the customers who have no agreement: request, the code from their phone, confirmation. */
import { type Network, NetworkError } from '@clearway/ports';
import { type Institution, Refused, Unanswered } from '@clearway/sdk';
import type { Customer } from './customer.ts';

export interface SigningOptions {
  readonly institution: Pick<Institution, 'requestAgreement' | 'confirmAgreement'>;
  readonly network: Network;
  /** Base addresses of the banks' phone networks, by bank. */
  readonly phones: ReadonlyMap<string, string>;
  /** Most that one payment may take. */
  readonly paymentLimit: { readonly amount: string; readonly currency: string };
  /** Last business day of new agreements, "2027-11-22". */
  expiresOn(): Promise<string>;
}

const phoneTimeoutMs = 5_000;

/** Returns how to sign for one customer: the agreement in force, or why there is none. */
export function createSigning({ institution, network, phones, paymentLimit, expiresOn }: SigningOptions) {
  return async (customer: Customer): Promise<{ readonly agreementId: string } | { readonly why: string }> => {
    const { bank, name, account, document, phone } = customer;
    try {
      const debtor = { name, account, document, phone };
      const order = { bank, paymentLimit, expiresOn: await expiresOn(), debtor };
      const { agreementId, state, reason } = await institution.requestAgreement(order);
      if (state !== 'codeSent') return { why: `${bank} answers ${state} ${reason ?? ''}` };
      const code = await readCode(network, phones.get(bank)!, phone, agreementId);
      if (code === undefined) return { why: `no code of ${bank} on the phone` };
      const confirmed = await institution.confirmAgreement({ agreementId, bank, code });
      return confirmed.state === 'active'
        ? { agreementId }
        : { why: `${bank} answers ${confirmed.reason ?? confirmed.state}` };
    } catch (error) {
      const expected = error instanceof Refused || error instanceof Unanswered || error instanceof NetworkError;
      if (!expected) throw error;
      return { why: error.message };
    }
  };
}

/** What the customer reads on the phone: see the bank's phone-network.ts. */
async function readCode(
  network: Network,
  address: string,
  phone: string,
  agreementId: string,
): Promise<string | undefined> {
  const request = {
    method: 'POST',
    url: new URL('/phone', address).href,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ phone })),
  };
  const response = await network.request(request, { timeoutMs: phoneTimeoutMs });
  const { codes } = JSON.parse(Buffer.from(response.body).toString('utf8')) as {
    codes: { agreementId: string; code: string }[];
  };
  return codes.find((sent) => sent.agreementId === agreementId)?.code;
}
