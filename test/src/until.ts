/** Waiting for something to hold, which is the only kind of waiting here. */

const pollMs = 20;

/** @throws Error that says what was waited for */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  patienceMs = 120_000,
): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited ${patienceMs / 1000} s in vain for: ${what}`);
    await rest(pollMs);
  }
}

/** Only between two looks, or to hit a process at a random moment. */
export function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
