export * from './frame.ts';
export * from './greeting.ts';
export * from './layout.ts';
