/**
 * The outside world as ports: time, chance, cryptography, the network and the disk.
 *
 * Gateway, outbox, store and SDK take these as arguments; only the programs' `main.ts` make the real ones
 * (`@clearway/ports/real`). So a simulator can run the same code under its own time, chance and faults.
 */

export type { Disk, DiskFile, DiskLock } from './disk.ts';

/** Ends a timer or a listener; calling it twice is harmless. */
export type Cancel = () => void;

export interface Clock {
  /** Milliseconds since 1970-01-01T00:00Z, an integer. May jump; never use it to measure a duration. */
  now(): number;
  /** Milliseconds that only grow, with fractions; for durations alone. */
  elapsed(): number;
  /** Calls `run` once after `delayMs` (at least 0). */
  after(delayMs: number, run: () => void): Cancel;
}

export interface Chance {
  /** `count` unpredictable bytes. */
  bytes(count: number): Uint8Array;
}

/** Signature suites; the number is what canonical bytes and the journal carry. */
export const suites = { ed25519: 1, 'ecdsa-p256-sha256': 2 } as const;
export type Suite = keyof typeof suites;

/** A key as text: PEM, PKCS#8 for private and SPKI for public keys. */
export interface KeyPair {
  readonly publicKey: string;
  readonly privateKey: string;
}

/** Every signature is over the bytes themselves; the suite does its own hashing. ECDSA signatures are `r||s`, 64 bytes. */
export interface SignatureCheck {
  readonly suite: Suite;
  readonly publicKey: string;
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

export interface Crypto {
  sha256(...parts: Uint8Array[]): Uint8Array;
  generateSigningKey(suite: Suite): Promise<KeyPair>;
  /** X25519, for {@link Crypto.seal}. */
  generateSealingKey(): Promise<KeyPair>;
  sign(suite: Suite, privateKey: string, bytes: Uint8Array): Promise<Uint8Array>;
  /** False for any signature that does not hold, malformed ones included; throws only for an unusable key. */
  verify(suite: Suite, publicKey: string, bytes: Uint8Array, signature: Uint8Array): Promise<boolean>;
  /** The same for many at once, each by itself; in their order. */
  verifyAll(checks: readonly SignatureCheck[]): Promise<readonly boolean[]>;
  /**
   * Anonymous sealed box: ephemeral X25519, HKDF-SHA-256, AES-256-GCM.
   * Bytes: version 1 (1), ephemeral public key (32), nonce (12), ciphertext, tag (16). `context` is authenticated.
   */
  seal(publicKey: string, plain: Uint8Array, context: Uint8Array): Uint8Array;
  /** @throws Error if the box was not made for this key and context, or was changed */
  open(privateKey: string, box: Uint8Array, context: Uint8Array): Uint8Array;
  /**
   * AES-256-GCM under a 32-byte key, of the parts one after the other; returns nonce (12), ciphertext, tag (16).
   *
   * @param room memory of exactly so many bytes for what is returned, instead of new memory
   */
  encrypt(
    key: Uint8Array,
    plain: Uint8Array | readonly Uint8Array[],
    context: Uint8Array,
    room?: (bytes: number) => Uint8Array,
  ): Uint8Array;
  /** @throws Error if the bytes were changed or the key or context is another */
  decrypt(key: Uint8Array, box: Uint8Array, context: Uint8Array): Uint8Array;
}

/** Header names are lower case. */
export type Headers = Readonly<Record<string, string>>;

export interface HttpRequest {
  readonly method: string;
  /** Absolute for a client (`https://host:port/path`), path with query for a server. */
  readonly url: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** What can be said of a request that got no answer. `neverSent` is certain; everything else may have had an effect. */
export class NetworkError extends Error {
  override name = 'NetworkError';
  readonly neverSent: boolean;
  constructor(message: string, neverSent: boolean) {
    super(message);
    this.neverSent = neverSent;
  }
}

export interface Network {
  /** @throws NetworkError when no whole answer came within `timeoutMs` */
  request(request: HttpRequest, options: { readonly timeoutMs: number }): Promise<HttpResponse>;
}

export type HttpHandler = (request: HttpRequest) => Promise<HttpResponse>;

/** One long-lived connection with bytes in both directions, as the stream uses it. */
export interface Link {
  /** SHA-256 of the peer's TLS certificate, lower-case hex; absent without one. */
  readonly certificate?: string | undefined;
  /** End of its validity, ms since 1970. */
  readonly certificateEndsAt?: number | undefined;
  /** For the operator's eyes. */
  readonly peer: string;
  /**
   * Hands over the bytes; they must not be changed until `done` is called, which a link that ends need not do. False:
   * more waits than the peer has read (see drained).
   */
  write(bytes: Uint8Array, done?: () => void): boolean;
  /** Bytes handed over that have not left this process. */
  readonly waiting: number;
  /** Reads no more until {@link Link.resume}: the peer is held back. */
  pause(): void;
  resume(): void;
  /** Lets what is written leave, then ends. */
  end(): void;
  /** Ends at once. */
  destroy(): void;
}

/** What happens on a link. `closed` comes last and once. */
export interface LinkEvents {
  /** The bytes are valid only during the call. */
  data(bytes: Uint8Array): void;
  drained(): void;
  closed(error: Error | undefined): void;
}

export interface LinkNetwork {
  /**
   * @param address `host:port`
   * @throws NetworkError when there is no connection within `timeoutMs`
   */
  connect(address: string, events: (link: Link) => LinkEvents, options: { readonly timeoutMs: number }): Promise<Link>;
}

/** All ports together, as most edges take them. */
export interface Ports {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly crypto: Crypto;
  readonly network: Network;
}
