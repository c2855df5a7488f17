/** The paying side, and what both sides ask the platform: identifiers, payments, agreements, cycles, keys. */
import {
  type AgreementConfirmation,
  type AgreementRequest,
  type AgreementRescission,
  type AgreementStatus,
  type Cycle,
  type CycleReport,
  canonicalAgreement,
  canonicalAgreementAnswer,
  canonicalConfirmation,
  canonicalPayment,
  canonicalPaymentAnswer,
  canonicalRescission,
  checkAgreementStatus,
  checkCycleList,
  checkCycleReport,
  checkPaymentStatus,
  checkReconciliationManifest,
  type DirectoryParticipant,
  formatTime,
  type KeyRequest,
  type Money,
  type PaymentRequest,
  type PaymentStatus,
  type Platform,
  parseTime,
  type ReconciliationFile,
  type ReconciliationLine,
  type ReconciliationManifest,
  ReconciliationReader,
  readReconciliationFile,
  signMessage,
  type Unsigned,
} from '@clearway/contract';
import { createConnection } from './connection.ts';
import { createIdentifiers } from './identifier.ts';
import type { InstitutionOptions } from './options.ts';
import { Refused, Unanswered } from './outcome.ts';
import type { AgreementDecision, Details, PaymentDecision, PaymentQuestion } from './question.ts';
import { sealDetails } from './sealed.ts';

/** Time a payment is given when its order does not say: the bank's time and as much again. */
const defaultExpiryFactor = 2;

interface Order {
  /** Code of the instructed bank. */
  readonly bank: string;
  /** Major units, at most the currency's decimals. */
  readonly amount: Money;
  /** Own reference, 1 to 35 characters; it comes back in the reconciliation file. */
  readonly endToEndId: string;
  /** From {@link Institution.nextPaymentId}; made anew when left out. */
  readonly paymentId?: string;
  /** Sealed for the bank, e.g. `purpose`: nobody else reads it. */
  readonly details?: Details;
  /** After this time from now the payment is never processed any more; default twice the bank's time. */
  readonly expiresInMs?: number;
}

export interface AgreementPaymentOrder extends Order {
  readonly agreementId: string;
}

export interface PayoutOrder extends Order {
  /** Whose account to credit; sealed for the bank. */
  readonly creditor: { readonly name: string; readonly account: string };
}

export interface RefundOrder extends Order {
  /** The payment to give back from; it names the account. */
  readonly originalPaymentId: string;
}

export type PaymentOrder =
  | ({ readonly kind: 'agreementPayment' } & AgreementPaymentOrder)
  | ({ readonly kind: 'payout' } & PayoutOrder)
  | ({ readonly kind: 'refund' } & RefundOrder);

export interface AgreementOrder {
  readonly bank: string;
  /** Most that one payment may take. */
  readonly paymentLimit: Money;
  /** Last business day, "2027-11-22". */
  readonly expiresOn: string;
  /** Whose account it is, by the four elements that the bank compares; sealed for the bank. */
  readonly debtor: {
    readonly name: string;
    readonly account: string;
    /** Number of the identity document. */
    readonly document: string;
    /** Where the bank sends its one-time code. */
    readonly phone: string;
  };
  readonly agreementId?: string;
  readonly expiresInMs?: number;
}

/**
 * All that asks the platform can throw {@link Refused} (for certain not done) or {@link Unanswered} (not known).
 */
export interface Institution {
  /** `routingOf`: for a refund, its original. */
  nextPaymentId(routingOf?: string): Promise<string>;

  /** A signed message to be made durable before it is sent with {@link Institution.submitPayment}. */
  preparePayment(order: PaymentOrder): Promise<PaymentRequest>;
  /**
   * Sends a prepared message; sent again, also after a restart, it is the same payment.
   * Resolves with any state that was told: `succeeded`, `failed`, or `unknown`, which ends later by itself.
   * A refusal of the attempt alone (signature, rights, rate) throws {@link Unanswered} before `expiresAt`: a copy that
   * was held up may still be accepted. Give `again` whenever the message may have been sent before: then only a refusal
   * of what it says is definite, and one for want of availability throws {@link Unanswered} too.
   */
  submitPayment(message: PaymentRequest, options?: { readonly again?: boolean }): Promise<PaymentStatus>;
  /** Prepare and submit in one step, for those who keep no record of what they are about to send. */
  pay(order: AgreementPaymentOrder): Promise<PaymentStatus>;
  payOut(order: PayoutOrder): Promise<PaymentStatus>;
  refund(order: RefundOrder): Promise<PaymentStatus>;
  /** Asks for the state. Notices tell final states unasked: enquire only about what stays open. */
  enquire(paymentId: string): Promise<PaymentStatus>;

  prepareAgreement(order: AgreementOrder): Promise<AgreementRequest>;
  /** Resolves with `codeSent` when the bank has sent its code to the customer. */
  submitAgreement(message: AgreementRequest): Promise<AgreementStatus>;
  requestAgreement(order: AgreementOrder): Promise<AgreementStatus>;
  /** `code`: what the customer got from the bank. */
  confirmAgreement(confirmation: {
    readonly agreementId: string;
    readonly bank: string;
    readonly code: string;
  }): Promise<AgreementStatus>;
  rescindAgreement(agreementId: string): Promise<AgreementStatus>;
  agreement(agreementId: string): Promise<AgreementStatus>;

  /** The last good copies. */
  platform(): Promise<Platform>;
  participants(): Promise<readonly DirectoryParticipant[]>;
  cycles(): Promise<readonly Cycle[]>;
  cycle(cycle: number): Promise<CycleReport>;
  /** The reconciliation file of this institution, checked, as one object: for files that fit into memory. */
  file(cycle: number): Promise<ReconciliationFile>;
  /** The parts that the file has: it can be of any length. */
  fileManifest(cycle: number): Promise<ReconciliationManifest>;
  /** Content of one part, counted from 1, checked against the manifest. */
  filePart(manifest: ReconciliationManifest, part: number): Promise<Uint8Array>;
  /**
   * The lines of the file one after the other, with one part in memory. Only when it ends without an error was the file
   * whole, with hash, form, order and totals as they should be: until then a line may have no lasting effect.
   */
  fileLines(cycle: number): AsyncGenerator<ReconciliationLine, void>;

  /** At most two keys are valid at a time. Sign with the new one once this has resolved. */
  addKey(key: KeyRequest): Promise<void>;
  /** Ends a key at once; what it signed stays signed. */
  endKey(version: number): Promise<void>;

  /** Bank: the answer to an offer that was answered `later`, or a correction of one that was lost on its way. */
  answerLater(
    question: Pick<PaymentQuestion, 'payment' | 'paymentHash'>,
    decision: PaymentDecision,
  ): Promise<PaymentStatus>;
  /** Bank: the same for signing and confirmation. */
  answerAgreementLater(agreementId: string, subjectHash: string, decision: AgreementDecision): Promise<AgreementStatus>;
}

export function createInstitution(options: InstitutionOptions): Institution {
  const { ports, code, scheme, signing, connection = createConnection(options) } = options;
  const { clock, crypto } = ports;
  const nextIdentifier = createIdentifiers(ports, code, options.lane ?? 0);

  const hashOf = (canonical: Uint8Array) => Buffer.from(crypto.sha256(canonical)).toString('hex');

  async function signed<M extends object>(message: M, canonical: (message: M) => Uint8Array) {
    return Object.assign({}, message, { signature: await signMessage(crypto, signing, canonical(message)) });
  }

  async function sealingKeyOf(bank: string): Promise<string> {
    const participant = await connection.participant(bank);
    if (!participant) throw new Error(`no participant ${bank} in the directory: check the code`);
    return participant.sealingKey;
  }

  async function nextId(routingOf?: string): Promise<string> {
    return nextIdentifier(await connection.platform.get(), routingOf);
  }

  async function expiryOf(expiresInMs: number | undefined): Promise<string> {
    const { offerTimeoutMs, longestExpiryMs } = await connection.platform.get();
    return formatTime(clock.now() + Math.min(expiresInMs ?? defaultExpiryFactor * offerTimeoutMs, longestExpiryMs));
  }

  async function preparePayment(order: PaymentOrder): Promise<PaymentRequest> {
    const { kind, bank, amount, endToEndId } = order;
    const paymentId = order.paymentId ?? (await nextId(kind === 'refund' ? order.originalPaymentId : undefined));
    const details = kind === 'payout' ? { ...order.details, ...creditorDetails(order.creditor) } : order.details;
    const context = { scheme, of: 'payment', identifier: paymentId, receiver: bank } as const;
    const message: Unsigned<PaymentRequest> = {
      paymentId,
      kind,
      instructedAgent: bank,
      interbankSettlementAmount: amount,
      ...(kind === 'agreementPayment' && { agreementId: order.agreementId }),
      ...(kind === 'refund' && { originalPaymentId: order.originalPaymentId }),
      endToEndId,
      expiresAt: await expiryOf(order.expiresInMs),
      ...(details && { sealed: sealDetails(crypto, await sealingKeyOf(bank), details, context) }),
    };
    return signed(message, (unsigned) => canonicalPayment(scheme, unsigned));
  }

  async function proved(status: PaymentStatus, paymentHash?: string): Promise<PaymentStatus> {
    const fault = await connection.findUnproved(status, paymentHash).catch((error: unknown) => {
      // That the directory is refused now says nothing of the payment.
      if (!(error instanceof Refused)) throw error;
      throw new Unanswered(`payment ${status.paymentId}: what proves it cannot be asked for: ${error.message}`);
    });
    if (fault !== undefined) throw new Unanswered(`payment ${status.paymentId} is told as ${fault}`);
    return status;
  }

  async function submitPayment(message: PaymentRequest, { again = false } = {}): Promise<PaymentStatus> {
    if (options.stream === undefined) return submitOverHttp(message, again);
    const told = await options.stream.submit(message, again);
    return told.state === 'notOnStream' ? submitOverHttp(message, told.mayBeKnown) : told;
  }

  async function submitOverHttp(message: PaymentRequest, again: boolean): Promise<PaymentStatus> {
    const acceptedUntil = parseTime(message.expiresAt);
    const more = { mayBeKnown: again, ...(acceptedUntil !== undefined && { acceptedUntil }) };
    const status = await connection.ask('POST', '/v1/payments', checkPaymentStatus, message, more);
    return proved(status, hashOf(canonicalPayment(scheme, message)));
  }

  async function prepareAgreement(order: AgreementOrder): Promise<AgreementRequest> {
    const { bank, paymentLimit, expiresOn, debtor } = order;
    const agreementId = order.agreementId ?? (await nextId());
    const context = { scheme, of: 'agreement', identifier: agreementId, receiver: bank } as const;
    const message: Unsigned<AgreementRequest> = {
      agreementId,
      bank,
      paymentLimit,
      expiresOn,
      expiresAt: await expiryOf(order.expiresInMs),
      sealed: sealDetails(crypto, await sealingKeyOf(bank), debtorDetails(debtor), context),
    };
    return signed(message, (unsigned) => canonicalAgreement(scheme, unsigned));
  }

  function submitAgreement(message: AgreementRequest): Promise<AgreementStatus> {
    return connection.ask('POST', '/v1/agreements', checkAgreementStatus, message);
  }

  async function fileManifest(cycle: number): Promise<ReconciliationManifest> {
    const manifest = await connection.ask('GET', `/v1/cycles/${cycle}/file`, checkReconciliationManifest);
    const isTheOne = manifest.cycle === cycle && manifest.participant === code;
    if (!isTheOne) throw new Unanswered(`the manifest for cycle ${cycle} is that of another file`);
    return manifest;
  }

  async function filePart({ cycle, parts }: ReconciliationManifest, part: number): Promise<Uint8Array> {
    const content = await connection.askBytes('GET', `/v1/cycles/${cycle}/file/${part}`);
    const hash = Buffer.from(crypto.sha256(content)).toString('hex');
    if (hash !== parts[part - 1]?.hash)
      throw new Unanswered(`part ${part} of cycle ${cycle} is not that of the manifest`);
    return content;
  }

  async function* fileParts(cycle: number): AsyncGenerator<Uint8Array, void> {
    const manifest = await fileManifest(cycle);
    for (let part = 1; part <= manifest.parts.length; part++) yield filePart(manifest, part);
  }

  return {
    nextPaymentId: nextId,
    preparePayment,
    submitPayment,
    pay: async (order) => submitPayment(await preparePayment({ kind: 'agreementPayment', ...order })),
    payOut: async (order) => submitPayment(await preparePayment({ kind: 'payout', ...order })),
    refund: async (order) => submitPayment(await preparePayment({ kind: 'refund', ...order })),
    enquire: async (paymentId) => proved(await connection.ask('GET', `/v1/payments/${paymentId}`, checkPaymentStatus)),

    prepareAgreement,
    submitAgreement,
    requestAgreement: async (order) => submitAgreement(await prepareAgreement(order)),
    async confirmAgreement({ agreementId, bank, code: typed }) {
      const context = { scheme, of: 'confirmation', identifier: agreementId, receiver: bank } as const;
      const message: Unsigned<AgreementConfirmation> = {
        agreementId,
        expiresAt: await expiryOf(undefined),
        sealed: sealDetails(crypto, await sealingKeyOf(bank), { code: typed }, context),
      };
      const confirmation = await signed(message, (unsigned) => canonicalConfirmation(scheme, code, unsigned));
      return connection.ask('POST', `/v1/agreements/${agreementId}/confirmation`, checkAgreementStatus, confirmation);
    },
    async rescindAgreement(agreementId) {
      const message: Unsigned<AgreementRescission> = { agreementId, expiresAt: await expiryOf(undefined) };
      const rescission = await signed(message, (unsigned) => canonicalRescission(scheme, code, unsigned));
      return connection.ask('POST', `/v1/agreements/${agreementId}/rescission`, checkAgreementStatus, rescission);
    },
    agreement: (agreementId) => connection.ask('GET', `/v1/agreements/${agreementId}`, checkAgreementStatus),

    platform: () => connection.platform.get(),
    participants: async () => (await connection.directory.get()).participants,
    cycles: async () => (await connection.ask('GET', '/v1/cycles', checkCycleList)).cycles,
    cycle: (cycle) => connection.ask('GET', `/v1/cycles/${cycle}`, checkCycleReport),
    async file(cycle) {
      const parts: Uint8Array[] = [];
      for await (const part of fileParts(cycle)) parts.push(part);
      return readReconciliationFile(Buffer.concat(parts));
    },
    fileManifest,
    filePart,
    async *fileLines(cycle) {
      const reader = new ReconciliationReader();
      for await (const part of fileParts(cycle)) yield* reader.read(part);
      reader.end();
    },

    async addKey(key) {
      await connection.askBytes('POST', '/v1/keys', key);
    },
    async endKey(version) {
      await connection.askBytes('DELETE', `/v1/keys/${version}`);
    },

    async answerLater({ payment: { paymentId }, paymentHash }, decision) {
      const answer = await signPaymentAnswer(options, paymentId, paymentHash, decision);
      return connection.ask('POST', `/v1/payments/${paymentId}/answer`, checkPaymentStatus, answer);
    },
    async answerAgreementLater(agreementId, subjectHash, decision) {
      const answer = await signAgreementAnswer(options, agreementId, subjectHash, decision);
      return connection.ask('POST', `/v1/agreements/${agreementId}/answer`, checkAgreementStatus, answer);
    },
  };
}

// Names of sealed fields, as in the contract's table of fields.

const creditorDetails = ({ name, account }: PayoutOrder['creditor']) => ({
  creditorName: name,
  creditorAccount: account,
});

const debtorDetails = ({ name, account, document, phone }: AgreementOrder['debtor']) => ({
  debtorName: name,
  debtorAccount: account,
  document,
  phone,
});

type Signer = Pick<InstitutionOptions, 'ports' | 'code' | 'scheme' | 'signing'>;

export async function signPaymentAnswer(
  { ports, code, scheme, signing }: Signer,
  paymentId: string,
  paymentHash: string,
  { answer, reason, answeredAt }: PaymentDecision,
) {
  const message = { paymentId, paymentHash, answer, ...(reason && { reason }), answeredAt: formatTime(answeredAt) };
  const canonical = canonicalPaymentAnswer(scheme, code, message);
  return Object.assign({}, message, { signature: await signMessage(ports.crypto, signing, canonical) });
}

export async function signAgreementAnswer(
  { ports, code, scheme, signing }: Signer,
  agreementId: string,
  subjectHash: string,
  { answer, reason, answeredAt }: AgreementDecision,
) {
  const message = { agreementId, subjectHash, answer, ...(reason && { reason }), answeredAt: formatTime(answeredAt) };
  const canonical = canonicalAgreementAnswer(scheme, code, message);
  return Object.assign({}, message, { signature: await signMessage(ports.crypto, signing, canonical) });
}
