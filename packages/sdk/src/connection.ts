/** Signed requests to the gateway: repeated with the same bytes, each attempt under a fresh transport signature. */
import {
  type Check,
  checkDirectory,
  checkPlatform,
  type Directory,
  type DirectoryParticipant,
  type Platform,
  type Problem,
  parseJson,
  problems,
  signRequest,
  type VerifyingKey,
  verifyingKeys,
  verifyResponse,
} from '@clearway/contract';
import { type HttpRequest, type HttpResponse, NetworkError } from '@clearway/ports';
import { createFindUnproved, type FindUnproved } from './answer-proof.ts';
import { createLatest, type Latest } from './latest.ts';
import { defaultAttempts, defaultPatienceMs, defaultTimeoutMs, type InstitutionOptions } from './options.ts';
import { Refused, Unanswered } from './outcome.ts';

/** Code under which the platform signs. */
export const platformCode = '00000';

const platformMaxAgeMs = 20_000;
const directoryMaxAgeMs = 60_000;
const renewalPauseMs = 1_000;
const firstBackoffMs = 100;
const attemptsWhenOverloaded = 2;
const jsonLimits = { maxBytes: 16 * 2 ** 20, maxDepth: 16 };

/** Problems of one attempt (signature, rights at that moment, rate), not of the message that it carried. */
const statusesOfAttempt: readonly number[] = [401, 403, 429];

/** What one program of an institution knows of the platform. Opaque to its users. */
export interface Connection {
  readonly platform: Latest<Platform>;
  readonly directory: Latest<Directory>;
  /** The platform's keys: those configured, and those learnt. */
  platformKeys(): Promise<readonly VerifyingKey[]>;
  participant(code: string): Promise<DirectoryParticipant | undefined>;
  readonly findUnproved: FindUnproved;
  /**
   * Sends until there is an answer to rely on. `mayBeKnown`: the same message was sent before and may have had its
   * effect; then what is only refused to this attempt (signature, rate, availability) says nothing about it.
   * `acceptedUntil`: before this time, ms, a copy that was held up may still be accepted though this attempt was refused
   * for its signature, rights or rate.
   * @throws Refused, Unanswered
   */
  ask<T>(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    check: Check<T>,
    message?: object,
    more?: { readonly mayBeKnown?: boolean; readonly acceptedUntil?: number },
  ): Promise<T>;
  /** The body as it is. */
  askBytes(method: 'GET' | 'POST' | 'DELETE', path: string, message?: object): Promise<Uint8Array>;
}

/** What one attempt came to. `uncertain`: the request may have had its effect. */
type Attempt =
  | { readonly outcome: 'answered'; readonly body: Uint8Array }
  | { readonly outcome: 'refused'; readonly problem: Problem; readonly again: boolean }
  | { readonly outcome: 'unanswered'; readonly why: string; readonly uncertain: boolean };

export function createConnection(options: Omit<InstitutionOptions, 'connection'>): Connection {
  const { ports, gateway, code, signing } = options;
  const { timeoutMs = defaultTimeoutMs, attempts = defaultAttempts, patienceMs = defaultPatienceMs } = options;

  const latest = { clock: ports.clock, pauseMs: renewalPauseMs };
  const platform = createLatest<Platform>({
    ...latest,
    maxAgeMs: platformMaxAgeMs,
    load: () => ask('GET', '/v1/platform', checkPlatform),
  });
  const directory = createLatest<Directory>({
    ...latest,
    maxAgeMs: directoryMaxAgeMs,
    load: () => ask('GET', '/v1/participants', checkDirectory),
  });

  /** What the platform tells of its keys goes before what was configured: it knows which have ended. */
  function knownPlatformKeys(): readonly VerifyingKey[] {
    return [...verifyingKeys(platform.peek()?.keys ?? []), ...options.platformKeys];
  }

  async function attempt(request: HttpRequest): Promise<Attempt> {
    const signed = await signRequest(ports, signing, code, request);
    let response: HttpResponse;
    try {
      response = await ports.network.request(signed, { timeoutMs });
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      return { outcome: 'unanswered', why: error.message, uncertain: !error.neverSent };
    }
    const verified = await verifyResponse(ports, signed, response, { code: platformCode, keys: knownPlatformKeys() });
    if (!verified.ok) {
      const why = `status ${response.status}, not signed by the platform: ${verified.message}`;
      return { outcome: 'unanswered', why, uncertain: true };
    }
    if (response.status < 300) return { outcome: 'answered', body: response.body };
    const problem = readProblem(response);
    if (!problem || problem.reason === 'none')
      return { outcome: 'unanswered', why: `status ${response.status}`, uncertain: true };
    // Every attempt has its own nonce, so a copy of this very request was there before it, and may have been taken.
    if (problem.reason === 'signatureReplayed')
      return { outcome: 'unanswered', why: 'a copy of this attempt came first', uncertain: true };
    // The next attempt is signed anew, and an unavailable platform comes back.
    return { outcome: 'refused', problem, again: problem.status === 503 || problem.reason === 'signatureExpired' };
  }

  async function askBytes(
    method: string,
    path: string,
    message?: object,
    { mayBeKnown = false, acceptedUntil = 0 } = {},
  ): Promise<Uint8Array> {
    const body = message === undefined ? new Uint8Array(0) : Buffer.from(JSON.stringify(message));
    const headers: Record<string, string> = message === undefined ? {} : { 'content-type': 'application/json' };
    const request = { method, url: new URL(path, gateway).href, headers, body };
    const givesUpAt = ports.clock.elapsed() + patienceMs;
    let uncertain = mayBeKnown;
    for (let sent = 1; ; sent += 1) {
      const result = await attempt(request);
      if (result.outcome === 'answered') return result.body;
      uncertain ||= result.outcome === 'unanswered' && result.uncertain;
      const most = result.outcome === 'refused' ? mostAttempts(result.problem) : attempts;
      const isLast = sent >= most || ports.clock.elapsed() >= givesUpAt;
      if (result.outcome === 'refused') {
        const { problem, again } = result;
        // There is a copy, so it cannot reject; without one the next identifier asks for it anyway.
        if (problem.reason === 'identifierDateOutsideWindow' && platform.peek()) void platform.renew();
        // What an earlier attempt may have done, or a copy of this one may do yet, its refusal does not undo.
        const isOfAttempt = statusesOfAttempt.includes(problem.status);
        uncertain ||= isOfAttempt && ports.clock.now() < acceptedUntil;
        const definite = !uncertain || !(again || isOfAttempt);
        if (definite && (!again || isLast)) throw new Refused(problem);
        if (isLast) throw unanswered(sent, `${problem.reason}: ${problem.detail}`);
      } else if (isLast) {
        throw unanswered(sent, result.why);
      }
      await backoff(sent);
    }

    function unanswered(sent: number, why: string): Unanswered {
      return new Unanswered(`${method} ${path}: no answer in ${sent} attempts; last: ${why}`);
    }
  }

  /** Overload is not answered with more load. */
  function mostAttempts({ reason }: Problem): number {
    return reason === 'overloaded' ? Math.min(attempts, attemptsWhenOverloaded) : attempts;
  }

  /** Doubled each time, with chance, so that many do not come back at the same moment. */
  function backoff(sent: number): Promise<void> {
    const [chance] = ports.chance.bytes(1);
    const delayMs = firstBackoffMs * 2 ** (sent - 1) * (0.5 + chance / 256);
    return new Promise((resolve) => ports.clock.after(delayMs, resolve));
  }

  async function ask<T>(
    method: string,
    path: string,
    check: Check<T>,
    message?: object,
    more?: { readonly mayBeKnown?: boolean; readonly acceptedUntil?: number },
  ): Promise<T> {
    const body = await askBytes(method, path, message, more);
    const json = parseJson(body, jsonLimits);
    const checked = json.ok ? check(json.value) : json;
    if (checked.ok) return checked.value;
    throw new Unanswered(`${method} ${path}: the answer cannot be read (${checked.message}); is this SDK too old?`);
  }

  return {
    platform,
    directory,
    findUnproved: createFindUnproved(ports.crypto, options.scheme, directory, options.stream !== undefined),
    async platformKeys() {
      await platform.get();
      return knownPlatformKeys();
    },
    ask,
    askBytes,
    async participant(wanted) {
      const find = ({ participants }: Directory) => participants.find((participant) => participant.code === wanted);
      return find(await directory.get()) ?? find(await directory.renew());
    },
  };
}

/** Undefined for anything but a problem with a reason that this SDK knows. */
function readProblem({ body }: HttpResponse): Problem | undefined {
  const json = parseJson(body, jsonLimits);
  if (!json.ok) return undefined;
  const found = json.value as Problem | null;
  return typeof found?.reason === 'string' && found.reason in problems ? found : undefined;
}
