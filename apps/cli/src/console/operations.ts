/** Every operation of the console's API as a verb, made from the table of routes, so that none is ever missing. */
import { addressOf, type Operation, type Route, routes } from '@clearway/console-api';
import { requests } from '@clearway/console-api/openapi';
import { type Command, InvalidArgumentError } from 'commander';
import { CommandError, exitCodes, type Given } from '../given.ts';
import { openOwnDesk } from './desk.ts';

/** A stream has no last line, and who comes in does so by `login` or by a link in a browser. */
const apart: ReadonlySet<Operation> = new Set(['getLive', 'logIn', 'logOut', 'startEnrolment', 'finishEnrolment']);

interface Field {
  readonly name: string;
  readonly isRequired: boolean;
  read(text: string): unknown;
}

export function consoleVerbs(noun: Command, given: Given): void {
  for (const [operation, route] of Object.entries(routes) as [Operation, Route][]) {
    if (!apart.has(operation)) addVerb(noun, given, operation, route);
  }
}

function addVerb(noun: Command, given: Given, operation: Operation, route: Route): void {
  const parameters = [...route.path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name);
  const schema = requests[operation as keyof typeof requests] as { properties: Record<string, Schema> } | undefined;
  const fields = schema === undefined ? [] : Object.entries(schema.properties).map(fieldOf);
  const verb = noun.command(kebab(operation)).description(route.summary);
  for (const name of parameters) verb.argument(`<${name}>`);
  for (const name of route.query ?? []) verb.option(`--${name} <text>`, 'see docs/guides/console.md');
  for (const { name, isRequired, read } of fields) {
    const flag = `--${kebab(name)} <value>`;
    if (isRequired) verb.requiredOption(flag, 'needed', read);
    else verb.option(flag, 'if the kind asks for it', read);
  }
  verb.action(async (...given_: unknown[]) => {
    const values = Object.fromEntries(parameters.map((name, index) => [name, given_[index] as string]));
    const options = given_[parameters.length] as Record<string, unknown>;
    const query = new URLSearchParams();
    for (const name of route.query ?? []) if (options[name] !== undefined) query.set(name, String(options[name]));
    const body =
      schema === undefined ? undefined : Object.fromEntries(fields.map(({ name }) => [name, options[name] ?? null]));
    const path = `${addressOf(operation, values)}${query.size > 0 ? `?${query}` : ''}`;
    const answer = await openOwnDesk(given.desk).ask(route.method, path, body);
    if (operation === 'verifyAudit' && (answer as { holds: boolean }).holds === false) given.answerNo();
    given.answer(answer ?? null, () =>
      typeof answer === 'string' ? answer : `${JSON.stringify(answer ?? 'done', undefined, 2)}\n`,
    );
  });
}

interface Schema {
  readonly type?: string;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, unknown>>;
}

function fieldOf([name, schema]: [string, Schema]): Field {
  const isRequired = !(schema.anyOf?.some(({ type }) => type === 'null') ?? false);
  const inner = schema.anyOf?.find(({ type }) => type !== 'null') ?? schema;
  return { name, isRequired, read: readerOf(inner) };
}

function readerOf(schema: Schema): (text: string) => unknown {
  if (schema.type === 'integer') return integer;
  if (schema.type !== 'object') return (text) => text;
  return schema.properties !== undefined && 'amount' in schema.properties ? money : json;
}

function integer(text: string): number {
  if (/^[0-9]{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number.');
}

/** `1500000.00 CNY`. */
function money(text: string): unknown {
  const [, amount, currency] = /^([0-9]+(?:\.[0-9]+)?) ?([A-Z]{3})$/.exec(text) ?? [];
  if (currency === undefined) throw new InvalidArgumentError('Give an amount with its currency: "1500000.00 CNY".');
  return { amount, currency };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CommandError('Give this one as JSON.', exitCodes.usage);
  }
}

const kebab = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
