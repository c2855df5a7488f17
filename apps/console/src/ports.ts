import type { Events } from './api/shared-events.ts';

/** What the application needs of its browser. The real ones are made in main.tsx; tests bring their own. */
export interface Ports {
  /** ms since 1970, by this machine's clock: only ever used for how long ago something *arrived* here. */
  now(): number;
  /** A fraction from 0 to 1, for spreading reconnections. */
  chance(): number;
  after(ms: number, action: () => void): () => void;
  every(ms: number, action: () => void): () => void;
  request(path: string, init: RequestInit): Promise<Response>;
  openEvents(path: string): Events;
  /** IANA name of this machine's zone. */
  readonly timeZone: string;
  digest(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array>;
  /** Undefined where this browser does not know the suite. The key is SPKI in base64 or PEM. */
  verify(
    suite: string,
    publicKey: string,
    bytes: Uint8Array<ArrayBuffer>,
    signature: Uint8Array<ArrayBuffer>,
  ): Promise<boolean | undefined>;
  /** Small choices of this person on this machine: language, theme, folded navigation. Never personal data. */
  readonly keep: Pick<Storage, 'getItem' | 'setItem'>;
}
