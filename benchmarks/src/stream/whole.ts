/** Whether a run was whole: every payment ended once, and platform, institutions and banks count the same. */
import type { Statistics } from '@clearway/server';
import { fiveDigits } from './cast.ts';
import type { BankReport, LoadReport, Position } from './orders.ts';

/** What is wrong, nothing if the run was whole. */
export function faultsOf(load: LoadReport, banks: BankReport, { cycles }: Statistics): string[] {
  const faults = [...load.wrong];
  if (load.open > 0) faults.push(`${load.open} payments have no definite outcome`);
  const own = new Map<string, Position>();
  for (const position of [...load.positions, ...banks.positions]) own.set(keyOf(position), position);
  for (const { cycle, positions } of cycles) {
    const sum = positions.reduce((total, { credits, debits }) => total + credits - debits, 0);
    if (sum !== 0) faults.push(`the positions of cycle ${cycle} sum to ${sum}`);
    for (const platform of positions) {
      const key = keyOf({ ...platform, cycle });
      const theirs = own.get(key);
      own.delete(key);
      if (!agree(platform, theirs))
        faults.push(`${key}: the platform says ${JSON.stringify(platform)}, it says ${JSON.stringify(theirs)}`);
    }
  }
  for (const key of own.keys()) faults.push(`${key}: the platform knows nothing of it`);
  return faults;
}

const keyOf = ({ participant, cycle }: { readonly participant: string; readonly cycle: number }) =>
  `${fiveDigits(Number(participant))} in cycle ${cycle}`;

type Sums = Omit<Position, 'participant' | 'cycle'>;

function agree(platform: Sums, theirs: Sums | undefined): boolean {
  const { credits = 0, debits = 0, creditCount = 0, debitCount = 0 } = theirs ?? {};
  return (
    platform.credits === credits &&
    platform.debits === debits &&
    platform.creditCount === creditCount &&
    platform.debitCount === debitCount
  );
}
