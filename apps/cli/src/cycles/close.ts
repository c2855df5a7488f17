import type { Command } from 'commander';
import type { Given } from '../given.ts';

export function closeCycle(noun: Command, given: Given): void {
  noun
    .command('close')
    .description('cut the current cycle off now; payments go on in the next one')
    .option('--settled', 'wait until it is settled and the records say so')
    .action(async ({ settled = false }: { settled?: boolean }) => {
      const operator = await given.operator();
      const cycle = await operator.closeCycle();
      if (settled) {
        const progress = given.progress(`Cycle ${cycle} is cut; waiting for its settlement`, 'cycles');
        await operator.cycleReached(cycle, 'settled');
        await operator.recordsWritten();
        progress.end();
      }
      const state = settled ? 'settled' : 'cut';
      given.answer({ cycle, state }, () => `Cycle ${cycle} is ${state}.\n`);
    });
}
