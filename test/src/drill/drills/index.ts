/** All drills, in the order in which `--list` names them and `all` runs them. */
import type { Drill } from '../drill.ts';
import { clockDrills } from './clocks.ts';
import { database } from './database.ts';
import { links } from './links.ts';
import { loads } from './load.ts';
import { operators } from './operator.ts';
import { processes } from './processes.ts';
import { settlement } from './settlement.ts';
import { storage } from './storage.ts';

export const drills: readonly Drill[] = [
  ...processes,
  ...links,
  ...database,
  ...clockDrills,
  ...loads,
  ...settlement,
  ...storage,
  ...operators,
];
