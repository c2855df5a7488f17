/**
 * One stream for all pages of a browser: HTTP/1.1 allows six connections to a host, and the platform need not say the
 * same six times. The page that holds a lock has the stream and tells the others what it hears; when it goes, the next
 * one takes the lock. Whoever joins has the stream begun anew, since a stream begins with a snapshot.
 */
type Listener = (event: MessageEvent<string>) => void;

/** What a page needs of a stream of events. */
export interface Events {
  addEventListener(kind: string, listener: Listener): void;
  onerror: ((this: EventSource, event: Event) => unknown) | null;
  close(): void;
}

type Told =
  | { readonly kind: 'event'; readonly name: string; readonly data: string }
  | { readonly kind: 'ended' }
  | { readonly kind: 'joined' };

const lockName = 'clearway.live';
const names = ['snapshot', 'frame'] as const;

export interface Sharing {
  readonly locks: Pick<LockManager, 'request'>;
  openChannel(name: string): BroadcastChannel;
  openEvents(path: string): EventSource;
}

export function shareEvents({ locks, openChannel, openEvents }: Sharing, path: string): Events {
  const channel = openChannel(lockName);
  const listeners = new Map<string, Listener[]>();
  const leaving = new AbortController();
  let source: EventSource | undefined;
  let release = () => {};

  const hear = (name: string, data: string) => {
    for (const listener of listeners.get(name) ?? []) listener(new MessageEvent(name, { data }));
  };
  const end = () => events.onerror?.call(source as EventSource, new Event('error'));
  const tell = (told: Told) => channel.postMessage(told);

  const begin = () => {
    source?.close();
    source = openEvents(path);
    for (const name of names) {
      source.addEventListener(name, ({ data }: MessageEvent<string>) => {
        tell({ kind: 'event', name, data });
        hear(name, data);
      });
    }
    source.onerror = () => {
      tell({ kind: 'ended' });
      end();
    };
  };

  channel.onmessage = ({ data: told }: MessageEvent<Told>) => {
    if (told.kind === 'joined' && source !== undefined) begin();
    else if (told.kind === 'event' && source === undefined) hear(told.name, told.data);
    else if (told.kind === 'ended' && source === undefined) end();
  };

  const events: Events = {
    onerror: null,
    addEventListener(kind, listener) {
      listeners.set(kind, [...(listeners.get(kind) ?? []), listener]);
    },
    close() {
      leaving.abort();
      release();
      source?.close();
      source = undefined;
      channel.close();
    },
  };

  tell({ kind: 'joined' });
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  locks
    .request(lockName, { signal: leaving.signal }, () => {
      if (leaving.signal.aborted) return;
      begin();
      return held;
    })
    .catch((error: Error) => {
      // Whoever leaves while it waits for the lock wants it no more.
      if (error.name !== 'AbortError') end();
    });
  return events;
}
