/** What part of a payment's way the code of a module belongs to. */

export const stages = [
  'links',
  'frames',
  'hashes',
  'signatures',
  'core',
  'sequencing',
  'storage',
  'garbage',
  'load',
  'other',
] as const;
/**
 * `links`: TLS, sockets and the runtime around them. `sequencing`: lots, batches, what is held for payments in flight.
 * `storage`: journal and archive, as far as this thread has to do with them. `load`: what a run does to pay and to answer.
 */
export type Stage = (typeof stages)[number];

const byModule: readonly (readonly [RegExp, Stage])[] = [
  [/^hashes in lanes$|^contract\/merkle\/|^contract\/stream\/canonical/, 'hashes'],
  [
    /^gateway\/stream\/coverage$|^sdk\/stream\/(signatures|coverage)$|^ports\/real-crypto$|^contract\/(sign|canonical)$/,
    'signatures',
  ],
  [/^contract\/|^gateway\/|^sdk\//, 'frames'],
  [/^core\//, 'core'],
  [/^server\//, 'sequencing'],
  [/^store\//, 'storage'],
  [/^benchmarks\//, 'load'],
  [/^\(garbage collector\)$/, 'garbage'],
  [/^node$|^native$|^ports\/real/, 'links'],
];
const signing = /^(sign|verify)OneShot$|^create(Private|Public)Key$/;

export function stageOf(module: string, functionName: string): Stage {
  if (signing.test(functionName)) return 'signatures';
  return byModule.find(([modules]) => modules.test(module))?.[1] ?? 'other';
}

/** µs a payment by process; `threads`: its other threads (signatures, files, archive, collection of garbage). */
export type StageCosts = Readonly<Record<string, Readonly<Partial<Record<Stage | 'threads', number>>>>>;

/** @param shares of each process' main thread, by stage */
export function stageCosts(
  costs: Readonly<Record<string, Readonly<Record<string, number>>>>,
  shares: Readonly<Record<string, { readonly stages: Readonly<Partial<Record<Stage, number>>> }>>,
): StageCosts {
  const rounded = (microseconds: number) => Math.round(microseconds * 100) / 100;
  return Object.fromEntries(
    Object.entries(shares).map(([name, { stages: shareOf }]) => {
      const { main = 0, others = 0 } = costs[name] ?? {};
      const ofMain = Object.entries(shareOf).map(([stage, share]) => [stage, rounded(share * main)]);
      return [name, Object.fromEntries([...ofMain, ['threads', rounded(others)]])];
    }),
  );
}
