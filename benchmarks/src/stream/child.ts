/** What load and banks have in common as programs: orders over the channel, a failure told, an end with the parent. */
import type { Order, Told } from './orders.ts';

export function serveOrders(obey: (order: Order, tell: (told: Told) => void) => Promise<void>): void {
  const tell = (told: Told) => void process.send!(told);
  const fail = (error: unknown) => {
    tell({ type: 'failed', detail: (error as Error).stack ?? String(error) });
    process.exitCode = 1;
    setTimeout(() => process.exit(1), 200);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  process.on('disconnect', () => process.exit(0));
  process.on('message', (order: Order) => {
    if (order.type === 'end') process.exit(0);
    obey(order, tell).catch(fail);
  });
  tell({ type: 'ready' });
}
