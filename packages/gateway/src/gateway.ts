/**
 * The edge: every request goes down the same ladder, and the first rung that breaks is the reason that is told.
 *
 *  1. address        notFound, methodNotAllowed; unsigned addresses are answered here
 *  2. configuration  cellUnavailable: none has come yet
 *  3. form           bodyTooLarge, contentTypeUnsupported, fieldInvalid (a query), bodyMalformed (a body with GET)
 *  4. claim          signatureMissing, signatureInvalid, keyUnknown, certificateRequired: who it says it is
 *  5. budget         enquiryBudgetSpent: enquiries alone
 *  6. room           overloaded: its lane is full
 *  7. signature      signatureInvalid, signatureExpired, keyUnknown, digestMismatch, signatureReplayed
 *  8. message        bodyMalformed, fieldInvalid and the reasons of single fields; whose the identifier is
 *  9. end to end     signatureInvalid, keyUnknown: the signature over the canonical bytes
 * 10. cell           the core's own ladder, or the records
 *
 * What costs little stands before what costs much (7 and 9: a fifth of a millisecond each), and nothing is parsed
 * before its signature holds. Budget and room go by the claim; a token spent on a false claim is given back.
 *
 * Rungs 1 to 9 have no effect, so their refusals are definite. Answers to requests that bear a signature are signed,
 * refusals too.
 */

import {
  findRoute,
  openApiDocument,
  problem,
  problemContentType,
  type Route,
  routes,
  type SigningKey,
  signResponse,
  type VerifyingKey,
} from '@clearway/contract';
import type { Reason } from '@clearway/core/vocabulary';
import { isoReason } from '@clearway/iso20022';
import type { Headers, HttpHandler, HttpRequest, HttpResponse, Ports } from '@clearway/ports';
import { agreementOperations } from './agreements.ts';
import { createAuthenticator } from './authenticate.ts';
import { type Answer, encodeJson, jsonContentType, largestBody, type Operation, Refusal } from './call.ts';
import type { Configurator } from './configurator.ts';
import { cycleOperations } from './cycles.ts';
import { createDeliverer } from './deliverer.ts';
import type { Edge } from './edge.ts';
import { createEnquiryBudgets } from './enquiry-budget.ts';
import { createFinality } from './finality.ts';
import { readinessOf, watchCell } from './health.ts';
import { createLane } from './lane.ts';
import type { Log } from './log.ts';
import { type Metrics, metricsContentType } from './metrics.ts';
import { paymentOperations } from './payments.ts';
import { platformCode } from './platform.ts';
import type { Cell, Configuration, Deliverer } from './port.ts';
import { createRecent } from './recent.ts';
import type { GatewayRecords } from './records.ts';
import { refusalOf } from './refusals.ts';
import { registryOperations } from './registry.ts';
import { defaultSettings, type GatewaySettings } from './settings.ts';

export interface GatewayOptions {
  readonly ports: Ports;
  readonly cell: Cell;
  readonly records: GatewayRecords;
  /** The newest snapshot, undefined before the first; a new one is a new object. */
  configuration(): Configuration | undefined;
  readonly configurator: Configurator;
  /** Signs what the platform says, in answers and in deliveries. */
  readonly platformKey: SigningKey;
  /** The platform's public keys, ended ones included, as institutions are told. */
  readonly platformKeys: readonly VerifyingKey[];
  readonly metrics: Metrics;
  readonly log: Log;
  readonly settings?: Partial<GatewaySettings>;
}

export interface Gateway {
  readonly handle: HttpHandler;
  readonly deliverer: Deliverer;
}

const jsonContentTypes: readonly string[] = [jsonContentType, `${jsonContentType}; charset=utf-8`];
const signatureReasons: ReadonlySet<Reason> = new Set([
  'signatureMissing',
  'signatureInvalid',
  'signatureExpired',
  'signatureReplayed',
  'keyUnknown',
  'digestMismatch',
  'certificateRequired',
]);
const textContentType = 'text/plain; charset=utf-8';
const methods = ['GET', 'POST', 'DELETE'] as const;

export function createGateway(options: GatewayOptions): Gateway {
  const { ports, configuration, platformKey, metrics, log } = options;
  const { clock } = ports;
  const settings = { ...defaultSettings, ...options.settings };
  const watched = watchCell(clock, options.cell);
  const { cell } = watched;
  const edge: Edge = {
    ports,
    cell,
    records: options.records,
    configurator: options.configurator,
    platformKeys: options.platformKeys,
    finality: createFinality(clock, options.records),
    finalPayments: createRecent(settings.finalPaymentsKept),
    settings,
    log,
  };
  const operations = signedOperations(edge);
  const authenticator = createAuthenticator({ ports, ...settings });
  const budgets = createEnquiryBudgets(clock.elapsed);
  const lanes = {
    payment: createLane(settings.paymentsInFlight),
    answer: createLane(settings.answersInFlight),
    enquiry: createLane(settings.enquiriesInFlight),
    administration: createLane(settings.administrationInFlight),
  };
  const openApi = encodeJson(openApiDocument());

  const answered = metrics.counter(
    'clearway_gateway_requests_total',
    'Requests answered, by operation, HTTP status and reason.',
    ['operation', 'status', 'reason'],
  );
  const durations = metrics.histogram(
    'clearway_gateway_request_seconds',
    'From the whole request to its answer, the bank’s time included.',
    ['operation'],
  );
  const badSignatures = metrics.counter(
    'clearway_gateway_signature_failures_total',
    'Requests whose signature, digest or certificate was refused.',
    ['reason'],
  );
  const budgetRefusals = metrics.counter(
    'clearway_gateway_budget_refusals_total',
    'Enquiries refused because the institution’s budget was spent.',
    ['participant'],
  );
  metrics.gauges('clearway_gateway_in_flight', 'Requests at work.', 'lane', () =>
    Object.fromEntries(Object.entries(lanes).map(([name, { inFlight }]) => [name, inFlight])),
  );
  metrics.gauge('clearway_gateway_cell_contact_age_seconds', 'Since the cell last answered.', () => {
    return watched.contactAgeMs() / 1000;
  });

  async function handle(request: HttpRequest): Promise<HttpResponse> {
    const startedAt = clock.elapsed();
    const receivedAt = clock.now();
    const query = request.url.indexOf('?');
    const path = query < 0 ? request.url : request.url.slice(0, query);
    const found = findRoute('platform', request.method, path);
    const operation = typeof found === 'string' ? 'none' : found.route.operationId;

    let reason: Reason = 'none';
    let response: HttpResponse;
    try {
      if (typeof found === 'string') throw new Refusal(found);
      const answer =
        found.route.lane === 'unsigned' ? await tell(found.route) : await treat(request, found, receivedAt, query >= 0);
      response = httpResponse(answer);
    } catch (error) {
      const refusal = error instanceof Refusal ? error : surprise(error, operation, request.method);
      reason = refusal.reason;
      if (signatureReasons.has(reason)) badSignatures.count(reason);
      response = problemResponse(refusal, found === 'methodNotAllowed' ? allowed(path) : {});
    }
    answered.count(operation, String(response.status), reason);
    durations.record(clock.elapsed() - startedAt, operation);
    return 'signature-input' in request.headers
      ? signResponse(ports, platformKey, platformCode, request, response)
      : response;
  }

  /** Rungs 2 to 7, then the operation. */
  async function treat(
    request: HttpRequest,
    { route, parameters }: Found,
    receivedAt: number,
    hasQuery: boolean,
  ): Promise<Answer> {
    const snapshot = configuration();
    if (!snapshot) throw refusalOf('cellUnavailable');
    checkForm(request, route, hasQuery);

    const claim = authenticator.readClaim(snapshot, request);
    const { code, enquiryBudget } = claim.participant;
    const isEnquiry = route.lane === 'enquiry';
    const waitMs = isEnquiry ? budgets.spend(code, enquiryBudget) : 0;
    if (waitMs > 0) {
      budgetRefusals.count(code);
      throw new Refusal('enquiryBudgetSpent', '', { retryAfterMs: waitMs });
    }
    const lane = lanes[route.lane as keyof typeof lanes];
    if (!lane.enter()) throw refusalOf('overloaded');
    try {
      await authenticator.verify(request, claim).catch((error: unknown) => {
        const isItsOwn = error instanceof Refusal && error.reason === 'signatureReplayed';
        if (isEnquiry && !isItsOwn) budgets.giveBack(code, enquiryBudget);
        throw error;
      });
      const { participant } = claim;
      const call = { configuration: snapshot, participant, parameters, body: request.body, receivedAt };
      return await operations[route.operationId]!(call);
    } finally {
      lane.leave();
    }
  }

  async function tell({ operationId }: Route): Promise<Answer> {
    switch (operationId) {
      case 'getOpenApi':
        return { status: 200, contentType: jsonContentType, body: openApi };
      case 'getMetrics':
        return { status: 200, contentType: metricsContentType, body: Buffer.from(metrics.text()) };
      case 'getReady': {
        const { ready, lines } = await readinessOf(clock, watched, configuration());
        return { status: ready ? 200 : 503, contentType: textContentType, body: Buffer.from(`${lines.join('\n')}\n`) };
      }
      default:
        return { status: 200, contentType: textContentType, body: Buffer.from('alive\n') };
    }
  }

  /** A mistake of ours, or records that cannot be read. Only what had no effect is refused definitely. */
  function surprise(error: unknown, operation: string, method: string): Refusal {
    const { name, stack } = error instanceof Error ? error : new Error(String(error));
    // Messages of errors may quote what somebody sent; the place where they arose does not.
    log('gateway.failed', { operation, error: name, place: /\bat .*/.exec(stack ?? '')?.[0] ?? '' });
    return method === 'GET' ? refusalOf('cellUnavailable') : new Refusal('none');
  }

  return { handle, deliverer: createDeliverer({ ...options, cell, settings }) };
}

type Found = Exclude<ReturnType<typeof findRoute>, string>;

/** @throws Error unless there is exactly one operation for every signed route */
function signedOperations(edge: Edge): Readonly<Record<string, Operation>> {
  const operations: Record<string, Operation> = {
    ...paymentOperations(edge),
    ...agreementOperations(edge),
    ...registryOperations(edge),
    ...cycleOperations(edge),
  };
  const signed = routes.filter(({ side, lane }) => side === 'platform' && lane !== 'unsigned');
  const described = signed.map(({ operationId }) => operationId).sort();
  const made = Object.keys(operations).sort();
  if (described.join() !== made.join()) {
    throw new Error(`the contract has the operations ${described.join()}, the gateway makes ${made.join()}`);
  }
  return operations;
}

function checkForm({ body, headers }: HttpRequest, { request }: Route, hasQuery: boolean): void {
  if (body.length > largestBody) throw new Refusal('bodyTooLarge', `The body has more than ${largestBody} bytes`);
  if (hasQuery) throw new Refusal('fieldInvalid', 'This path takes no query');
  if (!request) {
    if (body.length > 0) throw new Refusal('bodyMalformed', 'A request of this method has no body');
    return;
  }
  if (headers['content-encoding'] !== undefined) {
    throw new Refusal('contentTypeUnsupported', 'Bodies come without content-encoding');
  }
  if (!jsonContentTypes.includes(headers['content-type'] ?? '')) {
    throw new Refusal('contentTypeUnsupported', `content-type must be exactly ${jsonContentTypes.join(' or ')}`);
  }
}

function httpResponse({ status, contentType, body }: Answer): HttpResponse {
  return { status, headers: contentType === undefined ? {} : { 'content-type': contentType }, body };
}

function problemResponse({ reason, message, paymentId, retryAfterMs }: Refusal, more: Headers): HttpResponse {
  const body = problem(reason, message, {
    ...(reason !== 'none' && { isoReason: isoReason[reason] }),
    ...(paymentId !== undefined && { paymentId }),
  });
  const headers = {
    ...more,
    'content-type': problemContentType,
    ...(retryAfterMs !== undefined && { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }),
  };
  return { status: body.status, headers, body: encodeJson(body) };
}

/** The methods that a path does serve (RFC 9110, 15.5.6). */
function allowed(path: string): Headers {
  return { allow: methods.filter((method) => typeof findRoute('platform', method, path) !== 'string').join(', ') };
}
