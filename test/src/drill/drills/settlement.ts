/** The settlement agent and the cut-off, in the middle of everything. */
import { connectOperator } from '@clearway/server';
import { signalIfAlive } from '../../processes.ts';
import { killAndWait } from '../../restart.ts';
import { rest } from '../../until.ts';
import type { Drill, Stage } from '../drill.ts';
import { pidOf, serves } from '../running.ts';

/** Cuts once more; a cell that is away is asked again until there is no time. */
async function cutOff(stage: Stage): Promise<void> {
  const operator = await connectOperator(stage.world.environment.CLEARWAY_SOCKET).catch(() => undefined);
  const cycle = await operator?.closeCycle().catch(() => undefined);
  operator?.close();
  if (cycle !== undefined) stage.struck('cycles cut');
}

const agent: Drill = {
  name: 'settlement-agent',
  about: 'the settlement agent is down, held, or its answers are lost, while cycle after cycle is cut',
  faults: [36],
  relays: ['central-bank'],
  async strike(stage) {
    const relay = stage.relays.get('central-bank')!;
    for (let turn = 0; stage.lasts(); turn++) {
      const kind = turn % 3;
      const pid = pidOf(stage, 'central-bank');
      if (kind === 0 && pid !== undefined) signalIfAlive(pid, 'SIGSTOP');
      if (kind === 1) relay.set({}, { heldAfter: 3000 });
      await cutOff(stage);
      if (kind === 2) await killAndWait(stage.world, 'central-bank');
      await rest(stage.random.from(200, 1500));
      if (kind === 0 && pid !== undefined) signalIfAlive(pid, 'SIGCONT');
      relay.set({});
      stage.struck(['agent held', 'answers of the agent lost', 'agent killed'][kind]);
    }
  },
};

const cutOffs: Drill = {
  name: 'cut-off',
  about: 'cycles are cut one after the other, by two operators at once, while the cell is killed',
  faults: [35],
  async strike(stage) {
    while (stage.lasts()) {
      await Promise.all([cutOff(stage), cutOff(stage)]);
      await rest(stage.random.below(200));
      if (!stage.random.chance(0.2)) continue;
      const pid = pidOf(stage, 'cell');
      if (pid === undefined) continue;
      signalIfAlive(pid, 'SIGKILL');
      stage.struck('cell killed');
      await serves(stage, 'cell');
    }
  },
};

export const settlement: readonly Drill[] = [agent, cutOffs];
