/**
 * Where in the console one is: all of it stands in the address, so that a copied link shows another person the same,
 * and Back goes back one step.
 */
export interface Place {
  /** Without trailing slash; `/` for the first page. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

export function parsePlace(address: string): Place {
  const url = new URL(address, 'http://console.invalid');
  const path = url.pathname.length > 1 ? url.pathname.replace(/\/+$/, '') : '/';
  return { path: path === '' ? '/' : path, query: Object.fromEntries(url.searchParams) };
}

/** Empty values are left out, so that one view has one address. */
export function formatPlace({ path, query }: Place): string {
  const given = Object.entries(query).filter(([, value]) => value !== '');
  const search = new URLSearchParams(given).toString();
  return search === '' ? path : `${path}?${search}`;
}

/** The place with some of its query changed; undefined takes a part away. */
export function withQuery(place: Place, change: Readonly<Record<string, string | undefined>>): Place {
  const query = Object.fromEntries(
    Object.entries({ ...place.query, ...change }).filter((part): part is [string, string] => part[1] !== undefined),
  );
  return { path: place.path, query };
}

/** `/payments/:id` against `/payments/2026…`: the named parts, or undefined. */
export function matchPath(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  if (wanted.length !== given.length) return undefined;
  const found: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    if (part.startsWith(':')) found[part.slice(1)] = decode(given[index]);
    else if (part !== given[index]) return undefined;
  }
  return found;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a broken escape in a link names nothing; the page will say so
  }
}
