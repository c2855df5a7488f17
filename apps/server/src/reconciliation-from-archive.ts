/** Reconciliation files of any length, from the archive of payments: a megabyte in memory, whatever the file. */
import { ReconciliationWriter, type Scheme } from '@clearway/contract';
import { paymentKinds } from '@clearway/core';
import {
  type CycleRecord,
  inlineReferenceBytes,
  type PaymentArchive,
  type RecordBlock,
  recordBytes,
  recordFields,
} from '@clearway/store';

export interface WrittenFile {
  readonly lines: number;
  readonly bytes: number;
  /** SHA-256 of the content as in its S line, lower-case hex. */
  readonly hash: string;
}

/**
 * Writes the file of one participant and cycle; the same bytes as `reconciliationFile` makes of the records.
 *
 * It keeps its thread busy for about a second a million lines: let a worker do it for those who have many.
 *
 * @param archives of all cells
 * @param cycle one that is cut, whose cut-off the archives have kept
 * @param write takes the next bytes; they are written over when it resolves
 */
export async function writeReconciliationFrom(
  archives: readonly Pick<PaymentArchive, 'ofCycle'>[],
  scheme: Scheme,
  cycle: Pick<CycleRecord, 'cycle' | 'businessDate'>,
  participant: number,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<WrittenFile> {
  const { schemeId, environment } = scheme;
  const writer = new ReconciliationWriter({
    schemeId,
    environment,
    cycle: cycle.cycle,
    businessDate: cycle.businessDate,
    participant: String(participant).padStart(5, '0'),
  });
  let lines = 0;
  let bytes = 0;
  const pass = async (next: Uint8Array) => {
    bytes += next.length;
    await write(next);
  };
  const parts: Part[] = [];
  for (const archive of archives) {
    const part = new Part(archive.ofCycle(cycle.cycle, participant)[Symbol.asyncIterator]());
    if (await part.advance()) parts.push(part);
  }
  while (parts.length > 0) {
    const first = parts.length === 1 ? parts[0] : parts.reduce((least, one) => (one.isBefore(least) ? one : least));
    fillLine(writer, first.block, first.index, participant);
    if (writer.add()) await pass(writer.take());
    lines++;
    if (first.hasMore) first.index++;
    else if (!(await first.advance())) parts.splice(parts.indexOf(first), 1);
  }
  await pass(writer.end());
  return { lines, bytes, hash: writer.hash };
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
class Part {
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

  isBefore(other: Part): boolean {
    const [here, there] = [this.index * recordBytes, other.index * recordBytes];
    for (let word = 0; word < 16; word += 4) {
      const difference = this.block.view.getUint32(here + word) - other.block.view.getUint32(there + word);
      if (difference !== 0) return difference < 0;
    }
    return false;
  }
}
