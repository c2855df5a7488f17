/** For tests: a relay between a store and PostgreSQL that can lose what passes. */
import { createConnection, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { PostgresConnection } from './connection.ts';

/** `pass`; `cutBefore`: cut the line instead of passing on a request; `cutAfter`: instead of its answer; `hold`: say nothing. */
export type RelayMode = 'pass' | 'cutBefore' | 'cutAfter' | 'hold';

export interface Relay {
  readonly connection: PostgresConnection;
  mode: RelayMode;
  /** Bytes that reached the server so far. */
  readonly sent: number;
  close(): Promise<void>;
}

export async function openRelay(target: PostgresConnection): Promise<Relay> {
  const lines = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = createConnection(join(target.host, `.s.PGSQL.${target.port}`));
    const cut = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      lines.add(socket);
      socket.on('error', cut).on('close', () => {
        lines.delete(socket);
        cut();
      });
    }
    client.on('data', (bytes) => {
      if (relay.mode === 'cutBefore') return cut();
      sent += bytes.length;
      upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      if (relay.mode === 'cutAfter') return cut();
      if (relay.mode === 'pass') client.write(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  let sent = 0;
  const relay: Relay = {
    connection: { ...target, host: '127.0.0.1', port },
    mode: 'pass',
    get sent() {
      return sent;
    },
    async close() {
      for (const socket of lines) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return relay;
}
