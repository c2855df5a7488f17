/** The OpenAPI 3.1 document of all three sides, made from routes and messages. */
import type { TSchema } from 'typebox';
import * as messages from './messages.ts';
import { Problem, problemContentType } from './problem.ts';
import { type Route, type RouteResponse, routes, type Side } from './routes.ts';

type Json = { [key: string]: unknown };

const isSchema = (value: object): value is TSchema => 'type' in value;
const named = new Map<string, TSchema>();
for (const [name, value] of Object.entries({ ...messages, Problem })) {
  if (typeof value === 'object' && isSchema(value)) named.set(name, value);
}
const nameOf = new Map([...named].map(([name, schema]) => [schema, name]));
/** An optional field holds a copy of its schema. */
const nameOfCopy = new Map([...named].map(([name, schema]) => [JSON.stringify(schema), name]));

/** What institutions and the settlement agent serve to the platform stands under `webhooks`, with its path in `x-path`. */
export function openApiDocument(): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Clearway',
      version: '1.0.0',
      summary: 'An open retail payment switch and clearing house',
      description: [
        'Requests and responses are signed (RFC 9421), bodies have a digest (RFC 9530), and messages are signed end to end',
        'over their canonical bytes: see docs/reference. Amounts are text in major units.',
      ].join(' '),
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    tags: [
      { name: 'platform', description: 'Served by the gateway to institutions.' },
      { name: 'institution', description: 'Served by every institution, at its own endpoint, to the platform.' },
      { name: 'settlementAgent', description: 'Served by the settlement agent to the platform.' },
    ] satisfies { name: Side; description: string }[],
    paths: paths(),
    webhooks: Object.fromEntries(
      routes
        .filter(({ side }) => side !== 'platform')
        .map((route) => [route.operationId, { [methodOf(route)]: { ...operation(route), 'x-path': route.path } }]),
    ),
    components: { schemas: Object.fromEntries([...named].map(([name, schema]) => [name, inner(schema)])) },
  };
}

function paths(): Record<string, Json> {
  const byPath: Record<string, Json> = {};
  for (const route of routes.filter(({ side }) => side === 'platform')) {
    byPath[route.path] = { ...byPath[route.path], [methodOf(route)]: operation(route) };
  }
  return byPath;
}

const methodOf = ({ method }: Route) => method.toLowerCase();

function operation(route: Route): Json {
  const { operationId, summary, lane, request, responses } = route;
  const body = request && { required: true, content: content(request) };
  const parameters = [...pathParameters(route), ...(route.query ?? []).map((name) => parameter('query', name))];
  return {
    operationId,
    summary,
    tags: [route.side],
    'x-lane': lane,
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: body }),
    responses: {
      ...Object.fromEntries(Object.entries(responses).map(([status, answer]) => [status, response(answer)])),
      default: response({ description: 'A problem.', schema: Problem, contentType: problemContentType }),
    },
  };
}

function pathParameters({ path }: Route): Json[] {
  return [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => parameter('path', name!));
}

const parameter = (place: 'path' | 'query', name: string): Json => ({
  name,
  in: place,
  required: true,
  schema: { type: 'string' },
});

function response({ description, schema, contentType }: RouteResponse): Json {
  if (!schema && !contentType) return { description };
  return { description, content: content(schema, contentType) };
}

function content(schema: TSchema | undefined, contentType = 'application/json'): Json {
  return { [contentType]: { schema: schema ? reference(schema) : { type: 'string' } } };
}

/** A named schema becomes a reference to it, wherever it stands. */
function reference(value: unknown): unknown {
  const name = nameOf.get(value as TSchema) ?? nameOfCopy.get(JSON.stringify(value));
  return name === undefined ? inner(value) : { $ref: `#/components/schemas/${name}` };
}

function inner(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reference);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, reference(part)]));
}

/** The document as the reference keeps it and the gateway serves it. */
export function openApiText(): string {
  return `${JSON.stringify(openApiDocument(), undefined, 2)}\n`;
}
