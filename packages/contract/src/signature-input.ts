/**
 * Signature-Input and Signature of a message (RFC 9421, section 4): written in one form, read in every form.
 *
 * What is in that one form, as nearly everything is, is read and put under a base without a parser: it is its own
 * serialisation, so the line of `@signature-params` is a piece of the field. All else goes through the library. Both
 * ways give the same bytes and the same verdicts, which signature-input.test.ts compares.
 */
import type { Headers } from '@clearway/ports';
import { type BareItem, type Item, isInnerList, parseDictionary } from 'structured-headers';
import { baseOf, type Component, componentOf, type SignedMessage, signatureBase } from './signature-base.ts';

export const tag = 'clearway';
export const label = 'clearway';

export interface InputParameters {
  /** Seconds since 1970. */
  readonly created: number;
  readonly expires: number;
  /** In a request; characters of base64url. */
  readonly nonce?: string;
  readonly alg: string;
  /** `<participant>/<key version>` */
  readonly keyid: string;
}

/** What is covered, and how: ready to be signed. */
export interface WrittenInput {
  /** Value of `@signature-params`; Signature-Input is `clearway=` and this. */
  readonly text: string;
  base(message: SignedMessage): Uint8Array;
}

/** A message's fields, read; `parameters` are whatever stood there. */
export interface ReadInput {
  readonly label: string;
  readonly parameters: { get(name: string): unknown };
  /** Names of components, their parameters sorted: see {@link componentName}. */
  readonly covered: ReadonlySet<string>;
  base(message: SignedMessage): Uint8Array;
}

export const plainComponent = (name: string): Item => [name, new Map()];

export function requestSignature(label: string): Item {
  return [
    'signature',
    new Map<string, BareItem>([
      ['req', true],
      ['key', label],
    ]),
  ];
}

/** Parameters in any order. */
export function componentName([name, parameters]: Item): string {
  return [JSON.stringify(name), ...[...parameters].map(([key, value]) => `${key}=${value}`).sort()].join(';');
}

export interface CoveredList {
  /** As it stands in the field: `("@method" …)`. */
  readonly text: string;
  readonly components: readonly Component[];
  readonly covered: ReadonlySet<string>;
}

function coveredList(items: readonly Item[]): CoveredList {
  const components = items.map(componentOf);
  const text = `(${components.map(({ name }) => name).join(' ')})`;
  return { text, components, covered: new Set(items.map(componentName)) };
}

const target = ['@method', '@authority', '@path', '@query'].map(plainComponent);
const body = ['content-digest', 'content-type'].map(plainComponent);
const status = plainComponent('@status');
const digest = plainComponent('content-digest');

export const requestLists = { withoutBody: coveredList(target), withBody: coveredList([...target, ...body]) };
const responseItems = { typed: [status, ...body], untyped: [status, digest] };
const responseLists = {
  typed: coveredList([...responseItems.typed, requestSignature(label)]),
  untyped: coveredList([...responseItems.untyped, requestSignature(label)]),
};

/** Of a response with or without content-type; `answered`: label of the request's signature, if it has one. */
export function responseList(type: 'typed' | 'untyped', answered: string | undefined): CoveredList {
  if (answered === label) return responseLists[type];
  const ofRequest = answered === undefined ? [] : [requestSignature(answered)];
  return coveredList([...responseItems[type], ...ofRequest]);
}

const ownLists: ReadonlyMap<string, CoveredList> = new Map(
  [...Object.values(requestLists), ...Object.values(responseLists)].map((list) => [list.text, list]),
);

/** @throws RangeError for a keyid that is none */
export function writeInput(list: CoveredList, parameters: InputParameters): WrittenInput {
  const { created, expires, nonce, alg, keyid } = parameters;
  if (!/^[0-9]{5}\/[0-9]{1,5}$/.test(keyid)) throw new RangeError(`'${keyid}' is not <participant>/<key version>`);
  const once = nonce === undefined ? '' : `;nonce="${nonce}"`;
  const text = `${list.text};created=${created};expires=${expires}${once};alg="${alg}";keyid="${keyid}";tag="${tag}"`;
  return { text, base: (message) => baseOf(list.components, text, message) };
}

export function writeSignature(value: Uint8Array): string {
  return `${label}=:${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')}:`;
}

/** The Clearway signature of a message; undefined if it has none that can be read. */
export function readInput(headers: Headers): ReadInput | undefined {
  return readOwnInput(headers) ?? readAnyInput(headers);
}

const ownInput =
  /^clearway=((\([^()]{1,200}\));created=([1-9][0-9]{0,14});expires=([1-9][0-9]{0,14})(?:;nonce="([A-Za-z0-9_-]{1,64})")?;alg="([a-z0-9-]{1,30})";keyid="([0-9/]{1,30})";tag="clearway")$/;

/** Undefined for any other form than that of {@link writeInput}. */
export function readOwnInput(headers: Headers): ReadInput | undefined {
  const field = headers['signature-input'];
  if (field === undefined || headers.signature === undefined) return undefined;
  const found = ownInput.exec(field);
  const list = found === null ? undefined : ownLists.get(found[2]!);
  if (found === null || list === undefined) return undefined;
  const [, text, , created, expires, nonce, alg, keyid] = found;
  const parameters = new Map<string, unknown>([
    ['created', Number(created)],
    ['expires', Number(expires)],
    ['nonce', nonce],
    ['alg', alg],
    ['keyid', keyid],
  ]);
  return { label, parameters, covered: list.covered, base: (message) => baseOf(list.components, text!, message) };
}

/** Any form, through the library. */
export function readAnyInput(headers: Headers): ReadInput | undefined {
  const field = headers['signature-input'];
  if (field === undefined || headers.signature === undefined) return undefined;
  for (const [name, member] of readDictionary(field) ?? []) {
    if (!isInnerList(member) || member[1].get('tag') !== tag) continue;
    return {
      label: name,
      parameters: member[1],
      covered: new Set(member[0].map(componentName)),
      base: (message) => signatureBase(member, message),
    };
  }
  return undefined;
}

/** 64 bytes, as both suites have, with no stray bits at their end. */
const ownSignature = /^clearway=:([A-Za-z0-9+/]{85}[AQgw]==):$/;

/** The bytes under this label; undefined if there are none. */
export function readSignature(field: string, name: string): Uint8Array | undefined {
  const own = name === label ? ownSignature.exec(field)?.[1] : undefined;
  if (own !== undefined) return Buffer.from(own, 'base64');
  const value = readDictionary(field)?.get(name)?.[0];
  return value instanceof ArrayBuffer ? new Uint8Array(value) : undefined;
}

function readDictionary(field: string): ReturnType<typeof parseDictionary> | undefined {
  try {
    return parseDictionary(field);
  } catch {
    return undefined;
  }
}
