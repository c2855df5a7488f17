/** Records of which the payments are in an archive: what came by any rail is found through one door. */
import type { PaymentState } from '@clearway/core';
import {
  type ArchiveReader,
  type PaymentQuery,
  type PaymentRecord,
  paymentRecord,
  type RecordBlock,
  type Records,
  recordBytes,
  recordFields,
  submissionPlace,
} from '@clearway/store';

/** Look-ups go to the archive where it can answer them, and to the rows for the rest. */
export function archivedRecords(rows: Records, archive: Omit<ArchiveReader, 'cursor' | 'close'>): Records {
  return {
    ...rows,
    async payment(paymentId) {
      return (await archive.payment(paymentId)) ?? rows.payment(paymentId);
    },
    async paymentsNamed(paymentIds) {
      const archived: PaymentRecord[] = [];
      const others: string[] = [];
      for (const paymentId of paymentIds) {
        const found = await archive.payment(paymentId);
        if (found !== undefined) archived.push(found);
        else others.push(paymentId);
      }
      return [...archived, ...(await rows.paymentsNamed(others))];
    },
    async payments(query) {
      const { participant, endToEndId, state, cycle, from, to, after, limit } = query;
      // A reference is an institution's own: without one, rows know what came over HTTP.
      if (participant === undefined) return endToEndId === undefined ? readAll(archive, query) : rows.payments(query);
      const range = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
      const fits = (record: PaymentRecord) =>
        (state === undefined || record.state === state) &&
        (cycle === undefined || record.cycle === cycle) &&
        (from === undefined || record.submittedAt >= from) &&
        (to === undefined || record.submittedAt < to);
      if (endToEndId !== undefined) {
        const found = await archive.byReference(Number(participant), endToEndId, limit);
        return found.filter(fits);
      }
      const found: PaymentRecord[] = [];
      for (let last = after; found.length < limit; ) {
        const page = await archive.byParticipant({
          participant: Number(participant),
          ...range,
          ...(last !== undefined && { after: last }),
          limit: Math.min(1000, limit),
        });
        found.push(...page.filter(fits));
        if (page.length < Math.min(1000, limit)) break;
        last = page[page.length - 1].paymentId;
      }
      return found.slice(0, limit);
    },
    async *paymentsOfCycle(cycle, participant) {
      for await (const block of archive.ofCycle(cycle, Number(participant)))
        for (let index = 0; index < block.count; index++) yield recordAt(block, index);
    },
  };
}

/** Payments of nobody in particular: records are read one after the other, the last submitted first. */
async function readAll(archive: Pick<ArchiveReader, 'payment' | 'search'>, query: PaymentQuery) {
  const { state, cycle, from, to, after, limit } = query;
  const last = after === undefined ? undefined : await archive.payment(after);
  if (after !== undefined && last === undefined) return [];
  const found: PaymentRecord[] = [];
  let before = last && submissionPlace(last);
  for (;;) {
    const { payments, next } = await archive.search({
      ...(state !== undefined && { states: [state as PaymentState] }),
      ...(cycle !== undefined && { cycle }),
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
      ...(before !== undefined && { before }),
      limit: Math.min(1000, limit - found.length),
    });
    found.push(...payments);
    if (next === undefined || found.length === limit) return found;
    before = next;
  }
}

function recordAt({ bytes, view, longTexts }: RecordBlock, index: number): PaymentRecord {
  const at = index * recordBytes;
  const start = at + recordFields.endToEndId;
  const length = view.getUint8(at + recordFields.endToEndIdLength);
  return paymentRecord(bytes, at, longTexts.get(index) ?? bytes.subarray(start, start + length));
}
