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

import { findRoute, routes, type SigningKey, signResponse, type VerifyingKey } from '@clearway/contract';
import type { Reason } from '@clearway/core/vocabulary';
import type { HttpHandler, HttpRequest, HttpResponse, Ports } from '@clearway/ports';
import { agreementOperations } from './agreements.ts';
import { createAuthenticator } from './authenticate.ts';
import { type Operation, Refusal, type Reply } from './call.ts';
import type { Configurator } from './configurator.ts';
import { cycleOperations } from './cycles.ts';
import { readWithin } from './deadline.ts';
import { createDeliverer } from './deliverer.ts';
import type { Edge } from './edge.ts';
import { createEnquiryBudgets } from './enquiry-budget.ts';
import { createFinality } from './finality.ts';
import { checkForm } from './form.ts';
import { gatewayMetrics } from './gateway-metrics.ts';
import { watchCell } from './health.ts';
import { createLane } from './lane.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { type OpenOperation, openOperations } from './open.ts';
import { paymentOperations } from './payments.ts';
import { platformCode } from './platform.ts';
import type { Cell, Configuration, Deliverer } from './port.ts';
import { createRecent } from './recent.ts';
import type { GatewayRecords } from './records.ts';
import { refusalOf } from './refusals.ts';
import { registryOperations } from './registry.ts';
import { httpResponse, problemResponse } from './reply.ts';
import { defaultSettings, type GatewaySettings } from './settings.ts';

export interface GatewayOptions {
  readonly ports: Ports;
  readonly cell: Cell;
  readonly records: GatewayRecords;
  /** The newest snapshot, undefined before the first. A change is a new object, its list of participants too. */
  configuration(): Configuration | undefined;
  readonly configurator: Configurator;
  /** Signs what the platform says, in replies and in deliveries. */
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

export function createGateway(options: GatewayOptions): Gateway {
  const { ports, configuration, platformKey, metrics, log } = options;
  const { clock } = ports;
  const settings = { ...defaultSettings, ...options.settings };
  const watched = watchCell(clock, options.cell);
  const { cell } = watched;

  const operations = signedOperations({
    ports,
    cell,
    records: options.records,
    configurator: options.configurator,
    platformKeys: options.platformKeys,
    finality: createFinality(clock, options.records),
    finalPayments: createRecent(settings.finalPaymentsKept),
    settings,
  });
  const open: Readonly<Record<string, OpenOperation>> = openOperations({ clock, watched, configuration, metrics });
  mustServeContract([...Object.keys(operations), ...Object.keys(open)]);

  const authenticator = createAuthenticator({ ports, ...settings });
  const budgets = createEnquiryBudgets(clock.elapsed);
  const lanes = {
    payment: createLane(settings.paymentsInFlight),
    answer: createLane(settings.answersInFlight),
    enquiry: createLane(settings.enquiriesInFlight, settings.enquiriesWaiting),
    administration: createLane(settings.administrationInFlight),
  };
  const counts = gatewayMetrics(metrics, lanes, watched.contactAgeMs);

  async function handle(request: HttpRequest): Promise<HttpResponse> {
    const startedAt = clock.elapsed();
    const receivedAt = clock.now();
    const [path] = request.url.split('?', 1) as [string];
    const found = findRoute('platform', request.method, path);
    const operation = typeof found === 'string' ? 'none' : found.route.operationId;

    let reason: Reason = 'none';
    let response: HttpResponse;
    try {
      if (typeof found === 'string') throw new Refusal(found);
      response = httpResponse(await (open[operation]?.() ?? admit(request, found, receivedAt)));
    } catch (error) {
      const refusal = error instanceof Refusal ? error : surprise(error, operation, request.method);
      reason = refusal.reason;
      response = problemResponse(refusal, found === 'methodNotAllowed' ? { allow: methodsOf(path) } : {});
    }
    counts.answered(operation, response.status, reason, clock.elapsed() - startedAt);
    return 'signature-input' in request.headers ? sign(request, response) : response;
  }

  /** Rungs 2 to 7, then the operation. */
  async function admit(request: HttpRequest, { route, parameters }: Found, receivedAt: number): Promise<Reply> {
    const snapshot = configuration();
    if (!snapshot) throw refusalOf('cellUnavailable');
    checkForm(request, route);
    const claim = authenticator.readClaim(snapshot, request);
    const { participant } = claim;
    const { code, enquiryBudget } = participant;
    const isEnquiry = route.lane === 'enquiry';

    const waitMs = isEnquiry ? budgets.spend(code, enquiryBudget) : 0;
    if (waitMs > 0) {
      counts.budgetSpent(code);
      throw new Refusal('enquiryBudgetSpent', '', { retryAfterMs: waitMs });
    }
    const lane = lanes[route.lane as keyof typeof lanes];
    if (!(await lane.enter())) throw refusalOf('overloaded');
    try {
      await authenticator.verify(request, claim).catch((error: unknown) => {
        const isItsOwn = error instanceof Refusal && error.reason === 'signatureReplayed';
        if (isEnquiry && !isItsOwn) budgets.giveBack(code, enquiryBudget);
        throw error;
      });
      const call = { configuration: snapshot, participant, parameters, body: request.body, receivedAt };
      const reply = operations[route.operationId]!(call);
      return await (request.method === 'GET' ? readWithin(clock, reply, settings.cellPatienceMs) : reply);
    } finally {
      lane.leave();
    }
  }

  /** Bound to the request by its signature; to a request whose signature cannot even be read, signed by itself. */
  async function sign(request: HttpRequest, response: HttpResponse): Promise<HttpResponse> {
    try {
      return await signResponse(ports, platformKey, platformCode, request, response);
    } catch {
      return signResponse(ports, platformKey, platformCode, { ...request, headers: {} }, response);
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

function signedOperations(edge: Edge): Readonly<Record<string, Operation>> {
  return {
    ...paymentOperations(edge),
    ...agreementOperations(edge),
    ...registryOperations(edge),
    ...cycleOperations(edge),
  };
}

/** @throws Error unless exactly the operations of the contract are served */
function mustServeContract(served: readonly string[]): void {
  const described = routes.filter(({ side }) => side === 'platform').map(({ operationId }) => operationId);
  const [have, want] = [[...served].sort().join(), described.sort().join()];
  if (have !== want) throw new Error(`the contract has the operations ${want}; the gateway serves ${have}`);
}

/** The methods that a path does serve (RFC 9110, 15.5.6). */
function methodsOf(path: string): string {
  const methods = ['GET', 'POST', 'DELETE'];
  return methods.filter((method) => typeof findRoute('platform', method, path) !== 'string').join(', ');
}
