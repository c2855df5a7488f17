/** The cell's side of the link: gateways and operators connect to its socket. */

import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { SettlementAdvice } from '@clearway/contract';
import { currentCycle } from '@clearway/core';
import type { Deliverer, Delivery, DeliveryResult, ParticipantConfiguration, SubmitResult } from '@clearway/gateway';
import type { ArchiveSearch, ArchiveTally, PaymentArchive, PaymentQuery, Records } from '@clearway/store';
import { type Administration, administer } from './administration.ts';
import type { RunningCell, Statistics } from './cell.ts';
import type { FollowRequest, Peer, ShareReport } from './cells/peer.ts';
import { addKey, endKey } from './keys.ts';
import { openChannel } from './link.ts';

export interface CellLink {
  close(): Promise<void>;
}

export interface CellLinkOptions {
  readonly cell: RunningCell;
  readonly records: Records;
  readonly archive?: Pick<PaymentArchive, 'search' | 'tally'> | undefined;
  readonly socketPath: string;
  /** Looks at once at what a closed cycle needs. */
  wake(): void;
  /** Who lacks how much in a queued cycle, as the settlement agent said last. */
  shortfalls(cycle: number): SettlementAdvice['shortfalls'];
  /** When the open cycle will be cut, ms; undefined where that is on demand. */
  cutOffDueAt?(): number | undefined;
  /** Where there are several cells: what the others ask of this one. */
  readonly peers?: ServedPeer;
  /** Of the program. */
  readonly version?: string;
  /** That participants have shown on their links. */
  certificates?(): NonNullable<Statistics['certificates']>;
  /** Gateways are let in when it resolves. */
  readonly ready?: Promise<void>;
  /** A signed message of the journal, opened. */
  body(sequence: number, index: number): Promise<Uint8Array>;
  log(event: string, fields: Record<string, unknown>): void;
}

/** What one cell answers another. */
export type ServedPeer = Omit<Peer, 'cell'> & {
  /** The link has ended over which a follower asked this last. */
  left(request: FollowRequest): void;
};

/** Listens on a Unix socket; its folder must be the cell's alone, since whoever reaches it is trusted. */
export async function serveCellLink(options: CellLinkOptions): Promise<CellLink> {
  const { socketPath } = options;
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serve(socket, options);
  });
  rmSync(socketPath, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  return {
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** With what the clearing house alone knows. */
function withClearing(
  statistics: Statistics,
  of: CellLinkOptions['shortfalls'],
  dueAt: number | undefined,
): Statistics {
  const cycles = statistics.cycles.map((cycle) => {
    if (cycle.state === 'queued') return { ...cycle, shortfalls: of(cycle.cycle) };
    return cycle.state === 'open' && dueAt !== undefined ? { ...cycle, cutOffDueAt: dueAt } : cycle;
  });
  return { ...statistics, cycles };
}

/** Whoever names the cycle that he means never closes the one after it, and is told only what is durable. */
async function closeCycle(cell: RunningCell, meant: number | null): Promise<number> {
  const isCurrent = () => meant === null || meant === currentCycle(cell.state).number;
  if (isCurrent()) {
    try {
      return await cell.closeCycle();
    } catch (error) {
      // Somebody else was faster.
      if (isCurrent()) throw error;
    }
  }
  await cell.cycleReached(meant!, 'cut');
  return meant!;
}

function serve(
  socket: Socket,
  {
    cell,
    records,
    archive,
    wake,
    shortfalls,
    cutOffDueAt,
    peers,
    version,
    certificates,
    ready,
    body,
    log,
  }: CellLinkOptions,
): void {
  const endings: (() => void)[] = [];

  let follower: FollowRequest | undefined;
  endings.push(() => follower !== undefined && peers?.left(follower));

  const handlePeer = async (asked: ServedPeer, method: string, value: unknown): Promise<unknown> => {
    switch (method as keyof Peer) {
      case 'follow':
        follower = value as FollowRequest;
        return asked.follow(follower);
      case 'exchangeShares':
        return asked.exchangeShares(value as ShareReport);
      case 'cycles':
        return asked.cycles();
      case 'positions':
        return asked.positions(value as number);
      case 'command':
        return asked.command(value as Uint8Array);
      case 'covered':
        await asked.covered();
        return null;
      case 'suspend':
        return asked.suspend(value as string);
      default:
        throw new Error(`the cell does not know the call "${method}"`);
    }
  };

  const handle = async (method: string, value: unknown): Promise<unknown> => {
    switch (method) {
      case 'gateway': {
        const deliverer: Deliverer = {
          deliver: (delivery: Delivery) =>
            // A broken link leaves open whether the gateway sent it: that is no answer, not "not sent".
            channel.call('deliver', delivery).then(
              (result) => result as DeliveryResult,
              () => 'noAnswer' as const,
            ),
        };
        await ready;
        endings.push(cell.attach(deliverer));
        endings.push(cell.onConfiguration((configuration) => channel.tell('configuration', configuration)));
        log('link.gatewayConnected', {});
        return cell.configuration();
      }
      case 'submit': {
        const { command, body } = value as { command: Uint8Array; body: Uint8Array };
        return cell.submit(command, body);
      }
      case 'payment':
        return cell.payment(value as string);
      case 'agreement':
        return cell.agreement(value as string);
      case 'addKey': {
        const { participant, key } = value as { participant: string; key: ParticipantConfiguration['keys'][number] };
        return cell.changeParticipants((all) => addKey(all, participant, key)) satisfies Promise<SubmitResult>;
      }
      case 'endKey': {
        const { participant, version, at } = value as { participant: string; version: number; at: number };
        return cell.changeParticipants((all) => endKey(all, participant, version, at));
      }
      case 'statistics':
        return {
          ...withClearing(cell.statistics(), shortfalls, cutOffDueAt?.()),
          ...(version && { version }),
          ...(certificates && { certificates: certificates() }),
        };
      case 'metrics':
        return cell.metricsText();
      case 'configuration':
        return cell.configuration();
      case 'body': {
        const { sequence, index } = value as { sequence: number; index: number };
        return body(sequence, index);
      }
      case 'administer':
        return administer(cell, value as Administration);
      case 'closeCycle': {
        const cycle = await closeCycle(cell, value as number | null);
        wake();
        return cycle;
      }
      case 'cycleReached': {
        const { cycle, state } = value as { cycle: number; state: 'cut' | 'netted' | 'settled' };
        await cell.cycleReached(cycle, state);
        return null;
      }
      case 'recordsWritten':
        await cell.recordsWritten();
        return null;
      case 'paymentRecord':
        return (await records.payment(value as string)) ?? null;
      case 'searchPayments':
        return records.payments(value as PaymentQuery);
      case 'searchArchive':
        return (await archive?.search(value as ArchiveSearch)) ?? null;
      case 'tallyArchive':
        return (await archive?.tally(value as ArchiveTally)) ?? null;
      case 'workItems':
        return records.workItems(true);
      default:
        if (peers === undefined) throw new Error(`the cell does not know the call "${method}"`);
        return handlePeer(peers, method, value);
    }
  };

  const channel = openChannel(socket, handle);
  void channel.closed.then(() => {
    for (const end of endings.splice(0)) end();
  });
}
