/**
 * What tests of the edge stand on: participants with real keys, a clock in the test's hand, and a small cell that
 * keeps to the port (one outcome for an identifier, refusals that name the reason, nothing about others' payments).
 */

import {
  canonicalPayment,
  canonicalPaymentAnswer,
  type PaymentAnswer,
  type PaymentRequest,
  type Problem,
  type Signature,
  type SigningKey,
  signMessage,
  signRequest,
  type VerifiedSignature,
  verifyResponse,
} from '@clearway/contract';
import {
  bankAnswers,
  commandTypes,
  identifierFromBytes,
  identifierText,
  layout,
  paymentKinds,
  readUint64,
} from '@clearway/core';
import type { Clock, HttpRequest, HttpResponse, Network, Ports, Suite } from '@clearway/ports';
import { realChance, realCrypto } from '@clearway/ports/real';
import type { Configurator } from './configurator.ts';
import { createGateway, type Gateway } from './gateway.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { platformCode } from './platform.ts';
import type {
  AgreementView,
  Cell,
  Configuration,
  ParticipantConfiguration,
  PaymentView,
  SubmitResult,
} from './port.ts';
import type { GatewayRecords } from './records.ts';
import type { GatewaySettings } from './settings.ts';

export const scheme = { schemeId: 'CLRW-T', environment: 'sandbox' } as const;
export const authority = 'gateway.test';
/** 2026-11-22T10:00:00.000Z */
export const startedAt = Date.UTC(2026, 10, 22, 10);

export interface TestClock extends Clock {
  /** Time goes on, and what was due is run. */
  pass(ms: number): void;
}

export function testClock(): TestClock {
  let now = startedAt;
  const timers = new Set<{ readonly dueAt: number; readonly run: () => void }>();
  return {
    now: () => now,
    elapsed: () => now - startedAt,
    after(delayMs, run) {
      const timer = { dueAt: now + delayMs, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    pass(ms) {
      now += ms;
      for (const timer of timers) {
        if (timer.dueAt > now) continue;
        timers.delete(timer);
        timer.run();
      }
    },
  };
}

export interface Actor {
  readonly code: string;
  readonly signing: SigningKey;
  readonly verifying: ParticipantConfiguration['keys'][number];
}

const suiteOf: Record<string, Suite> = { '00101': 'ed25519', [platformCode]: 'ed25519' };
const actors = new Map<string, Actor>();

/** The same keys in all tests of a file. */
export async function actor(code: string): Promise<Actor> {
  const known = actors.get(code);
  if (known) return known;
  const suite = suiteOf[code] ?? 'ecdsa-p256-sha256';
  const { publicKey, privateKey } = await realCrypto.generateSigningKey(suite);
  const made = { code, signing: { suite, version: 1, privateKey }, verifying: { suite, version: 1, publicKey } };
  actors.set(code, made);
  return made;
}

export async function participant(
  code: string,
  more: Partial<ParticipantConfiguration> = {},
): Promise<ParticipantConfiguration> {
  return {
    code,
    name: `Participant ${code}`,
    role: code.startsWith('002') ? 'bank' : 'paymentInstitution',
    status: 'active',
    idempotent: true,
    endpoint: `https://${code}.test`,
    keys: [(await actor(code)).verifying],
    sealingKey: '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n',
    netDebitCaps: [],
    enquiryBudget: { perSecond: 100, burst: 100 },
    ...more,
  };
}

export async function configurationOf(participants?: readonly ParticipantConfiguration[]): Promise<Configuration> {
  const codes = ['00101', '00102', '00201', '00202'];
  return {
    schemeVersion: 1,
    scheme: {
      ...scheme,
      currencies: [156],
      maximumAmount: '10000000000000',
      offerTimeoutMs: 5_000,
      longestExpiryMs: 60_000,
      enquiryBackoffMs: 1_000,
      enquiryBackoffLargestMs: 60_000,
      reversalAfterMs: 60_000,
      workItemAfterMs: 600_000,
      signingTimeoutMs: 300_000,
      routing: [{ centre: 1, cell: 1, weight: 1 }],
      timeZone: 'Asia/Shanghai',
    },
    participantsVersion: 1,
    participants: participants ?? (await Promise.all(codes.map((code) => participant(code)))),
    businessDate: 20261122,
  };
}

/** Decides what becomes of a new payment; the default is success. */
export type Decide = (view: PaymentView) => SubmitResult | Promise<SubmitResult>;

export interface TestCell extends Cell {
  decide: Decide;
  readonly payments: Map<string, PaymentView>;
  readonly agreements: Map<string, AgreementView>;
  /** Commands and bodies as they came. */
  readonly submitted: { readonly command: Uint8Array; readonly body: Uint8Array }[];
  enquiries: number;
}

export function testCell(clock: Clock): TestCell {
  const payments = new Map<string, PaymentView>();
  const agreements = new Map<string, AgreementView>();
  const hashes = new Map<string, string>();
  const outcomes = new Map<string, Promise<SubmitResult>>();
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  const fiveDigits = (code: number) => String(code).padStart(5, '0');

  async function submitPayment(command: Uint8Array, view: DataView): Promise<SubmitResult> {
    const at = layout.submitPayment;
    const id = identifierFromBytes(command.subarray(at.id));
    const paymentId = identifierText(id);
    const hash = hex(command.subarray(at.hash, at.hash + 16));
    const known = outcomes.get(paymentId);
    if (known) {
      if (hashes.get(paymentId) !== hash) return { outcome: 'refused', reason: 'identifierReused' };
      const told = await known;
      return told.outcome === 'refused' ? told : { ...told, outcome: 'repeated' };
    }
    hashes.set(paymentId, hash);
    const kind = Object.entries(paymentKinds).find(([, number]) => number === view.getUint8(at.kind))![0];
    const offered: PaymentView = {
      paymentId,
      kind: kind as PaymentView['kind'],
      state: 'offered',
      reason: 'none',
      instructingAgent: fiveDigits(id.participant),
      instructedAgent: fiveDigits(view.getUint32(at.instructed)),
      amount: String(readUint64(view, at.amount)),
      currency: view.getUint16(at.currency),
      cycle: 0,
      changedAt: clock.now(),
    };
    payments.set(paymentId, offered);
    const outcome = Promise.resolve(cell.decide(offered));
    outcomes.set(paymentId, outcome);
    const told = await outcome;
    if (told.payment) payments.set(paymentId, told.payment);
    return told;
  }

  function recordAnswer(command: Uint8Array, body: Uint8Array, view: DataView): SubmitResult {
    const at = layout.recordAnswer;
    const paymentId = identifierText(identifierFromBytes(command.subarray(at.id)));
    const payment = payments.get(paymentId);
    if (!payment) return { outcome: 'refused', reason: 'paymentUnknown' };
    if (payment.instructedAgent !== fiveDigits(view.getUint32(at.bank) >>> 8)) {
      return { outcome: 'refused', reason: 'answerFromOther' };
    }
    const hash = hex(command.subarray(at.hash, at.hash + 16));
    if (hash !== hashes.get(paymentId)) return { outcome: 'refused', reason: 'answerHashDiffers' };
    if (payment.state === 'succeeded') return { outcome: 'repeated', payment };
    const succeeded = view.getUint8(at.answer) === bankAnswers.succeeded;
    const decided: PaymentView = succeeded
      ? { ...payment, state: 'succeeded', cycle: 7, answer: body }
      : { ...payment, state: 'failed', reason: 'bankDeclined', answer: body };
    payments.set(paymentId, decided);
    return { outcome: 'accepted', payment: decided };
  }

  /** Every step succeeds at once. */
  function signAgreement(command: Uint8Array, view: DataView): SubmitResult {
    const id = identifierFromBytes(command.subarray(8));
    const agreementId = identifierText(id);
    if (command[0] === commandTypes.requestAgreement) {
      const at = layout.requestAgreement;
      return keep('codeSent', {
        agreementId,
        institution: fiveDigits(id.participant),
        bank: fiveDigits(view.getUint32(at.bank)),
        state: 'codeSent',
        reason: 'none',
        paymentLimit: String(readUint64(view, at.paymentLimit)),
        currency: view.getUint16(at.currency),
        expiresOn: view.getUint32(at.expiresOn),
        changedAt: clock.now(),
      });
    }
    const agreement = agreements.get(agreementId);
    if (!agreement) return { outcome: 'refused', reason: 'agreementUnknown' };
    if (command[0] === commandTypes.confirmAgreement) return keep('active', agreement);
    if (command[0] === commandTypes.rescindAgreement) {
      const by = fiveDigits(view.getUint32(layout.rescindAgreement.by));
      const isParty = by === agreement.institution || by === agreement.bank;
      return isParty ? keep('rescinded', agreement) : { outcome: 'refused', reason: 'agreementPartiesDiffer' };
    }
    const bank = fiveDigits(view.getUint32(layout.recordSigningAnswer.bank) >>> 8);
    return bank === agreement.bank ? keep('active', agreement) : { outcome: 'refused', reason: 'answerFromOther' };
  }

  function keep(state: AgreementView['state'], before: AgreementView): SubmitResult {
    const agreement = { ...before, state };
    agreements.set(agreement.agreementId, agreement);
    return { outcome: 'accepted', agreement };
  }

  const cell: TestCell = {
    payments,
    agreements,
    submitted: [],
    enquiries: 0,
    decide: (view) => ({ outcome: 'accepted', payment: { ...view, state: 'succeeded', cycle: 7 } }),
    async submit(command, body) {
      cell.submitted.push({ command, body });
      const view = new DataView(command.buffer, command.byteOffset, command.byteLength);
      switch (command[0]) {
        case commandTypes.submitPayment:
          return submitPayment(command, view);
        case commandTypes.recordAnswer:
          return recordAnswer(command, body, view);
        default:
          return signAgreement(command, view);
      }
    },
    async payment(paymentId) {
      cell.enquiries++;
      return payments.get(paymentId);
    },
    agreement: async (agreementId) => agreements.get(agreementId),
  };
  return cell;
}

export const emptyRecords: GatewayRecords = {
  payment: async () => undefined,
  agreement: async () => undefined,
  cycles: async () => [],
  cycle: async () => undefined,
  positions: async () => [],
  file: async () => undefined,
  fileParts: async () => [],
  filePart: async () => undefined,
};

const noNetwork: Network = {
  async request() {
    throw new Error('this test sends nothing');
  },
};

export interface TestBed extends Gateway {
  readonly clock: TestClock;
  readonly cell: TestCell;
  readonly metrics: Metrics;
  readonly ports: Ports;
  configuration: Configuration | undefined;
  /** Asks as a participant does, and gives the answer with what its signature is worth. */
  ask(from: string, method: string, path: string, message?: object | string): Promise<Told>;
  /** As {@link TestBed.ask}, with the request changed after it was signed. */
  askChanged(
    from: string,
    method: string,
    path: string,
    message: object | string | undefined,
    change: (request: HttpRequest) => HttpRequest,
  ): Promise<Told>;
  /** The request as the gateway gets it. */
  signed(
    from: string,
    method: string,
    path: string,
    message?: object | string,
    contentType?: string,
  ): Promise<HttpRequest>;
  tell(request: HttpRequest): Promise<Told>;
}

export interface Told {
  readonly response: HttpResponse;
  readonly status: number;
  readonly json: Record<string, unknown> & Partial<Problem>;
  readonly signature: VerifiedSignature;
}

export async function testBed(
  more: {
    readonly records?: Partial<GatewayRecords>;
    readonly settings?: Partial<GatewaySettings>;
    readonly configurator?: Configurator;
    readonly network?: Network;
    readonly clock?: TestClock;
    readonly participants?: readonly ParticipantConfiguration[];
  } = {},
): Promise<TestBed> {
  const clock = more.clock ?? testClock();
  const ports: Ports = { clock, chance: realChance, crypto: realCrypto, network: more.network ?? noNetwork };
  const cell = testCell(clock);
  const metrics = createMetrics();
  const platform = await actor(platformCode);
  const refused = async (): Promise<SubmitResult> => ({ outcome: 'refused', reason: 'keyLimitReached' });
  const gateway = createGateway({
    ports,
    cell,
    records: { ...emptyRecords, ...more.records },
    configuration: () => bed.configuration,
    configurator: more.configurator ?? { addKey: refused, endKey: refused },
    platformKey: platform.signing,
    platformKeys: [platform.verifying],
    metrics,
    log: () => {},
    settings: { authority, ...more.settings },
  });
  const bed: TestBed = {
    ...gateway,
    clock,
    cell,
    metrics,
    ports,
    configuration: await configurationOf(more.participants),
    async signed(from, method, path, message, contentType = 'application/json') {
      const { signing, code } = await actor(from);
      const body = typeof message === 'object' ? Buffer.from(JSON.stringify(message)) : Buffer.from(message ?? '');
      const headers: Record<string, string> = message === undefined ? {} : { 'content-type': contentType };
      const request = await signRequest(ports, signing, code, {
        method,
        url: `https://${authority}${path}`,
        headers,
        body,
      });
      return { ...request, url: path };
    },
    async tell(request) {
      const response = await gateway.handle(request);
      const signature = await verifyResponse(ports, request, response, {
        code: platformCode,
        keys: [platform.verifying],
      });
      const text = Buffer.from(response.body).toString();
      const json = text.startsWith('{') ? (JSON.parse(text) as Told['json']) : {};
      return { response, status: response.status, json, signature };
    },
    ask: async (from, method, path, message) => bed.tell(await bed.signed(from, method, path, message)),
    askChanged: async (from, method, path, message, change) =>
      bed.tell(change(await bed.signed(from, method, path, message))),
  };
  return bed;
}

let sequence = 0;

export function identifier(from: string, date = '20261122'): string {
  sequence++;
  return `${date}1${from}${String(sequence).padStart(11, '0')}010001`;
}

type Unsigned<T> = Omit<T, 'signature'>;

/** A payout that is right in everything, with what the test changes before it is signed. */
export async function payout(from: string, change: Partial<PaymentRequest> = {}): Promise<PaymentRequest> {
  const payment: Unsigned<PaymentRequest> = {
    paymentId: identifier(from),
    kind: 'payout',
    instructedAgent: '00201',
    interbankSettlementAmount: { amount: '12.34', currency: 'CNY' },
    endToEndId: 'order-1',
    expiresAt: new Date(startedAt + 10_000).toISOString(),
    ...change,
  };
  return { ...payment, signature: change.signature ?? (await signed(from, canonicalPayment(scheme, payment))) };
}

export async function paymentAnswer(
  bank: string,
  payment: PaymentRequest,
  change: Partial<PaymentAnswer> = {},
): Promise<PaymentAnswer> {
  const answer: Unsigned<PaymentAnswer> = {
    paymentId: payment.paymentId,
    paymentHash: Buffer.from(realCrypto.sha256(canonicalPayment(scheme, payment))).toString('hex'),
    answer: 'succeeded',
    answeredAt: new Date(startedAt + 1).toISOString(),
    ...change,
  };
  return { ...answer, signature: await signed(bank, canonicalPaymentAnswer(scheme, bank, answer)) };
}

export async function signed(by: string, canonical: Uint8Array): Promise<Signature> {
  return signMessage(realCrypto, (await actor(by)).signing, canonical);
}
