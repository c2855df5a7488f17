/**
 * A bounded number of requests at work at the same time, and a bounded number that wait for a place. Each kind of work
 * has a lane of its own, so that a flood in one cannot take the room of another.
 */
export interface Lane {
  /** True with a place, as soon as there is one; false at once when even the waiting room is full. */
  enter(): Promise<boolean>;
  /** Gives a place back, once for each successful {@link Lane.enter}. */
  leave(): void;
  /** At work, without those who wait. */
  readonly inFlight: number;
}

export function createLane(places: number, waitingRoom = 0): Lane {
  let inFlight = 0;
  const waiting: ((entered: true) => void)[] = [];
  return {
    async enter() {
      if (inFlight < places) {
        inFlight++;
        return true;
      }
      return waiting.length < waitingRoom && new Promise<boolean>((resolve) => waiting.push(resolve));
    },
    leave() {
      // A place that is handed on stays taken.
      const next = waiting.shift();
      if (next) next(true);
      else inFlight--;
    },
    get inFlight() {
      return inFlight;
    },
  };
}
