/** What others take from the command line: the proof of a cell's storage. */
export type { Breach, Check, VerifyReport } from './verify/report.ts';
export { type VerifyOptions, type VerifyProgress, verifyJournal } from './verify/verify-journal.ts';
