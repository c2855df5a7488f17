/** Which blocks of the platform's own code ran, by V8's own count. */
import { type Profiler, Session } from 'node:inspector';

/** By function: 1 for each character of it that ran. */
export type Covered = ReadonlyMap<string, Uint8Array>;

export interface Coverage {
  /** Runs it and gives what it went through. */
  of(run: () => void | Promise<void>): Promise<Covered>;
  stop(): void;
}

/** `isMine`: modules that count, by their address. */
export function startCoverage(isMine: (url: string) => boolean): Coverage {
  const inspector = new Session();
  inspector.connect();
  inspector.post('Profiler.enable');
  inspector.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });

  const take = (): Promise<readonly Profiler.ScriptCoverage[]> =>
    new Promise((resolve, reject) => {
      inspector.post('Profiler.takePreciseCoverage', (error, taken) => (error ? reject(error) : resolve(taken.result)));
    });

  return {
    async of(run) {
      // What was counted until now is forgotten.
      await take();
      await run();
      const covered = new Map<string, Uint8Array>();
      for (const { url, functions } of await take()) {
        if (!isMine(url)) continue;
        for (const { ranges } of functions) {
          const { startOffset: from, endOffset: to, count } = ranges[0];
          if (count === 0) continue;
          // A range lies in those before it, and is told only where its count is another than theirs.
          const characters = new Uint8Array(to - from);
          for (const range of ranges)
            characters.fill(range.count > 0 ? 1 : 0, range.startOffset - from, range.endOffset - from);
          covered.set(`${url}:${from}`, characters);
        }
      }
      return covered;
    },
    stop() {
      inspector.post('Profiler.stopPreciseCoverage');
      inspector.disconnect();
    },
  };
}
