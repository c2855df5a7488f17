/** Hooks of Node's module loader: the modules that a patch names are loaded with its lines in place of theirs. */
import { fileURLToPath } from 'node:url';
import { type PatchName, patches } from './patched.ts';

const root = new URL('../../../../', import.meta.url).href;
let changes: readonly { readonly in: string; readonly of: string; readonly instead: string }[] = [];

export function initialize(name: PatchName): void {
  changes = patches[name].changes;
}

interface Loaded {
  readonly source?: string | ArrayBuffer | Uint8Array;
}
type Load = (url: string, context: unknown) => Promise<Loaded>;

export async function load(url: string, context: unknown, next: Load): Promise<Loaded> {
  const loaded = await next(url, context);
  // A newer program beside the bad one makes the same mistake.
  const [file] = url.split('?');
  const mine = url.startsWith(root) ? changes.filter((one) => file === root + one.in) : [];
  if (mine.length === 0) return loaded;
  let source = Buffer.from(loaded.source as Uint8Array).toString();
  for (const change of mine) source = apply(source, change);
  return { ...loaded, source };
}

/** @throws Error when what it replaces is not there exactly once */
export function apply(source: string, change: { readonly in: string; readonly of: string; readonly instead: string }) {
  const parts = source.split(change.of);
  if (parts.length !== 2)
    throw new Error(`${fileURLToPath(root + change.in)} has this ${parts.length - 1} times, not once: ${change.of}`);
  return parts.join(change.instead);
}
