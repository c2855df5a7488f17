/**
 * The simulation's phone network: what the bank sends to a customer's phone, the wallet simulator reads here, in the
 * customer's place. Plain HTTP on loopback: it is no part of Clearway, and has no place in a real bank.
 *
 * `POST /phone {"phone": "13900000001"}` answers `{"codes": [{"agreementId": …, "code": "123456"}]}`, newest first.
 */
import type { HttpHandler } from '@clearway/ports';

export interface SentCode {
  readonly agreementId: string;
  readonly code: string;
}

export interface PhoneNetwork {
  send(phone: string, message: SentCode): void;
  readonly handler: HttpHandler;
}

/** A phone keeps so many messages. */
const mostMessages = 8;

export function createPhoneNetwork(): PhoneNetwork {
  const messages = new Map<string, SentCode[]>();
  return {
    send(phone, message) {
      const earlier = (messages.get(phone) ?? []).filter(({ agreementId }) => agreementId !== message.agreementId);
      messages.set(phone, [message, ...earlier].slice(0, mostMessages));
    },
    async handler({ method, url, body }) {
      const phone = method === 'POST' && url === '/phone' ? readPhone(body) : undefined;
      const answer = phone === undefined ? { error: 'POST /phone {"phone": …}' } : { codes: messages.get(phone) ?? [] };
      const headers = { 'content-type': 'application/json' };
      return { status: phone === undefined ? 400 : 200, headers, body: Buffer.from(JSON.stringify(answer)) };
    },
  };
}

function readPhone(body: Uint8Array): string | undefined {
  try {
    const { phone } = JSON.parse(Buffer.from(body).toString('utf8'));
    return typeof phone === 'string' ? phone : undefined;
  } catch {
    return undefined;
  }
}
