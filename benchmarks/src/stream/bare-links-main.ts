/** One end of `bare-links.ts`: opens the links that it is told of, and writes on each what it is told. */
import { streamProtocol } from '@clearway/contract';
import { realLinks } from '@clearway/ports/real';
import type { BareEnd } from './bare-links.ts';
import { pour } from './pour.ts';

process.on('disconnect', () => process.exit(0));
process.once('message', async ({ address, links, bytesPerSecond, lingerMs, ca, cert, key }: BareEnd) => {
  const network = realLinks({ protocol: streamProtocol, ca, cert, key });
  for (let opened = 0; opened < links; opened++) {
    const link = await network.connect(
      address,
      () => ({
        data() {},
        drained() {},
        closed: (error) => {
          throw error ?? new Error('a bare link has ended');
        },
      }),
      { timeoutMs: 10_000 },
    );
    pour(link, bytesPerSecond, lingerMs);
  }
});
