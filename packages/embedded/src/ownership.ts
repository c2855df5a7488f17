/** One launcher a data directory: the file `launcher` names the living process that has it. */
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readText } from './home.ts';
import { LauncherError } from './launcher-error.ts';
import { processIdentity } from './process-identity.ts';

/** Takes the directory; resolves to what gives it back. */
export async function takeOwnership(directory: string): Promise<() => Promise<void>> {
  const path = join(directory, 'launcher');
  const own = `${process.pid} ${await processIdentity(process.pid)}\n`;
  for (;;) {
    try {
      const file = await open(path, 'wx', 0o644);
      await file.writeFile(own);
      await file.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const [pid, ...identity] = ((await readText(path)) ?? '').trim().split(' ');
    if (pid && (await processIdentity(Number(pid))) === identity.join(' ')) {
      throw new LauncherError(
        `${directory} is in use by process ${pid}. Stop that process first, or choose another data directory.`,
      );
    }
    await rm(path, { force: true });
  }
}
