import type { Suite } from '@clearway/ports';

/** Relative paths are relative to the folder of the settings file. */
export interface CentralBankSettings {
  /** Five digits, 00001 in the simulation. */
  readonly code: string;
  /** HTTPS endpoint that the platform calls; port 0 for any free one. Files are PEM. */
  readonly endpoint: {
    readonly host: string;
    readonly port: number;
    readonly certificateFile: string;
    readonly keyFile: string;
    readonly clientCertificateAuthorityFile?: string;
  };
  /** PEM, PKCS#8; signs the responses. */
  readonly signingKey: { readonly version: number; readonly suite: Suite; readonly file: string };
  /** Code and keys of who may instruct settlement, PEM, SPKI. */
  readonly platform: {
    readonly code: string;
    readonly keys: readonly { readonly version: number; readonly suite: Suite; readonly publicKey: string }[];
  };
  /** Settlement accounts. An opening balance is booked once, as a deposit with the reference `opening`. Major units. */
  readonly accounts: readonly {
    readonly participant: string;
    readonly currency: string;
    readonly openingBalance: string;
  }[];
  /** Where the journal is kept. Made if missing. */
  readonly dataFolder: string;
  /** How often a `statistics` message is sent, ms. */
  readonly statisticsEveryMs: number;
}
