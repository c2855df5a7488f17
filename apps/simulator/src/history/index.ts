export type { Account } from './account.ts';
export { type Anomaly, type CheckOptions, checkHistory, type Findings } from './check.ts';
export { createRecorder, type History, type Recorder } from './history.ts';
export { recordFrom, watchHandlers, watchInstitution } from './watch.ts';
