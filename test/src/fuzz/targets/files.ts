/** Reconciliation files: what is read was written so, byte by byte; everything else is refused. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { ReconciliationFileError, readReconciliationFile, writeReconciliationFile } from '@clearway/contract';
import { mutate } from '../mutate.ts';
import type { Random } from '../random.ts';
import type { Target } from '../target.ts';

const references = ['order-1', 'a,b', 'say "yes"', '工资 11 月', '=1+1', ' '];

function generate(random: Random): Buffer {
  const head = {
    schemeId: 'FUZZ',
    environment: 'sandbox',
    cycle: random.from(1, 99),
    businessDate: 20_261_122,
  } as const;
  const lines = random.times(5, () => {
    const isRefund = random.chance(0.2);
    return {
      paymentId: `20261122100101${random.digits(11)}010001`,
      kind: isRefund ? ('refund' as const) : random.pick(['payout', 'agreementPayment'] as const),
      side: random.pick(['credit', 'debit'] as const),
      counterparty: '00201',
      minor: random.pick([1, 99, 100, 12_345, 10_000_000_000_000]),
      currency: random.pick(['CNY', 'JPY', 'KWD']),
      endToEndId: random.pick(references),
      ...(isRefund && { originalPaymentId: `20261122100101${random.digits(11)}010001` }),
      succeededAt: 1_795_000_000_000 + random.below(1_000_000),
    };
  });
  const file = Buffer.from(writeReconciliationFile({ ...head, participant: '00101' }, lines));
  if (random.chance(0.2)) return file;
  const end = file.lastIndexOf('S,sha-256,');
  const changed = mutate(random, random.chance(0.8) ? file.subarray(0, end) : file);
  return random.chance(0.8) ? sealed(changed) : changed;
}

/** With a last line that holds, so that what stands before it is looked at. */
function sealed(content: Buffer): Buffer {
  const hash = createHash('sha256').update(content).digest('hex');
  return Buffer.concat([content, Buffer.from(`S,sha-256,${hash}\n`)]);
}

function check(input: Buffer): void {
  let read: ReturnType<typeof readReconciliationFile>;
  try {
    read = readReconciliationFile(input);
  } catch (error) {
    assert.ok(error instanceof ReconciliationFileError, `${(error as Error).stack}`);
    return;
  }
  assert.deepEqual(Buffer.from(writeReconciliationFile(read.head, read.lines)), input);
}

export const files: Target = { name: 'files', generate, check };
