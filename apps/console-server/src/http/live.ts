/**
 * The wall as a stream: a snapshot when somebody comes, then one numbered frame a second. What is sent to all who see
 * the same is made once. Whoever reads too slowly is let go and comes back to a snapshot: nothing piles up here.
 */
import type { ServerResponse } from 'node:http';
import type { Figures } from '@clearway/console-api';
import type { Wall } from '../figures/wall.ts';

export interface Live {
  readonly streams: number;
  /** Number of the last frame. */
  readonly number: number;
  /** `isValid` is asked before each frame: a login that has ended ends its stream. */
  open(response: ServerResponse, scope: string | undefined, isValid: () => Promise<boolean>): Promise<void>;
  /** One frame to everybody. */
  tell(): Promise<void>;
  close(): void;
}

interface Stream {
  readonly response: ServerResponse;
  readonly scope: string | undefined;
  isValid(): Promise<boolean>;
}

const mostStreams = 500;
/** Bytes that wait for one reader. */
const mostWaiting = 2_000_000;
/** A participant's own figures come from the records and move every ten seconds; they are made anew this often. */
const scopedEvery = 5;
/** Frames between two looks at the login of a stream. */
const validEvery = 10;

export function createLive(wall: Wall, log: (event: string, fields: Record<string, unknown>) => void): Live {
  const streams = new Set<Stream>();
  const scoped = new Map<string, Figures>();
  let number = 0;
  let telling = false;

  const send = (stream: Stream, event: string, data: unknown, id: number) => {
    if (stream.response.writableLength > mostWaiting) {
      streams.delete(stream);
      stream.response.destroy();
      return;
    }
    stream.response.write(
      `event: ${event}\nid: ${id}\ndata: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`,
    );
  };

  const figuresFor = async (scope: string | undefined): Promise<Figures> => {
    if (scope === undefined) return wall.figures();
    const known = scoped.get(scope);
    if (known !== undefined && number % scopedEvery !== 0) return known;
    const figures = await wall.figures(scope);
    scoped.set(scope, figures);
    return figures;
  };

  const dropEnded = async () => {
    for (const stream of [...streams]) {
      if (await stream.isValid().catch(() => true)) continue; // a database that is away ends no stream
      streams.delete(stream);
      stream.response.end('event: ended\ndata: {}\n\n');
    }
  };

  return {
    get streams() {
      return streams.size;
    },
    get number() {
      return number;
    },

    async open(response, scope, isValid) {
      if (streams.size >= mostStreams) {
        response.writeHead(503, { 'retry-after': '10' }).end();
        return;
      }
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      const stream: Stream = { response, scope, isValid };
      response.on('close', () => streams.delete(stream));
      // The snapshot names the frame that it contains; frames that come while it is made are sent after it.
      const at = number;
      send(stream, 'snapshot', await wall.overview(at, scope), at);
      if (response.writableEnded || response.destroyed) return;
      streams.add(stream);
    },

    async tell() {
      if (telling) return; // the last frame is still being made: this second is a gap that shows as one
      telling = true;
      number++;
      const mine = number;
      try {
        if (mine % validEvery === 0) await dropEnded();
        const scopes = new Set([...streams].map(({ scope }) => scope));
        for (const scope of scopes) {
          const data = JSON.stringify({ number: mine, figures: await figuresFor(scope) });
          for (const stream of streams) if (stream.scope === scope) send(stream, 'frame', data, mine);
        }
        for (const scope of scoped.keys()) if (!scopes.has(scope)) scoped.delete(scope);
      } catch (error) {
        log('console.frameFailed', { number: mine, detail: (error as Error).message });
      } finally {
        telling = false;
      }
    },

    close() {
      for (const { response } of streams) response.end();
      streams.clear();
    },
  };
}
