/** Who sends a request: the transport signature (RFC 9421), not used before, and the client's certificate where one is pinned. */

import { verifyRequest } from '@clearway/contract';
import type { Reason } from '@clearway/core/vocabulary';
import type { HttpRequest, Ports } from '@clearway/ports';
import { Refusal } from './call.ts';
import { participantOf } from './participants.ts';
import type { Configuration, ParticipantConfiguration } from './port.ts';
import { createReplayMemory } from './replay.ts';

/** What a request says of its signature, before anything is verified. */
export interface Claim {
  readonly participant: ParticipantConfiguration;
  /** Seconds since 1970. */
  readonly created: number;
}

export interface Authenticator {
  /** Cheap: reads the claim and compares the certificate. @throws Refusal */
  readClaim(configuration: Configuration, request: HttpRequest): Claim;
  /** Dear: verifies the claim. Resolves when the request may be treated. @throws Refusal */
  verify(request: HttpRequest, claim: Claim): Promise<void>;
}

export interface AuthenticatorOptions {
  readonly ports: Pick<Ports, 'clock' | 'crypto'>;
  /** Host (and port) that requests must be meant for; without it the Host header is believed. */
  readonly authority: string | undefined;
  readonly signatureWindowMs: number;
  readonly noncesRemembered: number;
}

/** SHA-256 fingerprint (hex) of the client's TLS certificate, set by the listener alone. */
const certificateHeader = 'x-client-certificate';

const replayReasons = {
  expired: { reason: 'signatureExpired', detail: 'The signature was made before this gateway started' },
  full: { reason: 'overloaded', detail: 'More requests of this institution in a minute than nonces are remembered' },
} as const satisfies Record<string, { reason: Reason; detail: string }>;

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { ports, authority, signatureWindowMs, noncesRemembered } = options;
  const { clock } = ports;
  const replay = createReplayMemory({ now: clock.now, windowMs: signatureWindowMs, capacity: noncesRemembered });

  return {
    readClaim(configuration, { headers }) {
      const input = headers['signature-input'];
      if (input === undefined || headers.signature === undefined) {
        throw new Refusal('signatureMissing', 'The request has no Signature-Input or no Signature');
      }
      const code = /;keyid="([0-9]{5})\/[0-9]+"/.exec(input)?.[1];
      const created = [...input.matchAll(/;created=([0-9]{1,12})/g)];
      // With several signatures a replay could drop one and so change what the nonce is remembered under.
      if (code === undefined || created.length !== 1) {
        throw new Refusal(
          'signatureInvalid',
          'Signature-Input needs keyid "<participant>/<key version>" and created, once',
        );
      }
      const participant = participantOf(configuration, code);
      if (!participant) throw new Refusal('keyUnknown', `No participant has the code ${code} that keyid names`);
      if (participant.certificate !== undefined && headers[certificateHeader] !== participant.certificate) {
        throw new Refusal('certificateRequired', 'The connection does not bear the registered client certificate');
      }
      return { participant, created: Number(created[0]![1]) };
    },

    async verify(request, { participant, created }) {
      let replayed: ReturnType<typeof replay.take> = 'new';
      const verified = await verifyRequest(ports, request, {
        keysOf: (code) => (code === participant.code ? participant.keys : undefined),
        authority,
        firstUse(code, nonce) {
          replayed = replay.take(code, created, nonce);
          return replayed === 'new';
        },
      });
      // TypeScript does not see that firstUse has run.
      const taken = replayed as ReturnType<typeof replay.take>;
      if (taken === 'expired' || taken === 'full') {
        const { reason, detail } = replayReasons[taken];
        throw new Refusal(reason, detail, { retryAfterMs: 1000 });
      }
      if (!verified.ok) throw new Refusal(verified.reason, `The request's signature: ${verified.message}`);
      // Signed by a clock ahead of ours: treated when its second has come, so that a restart cannot meet it again.
      const aheadMs = created * 1000 - clock.now();
      if (aheadMs > 0) await new Promise<void>((resolve) => clock.after(aheadMs, resolve));
    },
  };
}
