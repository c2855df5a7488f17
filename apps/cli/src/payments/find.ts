/** Where payments are looked up: in the records, in the cell's archive through the cell, and in its files without one. */
import { archivedRecords, type PlatformRecords, platformRecords } from '@clearway/server';
import { type PaymentQuery, type PaymentRecord, routingNumber } from '@clearway/store';
import { CommandError, type Given, type OpenedStore } from '../given.ts';

/**
 * A payment of either rail.
 * @throws CommandError when there is none
 */
export async function findPayment(given: Given, paymentId: string): Promise<PaymentRecord> {
  const { store, archive } = await given.readCellOf(paymentId);
  const record =
    (await store.records.payment(paymentId)) ??
    (await throughCell(given, (cell) => cell.paymentRecord(paymentId))) ??
    (await archive?.payment(paymentId));
  if (record !== undefined) return record;
  throw new CommandError(
    `There is no payment ${paymentId} in the records, which are written up to batch ${await store.records.cursor()}` +
      `${archive === undefined ? '' : `, nor in the archive, which is kept up to batch ${archive.cursor}`}.`,
  );
}

/** Payments of either rail, last submitted first. */
export async function searchPayments(given: Given, query: PaymentQuery): Promise<readonly PaymentRecord[]> {
  const { store, archive } = await given.read();
  if (archive === undefined) return store.records.payments(query);
  if (query.participant === undefined && query.endToEndId !== undefined) {
    given.errors.write(
      'Only what came over HTTP: a reference is an institution’s own, name it with --participant for either rail.\n',
    );
    return store.records.payments(query);
  }
  return (
    (await throughCell(given, (cell) => cell.searchPayments(query))) ??
    recordsOfAll(await given.readCells()).payments(query)
  );
}

/** Records and archives of all cells, from their files. */
export function recordsOfAll(cells: readonly OpenedStore[]): PlatformRecords {
  const [home, ...others] = cells.map(({ place, store, archive }) => ({
    cell: routingNumber(place),
    records: archive === undefined ? store.records : archivedRecords(store.records, archive),
  }));
  return platformRecords([home, ...others]);
}

type Cell = Awaited<ReturnType<Given['operator']>>;

/** Undefined when no cell answers: then its files are all that there is to ask. */
async function throughCell<T>(given: Given, ask: (cell: Cell) => Promise<T>): Promise<T | undefined> {
  const cell = await given.operator().catch(() => undefined);
  return cell && ask(cell);
}
