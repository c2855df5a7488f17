/** The gateway's side of the link, and the operator's: calls to the cell, reconnecting by themselves. */
import { connect } from 'node:net';
import { type Reason, reasons } from '@clearway/core';
import {
  type AgreementView,
  type Cell,
  type Configuration,
  type Deliverer,
  type Delivery,
  OutcomeUnknownError,
  type ParticipantConfiguration,
  type PaymentView,
  type SubmitResult,
} from '@clearway/gateway';
import type { Clock } from '@clearway/ports';
import type {
  ArchiveCounted,
  ArchiveFound,
  ArchiveSearch,
  ArchiveTally,
  PaymentQuery,
  PaymentRecord,
  WorkItemRecord,
} from '@clearway/store';
import type { Administered, Administration } from './administration.ts';
import type { Statistics } from './cell.ts';
import { type Channel, type Handler, LinkLostError, openChannel } from './link.ts';

const reconnectMs = 100;

export interface GatewayLink extends Cell {
  /** Latest snapshot that the cell has pushed; undefined before the first. */
  configuration(): Configuration | undefined;
  addKey(participant: string, key: ParticipantConfiguration['keys'][number]): Promise<SubmitResult>;
  endKey(participant: string, version: number): Promise<SubmitResult>;
  metricsText(): Promise<string>;
  /** Resolves when the cell has pushed its configuration. */
  connected(): Promise<void>;
  readonly isOpen: boolean;
  /** ms since 1970 of the last answer or push of the cell, 0 before. */
  readonly lastContactAt: number;
  close(): void;
}

export function openGatewayLink(options: {
  readonly socketPath: string;
  readonly clock: Clock;
  deliverer(): Deliverer;
  log(event: string, fields: Record<string, unknown>): void;
}): GatewayLink {
  const { socketPath, clock, log } = options;
  const waiting: (() => void)[] = [];
  let configuration: Configuration | undefined;
  let channel: Channel | undefined;
  let lastContactAt = 0;
  let closed = false;

  const handle: Handler = async (method, value) => {
    lastContactAt = clock.now();
    if (method === 'deliver') return options.deliverer().deliver(value as Delivery);
    if (method === 'configuration') {
      configuration = value as Configuration;
      return null;
    }
    throw new Error(`a gateway does not know the call "${method}"`);
  };

  const open = async () => {
    while (!closed) {
      try {
        const socket = connect(socketPath);
        await new Promise<void>((resolve, reject) => {
          socket.once('connect', resolve);
          socket.once('error', reject);
        });
        const opened = openChannel(socket, handle);
        configuration = (await opened.call('gateway', null)) as Configuration;
        channel = opened;
        lastContactAt = clock.now();
        log('link.connected', {});
        for (const resolve of waiting.splice(0)) resolve();
        await opened.closed;
        channel = undefined;
        log('link.lost', {});
      } catch (error) {
        log('link.waits', { detail: (error as Error).message });
      }
      if (!closed) await new Promise<void>((resolve) => void clock.after(reconnectMs, resolve));
    }
  };
  void open();

  /** Undefined when nothing was sent. @throws OutcomeUnknownError when the link broke after sending */
  const call = async (method: string, value: unknown): Promise<unknown> => {
    try {
      const result = await channel!.call(method, value);
      lastContactAt = clock.now();
      return result;
    } catch (error) {
      if (error instanceof LinkLostError) throw new OutcomeUnknownError(`${method}: ${error.message}`);
      throw error;
    }
  };

  const refused = (reason: Reason): SubmitResult => ({ outcome: 'refused', reason });
  const submit = async (method: string, value: unknown): Promise<SubmitResult> =>
    channel?.isOpen ? ((await call(method, value)) as SubmitResult) : refused('cellUnavailable');

  const read = async <T>(method: string, id: string): Promise<T | undefined> => {
    if (!channel?.isOpen) throw new OutcomeUnknownError(`the cell cannot be reached (${reasons.cellUnavailable.kind})`);
    return ((await call(method, id)) as T | null) ?? undefined;
  };

  return {
    submit: (command, body) => submit('submit', { command, body }),
    payment: (paymentId) => read<PaymentView>('payment', paymentId),
    agreement: (agreementId) => read<AgreementView>('agreement', agreementId),
    configuration: () => configuration,
    addKey: (participant, key) => submit('addKey', { participant, key }),
    endKey: (participant, version) => submit('endKey', { participant, version, at: clock.now() }),
    metricsText: async () => (channel?.isOpen ? ((await call('metrics', null)) as string) : ''),
    connected: () => (channel?.isOpen ? Promise.resolve() : new Promise((resolve) => void waiting.push(resolve))),
    get isOpen() {
      return channel?.isOpen ?? false;
    },
    get lastContactAt() {
      return lastContactAt;
    },
    close() {
      closed = true;
      channel?.close();
    },
  };
}

export interface OperatorLink {
  statistics(): Promise<Statistics>;
  /** What is adopted and durable. */
  configuration(): Promise<Configuration>;
  metricsText(): Promise<string>;
  /**
   * A signed message of the journal, opened by the cell, which alone holds the keys.
   * @param cell whose journal, where there are several: routing digits as a number; the home cell's when left out
   */
  body(sequence: number, index: number, cell?: number): Promise<Uint8Array>;
  /** One change to one participant, if it still is as `expected` says. */
  administer(change: Administration): Promise<Administered>;
  /** Cuts the current cycle and gives its number; one that is named is closed once, however often that is asked. */
  closeCycle(cycle?: number): Promise<number>;
  cycleReached(cycle: number, state: 'cut' | 'netted' | 'settled'): Promise<void>;
  /** Cycles that are not settled, with the open one last. */
  cycles(): Promise<Statistics['cycles']>;
  /** One payment from records or archive. */
  paymentRecord(paymentId: string): Promise<PaymentRecord | undefined>;
  workItems(): Promise<WorkItemRecord[]>;
  /** Of either rail. */
  searchPayments(query: PaymentQuery): Promise<PaymentRecord[]>;
  /** By anything that stands in a record; undefined where the cell keeps no archive, and every payment is a row. */
  searchArchive(query: ArchiveSearch): Promise<ArchiveFound | undefined>;
  tallyArchive(query: ArchiveTally): Promise<ArchiveCounted | undefined>;
  recordsWritten(): Promise<void>;
  close(): void;
}

/** @throws Error when no cell listens at the socket */
export async function connectOperator(socketPath: string): Promise<OperatorLink> {
  const socket = connect(socketPath);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', (error) =>
      reject(new Error(`no cell answers at ${socketPath}: is it running? (${error.message})`)),
    );
  });
  const channel = openChannel(socket, async (method) => {
    throw new Error(`an operator does not know the call "${method}"`);
  });
  const statistics = async () => (await channel.call('statistics', null)) as Statistics;
  return {
    statistics,
    configuration: async () => (await channel.call('configuration', null)) as Configuration,
    metricsText: async () => (await channel.call('metrics', null)) as string,
    body: async (sequence, index) => (await channel.call('body', { sequence, index })) as Uint8Array,
    administer: async (change) => (await channel.call('administer', change)) as Administered,
    closeCycle: async (cycle) => (await channel.call('closeCycle', cycle ?? null)) as number,
    cycleReached: async (cycle, state) => void (await channel.call('cycleReached', { cycle, state })),
    cycles: async () => (await statistics()).cycles,
    paymentRecord: async (paymentId) =>
      ((await channel.call('paymentRecord', paymentId)) as PaymentRecord | null) ?? undefined,
    workItems: async () => (await channel.call('workItems', null)) as WorkItemRecord[],
    searchPayments: async (query) => (await channel.call('searchPayments', query)) as PaymentRecord[],
    searchArchive: async (query) => ((await channel.call('searchArchive', query)) as ArchiveFound | null) ?? undefined,
    tallyArchive: async (query) => ((await channel.call('tallyArchive', query)) as ArchiveCounted | null) ?? undefined,
    recordsWritten: async () => void (await channel.call('recordsWritten', null)),
    close: () => channel.close(),
  };
}
