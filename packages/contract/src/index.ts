export * from './canonical.ts';
export * from './check.ts';
export * from './currencies.ts';
export * from './messages.ts';
export * from './money.ts';
export * from './parse-json.ts';
export * from './sign.ts';
export * from './time.ts';
