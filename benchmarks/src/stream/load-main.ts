/** The institutions as a process: `node load-main.js FOLDER`, orders over the channel of its parent. */
import { realCrypto } from '@clearway/ports/real';
import { currency, readCast } from './cast.ts';
import { serveOrders } from './child.ts';
import { type Clients, openClients } from './clients.ts';
import { createLoad, sealedBytesOf } from './load.ts';
import type { Told } from './orders.ts';

const poolSize = 1024;

const cast = readCast(process.argv[2]!);
const tell = (told: Told) => void process.send!(told);
const load = createLoad({ cast, sealed: sealedPool(), onSample: (sample) => tell({ type: 'sample', sample }) });

/** Really sealed, each for itself; that they are sealed for other payments than they travel with is all that is untrue. */
function sealedPool(): Uint8Array[] {
  const overhead = realCrypto.seal(cast.sealingKey, new Uint8Array(0), new Uint8Array(0)).length;
  const length = sealedBytesOf(cast.settings) - overhead;
  return Array.from({ length: poolSize }, (_, number) => {
    const details = JSON.stringify({ account: `6222${String(number).padStart(15, '0')}`, currency, note: '' });
    const plain = new TextEncoder().encode(details.padEnd(length));
    return realCrypto.seal(cast.sealingKey, plain, new TextEncoder().encode(`pool ${number}`));
  });
}

let opened: Clients | undefined;

serveOrders(async (order) => {
  switch (order.type) {
    case 'open':
      opened = await openClients(cast, 'paying', order.addresses, () => ({ outcome: load.outcome }));
      return tell({ type: 'opened', links: opened.clients.length });
    case 'run':
      return tell({ type: 'ran', run: await load.run(order.run, opened!.clients) });
    case 'report':
      return tell({ type: 'loadReport', report: { ...load.report(), checkpoints: opened!.covered } });
  }
});
