/** What others take from the command line: the proof of a cell's storage, and the reading of its journal. */
export { type Fact, readFacts } from './journal/fact.ts';
export { maskedMessage } from './journal/masked.ts';
export { type ReadBody, type Stage, traceStages } from './payments/stages.ts';
export type { Breach, Check, VerifyReport } from './verify/report.ts';
export { readSignedMessage, type SignedMessage } from './verify/signed-message.ts';
export { type VerifyOptions, type VerifyProgress, verifyJournal } from './verify/verify-journal.ts';
