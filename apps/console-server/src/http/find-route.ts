/** From an address to its operation. */
import { type Operation, type Route, routes } from '@clearway/console-api';

export interface Found {
  readonly operation: Operation;
  readonly route: Route;
  readonly parameters: Readonly<Record<string, string>>;
}

const templates = (Object.entries(routes) as [Operation, Route][]).map(([operation, route]) => ({
  operation,
  route,
  parts: route.path.split('/'),
}));

export function findRoute(method: string, path: string): Found | 'notFound' | 'methodNotAllowed' {
  const given = path.split('/');
  let found: 'notFound' | 'methodNotAllowed' = 'notFound';
  for (const { operation, route, parts } of templates) {
    const parameters = match(parts, given);
    if (parameters !== undefined && route.method === method) return { operation, route, parameters };
    if (parameters !== undefined) found = 'methodNotAllowed';
  }
  return found;
}

function match(parts: readonly string[], given: readonly string[]): Record<string, string> | undefined {
  if (parts.length !== given.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    if (!part.startsWith('{')) {
      if (part !== given[index]) return undefined;
      continue;
    }
    const value = decoded(given[index]);
    if (value === undefined || !/^[A-Za-z0-9:._-]{1,80}$/.test(value)) return undefined;
    parameters[part.slice(1, -1)] = value;
  }
  return parameters;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
