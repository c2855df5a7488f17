/** Programs that die, are held, or get too little of the machine. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { family, lacksProc, signalIfAlive } from '../../processes.ts';
import { killAndWait } from '../../restart.ts';
import { rest, until } from '../../until.ts';
import type { Drill } from '../drill.ts';
import { pidOf, runningPid, serves } from '../running.ts';

const anyone = ['cell', 'postgres', 'gateway', 'bank-00202', 'bank-00203', 'central-bank', 'wallet-00102'];

const kill: Drill = {
  name: 'kill',
  about: 'any process is killed at a random moment, one after the other',
  faults: [1, 2],
  async strike(stage) {
    while (stage.lasts()) {
      await rest(stage.random.below(700));
      const victim = stage.random.pick(anyone);
      await killAndWait(stage.world, victim);
      stage.struck(`${victim} killed`);
      await stage.recovers();
    }
  },
};

const gatewayKill: Drill = {
  name: 'gateway-kill',
  about: 'the gateway is killed over and over, so that it dies between the answer of the cell and its own',
  faults: [2],
  async strike(stage) {
    while (stage.lasts()) {
      await rest(stage.random.below(400));
      await killAndWait(stage.world, 'gateway');
      stage.struck('gateway killed');
    }
  },
};

const freeze: Drill = {
  name: 'freeze',
  about: 'cell and gateway are stopped for 0.3 to 4 s and go on, as after a pause of a machine or its collector',
  faults: [15, 17],
  async strike(stage) {
    while (stage.lasts()) {
      const name = stage.random.pick(['cell', 'cell', 'gateway']);
      const pid = await runningPid(stage, name);
      signalIfAlive(pid, 'SIGSTOP');
      await rest(stage.random.from(300, 4000));
      signalIfAlive(pid, 'SIGCONT');
      stage.struck(`${name} stopped`);
      await stage.recovers();
      await rest(stage.random.below(300));
    }
  },
};

const blackStart: Drill = {
  name: 'black-start',
  about: 'everything is killed at once, the database too, and all come back together',
  faults: [48, 3],
  needs: lacksProc,
  async strike(stage) {
    const { world } = stage;
    while (stage.lasts()) {
      const all = world.processes().filter(({ pid }) => pid !== undefined);
      for (const { pid } of all) for (const one of family(pid!)) signalIfAlive(one, 'SIGKILL');
      stage.struck('processes killed', all.length);
      const restarted = new Map(all.map(({ name, restarts }) => [name, restarts]));
      await until('all run again', () =>
        world.processes().every(({ name, ready, restarts }) => ready && restarts > (restarted.get(name) ?? -1)),
      );
      await stage.recovers();
    }
  },
};

const starved: Drill = {
  name: 'starved',
  about: 'cell and gateway run for 10 ms of every 100 ms',
  faults: [16],
  async strike(stage) {
    const pids = [await runningPid(stage, 'cell'), await runningPid(stage, 'gateway')];
    const signal = (what: NodeJS.Signals) => {
      for (const pid of pids) signalIfAlive(pid, what);
    };
    try {
      while (stage.lasts()) {
        signal('SIGSTOP');
        await rest(90);
        signal('SIGCONT');
        stage.struck('slices taken');
        await rest(10);
      }
    } finally {
      signal('SIGCONT');
    }
  },
};

const memoryGroups = '/sys/fs/cgroup/memory';
const extraBytes = 12 * 2 ** 20;

const memory: Drill = {
  name: 'memory',
  about: 'the cell may have little more memory than it has; the kernel ends it when it takes more, again and again',
  faults: [16],
  needs() {
    if (process.platform === 'linux' && process.geteuid?.() === 0 && existsSync(join(memoryGroups, 'cgroup.procs')))
      return undefined;
    return 'root on Linux with the memory controller of cgroup v1 mounted at /sys/fs/cgroup/memory';
  },
  async strike(stage) {
    const group = join(memoryGroups, `clearway-drill-${process.pid}`);
    mkdirSync(group);
    const limit = join(group, 'memory.limit_in_bytes');
    try {
      while (stage.lasts()) {
        const pid = await runningPid(stage, 'cell');
        writeFileSync(join(group, 'cgroup.procs'), String(pid));
        const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
        // What it had before it came is not counted to the group: only what it takes from now on.
        writeFileSync(limit, String(Math.min(extraBytes, pages * 4096)));
        stage.struck('memory limited');
        await until('the cell ends, or the time', () => pidOf(stage, 'cell') !== pid || !stage.lasts());
        if (pidOf(stage, 'cell') !== pid) stage.struck('cell ended for lack of memory');
        writeFileSync(limit, '-1');
        await serves(stage, 'cell');
        await stage.recovers();
      }
    } finally {
      writeFileSync(limit, '-1');
      for (const pid of readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean))
        writeFileSync(join(memoryGroups, 'cgroup.procs'), pid);
      rmdirSync(group);
    }
  },
};

export const processes: readonly Drill[] = [kill, gatewayKill, freeze, blackStart, starved, memory];
