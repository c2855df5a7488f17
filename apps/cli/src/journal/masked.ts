/** Messages as people may see them: what the table of fields calls clear, and of the rest only how long it is and its hash. */
import { fields, isStreamMessage, readAnswerMessage, readPaymentMessage } from '@clearway/contract';
import type { Crypto } from '@clearway/ports';
import type { Fact } from './fact.ts';

type MessageName = keyof typeof fields;

const messageOf: Partial<Record<Fact['type'], MessageName>> = {
  submitPayment: 'PaymentRequest',
  recordAnswer: 'PaymentAnswer',
  requestAgreement: 'AgreementRequest',
  confirmAgreement: 'AgreementConfirmation',
  recordSigningAnswer: 'AgreementAnswer',
  rescindAgreement: 'AgreementRescission',
};

/** The body of a command, masked; undefined when there is none. */
export function maskedMessage(crypto: Pick<Crypto, 'sha256'>, fact: Fact, body: Uint8Array): unknown {
  const name = messageOf[fact.type];
  if (body.length === 0) return undefined;
  const hidden = (bytes: Uint8Array) =>
    `[${bytes.length} bytes, sha-256 ${Buffer.from(crypto.sha256(bytes)).toString('hex').slice(0, 16)}…]`;
  let message: unknown;
  try {
    message = isStreamMessage(body) ? streamed(fact, body) : JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return hidden(body); // not a message of ours: nothing of it may be shown
  }
  const visibilities: Readonly<Record<string, string>> = name === undefined ? {} : fields[name];
  const mask = (value: unknown, path: string): unknown => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      const prefix = path === '' ? '' : `${path}.`;
      return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, mask(part, prefix + key)]));
    }
    if (visibilities[path] === 'clear' || places.has(path)) return value;
    return hidden(
      path === 'sealed' ? Buffer.from(String(value), 'base64') : Buffer.from(JSON.stringify(value), 'utf8'),
    );
  };
  return mask(message, '');
}

/** Where a message stands in its signer's stream. */
const places: ReadonlySet<string> = new Set(['stream', 'position']);

function streamed(fact: Fact, body: Uint8Array): object {
  const { stream, position, ...read } =
    fact.type === 'recordAnswer' ? readAnswerMessage(body) : readPaymentMessage(body);
  return { ...('answer' in read ? read.answer : read.payment), stream, position };
}
