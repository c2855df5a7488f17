import { realChance, realCrypto } from '@clearway/ports/real';
import { storeConformance } from './conformance.ts';
import { type MemoryDisk, memoryDisk, memoryStore } from './memory/memory-store.ts';

storeConformance('memory store', realCrypto, async () => {
  const disks = new Map<string, MemoryDisk>();
  return {
    async open(cellName) {
      const disk = disks.get(cellName) ?? memoryDisk();
      disks.set(cellName, disk);
      return memoryStore({ crypto: realCrypto, chance: realChance, disk });
    },
    async close() {},
  };
});
