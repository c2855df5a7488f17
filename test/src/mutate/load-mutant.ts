/** Hooks of Node's module loader: one module is loaded with one place of its text replaced. */

export interface Replacement {
  /** Address of the module. */
  readonly url: string;
  readonly from: number;
  readonly to: number;
  readonly instead: string;
}

interface Loaded {
  readonly source?: string | ArrayBuffer | Uint8Array;
}
type Load = (url: string, context: unknown) => Promise<Loaded>;

let replacement: Replacement;

export function initialize(given: Replacement): void {
  replacement = given;
}

export async function load(url: string, context: unknown, next: Load): Promise<Loaded> {
  const loaded = await next(url, context);
  if (url !== replacement.url) return loaded;
  const text = Buffer.from(loaded.source as Uint8Array).toString();
  const source = text.slice(0, replacement.from) + replacement.instead + text.slice(replacement.to);
  return { ...loaded, source };
}
