/** A process that keeps an archive until it is killed: it says, again and again, up to which batch it has kept it. */
import { tell } from './conformance-for-tests.ts';
import { copyJsonReference, makeLife } from './life-for-tests.ts';
import { openArchive } from './open-archive.ts';

const [directory, seed, until] = process.argv.slice(2);
const archive = await openArchive({
  directory,
  chance: { bytes: (count) => new Uint8Array(count) },
  copyReference: copyJsonReference,
  segmentRecords: 10,
  failed: (error) => {
    throw error;
  },
  log: () => {},
});
const life = makeLife(Number(seed));
for (let sequence = archive.cursor + 1; sequence <= Number(until); sequence++) {
  await tell(archive, life, sequence);
  const say = () => process.send?.(sequence);
  if (sequence % 3 === 0) void archive.kept(sequence).then(say);
}
