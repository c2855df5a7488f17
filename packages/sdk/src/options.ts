import type { Scheme, SigningKey, VerifyingKey } from '@clearway/contract';
import type { KeyPair, Ports } from '@clearway/ports';
import type { Connection } from './connection.ts';
import type { ParticipantStream } from './stream/participant-stream.ts';

/** What both sides of an institution need: asking the platform, and being asked by it. */
export interface InstitutionOptions {
  readonly ports: Ports;
  /** Base address of the gateway, e.g. `https://gateway.example`. */
  readonly gateway: string;
  /** Own participant code, five digits. */
  readonly code: string;
  readonly scheme: Scheme;
  /** Signs messages and requests. Its public half is registered with the platform under this version. */
  readonly signing: SigningKey;
  /** X25519; opens what others sealed for this institution. */
  readonly sealing: Pick<KeyPair, 'privateKey'>;
  /** The platform's keys known beforehand; later ones are learnt from signed answers. */
  readonly platformKeys: readonly VerifyingKey[];
  /** How long one attempt waits for its answer, ms; default 10000. Longer than a bank may think. */
  readonly timeoutMs?: number;
  /** How often one request is sent at most, with pauses that double from 100 ms; default 6. */
  readonly attempts?: number;
  /** From this time on no attempt is made any more, ms from the first; default 30000. */
  readonly patienceMs?: number;
  /**
   * 0 to 9, default 0: a digit of the identifiers that are made here. Processes of one institution that run at the
   * same time each need their own.
   */
  readonly lane?: number;
  /**
   * From `createConnection`: what the paying and the asked side of one program learn of the platform, they then learn
   * once. Made anew when left out.
   */
  readonly connection?: Connection;
  /**
   * From `createParticipantStream`: payments, and what a bank is asked and answers, then go over the stream; all else
   * goes on over HTTP, and so does a payment to a bank that is not on the stream.
   */
  readonly stream?: ParticipantStream;
}

export const defaultTimeoutMs = 10_000;
export const defaultAttempts = 6;
export const defaultPatienceMs = 30_000;
