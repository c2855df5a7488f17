/** What the gateway counts of the requests that come in; the deliverer counts its own. */
import type { Reason } from '@clearway/core/vocabulary';
import type { Lane } from './lane.ts';
import type { Metrics } from './metrics.ts';

export interface GatewayMetrics {
  answered(operation: string, status: number, reason: Reason, durationMs: number): void;
  /** `participant`: the code of a known one. */
  budgetSpent(participant: string): void;
}

const signatureReasons: ReadonlySet<Reason> = new Set([
  'signatureMissing',
  'signatureInvalid',
  'signatureExpired',
  'signatureReplayed',
  'keyUnknown',
  'digestMismatch',
  'certificateRequired',
]);

export function gatewayMetrics(
  metrics: Metrics,
  lanes: Readonly<Record<string, Lane>>,
  contactAgeMs: () => number,
): GatewayMetrics {
  const requests = metrics.counter(
    'clearway_gateway_requests_total',
    'Requests answered, by operation, HTTP status and reason.',
    ['operation', 'status', 'reason'],
  );
  const durations = metrics.histogram(
    'clearway_gateway_request_seconds',
    'From the whole request to its answer, the time of cell and bank included.',
    ['operation'],
  );
  const signatureFailures = metrics.counter(
    'clearway_gateway_signature_failures_total',
    'Requests refused for a signature, digest or certificate, of the transport or end to end.',
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
    return contactAgeMs() / 1000;
  });
  return {
    answered(operation, status, reason, durationMs) {
      requests.count(operation, String(status), reason);
      durations.record(durationMs, operation);
      if (signatureReasons.has(reason)) signatureFailures.count(reason);
    },
    budgetSpent: (participant) => budgetRefusals.count(participant),
  };
}
