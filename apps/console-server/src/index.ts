/** What tests and other programs take from the console's server. */
export { firstHash, hashOfEntry } from './audit.ts';
export { type Console, type ConsoleOptions, createConsole } from './console.ts';
export { type ConsoleServer, serveConsole } from './http/serve.ts';
export { readStaticFiles } from './http/static-files.ts';
