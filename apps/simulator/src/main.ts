/** The program `npm run sim`: runs one seed or several, prints what they were, and how to repeat what failed. */
import { readArguments, usage } from './arguments.ts';
import { print } from './report.ts';
import { simulate } from './simulation.ts';

// Whoever read from us has gone, as `head` does: there is nobody left to tell.
process.stdout.on('error', () => process.exit());

const given = readArguments(process.argv.slice(2));
if (typeof given === 'string') {
  process.stderr.write(`${given}\n\n${usage}`);
  process.exitCode = 2;
} else if (given.help) {
  process.stdout.write(usage);
} else {
  const startedAt = performance.now();
  const write = (text: string) => void process.stdout.write(`${text}\n`);
  const results = [];
  for (let seed = given.seed; seed < given.seed + given.runs; seed++) {
    const result = await simulate({
      seed,
      minutes: given.minutes,
      perSecond: given.rate,
      plant: given.plant,
      onLine: given.story ? write : undefined,
    });
    results.push(result);
    if (!given.json && !given.story) print.run(result, given, write);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  if (given.json) write(JSON.stringify(print.summary(results, seconds)));
  else print.total(results, seconds, write);
  process.exitCode = results.some(({ breaches }) => breaches.length > 0) ? 1 : 0;
}
