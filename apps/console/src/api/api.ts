import { addressOf, type Operation, type Requests, type Responses, routes } from '@clearway/console-api';
import type { Ports } from '../ports.ts';
import { ApiProblem, problemOf } from './problem.ts';

/** An answer that takes longer will not help any more. */
const patienceMs = 20_000;

export interface Asked<O extends Operation> {
  /** What stands in braces in the address. */
  readonly at?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: O extends keyof Requests ? Requests[O] : never;
  readonly signal?: AbortSignal | undefined;
}

export interface Api {
  /** @throws ApiProblem */
  ask<O extends Operation>(operation: O, asked?: Asked<O>): Promise<Responses[O]>;
}

/** The address with its query; empty values are left out. */
export function addressFor<O extends Operation>(operation: O, { at, query = {} }: Asked<O> = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== '');
  const search = new URLSearchParams(given).toString();
  return addressOf(operation, at) + (search === '' ? '' : `?${search}`);
}

/**
 * @param token what proves that a request comes from our own page, once somebody is logged in
 * @param onProblem told of every problem: who is no longer logged in, whose right to act has lapsed
 */
export function createApi(
  ports: Pick<Ports, 'request'>,
  token: () => string | undefined,
  onProblem: (problem: ApiProblem) => void,
): Api {
  const fetchAnswer = async (address: string, init: RequestInit, signal?: AbortSignal): Promise<unknown> => {
    const patience = AbortSignal.timeout(patienceMs);
    let response: Response;
    try {
      response = await ports.request(address, {
        ...init,
        credentials: 'same-origin',
        cache: 'no-store',
        signal: signal === undefined ? patience : AbortSignal.any([patience, signal]),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ApiProblem(0, 'offline', patience.aborted ? `${patienceMs / 1000} s` : '');
    }
    if (!response.ok) throw await problemOf(response);
    if (response.status === 204) return undefined;
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    try {
      return isJson ? await response.json() : await response.text();
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ApiProblem(response.status, 'answerStrange', address);
    }
  };

  return {
    async ask<O extends Operation>(operation: O, asked: Asked<O> = {}) {
      const headers: Record<string, string> = { accept: 'application/json' };
      const own = token();
      if (routes[operation].method !== 'GET' && own !== undefined) headers['x-clearway-csrf'] = own;
      if (asked.body !== undefined) headers['content-type'] = 'application/json';
      const body = asked.body === undefined ? {} : { body: JSON.stringify(asked.body) };
      const init = { method: routes[operation].method, headers, ...body };
      try {
        return (await fetchAnswer(addressFor(operation, asked), init, asked.signal)) as Responses[O];
      } catch (error) {
        if (error instanceof ApiProblem) onProblem(error);
        throw error;
      }
    },
  };
}
