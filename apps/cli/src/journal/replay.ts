import { applyBatch, createState, Effects } from '@clearway/core';
import { decodeHeader } from '@clearway/store';
import type { Command } from 'commander';
import { serial } from '../arguments.ts';
import { CommandError, type Given } from '../given.ts';
import { sheet } from '../output/table.ts';
import { count, duration } from '../output/words.ts';
import { stateHash } from '../verify/snapshot.ts';

export function replayJournal(noun: Command, given: Given): void {
  noun
    .command('replay')
    .description('replay the journal into an empty core and print how fast, and the hash of the state; checks nothing')
    .option('--to <batch>', 'stop after this batch', serial)
    .action(async ({ to = Number.MAX_SAFE_INTEGER }: { to?: number }) => {
      const { store, place } = await given.read();
      const { clock, crypto, signal } = given;
      const of = Math.min(to, await store.records.cursor());
      const progress = given.progress('Replaying the journal', 'batches');
      const state = createState(place.centre, place.cell);
      const effects = new Effects();
      const began = clock.elapsed();
      let applyMs = 0;
      let commands = 0;
      for await (const { sequence, header, facts } of store.journal.read(1)) {
        signal.throwIfAborted();
        if (sequence > to) break;
        const { at } = decodeHeader(header);
        const replayed = facts.slice();
        effects.clear();
        const before = clock.elapsed();
        try {
          commands += applyBatch(state, sequence, at, replayed, effects);
        } catch (error) {
          const message = `Batch ${sequence} cannot be applied: ${(error as Error).message}. Run clearway verify.`;
          throw new CommandError(message);
        }
        applyMs += clock.elapsed() - before;
        progress.update(sequence, of);
      }
      progress.end();
      const elapsedMs = clock.elapsed() - began;
      const perSecond = (ms: number) => (ms === 0 ? 0 : Math.round((commands * 1000) / ms));
      const result = {
        batches: state.sequence,
        commands,
        paymentsRemembered: state.remembered,
        inFlight: state.inFlight,
        elapsedMs: Math.round(elapsedMs),
        applyMs: Math.round(applyMs),
        commandsPerSecond: perSecond(elapsedMs),
        commandsPerSecondApplied: perSecond(applyMs),
        stateHash: stateHash(state, crypto),
      };
      given.answer(result, (output) =>
        sheet(output, [
          ['batches', count(result.batches)],
          ['commands', count(commands)],
          ['payments remembered', `${count(state.remembered)}, ${count(state.inFlight)} in flight`],
          ['read and applied in', `${duration(elapsedMs)}, ${count(result.commandsPerSecond)} commands/s`],
          ['applied in', `${duration(applyMs)}, ${count(result.commandsPerSecondApplied)} commands/s`],
          ['state hash', result.stateHash],
        ]),
      );
    });
}
