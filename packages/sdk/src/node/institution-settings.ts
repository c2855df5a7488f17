import { type Suite, suites } from '@clearway/ports';
import { type Fields, integer, listOf, oneOf, optional, path, shape, text } from './settings.ts';

/** An HTTPS endpoint that the platform calls. Files are PEM. */
export interface EndpointSettings {
  /** Address to listen on, e.g. 127.0.0.1. */
  readonly host: string;
  /** 0: any free one; the `ready` message tells which. */
  readonly port: number;
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Given: callers must show a certificate of this authority (mutual TLS). */
  readonly clientCertificateAuthorityFile?: string;
}

/** For those with volume: payments over the stream. The certificate is the one registered with the platform. */
export interface StreamSettings {
  /** `host:port`, one for each link; of a platform of several cells `010002@host:port`, at least one for each cell. */
  readonly addresses: readonly string[];
  readonly certificateAuthorityFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** What every institution has to know to connect. Relative paths are relative to the folder of the settings file. */
export interface InstitutionSettings {
  /** Participant code, five digits. */
  readonly code: string;
  /** At most 8 ASCII characters; part of everything that is signed. */
  readonly schemeId: string;
  readonly environment: 'sandbox' | 'production';
  /** Base address of the gateway, `https://host:port`; http is for loopback only. */
  readonly gateway: string;
  /** PEM of the authority that signed the gateway's certificate, where the system's own list does not have it. */
  readonly certificateAuthorityFile?: string;
  /** The certificate to show to the gateway where it asks for one (mutual TLS). */
  readonly clientCertificate?: { readonly certificateFile: string; readonly keyFile: string };
  /** The platform's signing keys known at the start; later ones are learnt from signed answers. PEM, SPKI. */
  readonly platformKeys: readonly { readonly version: number; readonly suite: Suite; readonly publicKey: string }[];
  /** PEM, PKCS#8. */
  readonly signingKey: { readonly version: number; readonly suite: Suite; readonly file: string };
  /** X25519 private key, PEM, PKCS#8. */
  readonly sealingKeyFile: string;
  readonly endpoint: EndpointSettings;
  readonly stream?: StreamSettings;
  /** Where the institution keeps its journal. Made if missing. */
  readonly dataFolder: string;
}

const keyVersion = integer(1, 65_535);
const suite = oneOf(...(Object.keys(suites) as Suite[]));

/** To be spread into the fields of a program's own settings, see `readSettings`. */
export const institutionFields: Fields<InstitutionSettings> = {
  code: text(/^[0-9]{5}$/, 'a participant code of five digits'),
  schemeId: text(/^[\x21-\x7e]{1,8}$/, 'at most 8 printable ASCII characters'),
  environment: oneOf('sandbox', 'production'),
  gateway: text(/^(https:\/\/|http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:|\/|$))/, 'an https address'),
  certificateAuthorityFile: optional(path),
  clientCertificate: optional(shape({ certificateFile: path, keyFile: path })),
  platformKeys: listOf(
    shape({ version: keyVersion, suite, publicKey: text(/^-----BEGIN PUBLIC KEY-----/, 'SPKI, PEM') }),
  ),
  signingKey: shape({ version: keyVersion, suite, file: path }),
  sealingKeyFile: path,
  endpoint: shape<EndpointSettings>({
    host: text(/./, 'an address to listen on'),
    port: integer(0, 65_535),
    certificateFile: path,
    keyFile: path,
    clientCertificateAuthorityFile: optional(path),
  }),
  stream: optional(
    shape<StreamSettings>({
      addresses: listOf(
        text(
          /^(?:[0-9]{6}@)?(?:[^\s:@]+|\[[0-9a-f:]+\]):[0-9]{1,5}$/,
          'host:port, with the digits of the cell before where there are several: 010002@host:port',
        ),
      ),
      certificateAuthorityFile: path,
      certificateFile: path,
      keyFile: path,
    }),
  ),
  dataFolder: path,
};
