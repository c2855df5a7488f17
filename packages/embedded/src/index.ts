/**
 * A real PostgreSQL on this machine, from binaries of an npm package, run by our own launcher: no installer, no
 * download, no open port, and no default password. Read start.ts first.
 */
export { LauncherError } from './launcher-error.ts';
export type { RunningPostgres, StartOptions, StopMode } from './start.ts';
export { startPostgres } from './start.ts';
