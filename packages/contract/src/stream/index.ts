export * from './canonical-payments.ts';
export * from './frame.ts';
export * from './greeting.ts';
export * from './layout.ts';
export * from './lot-bytes.ts';
export * from './read-message.ts';
export * from './slabs.ts';
export * from './vocabulary.ts';
