/** The links of one side of a run, as its certificates and signers are: one client of the SDK for each. */
import { readFileSync } from 'node:fs';
import { coveredMessage, streamProtocol } from '@clearway/contract';
import { reasonOf } from '@clearway/core';
import { realChance, realClock, realCrypto, realLinks } from '@clearway/ports/real';
import { createStreamClient, type StreamClient, type StreamEvents } from '@clearway/sdk';
import { type Cast, cellOf, fiveDigits, scheme } from './cast.ts';

/** Questions that the banks of a link take at once. */
const questionWindow = 100_000;
const keyVersion = 1;

export interface Clients {
  /** In the order of the cast's links; of the banks all that go to the first cell, then all that go to the second. */
  readonly clients: readonly StreamClient[];
  /** Checkpoints that the platform has taken. */
  readonly covered: number;
}

/**
 * Resolves when all are welcome. An institution's link goes to its cell, a bank has one to each.
 *
 * @param eventsOf what happens on one link, given its client
 * @throws Error if a link ends, or a checkpoint is not taken: nothing in a run is to bring that about
 */
export async function openClients(
  cast: Cast,
  side: 'paying' | 'banks',
  addresses: readonly string[],
  eventsOf: (client: () => StreamClient) => Pick<StreamEvents, 'outcome' | 'question'>,
): Promise<Clients> {
  const { suite, tls, lingerMs } = cast.settings;
  const ca = readFileSync(cast.authorityFile, 'utf8');
  const clients: StreamClient[] = [];
  let covered = 0;
  const ways =
    side === 'paying'
      ? cast.payingLinks.map((plan, link) => ({ plan, address: addresses[cellOf(link, addresses.length) - 1]! }))
      : addresses.flatMap((address) => cast.bankLinks.map((plan) => ({ plan, address })));
  for (const [link, { plan, address }] of ways.entries()) {
    const links = realLinks({
      protocol: streamProtocol,
      plain: !tls,
      ca,
      cert: readFileSync(plan.certificateFile, 'utf8'),
      key: readFileSync(plan.keyFile, 'utf8'),
    });
    const signers = plan.members.map((member) => {
      const { code, privateKey } = cast[side][member]!;
      return { code: fiveDigits(code), signing: { version: keyVersion, suite, privateKey } };
    });
    await new Promise<void>((resolve) => {
      const client = createStreamClient({
        ports: { clock: realClock, chance: realChance, crypto: realCrypto, links },
        addresses: [address],
        scheme,
        signers,
        window: questionWindow,
        lingerMs,
        software: 'clearway-bench',
        events: {
          ...eventsOf(() => clients[link]!),
          linked: () => resolve(),
          unlinked(_, { reason, detail }) {
            throw new Error(`link ${link} of ${side} has ended: ${reason ?? ''} ${detail}`);
          },
          covered(view, at) {
            covered++;
            const reason = reasonOf(view.getUint16(at + coveredMessage.reason));
            if (reason === 'none') return;
            const [signer, to] = [view.getUint32(at + coveredMessage.signer), view.getUint32(at + coveredMessage.to)];
            throw new Error(
              `a checkpoint of ${signer} on link ${link} of ${side} was not taken behind ${to}: ${reason}`,
            );
          },
          failed(error) {
            throw error;
          },
        },
      });
      clients.push(client);
    });
  }
  return {
    clients,
    get covered() {
      return covered;
    },
  };
}
