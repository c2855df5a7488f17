/** Several cells as one: every message goes to the cell that its identifier names. */
import { identifierFromBytes, parseIdentifier } from '@clearway/core/vocabulary';
import type { Cell } from './port.ts';

/** Of all commands that gateways make. */
const identifierAt = 8;

/** @param cellAt the cell of these digits of an identifier; for others any, since each refuses what is not its own */
export function routedCell(cellAt: (centre: number, cell: number) => Cell): Cell {
  const named = (identifier: string): Cell => {
    const { centre, cell } = parseIdentifier(identifier) ?? { centre: 0, cell: 0 };
    return cellAt(centre, cell);
  };
  return {
    async submit(command, body) {
      const { centre, cell } = identifierFromBytes(command.subarray(identifierAt, identifierAt + 16));
      return cellAt(centre, cell).submit(command, body);
    },
    payment: (paymentId) => named(paymentId).payment(paymentId),
    agreement: (agreementId) => named(agreementId).agreement(agreementId),
  };
}
