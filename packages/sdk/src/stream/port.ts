/** What a client of the stream is told, asked and answers; stream-client.ts fills it. */
import type { Scheme, Welcome } from '@clearway/contract';
import type { Chance, Clock, Crypto, LinkNetwork } from '@clearway/ports';
import type { StreamAnswer, StreamPayment } from './payment-message.ts';
import type { SentHashes } from './sent-hashes.ts';
import type { StreamSigner } from './signatures.ts';
import type { LinkEnd } from './stream-link.ts';

/** Views and bytes are valid only during the call. */
export interface StreamEvents {
  /**
   * What became of a payment or of an answer that this client sent: an outcome message at `at`. Final for each
   * identifier once; before that perhaps once `unknown`. `notProcessed` is told only if no copy can have been taken, but
   * for `bankNotOnStream`: then `mayBeKnown` tells whether one may have been, and the other rail whether it was.
   */
  outcome(view: DataView, at: number, mayBeKnown: boolean): void;
  /** Any other outcome: to an enquiry, of an earlier run of the program, or told before. */
  otherOutcome?(view: DataView, at: number): void;
  /** Asked of a bank: a question at `at`; 32 bytes of its payment's canonical hash at `hashAt`; on which link. */
  question?(bytes: Uint8Array, view: DataView, at: number, hashes: Uint8Array, hashAt: number, link: number): void;
  /** How far the platform holds signatures; a reason is there when it did not take one. */
  covered?(view: DataView, at: number): void;
  /** `submit` returned false, and can succeed now. */
  room?(): void;
  linked?(address: string, welcome: Welcome): void;
  /** The client goes on to connect by itself. */
  unlinked?(address: string, why: LinkEnd): void;
  /** Cannot be mended here, e.g. a key that does not sign, or a message in this participant's name that is not its own. */
  failed(error: Error): void;
}

export interface StreamClientOptions {
  readonly ports: {
    readonly clock: Clock;
    readonly chance: Chance;
    readonly crypto: Crypto;
    readonly links: LinkNetwork;
  };
  /** `host:port`, one for each link; the same one several times for several links; all of one cell. */
  readonly addresses: readonly string[];
  readonly scheme: Scheme;
  /** At most 4096. Their numbers here are their numbers in all that is sent. */
  readonly signers: readonly StreamSigner[];
  /** Questions without an answer that are taken at once on each link; default 10000. */
  readonly window?: number;
  /** How long a message may wait for others to share its frame, ms; default 0: what one turn of the program submits. */
  readonly lingerMs?: number;
  /** A signer signs so long after the first message that is not signed, ms; default four fifths of what the welcome allows. */
  readonly checkpointEveryMs?: number;
  /** Or after so many messages; default half of what the welcome allows. */
  readonly checkpointEveryMessages?: number;
  /**
   * What earlier runs of this program have sent, e.g. `openSentHashes`: without it only what this run has sent is signed,
   * and who leaves something unsigned is stopped.
   */
  readonly sent?: SentHashes;
  /** Name and version, for the platform's operator. */
  readonly software?: string;
  readonly events: StreamEvents;
}

export interface StreamClient {
  /**
   * Sends a payment, or returns false if there is no room for it now (see `room` of the events): no link, window full,
   * or too much without a signature. `mayBeKnown`: it may have been sent before, by an earlier run of the program.
   * @throws RangeError if it is under way already, or larger than a message can be
   */
  submit(payment: StreamPayment, mayBeKnown?: boolean): boolean;
  /** Sends a bank's answer; kept and sent again until its outcome is there. */
  answer(answer: StreamAnswer): void;
  /** Asks for a payment's state, told as another outcome; 16 bytes of the identifier. False: there is no link. */
  enquire(signer: number, id: Uint8Array, idAt: number): boolean;
  /** How many payments of this signer can be submitted now. */
  room(signer: number): number;
  readonly counts: StreamCounts;
  /** Signs what is not signed, says goodbye, and ends. What has no outcome is dropped. */
  close(): Promise<void>;
}

export interface StreamCounts {
  /** Payments without a final outcome; those of unknown outcome; answers without an outcome. */
  readonly payments: number;
  readonly unknown: number;
  readonly answers: number;
  /** Links that are up. */
  readonly links: number;
  /** Bytes that kept messages take. */
  readonly keptBytes: number;
  /** Messages that no signature of theirs covers yet, as far as the platform has told. */
  readonly uncovered: number;
}
