/**
 * Compares every payment of the journal with its record, both ways, without holding all of them; and with the cell's
 * archive, which alone may have those that came over the stream.
 *
 * Payments are taken together in slices by the time of their submission. When a slice is full and the next one too,
 * the records of its time are read and compared; what then still waits for its end is compared at the end of all. So
 * the memory is that of two slices and of the payments in flight.
 */
import { isFinal, type Payment, type PaymentState } from '@clearway/core';
import type { ArchiveReader, PaymentRecord, Records } from '@clearway/store';
import { codeText, type SubmitPaymentFact } from '../journal/fact.ts';
import type { Findings } from './report.ts';

/** What the record must say. */
type ExpectedRecord = { -readonly [Field in keyof PaymentRecord]: PaymentRecord[Field] };

interface Expected {
  readonly record: ExpectedRecord;
  /** SHA-256 of the canonical payment, hex. */
  readonly hash: string;
  /** Its body was opened: only there stands the endToEndId. */
  readonly isOpened: boolean;
  /** It came over the stream: its record is in the cell's archive, unless the cell has none. */
  readonly isStreamed: boolean;
}

interface Slice {
  /** Time of submission, ms: from, inclusive, to, exclusive. */
  readonly from: number;
  readonly to: number;
  readonly payments: ReadonlyMap<string, Expected>;
}

export interface PaymentsCheck {
  /** Batch `sequence` of time `at` comes next. */
  begin(sequence: number, at: number): Promise<void>;
  /** `endToEndId`: undefined when the body was not opened. */
  submitted(
    handle: number,
    fact: SubmitPaymentFact,
    sequence: number,
    at: number,
    endToEndId: string | undefined,
  ): void;
  /**
   * A payment as it is after the batch; `answer` when a bank's answer brought it there.
   * @returns the record that it must have
   */
  changed(handle: number, payment: Payment, answer: { readonly paymentHash?: string } | false): PaymentRecord;
  readonly count: number;
  /** Cycles with payments whose records are in the archive alone. */
  readonly archivedCycles: ReadonlySet<number>;
  /** Compares what is left; the journal was replayed up to `last`. */
  end(last: number): Promise<void>;
}

const sliceSize = 4096;
const pageSize = 1000;
/** The last slice takes whatever comes. */
const endless = Number.MAX_SAFE_INTEGER;

export function createPaymentsCheck(
  records: Records,
  archive: ArchiveReader | undefined,
  findings: Findings,
): PaymentsCheck {
  const inFlight = new Map<number, Expected>();
  /** Not ended, or not in the records yet, when their slice was compared. */
  const late: Expected[] = [];
  const lateInArchive: Expected[] = [];
  let full: Slice | undefined;
  let filling = new Map<string, Expected>();
  let fillingFrom = 0;
  let lastAt = 0;
  let replayed = 0;
  let count = 0;
  let archived = 0;
  const archivedCycles = new Set<number>();

  const compareSlice = async ({ from, to, payments }: Slice) => {
    const cursor = await records.cursor();
    const unread = new Map(payments);
    const unexpected: PaymentRecord[] = [];
    for await (const record of submittedBetween(records, from, to)) {
      const expected = unread.get(record.paymentId);
      unread.delete(record.paymentId);
      if (expected === undefined) unexpected.push(record);
      else if (hasEnded(expected.record) && expected.record.sequence <= cursor) compare(expected, record, 'records');
      else late.push(expected);
    }
    for (const expected of unread.values()) {
      if (isArchivedOnly(expected)) continue;
      if (expected.record.requestSequence <= cursor) reportMissing(expected, 'records');
      else late.push(expected);
    }
    await reportUnexpected(unexpected, to);
    if (archive === undefined) return;
    for (const expected of payments.values()) {
      const { record } = expected;
      if (hasEnded(record) && record.sequence <= archive.cursor) await compareArchived(expected, archive);
      else lateInArchive.push(expected);
    }
  };

  const isArchivedOnly = ({ isStreamed }: Expected) => isStreamed && archive !== undefined;

  const compareArchived = async (expected: Expected, { cursor, payment }: ArchiveReader) => {
    const { paymentId, requestSequence, sequence } = expected.record;
    if (requestSequence > cursor) return;
    const record = await payment(paymentId);
    if (record === undefined) reportMissing(expected, 'archive');
    else if (sequence <= cursor && !hasMovedOn(expected, record)) compare(expected, record, 'archive');
  };

  /** A running cell may be further than the journal was when the reading of it began. */
  const hasMovedOn = (expected: Expected, record: PaymentRecord) =>
    record.sequence > replayed && !hasEnded(expected.record);

  /** In a running cell the records may hold payments that came after the reading of the journal began. */
  const reportUnexpected = async (unexpected: readonly PaymentRecord[], to: number) => {
    const cursor = unexpected.length === 0 ? 0 : await records.cursor();
    for (const record of unexpected) {
      const mayBeLater = to === endless && record.requestSequence > replayed && record.requestSequence <= cursor;
      if (!mayBeLater)
        findings.breach('records', 'the records have a payment that is not in the journal', about(record));
    }
  };

  const compare = ({ record: expected, isOpened }: Expected, record: PaymentRecord, where: 'records' | 'archive') => {
    for (const field of Object.keys(expected) as (keyof PaymentRecord)[]) {
      if (record[field] === expected[field] || (field === 'endToEndId' && !isOpened)) continue;
      // An institution's own reference may mean something to a person, so it is not printed.
      const says = where === 'records' ? 'the records say' : 'the archive says';
      const values = field === 'endToEndId' ? '' : `: ${says} ${record[field]}, the journal ${expected[field]}`;
      findings.breach('records', `its ${field} differs${values}`, about(expected));
    }
  };

  const compareLate = async (expected: Expected, cursor: number) => {
    const { paymentId, requestSequence, sequence } = expected.record;
    const record = await records.payment(paymentId);
    if (record === undefined) {
      if (requestSequence <= cursor && !isArchivedOnly(expected)) reportMissing(expected, 'records');
      return;
    }
    if (sequence <= cursor && !hasMovedOn(expected, record)) compare(expected, record, 'records');
  };

  const reportMissing = ({ record, isStreamed }: Expected, where: 'records' | 'archive') => {
    if (where === 'records' && isStreamed) {
      archived++;
      if (record.cycle > 0) archivedCycles.add(record.cycle);
    } else findings.breach('records', `is missing from the ${where}`, about(record));
  };

  return {
    async begin(sequence, at) {
      replayed = sequence - 1;
      if (filling.size >= sliceSize && at > lastAt) {
        const slice = { from: fillingFrom, to: at, payments: filling };
        filling = new Map();
        fillingFrom = at;
        if (full !== undefined) await compareSlice(full);
        full = slice;
      }
      lastAt = at;
    },

    submitted(handle, fact, sequence, at, endToEndId) {
      count++;
      const expected = {
        record: submittedRecord(fact, sequence, at, endToEndId ?? ''),
        hash: fact.hash,
        isOpened: endToEndId !== undefined,
        isStreamed: fact.suite === 'checkpoint',
      };
      inFlight.set(handle, expected);
      filling.set(fact.paymentId, expected);
    },

    changed(handle, payment, answer) {
      const expected = inFlight.get(handle);
      if (expected === undefined) throw new Error('a payment changes only between its submission and its end');
      const { record, hash } = expected;
      record.state = payment.state;
      record.reason = payment.reason;
      record.cycle = payment.cycle;
      record.changedAt = payment.changedAt;
      record.sequence = payment.sequence;
      record.answerSequence = answer ? payment.sequence : 0;
      record.answerIndex = answer ? payment.answer : 0;
      if (payment.state === 'refused') {
        // A bank, currency or amount that does not exist is not kept.
        record.instructedAgent = codeText(payment.bank);
        record.currency = payment.currency;
        record.amount = BigInt(payment.amount);
      }
      if (answer && answer.paymentHash !== undefined && answer.paymentHash !== hash) {
        findings.breach('message', 'the bank answered another payment than the one that was offered', about(record));
      }
      if (hasEnded(record)) inFlight.delete(handle);
      return record;
    },

    get count() {
      return count;
    },

    archivedCycles,

    async end(last) {
      replayed = last;
      if (full !== undefined) await compareSlice(full);
      await compareSlice({ from: fillingFrom, to: endless, payments: filling });
      const cursor = await records.cursor();
      for (const expected of late) await compareLate(expected, cursor);
      if (archived > 0)
        findings.notChecked(`Records of ${archived} payments over the stream: the cell's archive has them.`);
      if (archive === undefined) return;
      for (const expected of lateInArchive) await compareArchived(expected, archive);
    },
  };
}

function submittedRecord(fact: SubmitPaymentFact, sequence: number, at: number, endToEndId: string): ExpectedRecord {
  return {
    paymentId: fact.paymentId,
    kind: fact.kind,
    instructingAgent: fact.paymentId.slice(9, 14),
    instructedAgent: fact.instructedAgent,
    endToEndId,
    amount: BigInt(fact.amount),
    currency: fact.currency,
    reference: fact.reference,
    state: 'offered',
    reason: 'none',
    cycle: 0,
    receivedAt: fact.receivedAt,
    submittedAt: at,
    changedAt: at,
    sequence,
    requestSequence: sequence,
    requestIndex: fact.index,
    answerSequence: 0,
    answerIndex: 0,
    hash: fact.hash.slice(0, 32),
  };
}

const hasEnded = (record: PaymentRecord) => isFinal(record.state as PaymentState);
const about = ({ paymentId, sequence }: PaymentRecord) => ({ subject: paymentId, sequence });

/** All records of payments submitted in this time, page by page. */
async function* submittedBetween(records: Records, from: number, to: number): AsyncGenerator<PaymentRecord> {
  for (let after: string | undefined; ; ) {
    const page = await records.payments({ from, to, limit: pageSize, ...(after !== undefined && { after }) });
    yield* page;
    if (page.length < pageSize) return;
    after = page[page.length - 1].paymentId;
  }
}
