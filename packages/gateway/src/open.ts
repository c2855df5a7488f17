/** What anybody may read, unsigned: the OpenAPI document, whether the gateway lives and is ready, and its metrics. */
import { openApiDocument } from '@clearway/contract';
import type { Clock } from '@clearway/ports';
import { encodeJson, jsonReply, type Reply } from './call.ts';
import { readinessOf, type WatchedCell } from './health.ts';
import { type Metrics, metricsContentType } from './metrics.ts';
import type { Configuration } from './port.ts';

export type OpenOperation = () => Promise<Reply>;

export interface OpenOptions {
  readonly clock: Clock;
  readonly watched: WatchedCell;
  configuration(): Configuration | undefined;
  readonly metrics: Metrics;
}

const textContentType = 'text/plain; charset=utf-8';

export function openOperations(
  options: OpenOptions,
): Record<'getOpenApi' | 'getHealth' | 'getReady' | 'getMetrics', OpenOperation> {
  const { clock, watched, configuration, metrics } = options;
  let openApi: Uint8Array | undefined;
  return {
    async getOpenApi() {
      openApi ??= encodeJson(openApiDocument());
      return jsonReply(openApi);
    },
    getHealth: async () => textReply(200, 'alive\n'),
    async getReady() {
      const { ready, lines } = await readinessOf(clock, watched, configuration());
      return textReply(ready ? 200 : 503, `${lines.join('\n')}\n`);
    },
    getMetrics: async () => textReply(200, metrics.text(), metricsContentType),
  };
}

function textReply(status: number, text: string, contentType = textContentType): Reply {
  return { status, contentType, body: Buffer.from(text) };
}
