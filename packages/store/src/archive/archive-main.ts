/** The archive's worker: takes what the cell publishes, writes segments, answers look-ups. */
import { parentPort, workerData } from 'node:worker_threads';
import { openEngine } from './archive-engine.ts';
import { FeedReader } from './feed.ts';
import type { Asked, Question, Told, WorkerStart } from './worker-messages.ts';

/** How often the feed is looked into, ms. */
const pollMs = 20;
/** Read at once before look-ups get their turn. */
const bytesAtOnce = 1 << 20;
const retryMs = 1000;

const port = parentPort!;
const { settings, seed, ring } = workerData as WorkerStart;
const tell = (told: Told) => port.postMessage(told);

const engine = await openEngine(settings, seed);
const reader = new FeedReader(ring);
const waiting: { id: number; sequence: number; kept: boolean }[] = [];
/** Searches that read everything: the first is being read. */
const scans: (() => void)[] = [];
let failure: Error | undefined;
let keeping = false;
let merging = false;
let retryAt = 0;
let closing: number | undefined;

tell({ kind: 'opened', cursor: engine.cursor });
port.on('message', ({ id, question }: Asked) => {
  try {
    answer(id, question);
  } catch (error) {
    tell({ kind: 'refusal', id, message: (error as Error).message });
  }
});
step();

function answer(id: number, question: Question): void {
  const say = (value: unknown) => tell({ kind: 'answer', id, value });
  switch (question.ask) {
    case 'payment':
      say(engine.payment(question.paymentId));
      break;
    case 'byReference':
      say(engine.byReference(question.participant, question.endToEndId, question.limit));
      break;
    case 'byParticipant':
      say(engine.byParticipant(question.query));
      break;
    case 'search':
      scan(id, engine.search(question.query));
      break;
    case 'tally':
      scan(id, engine.tally(question.query));
      break;
    case 'found':
    case 'kept':
      waiting.push({ id, sequence: question.sequence, kept: question.ask === 'kept' });
      answerWaiting();
      break;
    case 'close':
      closing = id;
  }
}

/** Reads on in turn with everything else that there is to do; one after the other. */
function scan(id: number, steps: Generator<void, unknown>): void {
  const go = () => {
    try {
      const { done, value } = steps.next();
      if (done === true) tell({ kind: 'answer', id, value });
      else if (closing === undefined) {
        setImmediate(go);
        return;
      } else tell({ kind: 'refusal', id, message: 'the archive was closed' });
    } catch (error) {
      tell({ kind: 'refusal', id, message: (error as Error).message });
    }
    scans.shift();
    scans[0]?.();
  };
  if (scans.push(go) === 1) go();
}

function step(): void {
  let more = false;
  try {
    if (failure === undefined && !engine.isFull) more = reader.read(bytesAtOnce, takeOne);
  } catch (error) {
    fail(error as Error);
  }
  answerWaiting();
  work();
  if (closing !== undefined && !keeping && !merging) end(closing);
  else if (more && !engine.isFull) setImmediate(step);
  else setTimeout(step, pollMs);
}

function takeOne(batch: Parameters<typeof engine.take>[0]): boolean {
  engine.take(batch);
  return !engine.isFull;
}

/** Starts what there is to write; both go on beside the taking. */
function work(): void {
  const isAsked = waiting.some(({ kept, sequence }) => kept && sequence > engine.cursor && sequence <= engine.sequence);
  const isDue = engine.wantsClosing || isAsked;
  if (isDue && !keeping && failure === undefined && performance.now() >= retryAt) {
    keeping = true;
    const after = () => {
      keeping = false;
      answerWaiting();
    };
    engine.keep().then(after, (error: Error) => {
      retryAt = performance.now() + retryMs;
      tell({ kind: 'log', event: 'archive.writeFailed', fields: { error: error.name, detail: error.message } });
      after();
    });
  }
  if (!merging && engine.mergeIsDue && performance.now() >= retryAt) {
    merging = true;
    engine
      .merge()
      .catch((error: Error) => {
        retryAt = performance.now() + retryMs;
        tell({ kind: 'log', event: 'archive.mergeFailed', fields: { error: error.name, detail: error.message } });
      })
      .finally(() => {
        merging = false;
      });
  }
}

function answerWaiting(): void {
  for (let i = waiting.length - 1; i >= 0; i--) {
    const { id, sequence, kept } = waiting[i];
    if (failure !== undefined) tell({ kind: 'refusal', id, message: failure.message });
    else if (sequence > (kept ? engine.cursor : engine.sequence)) continue;
    else tell({ kind: 'answer', id, value: undefined });
    waiting.splice(i, 1);
  }
}

/** What was told does not fit what is known: nothing more is taken, since it would be wrong. */
function fail(error: Error): void {
  failure = error;
  tell({ kind: 'failed', name: error.name, message: error.message });
}

function end(id: number): void {
  for (const one of waiting) tell({ kind: 'refusal', id: one.id, message: 'the archive was closed' });
  engine.close();
  tell({ kind: 'answer', id, value: undefined });
  port.close();
}
