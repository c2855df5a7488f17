/**
 * Streams to several cells as one: a client for each, and every payment over the one that its identifier names. Each has
 * windows and signatures of its own, so a cell that is away holds up nothing in the others.
 */
import type { StreamClient, StreamClientOptions } from './port.ts';
import { createStreamClient } from './stream-client.ts';

/**
 * Addresses by the digits of their cells.
 * @param addresses `host:port` where there is one cell, else `010002@host:port`
 * @returns one group without digits where there is one cell
 * @throws RangeError if only some of them name their cells
 */
export function addressesByCell(addresses: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const text of addresses) {
    const [, digits = '', address] = /^(?:([0-9]{6})@)?(.*)$/.exec(text)!;
    groups.set(digits, [...(groups.get(digits) ?? []), address!]);
  }
  if (groups.size > 1 && groups.has(''))
    throw new RangeError('name the cell of each address of the stream, or of none');
  return groups;
}

/** As `createStreamClient`, with addresses as in {@link addressesByCell}. */
export function createCellStreams(options: StreamClientOptions): StreamClient {
  const groups = addressesByCell(options.addresses);
  if (groups.size < 2) return createStreamClient({ ...options, addresses: [...groups.values()].flat() });
  const byCell = new Map<number, StreamClient>();
  for (const [digits, addresses] of groups) {
    const key = (Number(digits.slice(0, 2)) << 16) | Number(digits.slice(2));
    byCell.set(key, createStreamClient({ ...options, addresses }));
  }
  const all = [...byCell.values()];
  const named = (id: Uint8Array, at: number): StreamClient | undefined =>
    byCell.get((id[at + 13] << 16) | (id[at + 14] << 8) | id[at + 15]);
  const sum = (read: (client: StreamClient) => number) => all.reduce((total, client) => total + read(client), 0);

  return {
    submit(payment, mayBeKnown) {
      const client = named(payment.id, payment.idAt);
      if (client === undefined) throw new RangeError('the payment names a cell to which there is no stream');
      return client.submit(payment, mayBeKnown);
    },
    // The question came over the stream of the payment's cell, whose links alone have this number.
    answer: (answer) => named(answer.id, answer.idAt)?.answer(answer),
    enquire: (signer, id, idAt) => named(id, idAt)?.enquire(signer, id, idAt) ?? false,
    room: (signer) => Math.min(...all.map((client) => client.room(signer))),
    counts: {
      get payments() {
        return sum(({ counts }) => counts.payments);
      },
      get unknown() {
        return sum(({ counts }) => counts.unknown);
      },
      get answers() {
        return sum(({ counts }) => counts.answers);
      },
      get links() {
        return sum(({ counts }) => counts.links);
      },
      get keptBytes() {
        return sum(({ counts }) => counts.keptBytes);
      },
      get uncovered() {
        return sum(({ counts }) => counts.uncovered);
      },
    },
    async close() {
      await Promise.all(all.map((client) => client.close()));
    },
  };
}
