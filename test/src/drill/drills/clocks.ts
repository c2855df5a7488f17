/** Clocks that are wrong and jump, by libfaketime where it is installed. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rest } from '../../until.ts';
import type { Drill, Stage } from '../drill.ts';

/** Where packages put it; or where CLEARWAY_FAKETIME says. */
const places = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib', '/usr/local/lib'];

function library(): string | undefined {
  const named = places.map((place) => join(place, 'faketime', 'libfaketimeMT.so.1'));
  return [process.env.CLEARWAY_FAKETIME ?? '', ...named].find((file) => file !== '' && existsSync(file));
}

const fileOf = (folder: string, program: string) => join(folder, 'clocks', program);

function setClock({ folder }: Stage, program: string, seconds: number): void {
  writeFileSync(fileOf(folder, program), `${seconds < 0 ? '' : '+'}${seconds}\n`);
}

const moved = ['cell', 'gateway'];
const jumps = [-3600, -90, -2, 0, 2, 20, 90, 3600];

const clocks: Drill = {
  name: 'clocks',
  about: 'the clocks of cell and gateway jump, apart from each other, by 2 s to an hour',
  faults: [34],
  needs: () =>
    process.platform === 'linux' && library() !== undefined
      ? undefined
      : 'libfaketime: on Debian `apt-get install libfaketime`, or name libfaketimeMT.so.1 in CLEARWAY_FAKETIME',
  prepare(folder) {
    mkdirSync(join(folder, 'clocks'));
    for (const program of moved) writeFileSync(fileOf(folder, program), '+0\n');
    return () => {};
  },
  environment: (program, folder) =>
    moved.includes(program)
      ? {
          LD_PRELOAD: library()!,
          FAKETIME_TIMESTAMP_FILE: fileOf(folder, program),
          FAKETIME_NO_CACHE: '1',
          // Elapsed time goes on: a machine whose clock is set does not stop.
          FAKETIME_DONT_FAKE_MONOTONIC: '1',
        }
      : {},
  async strike(stage) {
    while (stage.lasts()) {
      const program = stage.random.pick(moved);
      setClock(stage, program, stage.random.pick(jumps));
      stage.struck(`clock of ${program} set`);
      await rest(stage.random.from(200, 2500));
    }
    for (const program of readdirSync(join(stage.folder, 'clocks'))) setClock(stage, program, 0);
  },
};

export const clockDrills: readonly Drill[] = [clocks];
