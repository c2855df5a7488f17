/** Reconciliation files of any length, from the archive of payments: one part in memory, whatever the file. */
import { ReconciliationWriter, type WrittenFile } from '@clearway/contract';
import { paymentKinds } from '@clearway/core';
import {
  inlineReferenceBytes,
  type PaymentArchive,
  type RecordBlock,
  recordBytes,
  recordFields,
} from '@clearway/store';
import { type FileWish, headOf, type WritePart } from './reconciliation.ts';

/**
 * Writes the file of one participant and cycle; the same bytes as `writeReconciliation` makes of the records.
 *
 * It keeps its thread busy for about a second a million lines: let a worker do it for those who have many.
 *
 * @param archives of all cells, whose cut-off of the cycle they have kept
 */
export async function writeReconciliationFrom(
  archives: readonly Pick<PaymentArchive, 'ofCycle'>[],
  wish: FileWish,
  write: WritePart,
): Promise<WrittenFile> {
  const { cycle, participant } = wish;
  const writer = new ReconciliationWriter(headOf(wish), wish.partBytes);
  const runs: Run[] = [];
  for (const archive of archives) {
    const run = new Run(archive.ofCycle(cycle.cycle, participant)[Symbol.asyncIterator]());
    if (await run.advance()) runs.push(run);
  }
  while (runs.length > 0) {
    const first = runs.length === 1 ? runs[0] : runs.reduce((least, one) => (one.isBefore(least) ? one : least));
    fillLine(writer, first.block, first.index, participant);
    if (writer.add()) await write(writer.take());
    if (first.hasMore) first.index++;
    else if (!(await first.advance())) runs.splice(runs.indexOf(first), 1);
  }
  await write(writer.end());
  return writer.written();
}

function fillLine({ line }: ReconciliationWriter, block: RecordBlock, index: number, participant: number): void {
  const { view } = block;
  const at = index * recordBytes;
  const institution = view.getUint32(at + 4) & 0xffffff;
  const instructs = institution === participant;
  const kind = view.getUint8(at + recordFields.kind);
  line.id = view;
  line.idAt = at;
  line.kind = kind;
  // In a pull the instructing institution is credited, in a payout or refund the instructed bank.
  line.credit = instructs === (kind === paymentKinds.agreementPayment);
  line.counterparty = instructs ? view.getUint32(at + recordFields.instructed) : institution;
  line.minor = view.getUint32(at + recordFields.amount) * 0x1_0000_0000 + view.getUint32(at + recordFields.amount + 4);
  line.currency = view.getUint16(at + recordFields.currency);
  line.textLength = view.getUint8(at + recordFields.endToEndIdLength);
  const isLong = line.textLength > inlineReferenceBytes;
  line.text = isLong ? block.longTexts.get(index)! : block.bytes;
  line.textAt = isLong ? 0 : at + recordFields.endToEndId;
  line.original = view;
  line.originalAt = at + recordFields.reference;
  line.succeededAt =
    view.getUint32(at + recordFields.changedAt) * 0x1_0000_0000 + view.getUint32(at + recordFields.changedAt + 4);
}

/** What one archive has of it, in order of identifier. */
class Run {
  block!: RecordBlock;
  index = 0;
  private readonly blocks: AsyncIterator<RecordBlock>;

  constructor(blocks: AsyncIterator<RecordBlock>) {
    this.blocks = blocks;
  }

  /** The next block; false after the last. */
  async advance(): Promise<boolean> {
    const next = await this.blocks.next();
    if (next.done) return false;
    this.block = next.value;
    this.index = 0;
    return this.block.count > 0 || this.advance();
  }

  get hasMore(): boolean {
    return this.index + 1 < this.block.count;
  }

  isBefore(other: Run): boolean {
    const [here, there] = [this.index * recordBytes, other.index * recordBytes];
    for (let word = 0; word < 16; word += 4) {
      const difference = this.block.view.getUint32(here + word) - other.block.view.getUint32(there + word);
      if (difference !== 0) return difference < 0;
    }
    return false;
  }
}
