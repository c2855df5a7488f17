/**
 * A platform within the process, for testing an integration without the real one: it verifies and signs as the real
 * one does, asks banks, answers, tells notices, and makes reconciliation files. It keeps nothing, limits nothing, and
 * ends no unknown by itself.
 */
import {
  type AgreementAnswer,
  type AgreementConfirmation,
  type AgreementRequest,
  type AgreementStatus,
  checkAgreementAnswer,
  checkAgreementConfirmation,
  checkAgreementRequest,
  checkPaymentAnswer,
  checkPaymentRequest,
  type DirectoryParticipant,
  findRoute,
  formatDate,
  formatTime,
  type Notice,
  type PaymentAnswer,
  type PaymentRequest,
  type PaymentStatus,
  type Platform,
  type Problem,
  parseAmount,
  parseTime,
  problem,
  problemContentType,
  type ReconciliationLine,
  type ReconciliationManifest,
  type Scheme,
  type SigningKey,
  signRequest,
  signResponse,
  usualPartBytes,
  verifyingKeys,
  verifyRequest,
  verifyResponse,
  writeReconciliationFile,
} from '@clearway/contract';
import type { Chance, Clock, Crypto, HttpRequest, HttpResponse, Suite } from '@clearway/ports';
import type { InstitutionOptions } from '../options.ts';
import { createTestNetwork, type TestNetwork } from './network.ts';

export const testScheme: Scheme = { schemeId: 'TEST', environment: 'sandbox' };
export const testGateway = 'https://gateway.test';
const platformCode = '00000';
const businessDate = 20261122;
const cycleOpenedAt = '2026-11-22T00:00:00.000Z';
const deadlineMs = 5_000;

export interface TestPlatform {
  readonly network: TestNetwork;
  /** Change them as the test needs. */
  routing: Platform['routing'];
  /** Keys made, participant admitted: what its SDK needs. Its endpoint is `https://<code>.test`. */
  admit(code: string, role: DirectoryParticipant['role']): Promise<InstitutionOptions>;
  /** Signs and sends as the platform does, to `https://<code>.test`. */
  ask(code: string, path: string, message: object): Promise<HttpResponse>;
  tell(code: string, ...notices: Omit<Notice, 'noticeId'>[]): Promise<HttpResponse>;
  /** What the platform holds of a payment. */
  payment(paymentId: string): PaymentStatus | undefined;
  /** As if it had been told; for wrong answers on purpose. */
  setPayment(status: PaymentStatus): void;
  /** As if it had never come. */
  forget(paymentId: string): void;
  /** Closes the cycle and settles it; tells nobody. Returns its number. */
  settleCycle(): number;
  /** Of one part of a reconciliation file, at most: whole lines. */
  filePartBytes: number;
  readonly directory: readonly DirectoryParticipant[];
  readonly signing: SigningKey;
}

export interface TestPlatformOptions {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly crypto: Crypto;
  readonly suite?: Suite;
}

interface Held {
  status: PaymentStatus;
  readonly message: PaymentRequest;
}

class Refusal extends Error {
  readonly problem: Problem;
  constructor(reason: Problem['reason'], detail: string) {
    super(detail);
    this.problem = problem(reason, detail);
  }
}

export async function createTestPlatform(options: TestPlatformOptions): Promise<TestPlatform> {
  const { clock, suite = 'ed25519' } = options;
  const network = createTestNetwork();
  const ports = { ...options, network };
  const key = await ports.crypto.generateSigningKey(suite);
  const signing: SigningKey = { suite, version: 1, privateKey: key.privateKey };
  const keys = [{ version: 1, suite, publicKey: key.publicKey }];
  const directory: DirectoryParticipant[] = [];
  const payments = new Map<string, Held>();
  const agreements = new Map<string, AgreementStatus>();
  const settled: number[] = [];
  const nonces = new Set<string>();
  let notices = 0;
  const currentCycle = () => settled.length + 1;

  async function ask(code: string, path: string, message: object): Promise<HttpResponse> {
    const request = {
      method: 'POST',
      url: `https://${code}.test${path}`,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(message)),
    };
    const signed = await signRequest(ports, signing, platformCode, request);
    const response = await network.request(signed, { timeoutMs: deadlineMs });
    const signer = { code, keys: verifyingKeys(directory.find((one) => one.code === code)!.keys) };
    const verified = await verifyResponse(ports, signed, response, signer);
    if (!verified.ok) throw new Error(`the response of ${code} is not signed: ${verified.message}`);
    return response;
  }

  const deadline = () => formatTime(clock.now() + deadlineMs);

  function record(paymentId: string, answer: PaymentAnswer): PaymentStatus {
    const held = payments.get(paymentId);
    if (!held) throw new Refusal('paymentUnknown', paymentId);
    const { reason: _reason, cycle: _cycle, ...before } = held.status;
    const open = before.state === 'offered' || before.state === 'unknown';
    if (!open || answer.answer === 'notKnownYet') return held.status;
    const changed = { ...before, answer, changedAt: formatTime(clock.now()) };
    held.status =
      answer.answer === 'succeeded'
        ? { ...changed, state: 'succeeded', isoStatus: 'ACSP', cycle: currentCycle() }
        : { ...changed, state: 'failed', isoStatus: 'RJCT', reason: reasonOf(answer) ?? 'bankNeverProcessed' };
    return held.status;
  }

  /** What the bank says, or unknown where it says nothing. */
  async function offer(payment: PaymentRequest): Promise<PaymentStatus> {
    const { paymentId, instructedAgent } = payment;
    const held = payments.get(paymentId)!;
    try {
      const message = { payment, deadline: deadline(), possibleDuplicate: false };
      const response = await ask(instructedAgent, '/v1/offers', message);
      if (response.status === 200) return record(paymentId, read(checkPaymentAnswer, response.body));
    } catch (error) {
      if ((error as Error).name !== 'NetworkError') throw error;
    }
    if (held.status.state === 'offered') held.status = { ...held.status, state: 'unknown' };
    return held.status;
  }

  async function submit(institution: string, payment: PaymentRequest): Promise<PaymentStatus> {
    const known = payments.get(payment.paymentId);
    if (known && JSON.stringify(known.message) !== JSON.stringify(payment))
      throw new Refusal('identifierReused', payment.paymentId);
    if (known) return known.status;
    if (parseTime(payment.expiresAt)! <= clock.now()) throw new Refusal('requestExpired', payment.paymentId);
    const { paymentId, kind, instructedAgent, interbankSettlementAmount } = payment;
    const facts = { paymentId, kind, instructingAgent: institution, instructedAgent, interbankSettlementAmount };
    const status = { ...facts, state: 'offered', isoStatus: 'PDNG', changedAt: formatTime(clock.now()) } as const;
    payments.set(paymentId, { status, message: payment });
    return offer(payment);
  }

  function change(agreementId: string, answer: AgreementAnswer): AgreementStatus {
    const { reason: _reason, ...before } = agreements.get(agreementId)!;
    const reason = reasonOf(answer);
    const status = { ...before, state: answer.answer, answer, ...(reason && { reason }) };
    agreements.set(agreementId, status);
    return status;
  }

  async function requestAgreement(institution: string, agreement: AgreementRequest): Promise<AgreementStatus> {
    const { agreementId, bank, paymentLimit, expiresOn } = agreement;
    const facts = { agreementId, institution, bank, paymentLimit, expiresOn };
    agreements.set(agreementId, { ...facts, state: 'requested', changedAt: formatTime(clock.now()) });
    const response = await ask(bank, '/v1/signings', { agreement, deadline: deadline() });
    return change(agreementId, read(checkAgreementAnswer, response.body));
  }

  async function confirm(confirmation: AgreementConfirmation): Promise<AgreementStatus> {
    const { agreementId } = confirmation;
    const { bank } = agreementOf(agreementId);
    const response = await ask(bank, '/v1/confirmations', { confirmation, deadline: deadline() });
    return change(agreementId, read(checkAgreementAnswer, response.body));
  }

  function agreementOf(agreementId: string): AgreementStatus {
    const agreement = agreements.get(agreementId);
    if (!agreement) throw new Refusal('agreementUnknown', agreementId);
    return agreement;
  }

  function fileOf(participant: string, cycle: number): Uint8Array {
    const lines: ReconciliationLine[] = [];
    for (const { status, message } of payments.values()) {
      const { paymentId, kind, instructingAgent, instructedAgent } = status;
      if (status.cycle !== cycle || ![instructingAgent, instructedAgent].includes(participant)) continue;
      const isInstructing = instructingAgent === participant;
      lines.push({
        paymentId,
        kind,
        side: isInstructing === (kind === 'agreementPayment') ? 'credit' : 'debit',
        counterparty: isInstructing ? instructedAgent : instructingAgent,
        minor: (parseAmount(status.interbankSettlementAmount) as { minor: number }).minor,
        currency: status.interbankSettlementAmount.currency,
        endToEndId: message.endToEndId,
        originalPaymentId: message.originalPaymentId,
        succeededAt: parseTime(status.changedAt)!,
      });
    }
    return writeReconciliationFile({ ...testScheme, cycle, businessDate, participant }, lines);
  }

  function partsOf(file: Uint8Array): Uint8Array[] {
    const parts: Uint8Array[] = [];
    for (let from = 0; from < file.length; ) {
      const most = from + platform.filePartBytes;
      const to = most >= file.length ? file.length : file.lastIndexOf(0x0a, most - 1) + 1;
      parts.push(file.subarray(from, to));
      from = to;
    }
    return parts;
  }

  function manifestOf(participant: string, cycle: number): ReconciliationManifest {
    const file = fileOf(participant, cycle);
    const describe = (content: Uint8Array) => ({
      payments: Buffer.from(content)
        .toString()
        .split('\n')
        .filter((line) => line.startsWith('D,')).length,
      bytes: content.length,
      hash: Buffer.from(ports.crypto.sha256(content)).toString('hex'),
    });
    return { cycle, participant, ...describe(file), parts: partsOf(file).map(describe) };
  }

  async function answer(institution: string, { method, url, body }: HttpRequest): Promise<object | Uint8Array> {
    const found = findRoute('platform', method, url.split('?')[0]);
    if (typeof found === 'string') throw new Refusal(found, url);
    const { paymentId, agreementId, cycle, part } = found.parameters;
    switch (found.route.operationId) {
      case 'submitPayment':
        return submit(institution, read(checkPaymentRequest, body));
      case 'getPayment': {
        const held = payments.get(paymentId);
        if (!held) throw new Refusal('paymentUnknown', paymentId);
        return held.status;
      }
      case 'answerPayment':
        return record(paymentId, read(checkPaymentAnswer, body));
      case 'requestAgreement':
        return requestAgreement(institution, read(checkAgreementRequest, body));
      case 'confirmAgreement':
        return confirm(read(checkAgreementConfirmation, body));
      case 'rescindAgreement': {
        const rescinded = { ...agreementOf(agreementId), state: 'rescinded' } as const;
        agreements.set(agreementId, rescinded);
        return rescinded;
      }
      case 'getAgreement':
        return agreementOf(agreementId);
      case 'getPlatform':
        return {
          ...testScheme,
          businessDate: formatDate(businessDate),
          keys,
          routing: platform.routing,
          offerTimeoutMs: deadlineMs,
          longestExpiryMs: 60_000,
        } satisfies Platform;
      case 'getParticipants':
        return { participants: directory };
      case 'getCycles':
        return { cycles: settled.map((number) => describeCycle(number)).reverse() };
      case 'getReconciliationFile':
        return manifestOf(institution, Number(cycle));
      case 'getReconciliationFilePart': {
        const content = partsOf(fileOf(institution, Number(cycle)))[Number(part) - 1];
        if (content === undefined) throw new Refusal('notFound', url);
        return content;
      }
      default:
        throw new Refusal('notFound', url);
    }
  }

  const describeCycle = (cycle: number) =>
    ({ cycle, businessDate: formatDate(businessDate), state: 'settled', times: { openedAt: cycleOpenedAt } }) as const;

  async function handle(request: HttpRequest): Promise<HttpResponse> {
    const verified = await verifyRequest(ports, request, {
      keysOf: (code) => verifyingKeys(directory.find((participant) => participant.code === code)?.keys ?? []),
      firstUse: (code, nonce) => !nonces.has(`${code} ${nonce}`) && !!nonces.add(`${code} ${nonce}`),
    });
    if (!verified.ok) throw new Refusal(verified.reason, verified.message);
    const answered = await answer(verified.code, request);
    return answered instanceof Uint8Array
      ? { status: 200, headers: { 'content-type': 'text/csv; charset=utf-8' }, body: answered }
      : json(200, 'application/json', answered);
  }

  network.connect(new URL(testGateway).host, async (request) => {
    const response = await handle(request).catch((error) => {
      if (!(error instanceof Refusal)) throw error;
      return json(error.problem.status, problemContentType, error.problem);
    });
    return signResponse(ports, signing, platformCode, request, response);
  });

  const platform: TestPlatform = {
    network,
    directory,
    signing,
    routing: [{ digits: '010001', weight: 1 }],
    filePartBytes: usualPartBytes,
    async admit(code, role) {
      const [own, sealing] = [await ports.crypto.generateSigningKey(suite), await ports.crypto.generateSealingKey()];
      const wireKeys = [{ version: 1, suite, publicKey: own.publicKey }];
      const described = { code, name: `Institution ${code}`, role, status: 'active' } as const;
      directory.push({ ...described, sealingKey: sealing.publicKey, keys: wireKeys });
      const ownSigning = { suite, version: 1, privateKey: own.privateKey };
      return {
        ports,
        gateway: testGateway,
        code,
        scheme: testScheme,
        signing: ownSigning,
        sealing,
        platformKeys: keys,
      };
    },
    ask,
    tell: (code, ...told) =>
      ask(code, '/v1/notices', { notices: told.map((notice) => ({ noticeId: `notice:${++notices}`, ...notice })) }),
    payment: (paymentId) => payments.get(paymentId)?.status,
    setPayment(status) {
      payments.get(status.paymentId)!.status = status;
    },
    forget: (paymentId) => void payments.delete(paymentId),
    settleCycle: () => settled.push(currentCycle()),
  };
  return platform;
}

function read<T>(
  check: (value: unknown) => { ok: true; value: T } | { ok: false; path: string; message: string },
  body: Uint8Array,
): T {
  const checked = check(JSON.parse(Buffer.from(body).toString('utf8')));
  if (checked.ok) return checked.value;
  throw new Refusal('fieldInvalid', `${checked.path} ${checked.message}`);
}

/** Of an answer that has been checked: a bank's reason, or none. */
function reasonOf(answer: PaymentAnswer | AgreementAnswer): PaymentStatus['reason'] {
  return answer.reason === 'none' ? undefined : answer.reason;
}

function json(status: number, contentType: string, body: object): HttpResponse {
  return { status, headers: { 'content-type': contentType }, body: Buffer.from(JSON.stringify(body)) };
}
