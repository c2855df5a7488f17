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
export type { SentHashes } from './sent-hashes.ts';
export type { StreamSigner } from './signatures.ts';
export {
  createStreamClient,
  type StreamClient,
  type StreamClientOptions,
  type StreamCounts,
  type StreamEvents,
} from './stream-client.ts';
export type { LinkEnd } from './stream-link.ts';
