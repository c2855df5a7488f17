export type { CheckpointToRecord } from './coverage.ts';
export type { Outlet } from './outlet.ts';
export type { StreamCell, StreamLot, UncoveredStream } from './port.ts';
export { createStream, defaultStreamSettings, type Stream, type StreamSettings } from './stream.ts';
export { StreamLink } from './stream-link.ts';
