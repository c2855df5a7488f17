/** For whoever asks the console: words, problems, routes as data, and the types of all messages. */
export type * from './messages.ts';
export * from './problem.ts';
export * from './routes.ts';
export * from './search.ts';
export * from './words.ts';
