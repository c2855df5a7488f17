/**
 * Assertions are for our own mistakes and stay on in production; what others do wrong is a {@link Reason}.
 */
export class AssertionError extends Error {
  override name = 'AssertionError';
}

export function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw new AssertionError(what);
}

export function unreachable(value: never, what: string): never {
  throw new AssertionError(`${what}: ${String(value)}`);
}
