/**
 * From the platform to institutions: questions to banks, with their answers brought back to the cell, and notices.
 *
 * An answer counts only when the response bears the bank's signature for this very request, and the answer in it the
 * bank's end-to-end signature over the identifier and the hash of what was asked. Then it goes to the cell byte for
 * byte as the bank signed it. Anything else is no answer. Of a notice the status alone counts: nothing rests on it,
 * since enquiry and file tell the same.
 */

import { formatDate, type SigningKey, signRequest, verifyResponse } from '@clearway/contract';
import { reasons } from '@clearway/core/vocabulary';
import { type HttpRequest, type HttpResponse, NetworkError, type Ports } from '@clearway/ports';
import { encodeJson, jsonContentType, Refusal } from './call.ts';
import { outcomeWithin } from './deadline.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { participantOf } from './participants.ts';
import { platformCode } from './platform.ts';
import type {
  Cell,
  Configuration,
  Deliverer,
  Delivery,
  DeliveryResult,
  NoticeDelivery,
  ParticipantConfiguration,
} from './port.ts';
import { envelopeOf, type QuestionKind, questions } from './question.ts';
import type { GatewaySettings } from './settings.ts';
import { agreementStatus, paymentStatus } from './status.ts';

export interface DelivererOptions {
  readonly ports: Ports;
  readonly cell: Cell;
  configuration(): Configuration | undefined;
  readonly platformKey: SigningKey;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly settings: Pick<GatewaySettings, 'noticeTimeoutMs' | 'cellPatienceMs'>;
}

export function createDeliverer(options: DelivererOptions): Deliverer {
  const { ports, cell, configuration, platformKey, metrics, log, settings } = options;
  const { clock, network } = ports;
  const delivered = metrics.counter(
    'clearway_gateway_deliveries_total',
    'Questions and notices to institutions, by kind and result.',
    ['kind', 'result'],
  );
  const durations = metrics.histogram(
    'clearway_gateway_delivery_seconds',
    'From the cell’s call to its result, the institution’s time included.',
    ['kind'],
  );
  const unusable = metrics.counter(
    'clearway_gateway_unusable_answers_total',
    'Answers of banks that were not believed.',
    ['kind', 'reason'],
  );
  const judged = metrics.counter(
    'clearway_gateway_refused_answers_total',
    'Answers of banks that were believed, and that the cell refused.',
    ['kind', 'reason'],
  );

  async function attempt(delivery: Delivery): Promise<DeliveryResult> {
    const snapshot = configuration();
    const addressee = snapshot && participantOf(snapshot, delivery.participant);
    if (!addressee) return 'notSent';
    const timeoutMs = delivery.deadline === 0 ? settings.noticeTimeoutMs : delivery.deadline - clock.now();
    if (timeoutMs <= 0) return 'notSent';

    const { path, body } = contentOf(delivery);
    const request = await signRequest(ports, platformKey, platformCode, {
      method: 'POST',
      url: `${addressee.endpoint.replace(/\/$/, '')}/${path}`,
      headers: { 'content-type': jsonContentType },
      body,
    });
    let response: HttpResponse;
    try {
      response = await network.request(request, { timeoutMs });
    } catch (error) {
      if (error instanceof NetworkError) return error.neverSent ? 'notSent' : 'noAnswer';
      throw error;
    }
    if (!isQuestion(delivery)) return response.status < 300 ? 'done' : 'noAnswer';
    try {
      // Keys may have changed while the bank was asked: those of now judge what it says now.
      const latest = configuration() ?? snapshot;
      const bank = participantOf(latest, delivery.participant) ?? addressee;
      return await takeAnswer(delivery, latest, bank, request, response);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      unusable.count(delivery.kind, error.reason);
      log('gateway.answerUnusable', { kind: delivery.kind, participant: addressee.code, reason: error.reason });
      return 'noAnswer';
    }
  }

  async function takeAnswer(
    { kind, message }: QuestionDelivery,
    { scheme }: Configuration,
    bank: ParticipantConfiguration,
    request: HttpRequest,
    response: HttpResponse,
  ): Promise<DeliveryResult> {
    if (response.status !== 200 && response.status !== 202) return 'noAnswer';
    const verified = await verifyResponse(ports, request, response, bank);
    if (!verified.ok) throw new Refusal(verified.reason);
    if (response.status === 202) return 'accepted';
    const command = await questions[kind].readAnswer({ ports, scheme, bank }, message, response.body);

    const told = await outcomeWithin(clock, cell.submit(command, response.body), settings.cellPatienceMs);
    if (told === undefined) return 'noAnswer';
    if (told.outcome !== 'refused') return 'done';
    judged.count(kind, told.reason);
    return reasons[told.reason].kind === 'unavailable' ? 'noAnswer' : 'done';
  }

  return {
    async deliver(delivery) {
      const startedAt = clock.elapsed();
      const result = await attempt(delivery).catch((error: unknown): DeliveryResult => {
        log('gateway.deliveryFailed', { kind: delivery.kind, error: error instanceof Error ? error.name : 'unknown' });
        return 'noAnswer';
      });
      delivered.count(delivery.kind, result);
      durations.record(clock.elapsed() - startedAt, delivery.kind);
      return result;
    },
  };
}

type QuestionDelivery = Delivery & { readonly kind: QuestionKind; readonly message: Uint8Array };

function isQuestion(delivery: Delivery): delivery is QuestionDelivery {
  return Object.hasOwn(questions, delivery.kind);
}

/** @throws Error for a delivery without what its kind is about: a mistake of the cell */
function contentOf(delivery: Delivery): { readonly path: string; readonly body: Uint8Array } {
  const { deliveryId, message, notices = [] } = delivery;
  if (isQuestion(delivery)) {
    if (!message) throw new Error(`${deliveryId} carries no message`);
    return { path: questions[delivery.kind].path, body: envelopeOf(delivery.kind, message, delivery) };
  }
  if (notices.length === 0) throw new Error(`${deliveryId} carries no notice`);
  const parts = notices.flatMap((notice, index) => [Buffer.from(index === 0 ? '{"notices":[' : ','), noticeOf(notice)]);
  return { path: 'v1/notices', body: Buffer.concat([...parts, Buffer.from(']}')]) };
}

/** @throws Error for a notice of nothing: a mistake of the cell */
function noticeOf({ noticeId, kind, payment, agreement, cycle }: NoticeDelivery): Uint8Array {
  const about = (type: 'payment' | 'agreement' | 'cycle', content: Uint8Array) => {
    const head = JSON.stringify({ noticeId, type }).slice(0, -1);
    return Buffer.concat([Buffer.from(`${head},"${type}":`), content, Buffer.from('}')]);
  };
  if (payment) return about('payment', paymentStatus(payment, false));
  if (agreement) return about('agreement', agreementStatus(agreement));
  if (!cycle) throw new Error(`${noticeId} carries nothing of its kind ${kind}`);
  return about('cycle', encodeJson({ ...cycle, businessDate: formatDate(cycle.businessDate) }));
}
