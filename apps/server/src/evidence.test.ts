import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  canonicalCheckpoint,
  canonicalPayment,
  canonicalPaymentAnswer,
  type Evidence,
  formatTime,
  merkleRoot,
  type PaymentAnswer,
  type PaymentRequest,
  paymentMessage,
  sha256Lanes,
  signMessage,
  type Unsigned,
  verifyEvidence,
} from '@clearway/contract';
import {
  encodeRecordAnswer,
  encodeRecordCheckpoint,
  encodeSubmitPayment,
  identifierText,
  identifierToBytes,
} from '@clearway/core';
import { realCrypto as crypto } from '@clearway/ports/real';
import { type JournalBatch, makeBatch, noHash } from '@clearway/store';
import { EvidenceError, type EvidenceSource, gatherEvidence } from './evidence.ts';

const scheme = { schemeId: 'TEST', environment: 'sandbox' } as const;
const place = { centre: 1, cell: 1 };
const [institution, bank] = ['00101', '00201'];
const at = Date.UTC(2026, 10, 22, 10);
const pairs = {
  [institution]: await crypto.generateSigningKey('ed25519'),
  [bank]: await crypto.generateSigningKey('ed25519'),
};
const keyOf = (code: string) => ({ version: 1, suite: 'ed25519', publicKey: pairs[code]!.publicKey }) as const;

interface Sent {
  readonly command: Uint8Array;
  readonly body: Uint8Array;
  readonly hash: Uint8Array;
}

const idOf = (sequence: number) => ({ date: 20261122, version: 1, participant: 101, sequence, ...place });
const paymentOf = (sequence: number): Unsigned<PaymentRequest> => ({
  paymentId: identifierText(idOf(sequence)),
  kind: 'payout',
  instructedAgent: bank,
  interbankSettlementAmount: { amount: '1.00', currency: 'CNY' },
  endToEndId: `order ${sequence}`,
  expiresAt: formatTime(at + 5000),
});

/** Payment `sequence` as message `position` of the institution's stream. */
function payment(sequence: number, position: number, stream = 5): Sent {
  const content = paymentOf(sequence);
  const text = Buffer.from(content.endToEndId);
  const body = Buffer.alloc(Math.ceil((80 + text.length) / 8) * 8);
  body.writeUInt16BE(body.length, paymentMessage.size);
  body.writeUInt8(text.length, paymentMessage.referenceLength);
  body.writeUInt8(2, paymentMessage.decimals);
  body.set(identifierToBytes(idOf(sequence)), paymentMessage.id);
  body.writeUInt8(2, paymentMessage.kind);
  body.writeUInt16BE(156, paymentMessage.currency);
  body.writeUInt32BE(Number(bank), paymentMessage.instructed);
  body.writeUInt32BE(position, paymentMessage.position);
  body.writeBigUInt64BE(100n, paymentMessage.amount);
  body.writeBigUInt64BE(BigInt(at + 5000), paymentMessage.expiresAt);
  body.writeBigUInt64BE(BigInt(stream), paymentMessage.stream);
  body.set(text, paymentMessage.endToEndId);
  const hash = crypto.sha256(canonicalPayment(scheme, content));
  const command = encodeSubmitPayment({
    id: identifierToBytes(idOf(sequence)),
    kind: 'payout',
    suite: 0,
    keyVersion: 0,
    currency: 156,
    instructed: Number(bank),
    amount: 100,
    expiresAt: at + 5000,
    receivedAt: at,
    hash,
  });
  command[1] = 1;
  return { command, body, hash };
}

/** The bank's answer over HTTP. */
async function answer(sequence: number): Promise<Sent> {
  const paymentHash = crypto.sha256(canonicalPayment(scheme, paymentOf(sequence)));
  const content: Unsigned<PaymentAnswer> = {
    paymentId: identifierText(idOf(sequence)),
    paymentHash: Buffer.from(paymentHash).toString('hex'),
    answer: 'succeeded',
    answeredAt: formatTime(at + 100),
  };
  const key = { ...keyOf(bank), privateKey: pairs[bank]!.privateKey };
  const signature = await signMessage(crypto, key, canonicalPaymentAnswer(scheme, bank, content));
  const id = identifierToBytes(idOf(sequence));
  const said = {
    id,
    answer: 'succeeded',
    reason: 0,
    suite: 1,
    keyVersion: 1,
    bank: Number(bank),
    hash: paymentHash,
  } as const;
  const command = encodeRecordAnswer(said);
  command[1] = 1;
  return { command, body: Buffer.from(JSON.stringify({ ...content, signature })), hash: paymentHash };
}

/** A checkpoint over leaves that begin at `from`; `unjournaled` are places whose hashes the journal has only there. */
async function checkpoint(
  from: number,
  leaves: readonly Uint8Array[],
  unjournaled: readonly number[] = [],
  stream = 5,
): Promise<Sent> {
  const root = merkleRoot(sha256Lanes(), Buffer.concat(leaves), leaves.length);
  const covers = { stream, from, to: from + leaves.length, signedAt: at + 50, root };
  const key = { ...keyOf(institution), privateKey: pairs[institution]!.privateKey };
  const { value } = await signMessage(crypto, key, canonicalCheckpoint(scheme, { signer: institution, ...covers }));
  const command = encodeRecordCheckpoint({
    ...covers,
    signer: Number(institution),
    suite: 1,
    keyVersion: 1,
    signature: Buffer.from(value, 'base64'),
  });
  const body = Buffer.concat(
    unjournaled.map((position) => {
      const place = Buffer.alloc(4);
      place.writeUInt32BE(position);
      return Buffer.concat([place, leaves[position - from]!]);
    }),
  );
  return { command, body, hash: root };
}

/** A journal of these batches, with bodies as they are. */
function journalOf(batches: readonly (readonly Sent[])[]): EvidenceSource {
  let previousHash = noHash;
  const journal = batches.map((sent, index): JournalBatch => {
    const batch = makeBatch(crypto, {
      ...place,
      rulesVersion: 1,
      epoch: 1,
      sequence: index + 1,
      at: at + index,
      commands: sent.length,
      previousHash,
      facts: Buffer.concat(sent.map(({ command }) => command)),
      bodies: new Uint8Array(),
    });
    previousHash = crypto.sha256(batch.header);
    return batch;
  });
  return {
    place,
    crypto,
    scheme,
    journal: {
      async *read(from) {
        yield* journal.slice(from - 1);
      },
      readOne: async (sequence) => journal[sequence - 1],
    },
    keysOf: (code) => [keyOf(code)],
    body: async ({ sequence }, index) => batches[sequence - 1]![index]!.body,
    signal: new AbortController().signal,
  };
}

const lost = crypto.sha256(Buffer.from('turned away before the journal'));
const wishes = { madeAt: at, showsFacts: true } as const;
const inBatch2 = {
  paymentId: paymentOf(7).paymentId,
  requestSequence: 2,
  requestIndex: 1,
  answerSequence: 3,
  answerIndex: 0,
};
const holds = async (evidence: Evidence) => {
  const { steps } = await verifyEvidence(crypto, evidence, { keysOf: (code) => [keyOf(code)] });
  assert.deepEqual(
    steps.filter(({ result }) => result !== 'holds').map(({ step }) => step),
    ['anchor'],
  );
};

describe('evidence of a payment over the stream', async () => {
  const messages = [10, 11, 12, 13].map((position) => payment(position - 5, position));
  const [first, second, third, fourth] = messages as [Sent, Sent, Sent, Sent];
  const leaves = [first.hash, second.hash, third.hash, lost, fourth.hash];
  const [other, answered] = [payment(40, 10, 6), await answer(7)];
  const last = payment(8, 14);

  test('finds the checkpoint behind the payment, and its leaves before, beside and behind it', async () => {
    const covering = await checkpoint(10, [...leaves.slice(0, 4), last.hash], [13]);
    const source = journalOf([[first, other], [second, third], [answered], [last], [covering]]);
    const evidence = await gatherEvidence(source, inBatch2, wishes);
    assert.equal(evidence.request.signature, undefined);
    assert.deepEqual(
      [evidence.request.checkpoint?.from, evidence.request.checkpoint?.to, evidence.request.checkpoint?.sequence],
      [10, 15, 5],
    );
    await holds(evidence);
  });

  test('takes a covered copy, on another stream, for a message that was never covered', async () => {
    const copy = payment(7, 0, 9);
    const covering = await checkpoint(0, [copy.hash], [], 9);
    const evidence = await gatherEvidence(
      journalOf([[first], [second, third], [answered], [copy], [covering]]),
      inBatch2,
      wishes,
    );
    assert.equal(evidence.request.checkpoint?.stream, 9);
    assert.deepEqual([evidence.request.sequence, evidence.request.index], [2, 1]);
    await holds(evidence);
  });

  const [covered, short, false_] = [
    await checkpoint(10, [...leaves.slice(0, 3)]),
    await checkpoint(9, [lost, ...leaves.slice(0, 3)]),
    await checkpoint(10, [first.hash, third.hash, second.hash]),
  ];
  const unprovable: readonly { readonly name: string; readonly source: EvidenceSource; readonly says: RegExp }[] = [
    {
      name: 'is not covered yet',
      source: journalOf([[first], [second, third], [answered], [await checkpoint(20, [lost])]]),
      says: /00101 has not signed message 12 of stream 5 yet/,
    },
    {
      name: 'has a neighbour that the journal lacks',
      source: journalOf([[first], [second, third], [answered], [short]]),
      says: /Message 9 of stream 5 of 00101 is not in the journal/,
    },
    {
      name: 'stands under a root of other messages',
      source: journalOf([[first], [second, third], [answered], [false_]]),
      says: /do not make the root of the checkpoint in batch 4, command 0/,
    },
    {
      name: 'has a key that nobody adopted',
      source: { ...journalOf([[first], [second, third], [answered], [covered]]), keysOf: () => [] },
      says: /Key 1 of 00101 is in no participants document/,
    },
    {
      name: 'is not where it is said to be',
      source: journalOf([[first], [second, covered], [answered], [covered]]),
      says: /Command 1 of batch 2 is neither a payment nor an answer/,
    },
    { name: 'is in a batch that is gone', source: journalOf([[first]]), says: /has no batch 2/ },
  ];
  for (const { name, source, says } of unprovable) {
    test(`is refused when it ${name}`, async () => {
      await assert.rejects(gatherEvidence(source, inBatch2, wishes), (error: Error) => {
        assert.ok(error instanceof EvidenceError);
        assert.match(error.message, says);
        return true;
      });
    });
  }

  test('ends when nobody waits for it any more', async () => {
    const source = { ...journalOf([[first], [second, third], [answered], [covered]]), signal: AbortSignal.abort() };
    await assert.rejects(gatherEvidence(source, inBatch2, wishes), { name: 'AbortError' });
  });
});
