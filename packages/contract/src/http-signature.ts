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
import {
  type BareItem,
  type InnerList,
  type Item,
  isInnerList,
  type Parameters,
  ParseError,
  parseDictionary,
  serializeDictionary,
} from 'structured-headers';
import { contentDigest, contentDigestHolds } from './content-digest.ts';
import { hasEnded, type SigningKey, type VerifyingKey } from './sign.ts';
import { authorityOf, SignatureBaseError, type SignedMessage, signatureBase } from './signature-base.ts';

/** From `created` to `expires`, seconds: made so, and no more is accepted. */
export const signatureLifeSeconds = 60;
/** How far a signer's clock may be ahead, seconds. */
export const clockToleranceSeconds = 10;

const tag = 'clearway';
const label = 'clearway';
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
  const headers = {
    ...request.headers,
    host: new URL(request.url).host,
    ...(withBody && { 'content-digest': contentDigest(request.body) }),
  };
  const components = [...requestComponents, ...(withBody ? bodyComponents : [])];
  const nonce: [string, BareItem] = ['nonce', Buffer.from(ports.chance.bytes(nonceBytes)).toString('base64url')];
  const input = signatureInput(ports, key, code, components.map(plainComponent), [nonce]);
  const fields = await signatureFields(ports, key, input, { request: { ...request, headers } });
  return { ...request, headers: { ...headers, ...fields } };
}

export async function verifyRequest(
  ports: VerifyPorts,
  request: HttpRequest,
  expected: RequestExpectations,
): Promise<VerifiedSignature> {
  return refusing(async () => {
    const signature = readSignature(request.headers);
    const withBody = request.body.length > 0;
    mustCover(signature, [...requestComponents, ...(withBody ? bodyComponents : [])].map(plainComponent));
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
  const headers = { ...response.headers, 'content-digest': contentDigest(response.body) };
  const answered = signatureLabel(request);
  const components = [
    ...responseComponents({ ...response, headers }).map(plainComponent),
    ...(answered === undefined ? [] : [requestSignature(answered)]),
  ];
  const input = signatureInput(ports, key, code, components, []);
  const fields = await signatureFields(ports, key, input, { request, response: { ...response, headers } });
  return { ...response, headers: { ...headers, ...fields } };
}

/** `request` as {@link signRequest} made it; `signer` the participant who must have answered, with its keys. */
export async function verifyResponse(
  ports: VerifyPorts,
  request: HttpRequest,
  response: HttpResponse,
  signer: { readonly code: string; readonly keys: readonly VerifyingKey[] },
): Promise<VerifiedSignature> {
  return refusing(async () => {
    const signature = readSignature(response.headers);
    if (signature.code !== signer.code) {
      throw new Refusal('signatureInvalid', `signed by ${signature.code} instead of ${signer.code}`);
    }
    mustCover(signature, [
      ...responseComponents(response).map(plainComponent),
      plainComponent('content-digest'),
      requestSignature(signatureLabel(request) ?? label),
    ]);
    return verify(ports, signature, { request, response }, response, signer.keys);
  });
}

const requestComponents = ['@method', '@authority', '@path', '@query'];
const bodyComponents = ['content-digest', 'content-type'];

function responseComponents({ headers }: HttpResponse): string[] {
  return ['@status', ...bodyComponents.filter((name) => headers[name] !== undefined)];
}

const plainComponent = (name: string): Item => [name, new Map()];

function requestSignature(label: string): Item {
  return [
    'signature',
    new Map<string, BareItem>([
      ['req', true],
      ['key', label],
    ]),
  ];
}

function signatureInput(
  { clock }: Pick<Ports, 'clock'>,
  key: SigningKey,
  code: string,
  components: Item[],
  more: [string, BareItem][],
): InnerList {
  const created = Math.floor(clock.now() / 1000);
  const parameters: Parameters = new Map<string, BareItem>([
    ['created', created],
    ['expires', created + signatureLifeSeconds],
    ...more,
    ['alg', key.suite],
    ['keyid', `${code}/${key.version}`],
    ['tag', tag],
  ]);
  return [components, parameters];
}

async function signatureFields(
  { crypto }: Pick<Ports, 'crypto'>,
  key: SigningKey,
  input: InnerList,
  message: SignedMessage,
): Promise<Record<'signature-input' | 'signature', string>> {
  const value = await crypto.sign(key.suite, key.privateKey, signatureBase(input, message));
  return {
    'signature-input': serializeDictionary(new Map([[label, input]])),
    signature: serializeDictionary(new Map([[label, [value, new Map()]]])),
  };
}

interface ReadSignature {
  readonly input: InnerList;
  readonly parameters: Parameters;
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

/** Label of the Clearway signature of a message, undefined if it has none. */
function signatureLabel({ headers }: { readonly headers: HttpRequest['headers'] }): string | undefined {
  return findInput(headers)?.[0];
}

function findInput(headers: HttpRequest['headers']): [string, InnerList] | undefined {
  const field = headers['signature-input'];
  if (field === undefined || headers.signature === undefined) return undefined;
  for (const [name, member] of readDictionary(field) ?? []) {
    if (isInnerList(member) && member[1].get('tag') === tag) return [name, member];
  }
  return undefined;
}

function readDictionary(field: string): ReturnType<typeof parseDictionary> | undefined {
  try {
    return parseDictionary(field);
  } catch {
    return undefined;
  }
}

function readSignature(headers: HttpRequest['headers']): ReadSignature {
  const found = findInput(headers);
  if (!found) {
    throw new Refusal('signatureMissing', `no readable Signature-Input and Signature with the tag "${tag}" (RFC 9421)`);
  }
  const [name, input] = found;
  const value = readDictionary(headers.signature!)?.get(name)?.[0];
  if (!(value instanceof ArrayBuffer)) throw new Refusal('signatureInvalid', `Signature has no byte sequence ${name}`);
  const keyId = /^([0-9]{5})\/([1-9][0-9]{0,4})$/.exec(String(input[1].get('keyid')));
  if (!keyId) throw new Refusal('signatureInvalid', 'keyid must be "<participant>/<key version>", as "00101/1"');
  return { input, parameters: input[1], value: new Uint8Array(value), code: keyId[1]!, keyVersion: Number(keyId[2]) };
}

function mustCover({ input }: ReadSignature, components: Item[]): void {
  const covered = new Set(input[0].map(componentName));
  const missing = components.map(componentName).filter((name) => !covered.has(name));
  if (missing.length > 0) throw new Refusal('signatureInvalid', `the signature must also cover ${missing.join(' ')}`);
}

/** Parameters in any order. */
function componentName([name, parameters]: Item): string {
  return [JSON.stringify(name), ...[...parameters].map(([key, value]) => `${key}=${value}`).sort()].join(';');
}

async function verify(
  { clock, crypto }: VerifyPorts,
  signature: ReadSignature,
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
  if (!(await crypto.verify(key.suite, key.publicKey, signatureBase(signature.input, message), signature.value))) {
    throw new Refusal('signatureInvalid', `the signature does not hold under key ${code}/${keyVersion}`);
  }
  const digest = headers['content-digest'];
  if (digest !== undefined && !contentDigestHolds(digest, body)) {
    throw new Refusal('digestMismatch', 'content-digest has no sha-256 that is the digest of the body');
  }
  return { ok: true, code, keyVersion, expiresAt };
}

function mustBeInTime(parameters: Parameters, now: number): number {
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
