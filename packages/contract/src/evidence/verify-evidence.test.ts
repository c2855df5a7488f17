import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  commandTypes,
  identifierToBytes,
  journaled,
  outcomes,
  parseIdentifier,
  reasons,
} from '@clearway/core/vocabulary';
import type { Suite } from '@clearway/ports';
import { realCrypto as crypto } from '@clearway/ports/real';
import { canonicalCheckpoint, canonicalPayment, canonicalPaymentAnswer } from '../canonical.ts';
import { checkEvidence } from '../check.ts';
import { proveInclusion, rootOfProof } from '../merkle/merkle-tree.ts';
import { sha256Lanes } from '../merkle/sha256-lanes.ts';
import type { WireKey } from '../messages.ts';
import { agreementPayment, paymentAnswer, scheme } from '../samples-for-tests.ts';
import { sha256 } from '../sha256.ts';
import { signMessage } from '../sign.ts';
import { answerBytes, paymentBytes } from '../stream/samples-for-tests.ts';
import { formatTime } from '../time.ts';
import type { Evidence, EvidenceMessage } from './evidence.ts';
import { type EvidenceStep, type Trust, verifyEvidence } from './verify-evidence.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const bytesOf = (text: string) => Buffer.from(text, 'base64');

const payment = agreementPayment;
const { paymentId } = payment;
const [institution, bank] = [paymentId.slice(9, 14), payment.instructedAgent];
const at = Date.UTC(2026, 10, 22, 10);
const canonical = canonicalPayment(scheme, payment);
const { reason: _, ...success } = paymentAnswer;
const answer = { ...success, answer: 'succeeded', paymentHash: hex(sha256(canonical)) } as const;
const canonicalAnswer = canonicalPaymentAnswer(scheme, bank, answer);

const pairs = {
  [institution]: await crypto.generateSigningKey('ed25519'),
  [bank]: await crypto.generateSigningKey('ecdsa-p256-sha256'),
};
const suiteOf = (participant: string): Suite => (participant === institution ? 'ed25519' : 'ecdsa-p256-sha256');
const keyOf = (participant: string): WireKey => ({
  version: 3,
  suite: suiteOf(participant),
  publicKey: pairs[participant]!.publicKey,
});
const sign = (participant: string, bytes: Uint8Array) =>
  signMessage(crypto, { ...keyOf(participant), privateKey: pairs[participant]!.privateKey }, bytes);

function command(type: 'submitPayment' | 'recordAnswer', id: string): Uint8Array {
  const layout = journaled[type];
  const bytes = new Uint8Array(layout.size);
  const view = new DataView(bytes.buffer);
  bytes.set([commandTypes[type], outcomes.accepted, 0, 0]);
  view.setUint32(4, layout.size);
  bytes.set(identifierToBytes(parseIdentifier(id)!), layout.id);
  if (type === 'recordAnswer') bytes[journaled.recordAnswer.answer] = 1;
  bytes.set(sha256(canonical).subarray(0, layout.hashBytes), layout.hash);
  return bytes;
}

/** Batches 7 to 9: another payment and this one; nothing of interest; the answer. */
const batches = [
  Buffer.concat([command('submitPayment', '2026112210010100000000009010001'), command('submitPayment', paymentId)]),
  Buffer.alloc(16),
  Buffer.from(command('recordAnswer', paymentId)),
];

function headersOf(columns: readonly Uint8Array[]): Buffer {
  let previous = sha256('the batch before');
  return Buffer.concat(
    columns.map((facts, index) => {
      const header = Buffer.alloc(128);
      header.writeUInt16BE(1, 0);
      header.writeUInt8(1, 4);
      header.writeUInt16BE(1, 6);
      header.writeBigUInt64BE(BigInt(7 + index), 16);
      header.writeBigUInt64BE(BigInt(at + index), 24);
      header.set(previous, 32);
      header.set(sha256(facts), 64);
      previous = sha256(header);
      return header;
    }),
  );
}
const headers = headersOf(batches);
const anchor = { sequence: 9, hash: hex(sha256(headers.subarray(256))) };

async function overHttp(): Promise<Evidence> {
  const requestSignature = await sign(institution, canonical);
  const answerSignature = await sign(bank, canonicalAnswer);
  const body = (message: object) => base64(Buffer.from(JSON.stringify(message)));
  return {
    format: 'clearway-evidence-1',
    paymentId,
    madeAt: formatTime(at),
    scheme,
    cell: { centre: 1, cell: 1 },
    request: {
      signer: institution,
      body: body({ ...payment, signature: requestSignature }),
      canonical: base64(canonical),
      signature: requestSignature,
      sequence: 7,
      index: 1,
    },
    answer: {
      signer: bank,
      body: body({ ...answer, signature: answerSignature }),
      canonical: base64(canonicalAnswer),
      signature: answerSignature,
      sequence: 9,
      index: 0,
    },
    keys: [institution, bank].map((participant) => ({ participant, key: keyOf(participant) })),
    journal: {
      from: 7,
      headers: base64(headers),
      facts: [
        { sequence: 7, facts: base64(batches[0]!) },
        { sequence: 9, facts: base64(batches[2]!) },
      ],
    },
  };
}

/** The message as number `position` of its signer's stream 5, under a checkpoint over 40 of them. */
async function streamed(message: EvidenceMessage, position: number): Promise<EvidenceMessage> {
  const { signer } = message;
  const [from, count] = [100, 40];
  const leaf = sha256(bytesOf(message.canonical));
  const leaves = Buffer.concat(
    Array.from({ length: count }, (_, index) => (from + index === position ? leaf : sha256(`${index}`))),
  );
  const proof = proveInclusion(sha256Lanes(), leaves, count, position - from);
  const root = rootOfProof(leaf, proof)!;
  const place = { stream: 5, from, to: from + count };
  const signature = await sign(signer, canonicalCheckpoint(scheme, { ...place, signer, signedAt: at + 50, root }));
  const { signature: _, ...rest } = message;
  const body =
    signer === institution
      ? paymentBytes(payment, { stream: 5, position })
      : answerBytes(bank, answer, { stream: 5, position });
  const checkpoint = {
    ...place,
    signedAt: formatTime(at + 50),
    root: hex(root),
    signature,
    path: proof.path.map(hex),
    sequence: 12,
    index: 3,
  };
  return { ...rest, body: base64(body), checkpoint };
}

async function overStream(): Promise<Evidence> {
  const evidence = await overHttp();
  return {
    ...evidence,
    request: await streamed(evidence.request, 117),
    answer: await streamed(evidence.answer!, 139),
  };
}

const broken = (steps: readonly EvidenceStep[]) =>
  steps.filter(({ result }) => result === 'broken').map(({ step }) => step);
const trust: Trust = { keysOf: (participant) => [keyOf(participant)], anchor };

for (const [rail, make] of [
  ['HTTP', overHttp],
  ['the stream', overStream],
] as const) {
  describe(`evidence of a payment over ${rail}`, async () => {
    const evidence = await make();

    test('holds, and is well-formed', async () => {
      const checked = checkEvidence(JSON.parse(JSON.stringify(evidence)));
      assert.ok(checked.ok, JSON.stringify(checked));
      const { holds, steps } = await verifyEvidence(crypto, evidence, trust);
      assert.deepEqual(broken(steps), []);
      assert.ok(holds);
      assert.ok(steps.every(({ result }) => result === 'holds'));
    });

    test('says what it takes on trust when nothing is known from elsewhere', async () => {
      const { holds, steps } = await verifyEvidence(crypto, evidence);
      assert.ok(holds);
      const open = steps.filter(({ result }) => result === 'notShown').map(({ step }) => step);
      assert.deepEqual(open, ['keys', 'anchor']);
      assert.ok(steps.some(({ detail }) => detail.includes(anchor.hash)));
    });

    test('holds without journal, and without an answer, and says so', async () => {
      const { journal: _, ...unplaced } = evidence;
      const { answer: __, ...unanswered } = unplaced;
      for (const [shown, missing] of [
        [unplaced, ['chain', 'decision', 'recording', 'anchor']],
        [unanswered, ['answer', 'answerSignature', 'chain', 'decision', 'recording', 'anchor']],
      ] as const) {
        const { holds, steps } = await verifyEvidence(crypto, shown, { keysOf: trust.keysOf });
        assert.ok(holds);
        assert.deepEqual(
          steps.filter(({ result }) => result === 'notShown').map(({ step }) => step),
          missing,
        );
      }
    });

    const flip = (text: string, at: number) => {
      const bytes = Buffer.from(text, 'base64');
      bytes[at < 0 ? bytes.length + at : at]! ^= 1;
      return bytes.toString('base64');
    };
    const request = (change: Partial<EvidenceMessage>): Evidence => ({
      ...evidence,
      request: { ...evidence.request, ...change },
    });
    const answered = (change: Partial<EvidenceMessage>): Evidence => ({
      ...evidence,
      answer: { ...evidence.answer!, ...change },
    });
    const journal = (change: Partial<NonNullable<Evidence['journal']>>): Evidence => ({
      ...evidence,
      journal: { ...evidence.journal!, ...change },
    });
    const otherId = `${paymentId.slice(0, 24)}9${paymentId.slice(25)}`;

    const tampered: { readonly name: string; readonly evidence: Evidence; readonly breaks: EvidenceStep['step'][] }[] =
      [
        {
          name: 'another payment',
          evidence: { ...evidence, paymentId: otherId },
          breaks: ['request', 'decision', 'recording'],
        },
        {
          name: 'another scheme',
          evidence: { ...evidence, scheme: { ...scheme, schemeId: 'OTHER' } },
          breaks: ['request'],
        },
        {
          name: 'a changed request',
          evidence: request({ body: flip(evidence.request.body, 20) }),
          breaks: ['request'],
        },
        {
          name: 'changed canonical bytes',
          evidence: request({ canonical: flip(evidence.request.canonical, 47) }),
          breaks: ['request', 'decision'],
        },
        { name: 'another institution', evidence: request({ signer: '00999' }), breaks: ['request'] },
        { name: 'a request in another place of its batch', evidence: request({ index: 0 }), breaks: ['decision'] },
        { name: 'a request in a batch without commands', evidence: request({ index: 7 }), breaks: ['decision'] },
        { name: 'a changed answer', evidence: answered({ body: flip(evidence.answer!.body, 12) }), breaks: ['answer'] },
        {
          name: 'changed canonical bytes of the answer',
          evidence: answered({ canonical: flip(evidence.answer!.canonical, 3) }),
          breaks: ['answer'],
        },
        { name: 'another bank', evidence: answered({ signer: '00999' }), breaks: ['answer'] },
        {
          name: 'a flipped header',
          evidence: journal({ headers: flip(evidence.journal!.headers, 128 + 100) }),
          breaks: ['chain'],
        },
        { name: 'a missing header', evidence: journal({ headers: base64(headers.subarray(128)) }), breaks: ['chain'] },
        { name: 'a cut header', evidence: journal({ headers: base64(headers.subarray(0, 300)) }), breaks: ['chain'] },
        { name: 'headers of another cell', evidence: { ...evidence, cell: { centre: 1, cell: 2 } }, breaks: ['chain'] },
        { name: 'headers renumbered', evidence: journal({ from: 8 }), breaks: ['chain'] },
        {
          name: 'other facts',
          evidence: journal({
            facts: [{ sequence: 7, facts: flip(base64(batches[0]!), 1) }, evidence.journal!.facts[1]!],
          }),
          breaks: ['decision'],
        },
        {
          name: 'a chain of its own making',
          evidence: journal({ headers: base64(headersOf([batches[0]!, Buffer.alloc(8), batches[2]!])) }),
          breaks: ['anchor'],
        },
        {
          name: 'a key of its own making',
          evidence: { ...evidence, keys: [{ participant: bank, key: { ...keyOf(institution), version: 3 } }] },
          breaks: ['keys'],
        },
      ];
    if (rail === 'HTTP') {
      const { signature } = evidence.request;
      tampered.push(
        { name: 'no signature', evidence: request({ signature: undefined as never }), breaks: ['request'] },
        {
          name: 'another key version',
          evidence: request({ signature: { ...signature!, keyVersion: 4 } }),
          breaks: ['request'],
        },
        {
          name: 'a signature that is not the one carried',
          evidence: request({ signature: { ...signature!, value: flip(signature!.value, 5) } }),
          breaks: ['request'],
        },
      );
    } else {
      const { checkpoint } = evidence.request;
      const covered = (change: Partial<NonNullable<typeof checkpoint>>) =>
        request({ checkpoint: { ...checkpoint!, ...change } });
      const { path, signature } = checkpoint!;
      tampered.push(
        { name: 'another stream', evidence: covered({ stream: 6 }), breaks: ['requestSignature'] },
        { name: 'a checkpoint that begins later', evidence: covered({ from: 118 }), breaks: ['requestSignature'] },
        { name: 'a checkpoint that ends before', evidence: covered({ to: 117 }), breaks: ['requestSignature'] },
        { name: 'a larger checkpoint', evidence: covered({ to: 141 }), breaks: ['requestSignature'] },
        { name: 'another root', evidence: covered({ root: 'ab'.repeat(32) }), breaks: ['requestSignature'] },
        { name: 'a shorter path', evidence: covered({ path: path.slice(1) }), breaks: ['requestSignature'] },
        {
          name: 'a changed path',
          evidence: covered({ path: ['ab'.repeat(32), ...path.slice(1)] }),
          breaks: ['requestSignature'],
        },
        { name: 'another time', evidence: covered({ signedAt: formatTime(at) }), breaks: ['requestSignature'] },
        {
          name: 'a changed signature',
          evidence: covered({ signature: { ...signature, value: flip(signature.value, 9) } }),
          breaks: ['requestSignature'],
        },
        { name: 'no checkpoint', evidence: request({ checkpoint: undefined as never }), breaks: ['requestSignature'] },
        {
          name: 'the checkpoint of the bank',
          evidence: request({ checkpoint: evidence.answer!.checkpoint! }),
          breaks: ['requestSignature'],
        },
      );
    }

    for (const { name, evidence: changed, breaks } of tampered) {
      test(`with ${name} is broken`, async () => {
        const { holds, steps } = await verifyEvidence(crypto, changed, trust);
        assert.ok(!holds);
        for (const step of breaks) assert.ok(broken(steps).includes(step), `${step} of ${broken(steps)}`);
      });
    }

    test('does not hold with a key that had ended, or that the verifier does not know', async () => {
      const ended = { ...keyOf(institution), endedAt: formatTime(at) };
      for (const keys of [[ended], []]) {
        const { steps } = await verifyEvidence(crypto, evidence, {
          keysOf: (participant) => (participant === institution ? keys : [keyOf(participant)]),
        });
        assert.ok(broken(steps).includes('requestSignature'));
      }
    });

    test('is broken by every change of what is signed or hashed, and never throws', async () => {
      const text = JSON.stringify(evidence);
      // Of a message of the stream some bytes say nothing that is signed, such as its size.
      const names = rail === 'HTTP' ? 'body|canonical|headers|facts|value' : 'canonical|headers|facts|value';
      for (const { 0: whole, 1: value, index } of text.matchAll(new RegExp(`"(?:${names})":"([^"]+)"`, 'g'))) {
        const start = index + whole.length - 1 - value!.length;
        for (let place = start; place < start + value!.length - 4; place += 61) {
          const changed = text.slice(0, place) + (text[place] === 'A' ? 'B' : 'A') + text.slice(place + 1);
          const { holds } = await verifyEvidence(crypto, JSON.parse(changed), trust);
          assert.ok(!holds, `character ${place - start} of ${whole.slice(0, 40)}`);
        }
      }
    });
  });
}

test('reasons of refusals are told', async () => {
  const evidence = await overHttp();
  const facts = Buffer.from(batches[0]!);
  facts.writeUInt8(outcomes.refused, journaled.submitPayment.size + 1);
  facts.writeUInt16BE(reasons.floatInsufficient.code, journaled.submitPayment.size + 2);
  const columns = [facts, batches[1]!, batches[2]!];
  const { answer: __, ...refused } = {
    ...evidence,
    journal: { from: 7, headers: base64(headersOf(columns)), facts: [{ sequence: 7, facts: base64(facts) }] },
  };
  const { holds, steps } = await verifyEvidence(crypto, refused, { keysOf: trust.keysOf });
  assert.ok(holds);
  assert.match(steps.find(({ step }) => step === 'decision')!.detail, /refused \(floatInsufficient\) in batch 7/);
});
