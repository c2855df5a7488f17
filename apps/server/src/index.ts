/** What other programs and tests take from the server. */
export { type Administered, type Administration, administer, describeParticipant } from './administration.ts';
export { archivedRecords } from './archived-records.ts';
export { businessDateAt } from './business-day.ts';
export { type CellOptions, createCell, type RunningCell, type Statistics } from './cell.ts';
export { createCellClock } from './cell-clock.ts';
export { type ServedPeer, serveCellLink } from './cell-link.ts';
export { type CellAddress, cellsOf } from './cells/cell-address.ts';
export { type JoinedCell, type Joining, joinCells } from './cells/join-cells.ts';
export { type LinkedCell, type LinkedCells, linkedCells } from './cells/linked-cells.ts';
export { connectOperators, sumStatistics } from './cells/operators.ts';
export type { FollowRequest, Peer } from './cells/peer.ts';
export { type CellRecords, type PlatformRecords, platformRecords, recordsOf } from './cells/platform-records.ts';
export { copyEndToEndId } from './copy-end-to-end-id.ts';
export {
  type ParticipantsDocument,
  parseDocument,
  participantsContent,
  type SchemeDocument,
  schemeContent,
} from './documents.ts';
export { EvidenceError, type EvidenceSource, type EvidenceWishes, gatherEvidence } from './evidence.ts';
export { connectOperator, type GatewayLink, type OperatorLink, openGatewayLink } from './gateway-link.ts';
export { addKey, endKey } from './keys.ts';
export { type Log, runProgram } from './program.ts';
export { createProjector, type Projector } from './projector.ts';
export { type FileWish, type WritePart, writeReconciliation } from './reconciliation.ts';
export { writeReconciliationFrom } from './reconciliation-from-archive.ts';
export { type FileMaker, startFileMaker } from './reconciliation-worker.ts';
export { type Recovered, readBody, recover } from './recover.ts';
export { dayOf } from './sequencer.ts';
export { type DatabaseFile, readJson, readSettings, type Settings, SettingsError, settings } from './settings.ts';
export { type ClearingHouse, createClearingHouse } from './settlement/clearing-house.ts';
export { createSettlementAgent, type SettlementAgent } from './settlement/settlement-agent.ts';
export { listenToStream } from './stream-listener.ts';
