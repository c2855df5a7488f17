/** Keys and certificates of an institution, read from the files that its settings name. */
import { readFileSync } from 'node:fs';
import { problem, problemContentType, streamProtocol } from '@clearway/contract';
import type { HttpHandler } from '@clearway/ports';
import type { InstitutionOptions } from '../options.ts';
import type { EndpointSettings, InstitutionSettings, StreamSettings } from './institution-settings.ts';
import { SettingsError } from './settings.ts';

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new SettingsError(`cannot read ${file}: ${(error as Error).message}`);
  }
};

/** All that {@link InstitutionOptions} need but the ports. */
export function readIdentity(settings: InstitutionSettings): Omit<InstitutionOptions, 'ports'> {
  const { gateway, code, schemeId, environment, signingKey, sealingKeyFile, platformKeys } = settings;
  const { suite, version, file } = signingKey;
  return {
    gateway,
    code,
    scheme: { schemeId, environment },
    signing: { suite, version, privateKey: read(file) },
    sealing: { privateKey: read(sealingKeyFile) },
    platformKeys,
  };
}

/** For the network port of `@clearway/ports/real`. */
export function readTrust({ certificateAuthorityFile, clientCertificate }: InstitutionSettings) {
  return {
    ...(certificateAuthorityFile && { ca: read(certificateAuthorityFile) }),
    ...(clientCertificate && { cert: read(clientCertificate.certificateFile), key: read(clientCertificate.keyFile) }),
  };
}

/** For `realLinks` of `@clearway/ports/real`. */
export function readLinkTrust({ certificateAuthorityFile, certificateFile, keyFile }: StreamSettings) {
  return {
    protocol: streamProtocol,
    ca: read(certificateAuthorityFile),
    cert: read(certificateFile),
    key: read(keyFile),
  };
}

/**
 * Refuses callers without a certificate of the authority, where the settings name one: TLS itself lets them in.
 * The header comes from `listen` alone.
 */
export function withClientCertificate(handler: HttpHandler, endpoint: EndpointSettings): HttpHandler {
  if (!endpoint.clientCertificateAuthorityFile) return handler;
  const refusal = Buffer.from(JSON.stringify(problem('certificateRequired', 'no certificate of our authority')));
  return async (request) => {
    if (request.headers['x-client-certificate'] !== undefined) return handler(request);
    return { status: 403, headers: { 'content-type': problemContentType }, body: refusal };
  };
}

/** For `listen` of `@clearway/ports/real`. */
export function readCertificates({ certificateFile, keyFile, clientCertificateAuthorityFile }: EndpointSettings) {
  return {
    cert: read(certificateFile),
    key: read(keyFile),
    ...(clientCertificateAuthorityFile && { ca: read(clientCertificateAuthorityFile), requestCert: true }),
  };
}
