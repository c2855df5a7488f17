/**
 * A bounded number of requests at work at the same time. Each kind of work has a lane of its own, so that a flood in
 * one cannot take the room of another.
 */
export interface Lane {
  /** Takes a place; false when all are taken, and then nothing was done. */
  enter(): boolean;
  /** Gives a place back, once for each successful {@link Lane.enter}. */
  leave(): void;
  readonly inFlight: number;
}

export function createLane(places: number): Lane {
  let inFlight = 0;
  return {
    enter() {
      if (inFlight >= places) return false;
      inFlight++;
      return true;
    },
    leave() {
      inFlight--;
    },
    get inFlight() {
      return inFlight;
    },
  };
}
