/** The signature base of RFC 9421, section 2: what exactly is signed of an HTTP message. */
import type { Headers, HttpRequest, HttpResponse } from '@clearway/ports';
import {
  type InnerList,
  type Item,
  isInnerList,
  parseDictionary,
  serializeInnerList,
  serializeItem,
} from 'structured-headers';

/** A component cannot be taken from the message, is named twice, or is of a sort that Clearway does not use. */
export class SignatureBaseError extends Error {
  override name = 'SignatureBaseError';
}

export interface SignedMessage {
  readonly request: HttpRequest;
  /** Present when it is the response that is signed; `request` is then the one that it answers. */
  readonly response?: HttpResponse | undefined;
}

/** A covered component with its name as it stands in the base: `"@method"`, `"signature";req;key="clearway"`. */
export interface Component {
  readonly name: string;
  readonly item: Item;
}

export function componentOf(item: Item): Component {
  return { name: serializeItem(item), item };
}

/** `input`: covered components with the signature's parameters, a member of Signature-Input. */
export function signatureBase(input: InnerList, message: SignedMessage): Uint8Array {
  const components = input[0].map(componentOf);
  const names = new Set<string>();
  for (const { name } of components) {
    if (names.has(name)) throw new SignatureBaseError(`${name} is covered twice`);
    names.add(name);
  }
  return baseOf(components, serializeInnerList(input), message);
}

/** `components`: none twice. `parameters`: the serialised member of Signature-Input. */
export function baseOf(components: readonly Component[], parameters: string, message: SignedMessage): Uint8Array {
  let lines = '';
  for (const { name, item } of components) lines += `${name}: ${componentValue(item, message)}\n`;
  return Buffer.from(`${lines}"@signature-params": ${parameters}`, 'latin1');
}

function componentValue([name, parameters]: Item, { request, response }: SignedMessage): string {
  if (typeof name !== 'string') throw new SignatureBaseError('a component is named by a string');
  const ofRequest = parameters.get('req') === true;
  const key = parameters.get('key');
  if (parameters.size !== (ofRequest ? 1 : 0) + (key === undefined ? 0 : 1)) {
    throw new SignatureBaseError(`parameters of "${name}" other than req and key are not used here`);
  }
  if (ofRequest && !response) throw new SignatureBaseError('req belongs to the signature of a response');
  const source = response && !ofRequest ? response : request;
  if (name.startsWith('@')) return derived(name, source);
  return key === undefined ? field(source.headers, name) : member(source.headers, name, key);
}

function derived(name: string, source: HttpRequest | HttpResponse): string {
  if ('status' in source) {
    if (name === '@status') return String(source.status);
    throw new SignatureBaseError(`"${name}" is not of a response`);
  }
  switch (name) {
    case '@method':
      return source.method;
    case '@authority':
      return authorityOf(source);
    case '@path':
      return targetOf(source).path;
    case '@query':
      return targetOf(source).query;
    default:
      throw new SignatureBaseError(`"${name}" is not used here`);
  }
}

function field(headers: Headers, name: string): string {
  if (!Object.hasOwn(headers, name)) throw new SignatureBaseError(`the message has no "${name}"`);
  return headers[name]!.trim();
}

/** A dictionary of one member of 64 bytes, as a signature is: its member is its own serialisation. */
const loneSignature = /^([a-z]{1,20})=(:[A-Za-z0-9+/]{85}[AQgw]==:)$/;

function member(headers: Headers, name: string, key: unknown): string {
  const lone = loneSignature.exec(field(headers, name));
  if (lone !== null && lone[1] === key) return lone[2]!;
  const value = typeof key === 'string' ? parseDictionary(field(headers, name)).get(key) : undefined;
  if (!value) throw new SignatureBaseError(`"${name}" has no member ${String(key)}`);
  return isInnerList(value) ? serializeInnerList(value) : serializeItem(value);
}

/** Host and port in lower case, without a default port; of a client's request by its address, of a server's by Host. */
export function authorityOf({ url, headers }: HttpRequest): string {
  const authority = url.startsWith('/') ? field(headers, 'host') : new URL(url).host;
  return authority.toLowerCase().replace(/:(80|443)$/, '');
}

/** As it goes over the wire; without a query the component's value is a lone `?` (RFC 9421, 2.2.7). */
function targetOf({ url }: HttpRequest): { path: string; query: string } {
  if (!url.startsWith('/')) {
    const { pathname, search } = new URL(url);
    return { path: pathname, query: search || '?' };
  }
  const mark = url.indexOf('?');
  return mark < 0 ? { path: url, query: '?' } : { path: url.slice(0, mark), query: url.slice(mark) };
}
