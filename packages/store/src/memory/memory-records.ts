/** The records in memory. */
import type {
  AgreementRecord,
  CycleRecord,
  FilePartRecord,
  FileRecord,
  PaymentQuery,
  PaymentRecord,
  PositionRecord,
  Records,
  WorkItemRecord,
} from '../port.ts';
import { checkFileSealable, checkFileUnsealed, checkSameFile, staleWrite } from '../records-law.ts';

export interface RecordsDisk {
  cursor: number;
  readonly payments: Map<string, PaymentRecord>;
  /** Those that succeeded, by cycle: an end does not change any more. */
  readonly paymentsByCycle: Map<number, Map<string, PaymentRecord>>;
  readonly agreements: Map<string, AgreementRecord>;
  readonly cycles: Map<number, CycleRecord>;
  readonly positions: Map<string, PositionRecord>;
  readonly workItems: Map<string, WorkItemRecord>;
  readonly files: Map<string, FileRecord>;
  readonly fileParts: Map<string, FilePartRecord & { readonly content: Uint8Array }>;
  readonly hints: Map<string, number>;
}

export const recordsDisk = (): RecordsDisk => ({
  cursor: 0,
  payments: new Map(),
  paymentsByCycle: new Map(),
  agreements: new Map(),
  cycles: new Map(),
  positions: new Map(),
  workItems: new Map(),
  files: new Map(),
  fileParts: new Map(),
  hints: new Map(),
});

export function memoryRecords(disk: RecordsDisk): Records {
  const ofCycle = (cycle: number) => {
    const known = disk.paymentsByCycle.get(cycle);
    if (known !== undefined) return known;
    const none = new Map<string, PaymentRecord>();
    disk.paymentsByCycle.set(cycle, none);
    return none;
  };
  const partsOf = ({ cycle, participant, parts }: FileRecord) =>
    Array.from({ length: parts }, (_, index) => disk.fileParts.get(partKey(cycle, participant, index + 1))).filter(
      (part) => part !== undefined,
    );

  return {
    async cursor() {
      return disk.cursor;
    },

    async write(change) {
      if (change.sequence < disk.cursor) throw staleWrite(change.sequence, disk.cursor);
      for (const payment of change.payments) {
        disk.payments.set(payment.paymentId, payment);
        if (payment.state === 'succeeded') ofCycle(payment.cycle).set(payment.paymentId, payment);
      }
      for (const agreement of change.agreements) disk.agreements.set(agreement.agreementId, agreement);
      for (const cycle of change.cycles) disk.cycles.set(cycle.cycle, cycle);
      for (const position of change.positions) disk.positions.set(positionKey(position), position);
      for (const item of change.workItems) disk.workItems.set(item.workItemId, item);
      disk.cursor = change.sequence;
    },

    async payment(paymentId) {
      return disk.payments.get(paymentId);
    },

    async paymentsNamed(paymentIds) {
      return paymentIds.flatMap((paymentId) => disk.payments.get(paymentId) ?? []);
    },

    async payments(query) {
      const found = [...disk.payments.values()].filter((payment) => matches(payment, query)).sort(newestFirst);
      const after = query.after === undefined ? undefined : disk.payments.get(query.after);
      if (query.after !== undefined && !after) return [];
      return found.filter((payment) => !after || newestFirst(payment, after) > 0).slice(0, query.limit);
    },

    async *paymentsOfCycle(cycle, participant) {
      const found = [...ofCycle(cycle).values()].filter((payment) => touches(payment, participant));
      yield* found.sort((a, b) => byText(a.paymentId, b.paymentId));
    },

    async agreement(agreementId) {
      return disk.agreements.get(agreementId);
    },

    async cycles(limit) {
      return [...disk.cycles.values()].sort((a, b) => b.cycle - a.cycle).slice(0, limit);
    },

    async cycle(cycle) {
      return disk.cycles.get(cycle);
    },

    async positions(cycle) {
      const found = [...disk.positions.values()].filter((position) => position.cycle === cycle);
      return found.sort((a, b) => byText(a.participant, b.participant) || a.currency - b.currency);
    },

    async putFilePart(cycle, participant, { content, ...part }) {
      checkFileUnsealed(cycle, participant, disk.files.has(fileKey(cycle, participant)));
      disk.fileParts.set(partKey(cycle, participant, part.part), {
        ...part,
        bytes: content.length,
        // A slice of a Buffer would be the same memory.
        content: Uint8Array.from(content),
      });
    },

    async sealFile(file) {
      const { cycle, participant } = file;
      const sealed = disk.files.get(fileKey(cycle, participant));
      if (sealed !== undefined) return checkSameFile(file, sealed);
      checkFileSealable(file, partsOf(file));
      disk.files.set(fileKey(cycle, participant), file);
    },

    async file(cycle, participant) {
      return disk.files.get(fileKey(cycle, participant));
    },

    async fileParts(cycle, participant) {
      const file = disk.files.get(fileKey(cycle, participant));
      return file === undefined ? [] : partsOf(file).map(({ content: _, ...part }) => part);
    },

    async filePart(cycle, participant, part) {
      const file = disk.files.get(fileKey(cycle, participant));
      if (file === undefined || part > file.parts) return undefined;
      return disk.fileParts.get(partKey(cycle, participant, part))?.content;
    },

    async workItems(open) {
      const found = [...disk.workItems.values()].filter((item) => (item.closedAt === 0) === open);
      return found.sort((a, b) => a.dueAt - b.dueAt || byText(a.workItemId, b.workItemId));
    },

    async hint(name) {
      return disk.hints.get(name);
    },

    async putHint(name, value) {
      disk.hints.set(name, value);
    },
  };
}

const positionKey = ({ cycle, participant, currency }: PositionRecord) => `${cycle}/${participant}/${currency}`;
const fileKey = (cycle: number, participant: string) => `${cycle}/${participant}`;
const partKey = (cycle: number, participant: string, part: number) => `${fileKey(cycle, participant)}/${part}`;
const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const newestFirst = (a: PaymentRecord, b: PaymentRecord) =>
  b.submittedAt - a.submittedAt || byText(a.paymentId, b.paymentId);
const touches = (payment: PaymentRecord, participant: string) =>
  payment.instructingAgent === participant || payment.instructedAgent === participant;

function matches(payment: PaymentRecord, query: PaymentQuery): boolean {
  return (
    (query.participant === undefined || touches(payment, query.participant)) &&
    (query.endToEndId === undefined || payment.endToEndId === query.endToEndId) &&
    (query.state === undefined || payment.state === query.state) &&
    (query.cycle === undefined || payment.cycle === query.cycle) &&
    (query.from === undefined || payment.submittedAt >= query.from) &&
    (query.to === undefined || payment.submittedAt < query.to)
  );
}
