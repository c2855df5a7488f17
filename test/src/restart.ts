/** Programs of a world that are ended hard and come back by themselves, with the settings that they then find. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { BankSettings } from '@clearway/example-bank';
import type { World } from '@clearway/start';
import { settingsFile } from './player.ts';
import { until } from './until.ts';
import { bankNames } from './witness.ts';

/** Kill -9; resolves when it serves again. */
export async function killAndWait(world: World, name: string): Promise<void> {
  const find = () => world.processes().find((process) => process.name === name)!;
  await until(`${name} runs`, () => find().ready && find().pid !== undefined);
  const { pid, restarts } = find();
  process.kill(pid!, 'SIGKILL');
  await until(`${name} runs again`, () => find().restarts > restarts && find().ready);
}

/** Banks that answer everything at once; new accounts open with this much. */
export async function tameBanks(world: World, openingBalance: string): Promise<void> {
  for (const name of bankNames) {
    replaceJson<BankSettings>(settingsFile(world, name), (settings) => ({
      ...settings,
      openingBalance: { least: openingBalance, most: openingBalance },
      behaviour: { ...settings.behaviour, declineRate: 0, lateRate: 0, lostRate: 0, duplicateRate: 0 },
    }));
  }
  await Promise.all(bankNames.map((name) => killAndWait(world, name)));
}

export function replaceJson<T>(file: string, change: (content: T) => T): void {
  writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, 'utf8')))));
}
