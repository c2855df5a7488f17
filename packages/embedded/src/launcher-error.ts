/** PostgreSQL could not be prepared, started or stopped; the message says what was wrong, with what, and what to do. */
export class LauncherError extends Error {
  override name = 'LauncherError';
}
