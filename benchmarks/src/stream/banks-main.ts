/** The banks as a process: `node banks-main.js FOLDER`, orders over the channel of its parent. */
import { createBanks } from './banks.ts';
import { readCast } from './cast.ts';
import { serveOrders } from './child.ts';
import { type Clients, openClients } from './clients.ts';

const cast = readCast(process.argv[2]!);
const banks = createBanks(cast);
let opened: Clients | undefined;

serveOrders(async (order, tell) => {
  switch (order.type) {
    case 'open':
      opened = await openClients(cast, 'banks', order.addresses, banks.events);
      return tell({ type: 'opened', links: opened.clients.length });
    case 'report':
      return tell({ type: 'bankReport', report: { ...banks.report(), checkpoints: opened!.covered } });
  }
});
