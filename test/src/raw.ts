/** Requests byte by byte, signed or not, and what must be true of every problem that answers them. */
import assert from 'node:assert/strict';
import {
  canonicalPayment,
  type PaymentRequest,
  type Problem,
  problemContentType,
  problems,
  signMessage,
  signRequest,
  type Unsigned,
  verifyResponse,
} from '@clearway/contract';
import type { Reason } from '@clearway/core';
import type { HttpRequest, HttpResponse } from '@clearway/ports';
import { type Player, ports } from './player.ts';

const timeoutMs = 15_000;

export function post(player: Player, path: string, body: Uint8Array | object): HttpRequest {
  const bytes = body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
  return {
    method: 'POST',
    url: new URL(path, player.options.gateway).href,
    headers: { 'content-type': 'application/json' },
    body: bytes,
  };
}

export function get(player: Player, path: string): HttpRequest {
  return { method: 'GET', url: new URL(path, player.options.gateway).href, headers: {}, body: new Uint8Array(0) };
}

/** The transport signature of the institution, or of whoever else signs in its name. */
export function signed(player: Player, request: HttpRequest, nowMs?: number): Promise<HttpRequest> {
  const clock = nowMs === undefined ? ports.clock : { ...ports.clock, now: () => nowMs };
  return signRequest({ ...ports, clock }, player.options.signing, player.code, request);
}

/** The signature end to end. */
export async function sealedBySignature(player: Player, message: Unsigned<PaymentRequest>): Promise<PaymentRequest> {
  const { scheme, signing } = player.options;
  return { ...message, signature: await signMessage(ports.crypto, signing, canonicalPayment(scheme, message)) };
}

export function send(request: HttpRequest): Promise<HttpResponse> {
  return ports.network.request(request, { timeoutMs });
}

/** RFC 9457, whole, with the stable reason and its status. */
export function readProblem({ status, headers, body }: HttpResponse, reason: Reason): Problem {
  const text = Buffer.from(body).toString('utf8');
  assert.equal(headers['content-type'], problemContentType, `${status} ${text}`);
  const problem: Problem = JSON.parse(text);
  assert.equal(problem.reason, reason, text);
  assert.equal(status, problems[reason].status);
  assert.equal(problem.status, status);
  assert.equal(problem.title, problems[reason].title);
  assert.match(problem.type, new RegExp(`/problems/${reason}$`));
  assert.ok(problem.detail.length > 0);
  return problem;
}

/** A problem that the platform has signed, as it does for every request that bears a signature. */
export async function assertProblem(
  player: Player,
  request: HttpRequest,
  response: HttpResponse,
  reason: Reason,
): Promise<Problem> {
  const problem = readProblem(response, reason);
  if (request.headers['signature-input'] === undefined) return problem;
  const platform = { code: '00000', keys: player.options.platformKeys };
  const verified = await verifyResponse(ports, request, response, platform);
  assert.ok(verified.ok, `the platform signs its refusals: ${verified.ok ? '' : verified.message}`);
  return problem;
}
