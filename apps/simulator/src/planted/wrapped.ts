/** Known bad builds that are the platform with one of its ports wrapped: the part behind it does other than it should. */
import { encodeRecordAnswer, identifierToBytes, layout, parseIdentifier } from '@clearway/core';
import type { Cell, Deliverer } from '@clearway/gateway';
import type { SettlementAgent } from '@clearway/server';
import type { Store } from '@clearway/store';
import type { Draw } from '../chance.ts';
import type { Owner } from '../link.ts';
import type { Time } from '../time.ts';

/** Places where a mistake can be put in. Each gets the good part and gives a bad one. */
export interface Wrap {
  readonly mistake: string;
  store?(store: Store, time: Time): Store;
  deliverer?(deliverer: Deliverer, draw: Draw): Deliverer;
  cell?(cell: Cell): Cell;
  agent?(agent: SettlementAgent): SettlementAgent;
  /** Something that the owner does by itself, twice a second. */
  owner?(
    owner: Owner,
    unknown: readonly { readonly paymentId: string; readonly bank: string; readonly hash: Uint8Array }[],
  ): void;
  readonly hastyInstitutions?: true;
}

const withJournal = (store: Store, journal: Partial<Store['journal']>): Store => ({
  ...store,
  journal: { ...store.journal, ...journal },
});

export const wraps = {
  answerBeforeFlush: {
    mistake: 'an append counts as durable when it is handed over, whatever becomes of it',
    store: (store) =>
      withJournal(store, {
        async append(batch) {
          store.journal.append(batch).catch(() => {});
        },
      }),
  },
  fenceIgnored: {
    mistake: 'an owner that was fenced takes its append for durable',
    store: (store) =>
      withJournal(store, {
        append: (batch) =>
          store.journal.append(batch).catch((error: Error) => {
            if (error.name !== 'FencedError') throw error;
          }),
      }),
  },
  indeterminateTakenForDurable: {
    mistake: 'an append whose fate is not known is taken for durable',
    store: (store) =>
      withJournal(store, {
        append: (batch) =>
          store.journal.append(batch).catch((error: Error) => {
            if (error.name !== 'IndeterminateError') throw error;
          }),
      }),
  },
  offeredTwice: {
    mistake: 'each offer goes out twice, also to banks that book twice',
    deliverer: (deliverer) => ({
      async deliver(delivery) {
        if (delivery.kind === 'offer') void deliverer.deliver(delivery);
        return deliverer.deliver(delivery);
      },
    }),
  },
  noticeTakenForTold: {
    mistake: 'a notice that was not taken counts as told',
    deliverer: (deliverer) => ({
      async deliver(delivery) {
        const result = await deliverer.deliver(delivery);
        return delivery.kind === 'notices' ? 'done' : result;
      },
    }),
  },
  noticesNotInSnapshot: {
    mistake: 'a snapshot forgets the notices that are still to be told',
    store: (store) => ({
      ...store,
      snapshots: {
        ...store.snapshots,
        write(sequence, page, bytes) {
          const isEdge = Buffer.from(bytes.subarray(0, 18)).toString() === '{"pendingNotices":';
          return store.snapshots.write(sequence, page, isEdge ? Buffer.from('{"pendingNotices":[]}') : bytes);
        },
      },
    }),
  },
  unknownEndedByTime: {
    mistake: 'a payment that is unknown is failed without a word of its bank',
    owner({ cell }, unknown) {
      for (const { paymentId, bank, hash } of unknown) {
        const id = identifierToBytes(parseIdentifier(paymentId)!);
        const command = encodeRecordAnswer({
          id,
          answer: 'neverProcessed',
          reason: 0,
          suite: 1,
          keyVersion: 1,
          bank: Number(bank),
          hash,
        });
        cell.submit(command, Buffer.from('{}')).catch(() => {});
      }
    },
  },
  refundTakenForPayout: {
    mistake: 'a refund is not held against its original',
    cell: (cell) => ({
      ...cell,
      submit(command, body) {
        const at = layout.submitPayment;
        if (command.length !== at.size || command[at.kind] !== 3) return cell.submit(command, body);
        const changed = command.slice();
        changed[at.kind] = 2;
        changed.fill(0, at.reference, at.reference + 16);
        return cell.submit(changed, body);
      },
    }),
  },
  settledUnderNewNumber: {
    mistake: 'an instruction that is sent again gets a new number',
    agent: (agent) => {
      let sent = 0;
      return {
        ...agent,
        submit: (instruction) =>
          agent.submit({ ...instruction, instructionId: `${instruction.instructionId}.${sent++}` }),
      };
    },
  },
  centLostInNetting: {
    mistake: 'a cent moves from one position to another on the way to the settlement agent',
    agent: (agent) => ({
      ...agent,
      submit(instruction) {
        const move = (net: string, cents: number) => (Number(net) + cents / 100).toFixed(2);
        const positions = instruction.positions.map(({ participant, net }, index) => ({
          participant,
          net: index === 0 ? move(net, 1) : index === 1 ? move(net, -1) : net,
        }));
        return agent.submit({ ...instruction, positions });
      },
    }),
  },
  recordsSkipped: {
    mistake: 'records that could not be written are not written again',
    store: (store) => ({
      ...store,
      records: { ...store.records, write: (change) => store.records.write(change).catch(() => {}) },
    }),
  },
  paidAgainUnderNewIdentifier: {
    mistake: 'an institution orders again under a new identifier what was not answered',
    hastyInstitutions: true,
  },
} satisfies Record<string, Wrap>;

export type WrapName = keyof typeof wraps;
