import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realChance, realClock, realCrypto, realDisk } from '@clearway/ports/real';
import { storeConformance, testPlace } from './conformance.ts';
import { withFileJournal } from './file/with-file-journal.ts';
import { type MemoryDisk, memoryDisk, memoryStore } from './memory/memory-store.ts';

storeConformance('store with its journal in files', realCrypto, async () => {
  const root = await mkdtemp(join(tmpdir(), 'clearway-journal-'));
  const rest = new Map<string, MemoryDisk>();
  return {
    open(cellName) {
      const disk = rest.get(cellName) ?? memoryDisk();
      rest.set(cellName, disk);
      return withFileJournal(memoryStore({ crypto: realCrypto, chance: realChance, disk }), {
        folder: join(root, cellName.replaceAll(' ', '-')),
        place: testPlace,
        disk: realDisk,
        clock: realClock,
        crypto: realCrypto,
        // Small, so that the suite crosses from one to the next.
        segmentBytes: 64 << 10,
        holds: false,
      });
    },
    close: () => rm(root, { recursive: true, force: true }),
  };
});
