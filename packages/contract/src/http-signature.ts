/**
 * HTTP message signatures (RFC 9421) with content digests (RFC 9530), as Clearway uses them.
 *
 * A request covers `@method @authority @path @query` and, with a body, `content-digest` and `content-type`; a response
 * `@status content-digest`, `content-type` where it has one, and the signature of the request that it answers. Both
 * carry `created`, `expires` (at most a minute later), `alg`, `keyid` "<participant>/<key version>" and the tag
 * `clearway`; a request also a `nonce` that the receiver takes once. See docs/reference/http-signatures.md.
 */
import type { Reason } from '@clearway/core/vocabulary';
import type { HttpRequest, HttpResponse, Ports } from '@clearway/ports';
import { ParseError } from 'structured-headers';
import { contentDigest, contentDigestHolds } from './content-digest.ts';
import { hasEnded, type SigningKey, type VerifyingKey } from './sign.ts';
import { authorityOf, SignatureBaseError, type SignedMessage } from './signature-base.ts';
import {
  type CoveredList,
  label,
  type ReadInput,
  readInput,
  readSignature,
  requestLists,
  responseList,
  tag,
  type WrittenInput,
  writeInput,
  writeSignature,
} from './signature-input.ts';

/** From `created` to `expires`, seconds: made so, and no more is accepted. */
export const signatureLifeSeconds = 60;
/** How far a signer's clock may be ahead, seconds. */
export const clockToleranceSeconds = 10;

const nonceBytes = 16;

type SignaturePorts = Pick<Ports, 'clock' | 'chance' | 'crypto'>;
type VerifyPorts = Pick<Ports, 'clock' | 'crypto'>;

export type VerifiedSignature =
  | {
      readonly ok: true;
      /** Code of the participant who signed. */
      readonly code: string;
      readonly keyVersion: number;
      /** ms since 1970; after it the signature is refused anyway, so that a nonce need not be kept longer. */
      readonly expiresAt: number;
    }
  | { readonly ok: false; readonly reason: Reason; readonly message: string };

export interface RequestExpectations {
  /** All keys of a participant, ended ones included; undefined or none if there is no such participant. */
  keysOf(code: string): readonly VerifyingKey[] | undefined | Promise<readonly VerifyingKey[] | undefined>;
  /** Host and port that the request must be meant for, lower case, no default port; without it Host is believed. */
  readonly authority?: string | undefined;
  /**
   * Remembers the nonce and tells whether it is new, or why else the signature cannot be taken; `false` stands for
   * `signatureReplayed`. Asked only when all else holds. `created`: seconds since 1970, as signed.
   */
  firstUse(code: string, nonce: string, created: number): boolean | Reason;
}

export async function signRequest(
  ports: SignaturePorts,
  key: SigningKey,
  code: string,
  request: HttpRequest,
): Promise<HttpRequest> {
  const withBody = request.body.length > 0;
  const { host, pathname, search } = new URL(request.url);
  const digest = withBody && { 'content-digest': contentDigest(request.body) };
  const headers = Object.assign({}, request.headers, { host }, digest);
  const nonce = Buffer.from(ports.chance.bytes(nonceBytes)).toString('base64url');
  const list = withBody ? requestLists.withBody : requestLists.withoutBody;
  const input = writeInput(list, Object.assign(parametersOf(ports, key, code), { nonce }));
  // As it comes out at the server, so that the address is parsed once.
  const sent = { url: pathname + search, method: request.method, headers, body: request.body };
  return Object.assign({}, request, {
    headers: Object.assign({}, headers, await signatureFields(ports, key, input, { request: sent })),
  });
}

export async function verifyRequest(
  ports: VerifyPorts,
  request: HttpRequest,
  expected: RequestExpectations,
): Promise<VerifiedSignature> {
  return refusing(async () => {
    const signature = readFields(request.headers);
    mustCover(signature, (request.body.length > 0 ? requestLists.withBody : requestLists.withoutBody).covered);
    if (expected.authority !== undefined && authorityOf(request) !== expected.authority) {
      throw new Refusal('signatureInvalid', `the request is meant for ${authorityOf(request)}, not for this place`);
    }
    const nonce = signature.parameters.get('nonce');
    if (typeof nonce !== 'string' || nonce.length < 8 || nonce.length > 64) {
      throw new Refusal('signatureInvalid', 'the signature needs a nonce of 8 to 64 characters');
    }
    const verified = await verify(ports, signature, { request }, request, await expected.keysOf(signature.code));
    const first = expected.firstUse(signature.code, nonce, signature.parameters.get('created') as number);
    if (first !== true) {
      throw new Refusal(first || 'signatureReplayed', 'the nonce cannot be taken (again); sign every attempt anew');
    }
    return verified;
  });
}

/** `request` as it was received; if it bears no signature (and is refused for it), the response cannot name one. */
export async function signResponse(
  ports: SignaturePorts,
  key: SigningKey,
  code: string,
  request: HttpRequest,
  response: HttpResponse,
): Promise<HttpResponse> {
  const headers = Object.assign({}, response.headers, { 'content-digest': contentDigest(response.body) });
  const list = listOf(response, readInput(request.headers)?.label);
  const input = writeInput(list, parametersOf(ports, key, code));
  const { status, body } = response;
  const fields = await signatureFields(ports, key, input, { request, response: { status, headers, body } });
  return { status, headers: Object.assign({}, headers, fields), body };
}

/** `request` as {@link signRequest} made it; `signer` the participant who must have answered, with its keys. */
export async function verifyResponse(
  ports: VerifyPorts,
  request: HttpRequest,
  response: HttpResponse,
  signer: { readonly code: string; readonly keys: readonly VerifyingKey[] },
): Promise<VerifiedSignature> {
  return refusing(async () => {
    const signature = readFields(response.headers);
    if (signature.code !== signer.code) {
      throw new Refusal('signatureInvalid', `signed by ${signature.code} instead of ${signer.code}`);
    }
    mustCover(signature, listOf(response, readInput(request.headers)?.label ?? label).covered);
    return verify(ports, signature, { request, response }, response, signer.keys);
  });
}

/** What the signature of a response covers. `answered`: label of the signature of its request. */
function listOf({ headers }: HttpResponse, answered: string | undefined): CoveredList {
  return responseList(headers['content-type'] === undefined ? 'untyped' : 'typed', answered);
}

function parametersOf({ clock }: Pick<Ports, 'clock'>, key: SigningKey, code: string) {
  const created = Math.floor(clock.now() / 1000);
  return { created, expires: created + signatureLifeSeconds, alg: key.suite, keyid: `${code}/${key.version}` };
}

async function signatureFields(
  { crypto }: Pick<Ports, 'crypto'>,
  key: SigningKey,
  input: WrittenInput,
  message: SignedMessage,
): Promise<Record<'signature-input' | 'signature', string>> {
  const value = await crypto.sign(key.suite, key.privateKey, input.base(message));
  return { 'signature-input': `${label}=${input.text}`, signature: writeSignature(value) };
}

interface ReadFields extends ReadInput {
  readonly value: Uint8Array;
  readonly code: string;
  readonly keyVersion: number;
}

class Refusal extends Error {
  readonly reason: Reason;
  constructor(reason: Reason, message: string) {
    super(message);
    this.reason = reason;
  }
}

async function refusing(verify: () => Promise<VerifiedSignature>): Promise<VerifiedSignature> {
  try {
    return await verify();
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, reason: error.reason, message: error.message };
    // What the other side wrote into its fields, and cannot be read or signed.
    if (error instanceof SignatureBaseError || error instanceof ParseError) {
      return { ok: false, reason: 'signatureInvalid', message: error.message };
    }
    throw error;
  }
}

function readFields(headers: HttpRequest['headers']): ReadFields {
  const input = readInput(headers);
  if (!input) {
    throw new Refusal('signatureMissing', `no readable Signature-Input and Signature with the tag "${tag}" (RFC 9421)`);
  }
  const value = readSignature(headers.signature!, input.label);
  if (!value) throw new Refusal('signatureInvalid', `Signature has no byte sequence ${input.label}`);
  const keyId = /^([0-9]{5})\/([1-9][0-9]{0,4})$/.exec(String(input.parameters.get('keyid')));
  if (!keyId) throw new Refusal('signatureInvalid', 'keyid must be "<participant>/<key version>", as "00101/1"');
  return { value, code: keyId[1]!, keyVersion: Number(keyId[2]), ...input };
}

function mustCover({ covered }: ReadFields, needed: ReadonlySet<string>): void {
  if (covered === needed) return;
  const missing = [...needed].filter((name) => !covered.has(name));
  if (missing.length > 0) throw new Refusal('signatureInvalid', `the signature must also cover ${missing.join(' ')}`);
}

async function verify(
  { clock, crypto }: VerifyPorts,
  signature: ReadFields,
  message: SignedMessage,
  { headers, body }: HttpRequest | HttpResponse,
  keys: readonly VerifyingKey[] | undefined,
): Promise<Extract<VerifiedSignature, { ok: true }>> {
  const now = clock.now();
  const expiresAt = mustBeInTime(signature.parameters, now);
  const { code, keyVersion } = signature;
  const key = keys?.find(({ version }) => version === keyVersion);
  if (!key || hasEnded(key, now)) throw new Refusal('keyUnknown', `${code} has no valid key ${keyVersion}`);
  if (signature.parameters.get('alg') !== key.suite) {
    throw new Refusal('signatureInvalid', `alg must be "${key.suite}", as key ${code}/${keyVersion} is`);
  }
  if (!(await crypto.verify(key.suite, key.publicKey, signature.base(message), signature.value))) {
    throw new Refusal('signatureInvalid', `the signature does not hold under key ${code}/${keyVersion}`);
  }
  const digest = headers['content-digest'];
  if (digest !== undefined && !contentDigestHolds(digest, body)) {
    throw new Refusal('digestMismatch', 'content-digest has no sha-256 that is the digest of the body');
  }
  return { ok: true, code, keyVersion, expiresAt };
}

function mustBeInTime(parameters: ReadInput['parameters'], now: number): number {
  const created = parameters.get('created');
  const expires = parameters.get('expires');
  if (!Number.isSafeInteger(created) || !Number.isSafeInteger(expires)) {
    throw new Refusal('signatureInvalid', 'created and expires must be whole seconds since 1970');
  }
  const [from, to] = [created as number, expires as number];
  if (to - from > signatureLifeSeconds) {
    throw new Refusal('signatureInvalid', `expires may be at most ${signatureLifeSeconds} s after created`);
  }
  if (from * 1000 > now + clockToleranceSeconds * 1000) {
    throw new Refusal('signatureExpired', 'created lies in the future: set the clock');
  }
  if (to * 1000 <= now) throw new Refusal('signatureExpired', 'expires has passed: sign anew, and check the clock');
  return to * 1000;
}
