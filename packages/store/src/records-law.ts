/** Records only move forward: a projector that has been overtaken must not write old rows over newer ones. */
export class StaleRecordsError extends Error {
  override name = 'StaleRecordsError';
}

export const staleWrite = (sequence: number, cursor: number) =>
  new StaleRecordsError(`Records up to batch ${sequence} came late: they are written up to ${cursor} already.`);
