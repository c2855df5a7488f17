/** One process of several: runs what it is sent, and sends back what it came to. */
import { type RunOptions, simulate } from './simulation.ts';

process.on('message', (options: RunOptions) => {
  void simulate(options).then((result) => process.send!(result));
});
// It ends with whoever started it, and not before: that one still tells what has been run.
process.on('disconnect', () => process.exit());
process.on('SIGINT', () => {});
