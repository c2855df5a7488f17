/** Replies and refusals as HTTP responses; refusals are problem details (RFC 9457). */
import { problem, problemContentType } from '@clearway/contract';
import { isoReason } from '@clearway/iso20022';
import type { Headers, HttpResponse } from '@clearway/ports';
import { encodeJson, type Refusal, type Reply } from './call.ts';

export function httpResponse({ status, contentType, body }: Reply): HttpResponse {
  return { status, headers: contentType === undefined ? {} : { 'content-type': contentType }, body };
}

export function problemResponse({ reason, message, paymentId, retryAfterMs }: Refusal, more: Headers): HttpResponse {
  const body = problem(reason, message, {
    ...(reason !== 'none' && { isoReason: isoReason[reason] }),
    ...(paymentId !== undefined && { paymentId }),
  });
  const headers = Object.assign({}, more, {
    'content-type': problemContentType,
    ...(retryAfterMs !== undefined && { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }),
  });
  return { status: body.status, headers, body: encodeJson(body) };
}
