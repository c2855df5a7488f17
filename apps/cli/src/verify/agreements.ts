/** Compares every agreement of the replayed state with its record. */
import { agreementAt, identifierText, type State } from '@clearway/core';
import type { AgreementRecord, Records } from '@clearway/store';
import { codeText } from '../journal/fact.ts';
import type { Findings } from './report.ts';

/** Look-ups under way at once. */
const atOnce = 32;

export async function compareAgreements(state: State, records: Records, findings: Findings): Promise<void> {
  const cursor = await records.cursor();
  for (let from = 0; from < state.agreements.count; from += atOnce) {
    const rows = Array.from({ length: Math.min(atOnce, state.agreements.count - from) }, (_, index) => from + index);
    await Promise.all(
      rows.map((row) => compare(expectedRecord(state, row), state.sequence, cursor, records, findings)),
    );
  }
}

function expectedRecord(state: State, row: number): AgreementRecord {
  const agreement = agreementAt(state, row);
  return {
    agreementId: identifierText(agreement.id),
    institution: codeText(agreement.id.participant),
    bank: codeText(agreement.bank),
    paymentLimit: BigInt(agreement.paymentLimit),
    currency: agreement.currency,
    expiresOn: agreement.expiresOn,
    state: agreement.state,
    reason: agreement.reason,
    changedAt: agreement.changedAt,
    sequence: agreement.sequence,
  };
}

async function compare(
  expected: AgreementRecord,
  replayed: number,
  cursor: number,
  records: Records,
  findings: Findings,
): Promise<void> {
  const about = { subject: expected.agreementId, sequence: expected.sequence };
  const record = await records.agreement(expected.agreementId);
  if (record === undefined) {
    if (expected.sequence <= cursor) findings.breach('records', 'is missing from the records', about);
    return;
  }
  const hasMovedOn = record.sequence > replayed;
  const isBehind = record.sequence < expected.sequence && expected.sequence > cursor;
  if (hasMovedOn || isBehind) return;
  for (const field of Object.keys(expected) as (keyof AgreementRecord)[]) {
    if (record[field] === expected[field]) continue;
    const values = `the records say ${record[field]}, the journal ${expected[field]}`;
    findings.breach('records', `its ${field} differs: ${values}`, about);
  }
}
