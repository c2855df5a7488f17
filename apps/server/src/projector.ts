/**
 * Turns what batches bring about into records for search, files and reports. It reads the state right after a batch
 * was applied, so replaying a journal projects the same records as the first run did.
 */
import {
  agreementAt,
  commandTypes,
  type Effects,
  effectKinds,
  findCycle,
  identifierFromBytes,
  identifierText,
  layout,
  paymentAt,
  positionsOf,
  readUint64,
  type State,
} from '@clearway/core';
import type {
  AgreementRecord,
  CycleRecord,
  PaymentRecord,
  PositionRecord,
  RecordsChange,
  WorkItemRecord,
} from '@clearway/store';

import { lastChanges } from './last-changes.ts';
import { endToEndIdOf } from './request-reference.ts';

/** What a record knows that the core does not keep; held while a payment is in flight. */
interface Origin {
  readonly endToEndId: string;
  readonly reference: string | null;
  readonly receivedAt: number;
  readonly submittedAt: number;
  readonly requestSequence: number;
  readonly requestIndex: number;
  readonly hash: string;
}

export interface BatchToProject {
  readonly sequence: number;
  readonly at: number;
  readonly facts: Uint8Array;
  readonly bodies: readonly Uint8Array[];
  readonly effects: Effects;
}

export interface Projector {
  project(state: State, batch: BatchToProject): RecordsChange;
  /** Open work items of overdue payments. */
  overdue(): WorkItemRecord[];
  /** Closes a work item whose end no batch has told of; gives the record to write. */
  close(item: WorkItemRecord, at: number, resolution: string): WorkItemRecord;
}

const { submitPayment: submission } = commandTypes;
const noRecords = { payments: [], agreements: [], cycles: [], positions: [], workItems: [] };

/** How long a work item's owner has, ms. */
const workItemTimes = { overdue: 3_600_000, contradiction: 14_400_000, shortfall: 7_200_000 };

/**
 * @param known records of payments in flight when the state was restored
 * @param open work items that were open then
 * @param archived payments over the stream are in an archive, not in the records
 */
export function createProjector(
  known: Iterable<PaymentRecord> = [],
  open: Iterable<WorkItemRecord> = [],
  archived = false,
): Projector {
  const origins = new Map<string, Origin>();
  for (const record of known) origins.set(record.paymentId, record);
  const workItems = new Map<string, WorkItemRecord>();
  for (const item of open) workItems.set(item.workItemId, item);

  return {
    overdue: () => [...workItems.values()].filter(({ kind }) => kind === 'overdue'),
    close(item, at, resolution) {
      workItems.delete(item.workItemId);
      return { ...item, closedAt: at, resolution };
    },
    project(state, batch) {
      const { effects, facts, at, sequence } = batch;
      if (effects.count === 0) return { sequence, ...noRecords };
      const payments = new Map<string, PaymentRecord>();
      const agreements = new Map<string, AgreementRecord>();
      const cycles = new Map<number, CycleRecord>();
      const positions: PositionRecord[] = [];
      const items = new Map<string, WorkItemRecord>();
      const view = new DataView(facts.buffer, facts.byteOffset, facts.byteLength);
      const offsets = commandOffsets(view);

      const openItem = (kind: keyof typeof workItemTimes, subject: string) => {
        const workItemId = `${kind}:${subject}`;
        if (workItems.has(workItemId)) return;
        const item: WorkItemRecord = {
          workItemId,
          kind,
          subject,
          openedAt: at,
          dueAt: at + workItemTimes[kind],
          owner: 'operator',
          closedAt: 0,
          resolution: '',
        };
        workItems.set(workItemId, item);
        items.set(workItemId, item);
      };
      const closeItem = (workItemId: string, resolution: string) => {
        const item = workItems.get(workItemId);
        if (item === undefined) return;
        workItems.delete(workItemId);
        items.set(workItemId, { ...item, closedAt: at, resolution });
      };

      const isLast = lastChanges(effects);
      for (let i = 0; i < effects.count; i++) {
        const index = effects.commands[i];
        const isNew = effects.kinds[i] === effectKinds.paymentChanged && view.getUint8(offsets[index]) === submission;
        // What came over the stream is not signed on its own: its fact names no suite.
        if (isNew && !(archived && view.getUint8(offsets[index] + layout.submitPayment.suite) === 0)) {
          const { id } = paymentAt(state, effects.subjects[i]);
          origins.set(identifierText(id), originOf(view, offsets[index], batch, index));
        }
      }
      for (let i = 0; i < effects.count; i++) {
        if (!isLast[i]) continue;
        const subject = effects.subjects[i];
        const index = effects.commands[i];
        switch (effects.kinds[i]) {
          case effectKinds.paymentChanged: {
            const offset = offsets[index];
            const payment = paymentAt(state, subject);
            const paymentId = identifierText(payment.id);
            const origin = origins.get(paymentId);
            if (origin === undefined && archived) {
              if (payment.flight === undefined) closeItem(`overdue:${paymentId}`, payment.state);
              break;
            }
            if (origin === undefined) throw new Error(`payment ${paymentId} changed, but its submission is not known`);
            const byAnswer = view.getUint8(offset) === commandTypes.recordAnswer;
            payments.set(paymentId, {
              paymentId,
              kind: payment.kind,
              instructingAgent: code(payment.id.participant),
              instructedAgent: code(payment.bank),
              endToEndId: origin.endToEndId,
              amount: BigInt(payment.amount),
              currency: payment.currency,
              reference: origin.reference,
              state: payment.state,
              reason: payment.reason,
              cycle: payment.cycle,
              receivedAt: origin.receivedAt,
              submittedAt: origin.submittedAt,
              changedAt: payment.changedAt,
              sequence,
              requestSequence: origin.requestSequence,
              requestIndex: origin.requestIndex,
              answerSequence: byAnswer ? sequence : 0,
              answerIndex: byAnswer ? payment.answer : 0,
              hash: origin.hash,
            });
            if (payment.flight === undefined) {
              origins.delete(paymentId);
              closeItem(`overdue:${paymentId}`, payment.state);
            }
            break;
          }
          case effectKinds.agreementChanged: {
            const agreement = agreementAt(state, subject);
            const agreementId = identifierText(agreement.id);
            agreements.set(agreementId, {
              agreementId,
              institution: code(agreement.id.participant),
              bank: code(agreement.bank),
              paymentLimit: BigInt(agreement.paymentLimit),
              currency: agreement.currency,
              expiresOn: agreement.expiresOn,
              state: agreement.state,
              reason: agreement.reason,
              changedAt: agreement.changedAt,
              sequence,
            });
            break;
          }
          case effectKinds.cycleChanged: {
            const cycle = findCycle(state, subject);
            if (cycle === undefined) throw new Error(`cycle ${subject} changed, but the core does not hold it`);
            const lines = positionsOf(state, cycle);
            cycles.set(cycle.number, {
              cycle: cycle.number,
              businessDate: cycle.businessDate,
              state: cycle.state,
              openedAt: cycle.openedAt,
              cutOffAt: cycle.cutOffAt,
              nettedAt: cycle.nettedAt,
              settledAt: cycle.settledAt,
              payments: cycle.payments,
              turnover: lines.reduce((sum, line) => sum + BigInt(line.debits), 0n),
            });
            if (cycle.state !== 'open') {
              for (const { participant, ...line } of lines) {
                positions.push({
                  cycle: cycle.number,
                  participant: code(participant),
                  currency: line.currency,
                  credits: BigInt(line.credits),
                  debits: BigInt(line.debits),
                  creditCount: line.creditCount,
                  debitCount: line.debitCount,
                });
              }
            }
            if (cycle.state === 'queued') openItem('shortfall', String(cycle.number));
            if (cycle.state === 'settled') closeItem(`shortfall:${cycle.number}`, 'settled');
            break;
          }
          case effectKinds.paymentOverdue:
            openItem('overdue', identifierText(paymentAt(state, subject).id));
            break;
          case effectKinds.answerContradicts:
            openItem('contradiction', identifierText(paymentAt(state, subject).id));
            break;
        }
      }
      return {
        sequence,
        payments: [...payments.values()],
        agreements: [...agreements.values()],
        cycles: [...cycles.values()],
        positions,
        workItems: [...items.values()],
      };
    },
  };
}

/** Five digits of a participant's code. */
export function code(participant: number): string {
  return String(participant).padStart(5, '0');
}

export function commandOffsets(view: DataView): number[] {
  const offsets: number[] = [];
  for (let offset = 0; offset < view.byteLength; offset += view.getUint32(offset + 4)) offsets.push(offset);
  return offsets;
}

function originOf(view: DataView, offset: number, batch: BatchToProject, index: number): Origin {
  const at = layout.submitPayment;
  const bytes = batch.facts;
  const reference = bytes.subarray(offset + at.reference, offset + at.reference + 16);
  return {
    endToEndId: endToEndIdOf(batch.bodies[index]),
    reference: reference.every((byte) => byte === 0) ? null : identifierText(identifierFromBytes(reference)),
    receivedAt: readUint64(view, offset + at.receivedAt),
    submittedAt: batch.at,
    requestSequence: batch.sequence,
    requestIndex: index,
    hash: Buffer.from(bytes.subarray(offset + at.hash, offset + at.hash + 16)).toString('hex'),
  };
}
