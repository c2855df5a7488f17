/** The database and its disk: killed in mid-commit, frozen, full, failing, slow, locked. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { family, lacksProc, signalIfAlive } from '../../processes.ts';
import { canMount, fill, mount, unmount } from '../../small-disk.ts';
import { rest, until } from '../../until.ts';
import type { Drill, Stage } from '../drill.ts';
import { occurrences, runningPid } from '../running.ts';
import { asSuperuser } from '../superuser.ts';

const killed: Drill = {
  name: 'database-kill',
  about: 'PostgreSQL is killed under load: all of it, or one of its processes, which ends all sessions',
  faults: [23, 1],
  needs: lacksProc,
  async strike(stage) {
    let last: number | undefined;
    while (stage.lasts()) {
      await rest(stage.random.below(900));
      const pid = await runningPid(stage, 'postgres');
      if (pid === last) {
        await rest(20);
        continue;
      }
      const wholly = stage.random.chance(0.5);
      const [, ...children] = family(pid);
      if (wholly) last = pid;
      signalIfAlive(wholly || children.length === 0 ? pid : stage.random.pick(children), 'SIGKILL');
      stage.struck(wholly ? 'PostgreSQL killed' : 'one of its processes killed');
    }
  },
};

const terminated: Drill = {
  name: 'database-sessions',
  about: 'sessions are ended in mid-commit, statements cancelled, tables locked, connections used up',
  faults: [23, 24],
  async strike(stage) {
    await asSuperuser(stage.world, async (connect) => {
      const client = await connect();
      const others = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename LIKE 'clearway_%'";
      for (let turn = 0; stage.lasts(); turn++) {
        await rest(stage.random.below(300));
        if (turn % 4 === 0) {
          const { rowCount } = await client.query(`SELECT pg_terminate_backend(pid) ${others}`);
          stage.struck('sessions ended', rowCount ?? 0);
        } else if (turn % 4 === 1) {
          const { rowCount } = await client.query(`SELECT pg_cancel_backend(pid) ${others} AND state = 'active'`);
          stage.struck('statements cancelled', rowCount ?? 0);
        } else if (turn % 4 === 2) {
          await client.query('BEGIN');
          await client.query('LOCK TABLE journal.batch, records.payment IN ACCESS EXCLUSIVE MODE');
          await rest(stage.random.from(300, 2000));
          await client.query('ROLLBACK');
          stage.struck('tables locked');
        } else {
          const taken = await takeAll(connect);
          await client.query(`SELECT pg_terminate_backend(pid) ${others}`);
          await rest(stage.random.from(200, 1000));
          await Promise.all(taken.map((one) => one.end()));
          stage.struck('connections used up');
        }
      }
    });
  },
};

/** Superusers may have the last few as well; a client more than there are is refused. */
async function takeAll<T>(connect: () => Promise<T>): Promise<T[]> {
  const taken: T[] = [];
  for (;;) {
    const one = await connect().catch(() => undefined);
    if (one === undefined) return taken;
    taken.push(one);
  }
}

const frozen: Drill = {
  name: 'database-freeze',
  about: 'PostgreSQL is stopped for 0.5 to 5 s, with all its processes',
  faults: [20, 23],
  needs: lacksProc,
  async strike(stage) {
    while (stage.lasts()) {
      const pids = family(await runningPid(stage, 'postgres'));
      for (const pid of pids) signalIfAlive(pid, 'SIGSTOP');
      await rest(stage.random.from(500, 5000));
      for (const pid of pids) signalIfAlive(pid, 'SIGCONT');
      stage.struck('PostgreSQL stopped');
      await stage.recovers();
    }
  },
};

const full: Drill = {
  name: 'disk-full',
  about: 'the disk of database, archive, logs and institutions is full to the last block',
  faults: [19],
  needs: () => (canMount() ? undefined : 'root on Linux, to mount a small disk'),
  prepare(folder) {
    mount(folder);
    return () => unmount(folder);
  },
  async strike(stage) {
    const ballast = join(stage.folder, 'ballast');
    const refusals = () => stage.load.count('journalUnavailable', 'cellUnavailable', 'unanswered', 'unknown');
    const before = refusals();
    try {
      // What is freed by rotated files goes too.
      while (stage.lasts() || refusals() === before) {
        fill(ballast);
        await rest(50);
      }
      stage.struck('disk filled');
    } finally {
      rmSync(ballast, { force: true });
    }
  },
};

function canTrace(): string | undefined {
  const works = spawnSync('strace', ['-qq', '-e', 'trace=none', 'true']).status === 0;
  return works && process.platform === 'linux'
    ? undefined
    : 'Linux, strace and leave to use it: on Debian `apt-get install strace`, as root';
}

/** Attaches to all of PostgreSQL; ended, everything is as before. */
async function inject(pids: readonly number[], what: string): Promise<ChildProcess> {
  const attached = pids.flatMap((pid) => ['-p', String(pid)]);
  const child = spawn('strace', ['-f', '-o', '/dev/null', '-e', 'trace=fdatasync,fsync', '-e', what, ...attached], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await until('strace is attached', () => {
    if (child.exitCode !== null) throw new Error(`strace: ${said}`);
    return said.includes('attached');
  });
  return child;
}

async function detach(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGINT');
  await ended;
}

/** It ends all its processes but the first then, and recovers from its own journal. */
const panics = ({ world }: Stage) =>
  occurrences(join(world.dataFolder, 'postgres', 'postgres.log'), /PANIC: +could not f(data)?sync/g);

const flushError: Drill = {
  name: 'flush-error',
  about: 'a flush of the disk fails with EIO: PostgreSQL stops at once, and what was not durable was not told',
  faults: [18],
  needs: canTrace,
  async strike(stage) {
    while (stage.lasts()) {
      const pid = await runningPid(stage, 'postgres');
      const child = await inject(family(pid), `inject=fdatasync,fsync:error=EIO:when=${stage.random.from(1, 20)}`);
      try {
        const before = panics(stage);
        await until('PostgreSQL ends', () => panics(stage) > before || !stage.lasts());
        stage.struck('flush failed, PostgreSQL ended', panics(stage) - before);
      } finally {
        await detach(child);
      }
      await stage.recovers();
    }
  },
};

const slowDisk: Drill = {
  name: 'slow-disk',
  about: 'every flush takes 0.2 s longer, then 2 s',
  faults: [20],
  needs: canTrace,
  async strike(stage) {
    for (const ms of [200, 2000]) {
      const child = await inject(
        family(await runningPid(stage, 'postgres')),
        `inject=fdatasync,fsync:delay_enter=${ms * 1000}`,
      );
      try {
        const half = performance.now() + 5_000;
        while (stage.lasts() && performance.now() < half) await rest(50);
        stage.struck(`flushes ${ms} ms late`);
      } finally {
        await detach(child);
      }
      await stage.recovers();
    }
  },
};

export const database: readonly Drill[] = [killed, terminated, frozen, full, flushError, slowDisk];
