/** Every address of the wire as data: the gateway serves by it, the OpenAPI document is made from it. */
import type { TSchema } from 'typebox';
import * as messages from './messages.ts';
import { Problem } from './problem.ts';

/**
 * Which part of the house answers: `payment` (new work, shed first), `answer` (banks’ answers, never shed before
 * payments), `enquiry` (with a budget for each institution), `administration`, `unsigned`.
 */
export type Lane = 'payment' | 'answer' | 'enquiry' | 'administration' | 'unsigned';

/** Who serves: the platform’s gateway, an institution’s endpoint, or the settlement agent. */
export type Side = 'platform' | 'institution' | 'settlementAgent';

export interface RouteResponse {
  readonly description: string;
  /** JSON body; absent: none, unless `contentType` says otherwise. */
  readonly schema?: TSchema;
  readonly contentType?: string;
}

export interface Route {
  readonly side: Side;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With parameters in braces. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly lane: Lane;
  readonly request?: TSchema;
  /** Query parameters, all required. */
  readonly query?: readonly string[];
  /** By HTTP status; every route can also answer with a problem. */
  readonly responses: Readonly<Record<number, RouteResponse>>;
}

const json = (description: string, schema: TSchema): RouteResponse => ({ description, schema });
const problem = (description: string): RouteResponse => ({
  description,
  schema: Problem,
  contentType: 'application/problem+json',
});
const text = (description: string, contentType = 'text/plain'): RouteResponse => ({ description, contentType });

const paymentStatus = json('The payment as it stands; once final, for ever.', messages.PaymentStatus);
const agreementStatus = json('The agreement as it stands.', messages.AgreementStatus);
const later = { description: 'Later: the bank sends its answer to the platform.' };

const platform = (route: Omit<Route, 'side'>): Route => ({ side: 'platform', ...route });
const institution = (route: Omit<Route, 'side' | 'method' | 'lane'>): Route => ({
  side: 'institution',
  method: 'POST',
  lane: 'payment',
  ...route,
});
const settlementAgent = (route: Omit<Route, 'side' | 'lane'>): Route => ({
  side: 'settlementAgent',
  lane: 'administration',
  ...route,
});

export const routes: readonly Route[] = [
  platform({
    method: 'POST',
    path: '/v1/payments',
    operationId: 'submitPayment',
    summary:
      'Asks for a payment and waits for its outcome, within the bank’s deadline. Repeat with the same identifier.',
    lane: 'payment',
    request: messages.PaymentRequest,
    responses: {
      200: json('The outcome: succeeded, failed, or unknown for now.', messages.PaymentStatus),
      409: problem('The identifier stands for other content.'),
      422: problem('Refused, definitely: nothing was or will be paid under this identifier.'),
      503: problem('Nothing was done; repeat with the same identifier.'),
    },
  }),
  platform({
    method: 'GET',
    path: '/v1/payments/{paymentId}',
    operationId: 'getPayment',
    summary: 'Tells the state of a payment in which the asker takes part.',
    lane: 'enquiry',
    responses: { 200: paymentStatus, 404: problem('Not seen yet, or not the asker’s.') },
  }),
  platform({
    method: 'POST',
    path: '/v1/payments/{paymentId}/answer',
    operationId: 'answerPayment',
    summary: 'The instructed bank’s late answer, or its notice of the final state.',
    lane: 'answer',
    request: messages.PaymentAnswer,
    responses: { 200: paymentStatus },
  }),
  platform({
    method: 'POST',
    path: '/v1/agreements',
    operationId: 'requestAgreement',
    summary: 'Asks the bank to start signing an agreement with its customer.',
    lane: 'payment',
    request: messages.AgreementRequest,
    responses: { 200: agreementStatus },
  }),
  platform({
    method: 'GET',
    path: '/v1/agreements/{agreementId}',
    operationId: 'getAgreement',
    summary: 'Tells the state of an agreement of the asker.',
    lane: 'enquiry',
    responses: { 200: agreementStatus, 404: problem('Not known, or not the asker’s.') },
  }),
  platform({
    method: 'POST',
    path: '/v1/agreements/{agreementId}/confirmation',
    operationId: 'confirmAgreement',
    summary: 'Passes on the one-time code that the bank sent to its customer.',
    lane: 'payment',
    request: messages.AgreementConfirmation,
    responses: { 200: agreementStatus },
  }),
  platform({
    method: 'POST',
    path: '/v1/agreements/{agreementId}/rescission',
    operationId: 'rescindAgreement',
    summary: 'Ends an agreement, by either side.',
    lane: 'payment',
    request: messages.AgreementRescission,
    responses: { 200: agreementStatus },
  }),
  platform({
    method: 'POST',
    path: '/v1/agreements/{agreementId}/answer',
    operationId: 'answerAgreement',
    summary: 'The bank’s late answer about an agreement.',
    lane: 'answer',
    request: messages.AgreementAnswer,
    responses: { 200: agreementStatus },
  }),
  platform({
    method: 'GET',
    path: '/v1/platform',
    operationId: 'getPlatform',
    summary: 'Scheme, business date, the platform’s keys, routing digits for new identifiers, times.',
    lane: 'administration',
    responses: { 200: json('The platform.', messages.Platform) },
  }),
  platform({
    method: 'GET',
    path: '/v1/participants',
    operationId: 'getParticipants',
    summary: 'Who takes part, with signing and sealing keys.',
    lane: 'administration',
    responses: { 200: json('The directory.', messages.Directory) },
  }),
  platform({
    method: 'GET',
    path: '/v1/cycles',
    operationId: 'getCycles',
    summary: 'The latest clearing cycles, newest first.',
    lane: 'administration',
    responses: { 200: json('Cycles.', messages.CycleList) },
  }),
  platform({
    method: 'GET',
    path: '/v1/cycles/{cycle}',
    operationId: 'getCycle',
    summary: 'Report of a cycle: the asker’s own positions, the totals, the settlement.',
    lane: 'administration',
    responses: { 200: json('The report.', messages.CycleReport), 404: problem('No such cycle.') },
  }),
  platform({
    method: 'GET',
    path: '/v1/cycles/{cycle}/file',
    operationId: 'getReconciliationFile',
    summary: 'Which parts the asker’s reconciliation file of a cycle has.',
    lane: 'administration',
    responses: {
      200: json(
        'Its parts with their hashes; see docs/reference/reconciliation-file.md.',
        messages.ReconciliationManifest,
      ),
      404: problem('No such cycle.'),
      409: problem('The cycle is still open, or the file is not written yet.'),
    },
  }),
  platform({
    method: 'GET',
    path: '/v1/cycles/{cycle}/file/{part}',
    operationId: 'getReconciliationFilePart',
    summary: 'One part of it, counted from 1.',
    lane: 'administration',
    responses: {
      200: text('Whole lines, as the manifest says.', 'text/csv; charset=utf-8'),
      404: problem('No such cycle, or no such part.'),
      409: problem('The cycle is still open, or the file is not written yet.'),
    },
  }),
  platform({
    method: 'POST',
    path: '/v1/keys',
    operationId: 'addKey',
    summary: 'Adds a signing key; the request is signed with one that is valid. At most two are valid at a time.',
    lane: 'administration',
    request: messages.KeyRequest,
    responses: { 204: { description: 'Valid from now on.' }, 409: problem('Two are valid already, or version taken.') },
  }),
  platform({
    method: 'DELETE',
    path: '/v1/keys/{version}',
    operationId: 'endKey',
    summary: 'Ends a signing key; what it signed before stays signed.',
    lane: 'administration',
    responses: { 204: { description: 'Ended.' }, 409: problem('It is the last one.') },
  }),
  platform({
    method: 'GET',
    path: '/openapi.json',
    operationId: 'getOpenApi',
    summary: 'This document.',
    lane: 'unsigned',
    responses: { 200: text('OpenAPI 3.1.', 'application/json') },
  }),
  platform({
    method: 'GET',
    path: '/health',
    operationId: 'getHealth',
    summary: 'Whether the process is alive.',
    lane: 'unsigned',
    responses: { 200: text('Alive.') },
  }),
  platform({
    method: 'GET',
    path: '/ready',
    operationId: 'getReady',
    summary: 'Whether payments can be taken.',
    lane: 'unsigned',
    responses: { 200: text('Ready.'), 503: text('Not ready; the body says why.') },
  }),
  platform({
    method: 'GET',
    path: '/metrics',
    operationId: 'getMetrics',
    summary: 'Counters and times for Prometheus.',
    lane: 'unsigned',
    responses: { 200: text('Text exposition format.', 'text/plain; version=0.0.4') },
  }),
  institution({
    path: '/v1/offers',
    operationId: 'receiveOffer',
    summary: 'Offers a payment to the instructed bank. The same identifier may come again and is one payment.',
    request: messages.Offer,
    responses: { 200: json('The bank’s decision.', messages.PaymentAnswer), 202: later },
  }),
  institution({
    path: '/v1/enquiries',
    operationId: 'receiveEnquiry',
    summary: 'Asks the instructed bank what became of a payment; must not start it.',
    request: messages.Enquiry,
    responses: { 200: json('What the bank knows.', messages.PaymentAnswer), 202: later },
  }),
  institution({
    path: '/v1/reversals',
    operationId: 'receiveReversal',
    summary: 'Asks the instructed bank to undo a payment, and never to do it if it has not come yet.',
    request: messages.Reversal,
    responses: { 200: json('Reversed, or blocked for ever.', messages.PaymentAnswer), 202: later },
  }),
  institution({
    path: '/v1/signings',
    operationId: 'receiveSigning',
    summary: 'Asks the bank to check its customer and send the one-time code.',
    request: messages.Signing,
    responses: { 200: json('The bank’s answer.', messages.AgreementAnswer), 202: later },
  }),
  institution({
    path: '/v1/confirmations',
    operationId: 'receiveConfirmation',
    summary: 'Brings the bank its one-time code back.',
    request: messages.Confirmation,
    responses: { 200: json('The bank’s answer.', messages.AgreementAnswer), 202: later },
  }),
  institution({
    path: '/v1/notices',
    operationId: 'receiveNotices',
    summary:
      'Tells final states, each at least once; noticeId is the same each time. What is not taken comes again alone.',
    request: messages.Notices,
    responses: { 204: { description: 'All of them taken.' } },
  }),
  settlementAgent({
    method: 'POST',
    path: '/v1/settlements',
    operationId: 'submitSettlement',
    summary: 'Asks for the settlement of a cycle’s nets, all or nothing. Idempotent by instructionId.',
    request: messages.SettlementInstruction,
    responses: {
      200: json('Settled, or queued for lack of funds.', messages.SettlementAdvice),
      409: problem('The instructionId stands for other content.'),
    },
  }),
  settlementAgent({
    method: 'GET',
    path: '/v1/settlements/{instructionId}',
    operationId: 'getSettlement',
    summary: 'Tells the state of an instruction.',
    responses: { 200: json('The advice.', messages.SettlementAdvice), 404: problem('No such instruction.') },
  }),
  settlementAgent({
    method: 'GET',
    path: '/v1/accounts/{participant}/entries',
    operationId: 'getAccountEntries',
    summary: 'Entries of a settlement account after a given one, oldest first.',
    query: ['currency', 'after'],
    responses: { 200: json('Entries.', messages.AccountEntries) },
  }),
  settlementAgent({
    method: 'POST',
    path: '/v1/accounts/{participant}/deposits',
    operationId: 'deposit',
    summary: 'Brings money to a settlement account. Idempotent by reference.',
    request: messages.Deposit,
    responses: {
      200: json('The entry.', messages.AccountEntry),
      409: problem('The reference stands for other content.'),
    },
  }),
];

/** The route that serves a path, with its parameters; `methodNotAllowed` when only other methods are served there. */
export function findRoute(
  side: Side,
  method: string,
  path: string,
): { readonly route: Route; readonly parameters: Readonly<Record<string, string>> } | 'notFound' | 'methodNotAllowed' {
  const parts = path.split('/');
  let found: 'notFound' | 'methodNotAllowed' = 'notFound';
  for (const { route, template } of templates) {
    const parameters = route.side === side ? match(template, parts) : undefined;
    if (parameters && route.method === method) return { route, parameters };
    if (parameters) found = 'methodNotAllowed';
  }
  return found;
}

const templates = routes.map((route) => ({ route, template: route.path.split('/') }));

function match(template: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  if (template.length !== parts.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, part] of template.entries()) {
    const given = parts[index]!;
    if (part.startsWith('{')) {
      if (!/^[A-Za-z0-9:._-]{1,64}$/.test(given)) return undefined;
      parameters[part.slice(1, -1)] = given;
    } else if (part !== given) {
      return undefined;
    }
  }
  return parameters;
}
