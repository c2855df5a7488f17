/** For tests of several cells: an agreement that is signed, and rescinded, in a cell in memory. */
import {
  encodeConfirmAgreement,
  encodeRecordSigningAnswer,
  encodeRequestAgreement,
  encodeRescindAgreement,
  identifierToBytes,
} from '@clearway/core';
import { realCrypto } from '@clearway/ports/real';
import { businessDateAt } from '../business-day.ts';
import type { RunningCell } from '../cell.ts';
import { timeZone, utf8 } from '../test-bed.ts';

export interface TestAgreement {
  readonly id: Uint8Array;
  sign(): Promise<void>;
  rescind(): Promise<void>;
}

export function testAgreement(cell: RunningCell, sequence: number): TestAgreement {
  const { centre, cell: number } = cell.state;
  const date = businessDateAt(Date.now(), timeZone);
  const id = identifierToBytes({ date, version: 1, participant: 101, sequence, centre, cell: number });
  const times = { expiresAt: Date.now() + 30_000, receivedAt: Date.now() };
  const signed = { suite: 1, keyVersion: 1 } as const;
  const [request, confirmation] = [realCrypto.sha256(id), realCrypto.sha256(id, utf8('again'))];
  const tell = async (command: Uint8Array) => {
    const result = await cell.submit(command, utf8('{}'));
    if (result.outcome === 'refused') throw new Error(`refused: ${JSON.stringify(result)}`);
  };
  /** Signings wait for their bank: what it says comes beside them. */
  const ask = (command: Uint8Array) => void cell.submit(command, utf8('{}'));
  const answer = (answered: 'codeSent' | 'active', hash: Uint8Array) =>
    tell(encodeRecordSigningAnswer({ id, answer: answered, reason: 0, ...signed, bank: 201, hash }));
  return {
    id,
    async sign() {
      const terms = { bank: 201, paymentLimit: 10_000, currency: 156, expiresOn: 20991231 };
      ask(encodeRequestAgreement({ id, ...signed, ...terms, ...times, hash: request }));
      await answer('codeSent', request);
      ask(encodeConfirmAgreement({ id, ...signed, ...times, hash: confirmation }));
      await answer('active', confirmation);
    },
    rescind: () => tell(encodeRescindAgreement({ id, by: 101, receivedAt: Date.now() })),
  };
}
