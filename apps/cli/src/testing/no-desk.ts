/** A machine on which no console runs and nobody has logged in. */
import type { DeskSurroundings } from '../console/desk.ts';

export const noDesk: DeskSurroundings = {
  address: () => undefined,
  saved: () => undefined,
  save() {},
  prompt: async () => '',
  request: async () => {
    throw new Error('nothing listens');
  },
};
