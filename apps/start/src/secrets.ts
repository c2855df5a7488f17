/** Keys and certificates, all made at the first start: there are no default ones. */
import 'reflect-metadata';
import { createPublicKey, randomBytes, type webcrypto } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { KeyPair, Suite } from '@clearway/ports';
import { realCrypto } from '@clearway/ports/real';
import * as x509 from '@peculiar/x509';

export interface SigningKeyFile extends KeyPair {
  readonly suite: Suite;
  readonly version: number;
}

/** A certificate and its key, PEM files. */
export interface CertificateFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
}

const day = 24 * 60 * 60 * 1000;
const authorityDays = 3650;
const certificateDays = 397;
/** A certificate is made anew when it has less than this to run. */
const renewDays = 30;
const curve = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** Writes a whole file or none, for its owner alone. */
export function writePrivately(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** What the file holds, made and written if there is none yet. */
async function kept<T>(path: string, make: () => Promise<T>): Promise<T> {
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8'));
  const made = await make();
  writePrivately(path, `${JSON.stringify(made, undefined, 2)}\n`);
  return made;
}

/** The platform's signing key with all that names it; version 1 is made at the first start. */
export function platformKey(path: string): Promise<SigningKeyFile> {
  return kept(path, async () => ({
    suite: 'ed25519',
    version: 1,
    ...(await realCrypto.generateSigningKey('ed25519')),
  }));
}

/** Public half of the PEM key in this file, which is made by `make` if there is none yet. */
export async function publicKeyOf(path: string, make: () => Promise<KeyPair>): Promise<string> {
  if (!existsSync(path)) writePrivately(path, (await make()).privateKey);
  return createPublicKey(readFileSync(path, 'utf8')).export({ type: 'spki', format: 'pem' }).toString();
}

/** Passwords of the database roles: 32 random bytes each; a role that is new gets its own beside those that are there. */
export function passwords<R extends string>(path: string, roles: readonly R[]): Record<R, string> {
  const before: Partial<Record<R, string>> = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  const made = Object.fromEntries(roles.map((role) => [role, before[role] ?? randomBytes(32).toString('base64url')]));
  if (roles.some((role) => before[role] === undefined)) writePrivately(path, `${JSON.stringify(made, undefined, 2)}\n`);
  return made as Record<R, string>;
}

/**
 * A certificate for programs on this machine, under the development authority of the same folder.
 * It says nothing about who an institution is: that is what signatures are for.
 */
export async function certificate(folder: string, name: string): Promise<CertificateFiles> {
  const files = { certificateFile: join(folder, `${name}.pem`), keyFile: join(folder, `${name}-key.pem`) };
  if (runsLongEnough(files.certificateFile)) return files;
  const authority = await certificateAuthority(folder);
  const keys = await crypto.subtle.generateKey(curve, true, ['sign', 'verify']);
  const made = await x509.X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: authority.certificate.subject,
    serialNumber: randomBytes(16).toString('hex'),
    ...validity(certificateDays),
    signingKey: authority.key,
    publicKey: keys.publicKey,
    signingAlgorithm: curve,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'ip', value: '127.0.0.1' },
        { type: 'dns', value: 'localhost' },
      ]),
    ],
  });
  writePrivately(files.keyFile, await privatePem(keys.privateKey));
  writePrivately(files.certificateFile, `${made.toString('pem')}\n`);
  return files;
}

/** Where the authority's own certificate lies, for those who have to trust it. */
export const authorityFile = (folder: string): string => join(folder, 'authority.pem');

async function certificateAuthority(folder: string) {
  const keyFile = join(folder, 'authority-key.pem');
  const file = authorityFile(folder);
  if (runsLongEnough(file)) {
    const [pkcs8] = x509.PemConverter.decode(readFileSync(keyFile, 'utf8'));
    const key = await crypto.subtle.importKey('pkcs8', pkcs8, curve, true, ['sign']);
    return { certificate: new x509.X509Certificate(readFileSync(file, 'utf8')), key };
  }
  const keys = await crypto.subtle.generateKey(curve, true, ['sign', 'verify']);
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Clearway development authority',
    serialNumber: randomBytes(16).toString('hex'),
    ...validity(authorityDays),
    keys,
    signingAlgorithm: curve,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  writePrivately(keyFile, await privatePem(keys.privateKey));
  writePrivately(file, `${made.toString('pem')}\n`);
  return { certificate: made, key: keys.privateKey };
}

function runsLongEnough(file: string): boolean {
  if (!existsSync(file)) return false;
  return new x509.X509Certificate(readFileSync(file, 'utf8')).notAfter.getTime() > Date.now() + renewDays * day;
}

function validity(days: number) {
  const now = Date.now();
  return { notBefore: new Date(now - day), notAfter: new Date(now + days * day) };
}

async function privatePem(key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}
