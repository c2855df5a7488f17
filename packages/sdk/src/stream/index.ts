/** The stream: for participants with volume. */

export { createCellStreams } from './cell-streams.ts';
export {
  createParticipantStream,
  type NotOnStream,
  type ParticipantStream,
  type ParticipantStreamOptions,
  type StreamQuestion,
} from './participant-stream.ts';
export type { StreamAnswer, StreamPayment } from './payment-message.ts';
export type { StreamClient, StreamClientOptions, StreamCounts, StreamEvents } from './port.ts';
export type { SentHashes } from './sent-hashes.ts';
export type { StreamSigner } from './signatures.ts';
export { createStreamClient } from './stream-client.ts';
export type { LinkEnd } from './stream-link.ts';
