/** Another cell, over its socket: connected anew when it was away. */
import { connect } from 'node:net';
import type { SubmitResult } from '@clearway/gateway';
import type { Clock } from '@clearway/ports';
import { routingNumber } from '@clearway/store';
import { type Channel, openChannel } from '../link.ts';
import type { CellAddress } from './cell-address.ts';
import type { Peer } from './peer.ts';

export interface PeerLink extends Peer {
  close(): void;
}

/** No call is kept waiting longer by a cell that is paused or beyond reach, ms. */
const callMs = 20_000;
/** What any cell that lives answers at once, ms. */
const quickMs = 2_000;

export function openPeerLink({ place, socket: path }: CellAddress, clock: Pick<Clock, 'after'>): PeerLink {
  let opening: Promise<Channel> | undefined;
  let closed = false;

  const open = async (): Promise<Channel> => {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    const channel = openChannel(socket, async (method) => {
      throw new Error(`a cell that asks does not know the call "${method}"`);
    });
    void channel.closed.then(() => {
      opening = undefined;
    });
    return channel;
  };

  const call = async <T>(method: keyof Peer, value: unknown = null, patienceMs = callMs): Promise<T> => {
    if (closed) throw new Error('the link to the other cell is closed');
    opening ??= open();
    const channel = await opening.catch((error: Error) => {
      opening = undefined;
      throw error;
    });
    // Who does not answer is left: a new link then finds out whether it still is there.
    const cancel = clock.after(patienceMs, () => channel.close());
    try {
      return (await channel.call(method, value)) as T;
    } finally {
      cancel();
    }
  };

  return {
    cell: routingNumber(place),
    follow: (request) => call('follow', request),
    exchangeShares: (report) => call('exchangeShares', report),
    cycles: () => call('cycles', null, quickMs),
    positions: (cycle) => call('positions', cycle),
    command: (command) => call<SubmitResult>('command', command),
    covered: () => call('covered'),
    recordsWritten: () => call('recordsWritten'),
    suspend: (participant) => call('suspend', participant),
    close() {
      closed = true;
      void opening?.then((channel) => channel.close()).catch(() => {});
    },
  };
}
