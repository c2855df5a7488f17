/** Hooks of Node's module loader: what is imported with this mark, and all of core and server that it imports, is newer. */
import { apply } from '../planted/load-patched.ts';
import { newerChanges } from './newer.ts';

export const newerMark = '?newer';

const root = new URL('../../../../', import.meta.url).href;
const again = ['packages/core/dist/', 'apps/server/dist/'].map((folder) => root + folder);
const isMarked = (url: string | undefined) => url?.endsWith(newerMark) ?? false;

interface Resolved {
  readonly url: string;
}
type Resolve = (specifier: string, context: { readonly parentURL?: string }) => Promise<Resolved>;

export async function resolve(
  specifier: string,
  context: { readonly parentURL?: string },
  next: Resolve,
): Promise<Resolved> {
  const resolved = await next(specifier, context);
  if (!isMarked(context.parentURL) || !again.some((folder) => resolved.url.startsWith(folder))) return resolved;
  return { ...resolved, url: resolved.url + newerMark };
}

interface Loaded {
  readonly source?: string | ArrayBuffer | Uint8Array;
}
type Load = (url: string, context: unknown) => Promise<Loaded>;

export async function load(url: string, context: unknown, next: Load): Promise<Loaded> {
  const loaded = await next(url, context);
  if (!isMarked(url)) return loaded;
  const changes = newerChanges.filter((one) => url === root + one.in + newerMark);
  const source = Buffer.from(loaded.source as Uint8Array).toString();
  return { ...loaded, source: changes.reduce(apply, source) };
}
