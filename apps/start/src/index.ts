/** A world in a box, for tests and measurements: real processes that can be told what to do, and killed. */
export { type DataFolder, DataFolderError } from './data-folder.ts';
export { runScenario, type ScenarioOptions, type Summary } from './scenario.ts';
export { authorityFile, certificate, passwords, platformKey, writePrivately } from './secrets.ts';
export { StartError } from './supervise.ts';
export type { Reconciled, Tally, Totals } from './totals.ts';
export { type RunningProcess, startWorld, type World, type WorldOptions } from './world.ts';
