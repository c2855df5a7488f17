/** Waiting for something to hold. */

const pollMs = 100;

/** Resolves to true as soon as it holds, to false when it does not within the time. */
export async function until(holds: () => boolean, patience: number): Promise<boolean> {
  const end = performance.now() + patience;
  while (!holds()) {
    if (performance.now() > end) return false;
    await new Promise((next) => setTimeout(next, pollMs));
  }
  return true;
}
