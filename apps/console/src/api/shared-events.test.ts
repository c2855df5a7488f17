import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Sharing, shareEvents } from './shared-events.ts';

/** A browser with several pages: one lock, one channel, and every stream that was ever opened. */
function browser() {
  const pages = new Set<{ onmessage: ((event: MessageEvent) => void) | null }>();
  const waiting: { run: () => void }[] = [];
  let held = false;
  const sources: FakeSource[] = [];
  const next = () => {
    const first = waiting.shift();
    if (first !== undefined) first.run();
  };

  const sharing: Sharing = {
    openChannel() {
      const page = {
        onmessage: null as ((event: MessageEvent) => void) | null,
        postMessage(data: unknown) {
          for (const other of pages) if (other !== page) other.onmessage?.({ data } as MessageEvent);
        },
        close: () => void pages.delete(page),
      };
      pages.add(page);
      return page as unknown as BroadcastChannel;
    },
    openEvents() {
      const source = new FakeSource();
      sources.push(source);
      return source as unknown as EventSource;
    },
    locks: {
      request: ((_: string, { signal }: LockOptions, run: () => Promise<void> | undefined) =>
        new Promise<void>((resolve, reject) => {
          const entry = {
            run() {
              held = true;
              void Promise.resolve(run()).then(() => {
                held = false;
                resolve();
                next();
              });
            },
          };
          signal?.addEventListener('abort', () => {
            const at = waiting.indexOf(entry);
            if (at < 0) return;
            waiting.splice(at, 1);
            reject(new DOMException('left', 'AbortError'));
          });
          if (held) waiting.push(entry);
          else entry.run();
        })) as LockManager['request'],
    },
  };
  return { sharing, open: () => sources.filter((one) => !one.isClosed), sources };
}

class FakeSource {
  isClosed = false;
  onerror: (() => void) | null = null;
  private readonly listeners = new Map<string, (event: MessageEvent) => void>();
  addEventListener(name: string, listener: (event: MessageEvent) => void) {
    this.listeners.set(name, listener);
  }
  say(name: string, data: string) {
    this.listeners.get(name)?.({ data } as MessageEvent);
  }
  close() {
    this.isClosed = true;
  }
}

function page({ sharing }: ReturnType<typeof browser>) {
  const heard: string[] = [];
  const events = shareEvents(sharing, '/live');
  let ended = 0;
  for (const name of ['snapshot', 'frame']) {
    events.addEventListener(name, ({ data }) => heard.push(`${name} ${data}`));
  }
  events.onerror = () => {
    ended++;
  };
  return {
    heard,
    close: () => events.close(),
    get ended() {
      return ended;
    },
  };
}

test('two pages share one stream, and hear the same', () => {
  const one = browser();
  const first = page(one);
  assert.equal(one.open().length, 1);
  one.open()[0].say('snapshot', 'a');
  const second = page(one);
  assert.equal(one.open().length, 1, 'begun anew, so that the second hears a snapshot too');
  one.open()[0].say('snapshot', 'b');
  one.open()[0].say('frame', 'c');
  assert.deepEqual(first.heard, ['snapshot a', 'snapshot b', 'frame c']);
  assert.deepEqual(second.heard, ['snapshot b', 'frame c']);
});

test('when the page with the stream goes, another takes it up', async () => {
  const one = browser();
  const first = page(one);
  const second = page(one);
  first.close();
  assert.equal(one.open().length, 0);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(one.open().length, 1);
  one.open()[0].say('snapshot', 'd');
  assert.deepEqual(second.heard, ['snapshot d']);
  second.close();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(one.open().length, 0, 'nobody listens, and nothing is asked for');
});

test('the end of the stream is told to all, and a page that left while it waited takes nothing', async () => {
  const one = browser();
  const pages = [page(one), page(one), page(one)];
  one.open()[0].onerror?.();
  assert.deepEqual(
    pages.map(({ ended }) => ended),
    [1, 1, 1],
  );
  pages[1].close();
  pages[0].close();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(one.open().length, 1);
  one.open()[0].say('frame', 'e');
  assert.deepEqual([pages[1].heard, pages[2].heard], [[], ['frame e']]);
});
