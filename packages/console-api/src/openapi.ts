/** The schemas of the API and its OpenAPI 3.1 document, made from routes and messages. */
import type { TSchema } from 'typebox';
import * as messages from './messages.ts';
import { problemContentType } from './problem.ts';
import { type Operation, type Requests, type Responses, type Route, routes } from './routes.ts';

export * as schemas from './messages.ts';

export const requests: Record<keyof Requests, TSchema> = {
  logIn: messages.LoginRequest,
  renewLogin: messages.RenewalRequest,
  setPurpose: messages.PurposeRequest,
  startEnrolment: messages.EnrolmentRequest,
  finishEnrolment: messages.EnrolmentFinish,
  shelveAlarm: messages.ShelveRequest,
  handOverWorkItem: messages.HandOverRequest,
  closeWorkItem: messages.ReasonRequest,
  previewChange: messages.ChangeRequest,
  proposeChange: messages.ChangeRequest,
  approveChange: messages.ApproveRequest,
  returnChange: messages.NoteRequest,
  refuseChange: messages.NoteRequest,
};

/** Undefined for 204, for the document itself and for files that are no JSON. */
export const responses: Record<keyof Responses, TSchema | undefined> = {
  getOpenApi: undefined,
  logIn: messages.Login,
  getLogin: messages.Login,
  logOut: undefined,
  renewLogin: messages.Login,
  setPurpose: messages.Login,
  startEnrolment: messages.Enrolment,
  finishEnrolment: messages.Login,
  getOverview: messages.Overview,
  getLive: messages.Frame,
  getAlarms: messages.AlarmList,
  acknowledgeAlarm: messages.Alarm,
  shelveAlarm: messages.Alarm,
  approveShelving: messages.Alarm,
  unshelveAlarm: messages.Alarm,
  getPayments: messages.PaymentList,
  getPaymentHistogram: messages.PaymentHistogram,
  getPayment: messages.PaymentDetail,
  getEvidence: messages.Evidence,
  find: messages.Found,
  getParticipants: messages.ParticipantList,
  getParticipant: messages.ParticipantDetail,
  getCycles: messages.CycleList,
  getCycle: messages.CycleDetail,
  getCycleMatrix: messages.CycleMatrix,
  getCycleFile: undefined,
  getWorkItems: messages.WorkItemList,
  takeWorkItem: messages.WorkItem,
  handOverWorkItem: messages.WorkItem,
  closeWorkItem: messages.WorkItem,
  getOperations: messages.Operations,
  getConfigurationHistory: messages.ConfigurationHistory,
  getChanges: messages.ChangeList,
  getChange: messages.Change,
  previewChange: messages.Effect,
  proposeChange: messages.Change,
  approveChange: messages.Change,
  returnChange: messages.Change,
  refuseChange: messages.Change,
  withdrawChange: messages.Change,
  getUsers: messages.UserList,
  issueEnrolmentLink: messages.EnrolmentLink,
  getAudit: messages.AuditList,
  verifyAudit: messages.AuditVerification,
};

type Json = { [key: string]: unknown };

const named = new Map<string, TSchema>(Object.entries<TSchema>(messages));
const nameOf = new Map([...named].map(([name, schema]) => [schema as unknown, name]));

export function openApiDocument(): Json {
  const paths: Record<string, Json> = {};
  for (const [operation, route] of Object.entries(routes) as [Operation, Route][]) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: describe(operation, route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Clearway console',
      version: '1.0.0',
      summary: 'Everything that the console shows and does',
      description: [
        'A login is a cookie with the header x-clearway-csrf, or a bearer token. Amounts are text in major units, times are',
        'RFC 3339 in UTC. x-access says who may ask; x-act marks what needs the right to act, which lapses after 10 idle minutes.',
      ].join(' '),
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      schemas: Object.fromEntries([...named].map(([name, schema]) => [name, inner(schema)])),
      securitySchemes: {
        cookie: { type: 'apiKey', in: 'cookie', name: 'clearway_login' },
        token: { type: 'http', scheme: 'bearer' },
      },
    },
  };
}

function describe(operation: Operation, route: Route): Json {
  const request = (requests as Partial<Record<Operation, TSchema>>)[operation];
  const response = responses[operation];
  const parameters = [
    ...[...route.path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => parameter(name, 'path')),
    ...(route.query ?? []).map((name) => parameter(name, 'query')),
  ];
  const contentType = route.contentType ?? 'application/json';
  const schema =
    response === undefined ? { type: operation === 'getOpenApi' ? 'object' : 'string' } : reference(response);
  return {
    operationId: operation,
    summary: route.summary,
    'x-access': route.access,
    ...(route.act && { 'x-act': true }),
    ...(route.access !== 'open' && { security: [{ cookie: [] }, { token: [] }] }),
    ...(parameters.length > 0 && { parameters }),
    ...(request && {
      requestBody: { required: true, content: { 'application/json': { schema: reference(request) } } },
    }),
    responses: {
      ...(operation === 'logOut'
        ? { 204: { description: 'Done.' } }
        : { 200: { description: 'The answer.', content: { [contentType]: { schema } } } }),
      default: {
        description: 'A problem.',
        content: { [problemContentType]: { schema: reference(messages.Problem) } },
      },
    },
  };
}

const parameter = (name: string, place: 'path' | 'query'): Json => ({
  name,
  in: place,
  required: place === 'path',
  schema: { type: 'string' },
});

/** A named schema becomes a reference to it, wherever it stands. */
function reference(value: unknown): unknown {
  const name = nameOf.get(value);
  return name === undefined ? inner(value) : { $ref: `#/components/schemas/${name}` };
}

function inner(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reference);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, reference(part)]));
}

/** The document as docs/reference keeps it and the console serves it. */
export function openApiText(): string {
  return `${JSON.stringify(openApiDocument(), undefined, 2)}\n`;
}
