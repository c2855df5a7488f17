/**
 * A real cell with simulated institutions in one process, for tests: what it leaves in its store is what any cell
 * leaves. Banks answer at once, as the last digit of the amount says.
 */

import {
  type AgreementConfirmation,
  type AgreementRequest,
  canonicalAgreement,
  canonicalAgreementAnswer,
  canonicalConfirmation,
  canonicalPayment,
  canonicalPaymentAnswer,
  canonicalRescission,
  formatAmount,
  formatTime,
  type PaymentRequest,
  type SigningKey,
  signMessage,
} from '@clearway/contract';
import {
  type BankAnswer,
  type bankAnswers,
  encodeConfirmAgreement,
  encodeRecordAnswer,
  encodeRecordSigningAnswer,
  encodeRequestAgreement,
  encodeRescindAgreement,
  encodeSubmitPayment,
  identifierText,
  identifierToBytes,
  type PaymentKind,
  parseIdentifier,
  type Reason,
  reasons,
  type SigningAnswer,
} from '@clearway/core';
import { type Cancel, type Clock, type Link, type LinkEvents, type Ports, type Suite, suites } from '@clearway/ports';
import {
  createCell,
  createClearingHouse,
  listenToStream,
  type ParticipantsDocument,
  type RunningCell,
  readSettings,
  type SchemeDocument,
} from '@clearway/server';
import type { CellPlace, PaymentArchive, Store } from '@clearway/store';
import { openStreamLink, type StreamLinkEnd } from './stream-link.ts';

export const place: CellPlace = { centre: 1, cell: 1 };
export const institutions = ['00101', '00102'] as const;
export const banks = ['00201', '00202'] as const;
const currency = 156;
export const scheme = { schemeId: 'TEST', environment: 'sandbox' } as const;

/** What the bank does with a payment, by the last digit of its amount in minor units. */
const behaviour: Readonly<Record<number, 'decline' | 'silent' | 'late'>> = { 7: 'decline', 8: 'silent', 9: 'late' };

export interface RecordedCell {
  readonly cell: RunningCell;
  /** For a later start on the same store. */
  readonly keys: Keys;
  /** An agreement that was signed in two steps and is active. */
  agree(institution: string, bank: string): Promise<string>;
  pay(payment: {
    readonly kind: PaymentKind;
    readonly institution: string;
    readonly bank: string;
    readonly amount: number;
    readonly reference?: string;
    readonly endToEndId?: string;
  }): Promise<{ readonly paymentId: string; readonly result: SubmitResult }>;
  /** A link of the stream, greeted; the first one switches the cell's stream on. */
  link(): Promise<StreamLinkEnd>;
  /** An identifier that no payment has yet. */
  nextId(institution: string): string;
  rescind(agreementId: string): Promise<SubmitResult>;
  /** Closes the current cycle and resolves when it is settled and recorded. */
  settle(): Promise<number>;
  /** Has the clearing house look at once at what a closed cycle needs. */
  wake(): void;
  /** Resolves when it holds, which the cell has to bring about. */
  until(holds: () => boolean): Promise<void>;
  stop(): Promise<void>;
}

type SubmitResult = Awaited<ReturnType<RunningCell['submit']>>;
type Deliver = Parameters<RunningCell['attach']>[0]['deliver'];
type TestPorts = Pick<Ports, 'clock' | 'crypto' | 'chance'>;

export async function recordCell(
  store: Store,
  given: TestPorts,
  options: { readonly snapshotEvery?: number; readonly keys?: Keys; readonly archive?: PaymentArchive } = {},
): Promise<RecordedCell> {
  const { clock, cancelAll } = cancellable(given.clock);
  const ports = { ...given, clock };
  const { crypto } = ports;
  const keys = options.keys ?? (await makeKeys(ports));
  const cell = await createCell({
    place,
    ports,
    store,
    scheme: schemeDocument,
    participants: participantsDocument(keys),
    snapshotEvery: options.snapshotEvery ?? 1_000_000,
    ...(options.archive && { archive: options.archive }),
    halted(error) {
      throw error;
    },
    log() {},
  });
  const house = createClearingHouse({
    cell,
    records: cell.records,
    clock,
    cycleSeconds: 0,
    log() {},
    agent: {
      submit: async ({ instructionId }) => ({
        instructionId,
        state: 'settled',
        settledAt: formatTime(clock.now()),
        shortfalls: [],
      }),
      entries: async (_participant, alpha, after) =>
        after > 0
          ? []
          : [
              {
                entry: 1,
                kind: 'deposit',
                amount: '1000000.00',
                currency: alpha,
                bookedAt: formatTime(clock.now()),
                reference: 'opening',
              },
            ],
    },
  });
  const detach = cell.attach({ deliver: createBanks(cell, keys, ports) });
  await until(clock, () => cell.statistics().accounts.filter(({ funds }) => funds > 0).length === institutions.length);

  // Above those of an earlier start: there are fewer identifiers than batches.
  let serial = cell.state.sequence;
  const nextId = (institution: string): string =>
    identifierText({
      date: cell.state.businessDate,
      version: 1,
      participant: Number(institution),
      sequence: ++serial,
      ...place,
    });
  const expiresAt = () => clock.now() + 4000;
  const sign = (code: string, canonical: Uint8Array) => signMessage(crypto, keys.get(code)!, canonical);
  const signed = (code: string) => ({
    suite: suites[keys.get(code)!.suite],
    keyVersion: keys.get(code)!.version,
    receivedAt: clock.now(),
  });

  let accept: ((link: Link) => LinkEvents) | undefined;
  const openStream = async () => {
    if (accept !== undefined) return accept;
    await listenToStream({
      cell,
      clock,
      crypto,
      settings: { ...readSettings({}), streamPlain: 'yes', streamHost: '127.0.0.1', streamPort: 0 },
      async listen(accepts) {
        accept = accepts;
        return { port: 0, async close() {} };
      },
      log() {},
    });
    return accept!;
  };

  return {
    cell,
    keys,
    nextId,

    async link() {
      const end = openStreamLink(await openStream(), keys, { crypto, now: clock.now });
      await until(clock, () => end.stream > 0);
      return end;
    },

    async pay({ kind, institution, bank, amount, reference, endToEndId = 'order' }) {
      const paymentId = nextId(institution);
      const expires = expiresAt();
      const message: Omit<PaymentRequest, 'signature'> = {
        paymentId,
        kind,
        instructedAgent: bank,
        interbankSettlementAmount: formatAmount(amount, currency),
        ...(kind === 'agreementPayment' && { agreementId: reference! }),
        ...(kind === 'refund' && { originalPaymentId: reference! }),
        endToEndId,
        expiresAt: formatTime(expires),
        sealed: Buffer.from(`sealed for ${bank}`).toString('base64'),
      };
      const canonical = canonicalPayment(scheme, message);
      const command = encodeSubmitPayment({
        id: bytesOf(paymentId),
        kind,
        ...signed(institution),
        currency,
        instructed: Number(bank),
        amount,
        expiresAt: expires,
        reference: reference === undefined ? undefined : bytesOf(reference),
        hash: crypto.sha256(canonical),
      });
      const result = await cell.submit(command, json({ ...message, signature: await sign(institution, canonical) }));
      return { paymentId, result };
    },

    async agree(institution, bank) {
      const agreementId = nextId(institution);
      const expires = expiresAt();
      const sealed = Buffer.from('who signs').toString('base64');
      const request: Omit<AgreementRequest, 'signature'> = {
        agreementId,
        bank,
        paymentLimit: formatAmount(1_000_000, currency),
        expiresOn: '2099-12-31',
        expiresAt: formatTime(expires),
        sealed,
      };
      const requested = canonicalAgreement(scheme, request);
      await cell.submit(
        encodeRequestAgreement({
          id: bytesOf(agreementId),
          bank: Number(bank),
          ...signed(institution),
          paymentLimit: 1_000_000,
          currency,
          expiresOn: 20991231,
          expiresAt: expires,
          hash: crypto.sha256(requested),
        }),
        json({ ...request, signature: await sign(institution, requested) }),
      );
      const confirmation = { agreementId, expiresAt: formatTime(expires), sealed };
      const confirmed = canonicalConfirmation(scheme, institution, confirmation);
      const result = await cell.submit(
        encodeConfirmAgreement({
          id: bytesOf(agreementId),
          ...signed(institution),
          expiresAt: expires,
          hash: crypto.sha256(confirmed),
        }),
        json({ ...confirmation, signature: await sign(institution, confirmed) }),
      );
      if (result.agreement?.state !== 'active') throw new Error(`the agreement is ${result.agreement?.state}`);
      return agreementId;
    },

    async rescind(agreementId) {
      const institution = agreementId.slice(9, 14);
      const rescission = { agreementId, expiresAt: formatTime(expiresAt()) };
      const signature = await sign(institution, canonicalRescission(scheme, institution, rescission));
      return cell.submit(
        encodeRescindAgreement({ id: bytesOf(agreementId), by: Number(institution), receivedAt: clock.now() }),
        json({ ...rescission, signature }),
      );
    },

    async settle() {
      const cycle = await cell.closeCycle();
      house.wake();
      await cell.cycleReached(cycle, 'settled');
      await cell.recordsWritten();
      return cycle;
    },

    wake: () => house.wake(),
    until: (holds) => until(clock, holds),

    async stop() {
      await house.stop();
      detach();
      await cell.stop();
      cancelAll();
    },
  };
}

/** A clock whose timers can all be ended, so that no patience outlives a test. */
function cancellable(clock: Clock): { readonly clock: Clock; cancelAll(): void } {
  const running = new Set<Cancel>();
  const after: Clock['after'] = (delayMs, run) => {
    const end = () => {
      running.delete(end);
      cancel();
    };
    const cancel = clock.after(delayMs, () => {
      running.delete(end);
      run();
    });
    running.add(end);
    return end;
  };
  const cancelAll = () => {
    for (const end of [...running]) end();
  };
  return { clock: { ...clock, after }, cancelAll };
}

/** Polls a condition that events of the cell bring about; fails after a time that only a fault can take. */
async function until(clock: Clock, holds: () => boolean): Promise<void> {
  const patience = clock.elapsed() + 20_000;
  while (!holds()) {
    if (clock.elapsed() > patience) throw new Error('waited in vain');
    await new Promise<void>((resolve) => void clock.after(5, resolve));
  }
}

const bytesOf = (id: string): Uint8Array => identifierToBytes(parseIdentifier(id)!);
const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export type Keys = ReadonlyMap<string, SigningKey & { readonly publicKey: string }>;

async function makeKeys({ crypto }: TestPorts): Promise<Keys> {
  const keys = new Map<string, SigningKey & { readonly publicKey: string }>();
  for (const code of [...institutions, ...banks]) {
    const suite: Suite = Number(code) % 2 === 1 ? 'ed25519' : 'ecdsa-p256-sha256';
    keys.set(code, { suite, version: 1, ...(await crypto.generateSigningKey(suite)) });
  }
  return keys;
}

const schemeDocument: SchemeDocument = {
  version: 1,
  ...scheme,
  currencies: [currency],
  maximumAmount: '10000000',
  offerTimeoutMs: 150,
  longestExpiryMs: 60_000,
  enquiryBackoffMs: 20,
  enquiryBackoffLargestMs: 40,
  reversalAfterMs: 250,
  workItemAfterMs: 200,
  signingTimeoutMs: 5000,
  routing: [{ ...place, weight: 1 }],
  timeZone: 'Asia/Shanghai',
};

function participantsDocument(keys: Keys): ParticipantsDocument {
  const participant = (code: string, role: 'paymentInstitution' | 'bank') => {
    const { version, suite, publicKey } = keys.get(code)!;
    return {
      code,
      name: `Participant ${code}`,
      role,
      status: 'active' as const,
      idempotent: true,
      endpoint: `https://127.0.0.1/${code}`,
      keys: [{ version, suite, publicKey }],
      sealingKey: publicKey,
      netDebitCaps: role === 'bank' ? [{ currency, amount: '100000000' }] : [],
      enquiryBudget: { perSecond: 10, burst: 10 },
    };
  };
  return {
    version: 1,
    participants: [
      ...institutions.map((code) => participant(code, 'paymentInstitution')),
      ...banks.map((code) => participant(code, 'bank')),
    ],
  };
}

/** All banks as one deliverer, which answers with what a bank would sign. */
function createBanks(cell: RunningCell, keys: Keys, { crypto, clock }: TestPorts): Deliver {
  const answerPayment = async (bank: string, request: PaymentRequest, answer: BankAnswer, reason?: Reason) => {
    const key = keys.get(bank)!;
    const paymentHash = hex(crypto.sha256(canonicalPayment(scheme, request)));
    const message = {
      paymentId: request.paymentId,
      paymentHash,
      answer,
      ...(reason && { reason }),
      answeredAt: formatTime(clock.now()),
    };
    const signature = await signMessage(crypto, key, canonicalPaymentAnswer(scheme, bank, message));
    const command = encodeRecordAnswer({
      id: bytesOf(request.paymentId),
      answer,
      reason: reason === undefined ? 0 : reasons[reason].code,
      suite: suites[key.suite],
      keyVersion: key.version,
      bank: Number(bank),
      hash: Buffer.from(paymentHash, 'hex'),
    });
    await cell.submit(command, json({ ...message, signature }));
  };

  const answerSigning = async (bank: string, agreementId: string, subject: Uint8Array, answer: SigningAnswer) => {
    const key = keys.get(bank)!;
    const subjectHash = hex(crypto.sha256(subject));
    const message = { agreementId, subjectHash, answer, answeredAt: formatTime(clock.now()) };
    const signature = await signMessage(crypto, key, canonicalAgreementAnswer(scheme, bank, message));
    const command = encodeRecordSigningAnswer({
      id: bytesOf(agreementId),
      answer,
      reason: 0,
      suite: suites[key.suite],
      keyVersion: key.version,
      bank: Number(bank),
      hash: Buffer.from(subjectHash, 'hex'),
    });
    await cell.submit(command, json({ ...message, signature }));
  };

  return async ({ kind, participant, message }) => {
    const body = message === undefined ? undefined : JSON.parse(Buffer.from(message).toString('utf8'));
    switch (kind) {
      case 'offer': {
        const request = body as PaymentRequest;
        const how = behaviour[Number(request.interbankSettlementAmount.amount.slice(-1))];
        if (how === 'silent') return 'noAnswer';
        if (how === 'late') return 'accepted';
        if (how === 'decline') await answerPayment(participant, request, 'failed', 'bankInsufficientFunds');
        else await answerPayment(participant, request, 'succeeded');
        return 'done';
      }
      case 'enquiry': {
        const request = body as PaymentRequest;
        const isLate = behaviour[Number(request.interbankSettlementAmount.amount.slice(-1))] === 'late';
        await answerPayment(participant, request, isLate ? 'succeeded' : 'notKnownYet');
        return 'done';
      }
      case 'reversal':
        await answerPayment(participant, body as PaymentRequest, 'blocked' satisfies keyof typeof bankAnswers);
        return 'done';
      case 'signing': {
        const request = body as AgreementRequest;
        await answerSigning(participant, request.agreementId, canonicalAgreement(scheme, request), 'codeSent');
        return 'done';
      }
      case 'confirmation': {
        const confirmation = body as AgreementConfirmation;
        const institution = confirmation.agreementId.slice(9, 14);
        const subject = canonicalConfirmation(scheme, institution, confirmation);
        await answerSigning(participant, confirmation.agreementId, subject, 'active');
        return 'done';
      }
      default:
        return 'done';
    }
  };
}

/** A short day: signing, payments of every kind and outcome, a settled cycle, and a beginning of the next. */
export async function playDay(store: Store, ports: TestPorts): Promise<Day> {
  const played = await recordCell(store, ports, { snapshotEvery: 12 });
  const { agree, pay, settle, cell } = played;
  const [lantern, ferry] = institutions;
  const [harbour, hill] = banks;
  const agreements = [await agree(lantern, harbour), await agree(ferry, hill)];
  const pull = (amount: number, which = 0) =>
    pay({
      kind: 'agreementPayment',
      institution: institutions[which],
      bank: banks[which],
      amount,
      reference: agreements[which],
    });
  const succeeded = await pull(5000);
  for (const amount of [1200, 3400, 990_010]) await pull(amount);
  const second = await pull(6000, 1);
  const declined = await pull(1007);
  const refused = await pull(2_000_000);
  const payout = await pay({ kind: 'payout', institution: lantern, bank: hill, amount: 2500 });
  const late = await pay({ kind: 'payout', institution: ferry, bank: harbour, amount: 1119 });
  const silent = await pull(1008);
  await pay({ kind: 'refund', institution: lantern, bank: harbour, amount: 2000, reference: succeeded.paymentId });
  await played.until(() => cell.state.inFlight === 0);
  const cycle = await settle();
  await pay({ kind: 'refund', institution: ferry, bank: hill, amount: 6000, reference: second.paymentId });
  await played.rescind(agreements[1]);
  await pull(4200);
  await played.stop();
  return {
    cycle,
    agreementId: agreements[0],
    succeeded: succeeded.paymentId,
    declined: declined.paymentId,
    refused: refused.paymentId,
    payout: payout.paymentId,
    late: late.paymentId,
    silent: silent.paymentId,
  };
}

/** Payments by what became of them. */
export interface Day {
  readonly cycle: number;
  readonly agreementId: string;
  readonly succeeded: string;
  readonly declined: string;
  readonly refused: string;
  readonly payout: string;
  readonly late: string;
  readonly silent: string;
}
