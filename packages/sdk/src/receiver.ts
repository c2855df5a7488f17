/** The asked side: verifies what the platform sends, opens it, calls the handlers, signs what they decide. */
import {
  type Check,
  canonicalAgreement,
  canonicalConfirmation,
  canonicalPayment,
  checkConfirmation,
  checkEnquiry,
  checkNotices,
  checkOffer,
  checkReversal,
  checkSigning,
  findRoute,
  type Notice,
  type PaymentStatus,
  type Problem,
  parseAmount,
  parseJson,
  parseTime,
  problemContentType,
  type Signature,
  signResponse,
  verifyingKeys,
  verifyMessage,
  verifyRequest,
} from '@clearway/contract';
import type { HttpHandler, HttpRequest, HttpResponse } from '@clearway/ports';
import { createConnection, platformCode } from './connection.ts';
import { makerOf } from './identifier.ts';
import { signAgreementAnswer, signPaymentAnswer } from './institution.ts';
import { createNonces } from './nonces.ts';
import type { InstitutionOptions } from './options.ts';
import { Refusal } from './outcome.ts';
import type {
  AgreementDecision,
  ConfirmationQuestion,
  FinalNotice,
  OfferQuestion,
  PaymentDecision,
  PaymentQuestion,
  SigningQuestion,
} from './question.ts';
import { openDetails } from './sealed.ts';
import type { StreamQuestion } from './stream/participant-stream.ts';

/**
 * What an institution does when it is asked. Each may throw {@link Refusal} when the question itself is wrong; any
 * other error becomes status 500, which the platform takes for no answer. Only notices come to those who are not banks.
 */
export interface Handlers {
  /** Before it resolves with a decision, that decision and what it books must be durable. */
  offer?(question: OfferQuestion): Promise<PaymentDecision | 'later'>;
  enquiry?(question: PaymentQuestion): Promise<PaymentDecision | 'later'>;
  reversal?(question: PaymentQuestion): Promise<PaymentDecision | 'later'>;
  signing?(question: SigningQuestion): Promise<AgreementDecision | 'later'>;
  confirmation?(question: ConfirmationQuestion): Promise<AgreementDecision | 'later'>;
  /** May come more than once, and in any order. When it resolves, the notice counts as taken. */
  notice(notice: FinalNotice): Promise<void>;
}

export interface ReceiverOptions extends InstitutionOptions {
  readonly handlers: Handlers;
  /** Host and port of the endpoint as the platform knows it; requests meant for another are then refused. */
  readonly authority?: string;
}

const jsonLimits = { maxBytes: 64 * 1024, maxDepth: 8 };
/** A key that an institution ended is still good for payments on their way, ms. */
const endedKeyGraceMs = 60_000;

export function createReceiver(options: ReceiverOptions): HttpHandler {
  const {
    ports,
    code,
    scheme,
    signing,
    sealing,
    handlers,
    authority,
    connection = createConnection(options),
  } = options;
  const { clock, crypto } = ports;
  const firstUse = createNonces(clock);

  const hashOf = (canonical: Uint8Array) => Buffer.from(crypto.sha256(canonical)).toString('hex');

  /** The end-to-end signature of the institution that asks; the platform cannot make it. */
  async function mustBeSigned(
    institution: string,
    canonical: Uint8Array,
    signature: Signature,
    about: 'new' | 'old' = 'new',
  ): Promise<void> {
    // What was taken once may be asked about long after the key has ended, and nothing is booked for that.
    const at = about === 'old' ? undefined : clock.now() - endedKeyGraceMs;
    const holds = async () => {
      const { participants } = await connection.directory.get();
      const keys = verifyingKeys(participants.find((participant) => participant.code === institution)?.keys ?? []);
      return verifyMessage(crypto, keys, canonical, signature, at);
    };
    if (await holds()) return;
    // The institution may have changed its key a moment ago.
    await connection.directory.renew();
    if (await holds()) return;
    throw new Refusal('signatureInvalid', `the end-to-end signature of ${institution} does not hold`);
  }

  /** The other side's answer; a bank compares with its own books instead. */
  async function mustBeProved(status: PaymentStatus): Promise<void> {
    const fault = await connection.findUnproved(status);
    if (fault !== undefined) throw new Refusal('signatureInvalid', `payment ${status.paymentId} is told as ${fault}`);
  }

  async function readPayment(
    payment: PaymentQuestion['payment'],
    deadline: number,
    about: 'new' | 'old',
  ): Promise<PaymentQuestion> {
    if (payment.instructedAgent !== code)
      throw new Refusal('notYours', `the payment is for ${payment.instructedAgent}`);
    const canonical = canonicalPayment(scheme, payment);
    const institution = makerOf(payment.paymentId);
    if (payment.signature) await mustBeSigned(institution, canonical, payment.signature, about);
    const { paymentId: identifier, sealed, interbankSettlementAmount: money } = payment;
    const context = { scheme, of: 'payment', identifier, receiver: code } as const;
    return {
      payment,
      paymentHash: hashOf(canonical),
      institution,
      amount: minorOf(money),
      currency: money.currency,
      details: sealed === undefined ? {} : openDetails(crypto, sealing.privateKey, sealed, context),
      expiresAt: timeOf(payment.expiresAt),
      deadline,
    };
  }

  /** Over the stream the link says that it is the platform; what the answer signs is what came, byte by byte. */
  async function decide(asked: StreamQuestion): Promise<PaymentDecision | 'later' | undefined> {
    const { type, payment, signature, paymentHash, possibleDuplicate, deadline } = asked;
    const about = type === 'offer' ? 'new' : 'old';
    const question = await readPayment(Object.assign({}, payment, signature && { signature }), deadline, about);
    if (question.paymentHash !== paymentHash)
      throw new Refusal('answerHashDiffers', `payment ${payment.paymentId} reads otherwise than it is signed`);
    switch (type) {
      case 'offer':
        return handlers.offer?.({ possibleDuplicate, ...question });
      case 'enquiry':
        return handlers.enquiry?.(question);
      case 'reversal':
        return handlers.reversal?.(question);
    }
  }

  options.stream?.onQuestion(decide);
  options.stream?.onStatus((payment) =>
    handlers.notice({ noticeId: `stream-${payment.paymentId}-${payment.state}`, payment }),
  );

  async function answerPayment(question: PaymentQuestion, decision: PaymentDecision | 'later' | undefined) {
    if (decision === undefined || decision === 'later') return later(decision);
    return ok(await signPaymentAnswer(options, question.payment.paymentId, question.paymentHash, decision));
  }

  async function takeNotice({ noticeId, payment, agreement, cycle }: Notice): Promise<void> {
    if (payment?.instructingAgent === code) await mustBeProved(payment);
    await handlers.notice({
      noticeId,
      ...(payment && { payment }),
      ...(agreement && { agreement }),
      ...(cycle && { cycle }),
    });
  }

  /** By operationId of the contract's routes. */
  const operations: Readonly<Record<string, (body: unknown) => Promise<HttpResponse>>> = {
    async receiveOffer(body) {
      const { payment, deadline, possibleDuplicate } = read(checkOffer, body);
      const question = { possibleDuplicate, ...(await readPayment(payment, timeOf(deadline), 'new')) };
      return answerPayment(question, await handlers.offer?.(question));
    },
    async receiveEnquiry(body) {
      const { payment, deadline } = read(checkEnquiry, body);
      const question = await readPayment(payment, timeOf(deadline), 'old');
      return answerPayment(question, await handlers.enquiry?.(question));
    },
    async receiveReversal(body) {
      const { payment, deadline } = read(checkReversal, body);
      const question = await readPayment(payment, timeOf(deadline), 'old');
      return answerPayment(question, await handlers.reversal?.(question));
    },
    async receiveSigning(body) {
      const { agreement, deadline } = read(checkSigning, body);
      const { agreementId, bank, paymentLimit, sealed } = agreement;
      if (bank !== code) throw new Refusal('notYours', `the agreement is for ${bank}`);
      const canonical = canonicalAgreement(scheme, agreement);
      const institution = makerOf(agreementId);
      await mustBeSigned(institution, canonical, agreement.signature);
      const context = { scheme, of: 'agreement', identifier: agreementId, receiver: code } as const;
      const question: SigningQuestion = {
        agreement,
        subjectHash: hashOf(canonical),
        institution,
        paymentLimit: minorOf(paymentLimit),
        currency: paymentLimit.currency,
        details: openDetails(crypto, sealing.privateKey, sealed, context),
        expiresAt: timeOf(agreement.expiresAt),
        deadline: timeOf(deadline),
      };
      const decision = await handlers.signing?.(question);
      if (decision === undefined || decision === 'later') return later(decision);
      return ok(await signAgreementAnswer(options, agreementId, question.subjectHash, decision));
    },
    async receiveConfirmation(body) {
      const { confirmation, deadline } = read(checkConfirmation, body);
      const { agreementId, sealed } = confirmation;
      const institution = makerOf(agreementId);
      const canonical = canonicalConfirmation(scheme, institution, confirmation);
      await mustBeSigned(institution, canonical, confirmation.signature);
      const context = { scheme, of: 'confirmation', identifier: agreementId, receiver: code } as const;
      const typed = openDetails(crypto, sealing.privateKey, sealed, context)?.code;
      const question: ConfirmationQuestion = {
        confirmation,
        subjectHash: hashOf(canonical),
        institution,
        code: typeof typed === 'string' ? typed : undefined,
        expiresAt: timeOf(confirmation.expiresAt),
        deadline: timeOf(deadline),
      };
      const decision = await handlers.confirmation?.(question);
      if (decision === undefined || decision === 'later') return later(decision);
      return ok(await signAgreementAnswer(options, agreementId, question.subjectHash, decision));
    },
    async receiveNotices(body) {
      const { notices } = read(checkNotices, body);
      await Promise.all(notices.map(takeNotice));
      return { status: 204, headers: {}, body: new Uint8Array(0) };
    },
  };

  async function handle(request: HttpRequest): Promise<HttpResponse> {
    const expected = {
      keysOf: (signer: string) => (signer === platformCode ? connection.platformKeys() : undefined),
      firstUse,
      authority,
    };
    const verified = await verifyRequest(ports, request, expected);
    if (!verified.ok) throw new Refusal(verified.reason, verified.message);
    const found = findRoute('institution', request.method, request.url.split('?')[0]);
    if (typeof found === 'string') throw new Refusal(found, `${request.method} ${request.url}`);
    const json = parseJson(request.body, jsonLimits);
    if (!json.ok) throw new Refusal(json.reason, json.message);
    return operations[found.route.operationId](json.value);
  }

  return async (request) => {
    let response: HttpResponse;
    try {
      response = await handle(request);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      response = refused(error.problem);
    }
    return signResponse(ports, signing, code, request, response);
  };
}

function read<T>(check: Check<T>, body: unknown): T {
  const checked = check(body);
  if (checked.ok) return checked.value;
  throw new Refusal(checked.reason, `${checked.path} ${checked.message}`);
}

/** For fields whose form has been checked. */
function minorOf(money: Parameters<typeof parseAmount>[0]): number {
  const amount = parseAmount(money);
  if ('reason' in amount) throw new Refusal(amount.reason, 'the amount');
  return amount.minor;
}

function timeOf(text: string): number {
  const ms = parseTime(text);
  if (ms === undefined) throw new Refusal('fieldInvalid', 'a time');
  return ms;
}

function ok(message: object): HttpResponse {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(message)) };
}

/** 202: the answer comes by POST …/answer. Nobody to ask (no handler): this institution is no bank. */
function later(decision: 'later' | undefined): HttpResponse {
  if (decision === undefined) throw new Refusal('roleNotAllowed', 'this institution answers no such question');
  return { status: 202, headers: {}, body: new Uint8Array(0) };
}

function refused(what: Problem): HttpResponse {
  const headers = { 'content-type': problemContentType };
  return { status: what.status, headers, body: Buffer.from(JSON.stringify(what)) };
}
