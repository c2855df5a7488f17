/** Checks of whole messages: form by schema, and amounts by their currency. */
import type { Reason } from '@clearway/core/vocabulary';
import type { Static, TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import * as evidence from './evidence/evidence.ts';
import * as messages from './messages.ts';
import { parseAmount } from './money.ts';
import * as greeting from './stream/greeting.ts';

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      readonly reason: Reason;
      /** JSON pointer to what is wrong, empty for the whole message. */
      readonly path: string;
      /** What is wrong there; never repeats the value. */
      readonly message: string;
    };

export type Check<T> = (value: unknown) => Checked<T>;

/** Fields whose fault has a reason of its own, whatever message they stand in. */
const reasonOfField: Record<string, Reason> = {
  paymentId: 'identifierMalformed',
  originalPaymentId: 'identifierMalformed',
  agreementId: 'identifierMalformed',
  amount: 'amountInvalid',
  currency: 'currencyUnsupported',
  kind: 'kindUnsupported',
};

type Fault = Extract<Checked<never>, { ok: false }>;

function fault(path: string, message: string, reason = reasonOfField[path.slice(path.lastIndexOf('/') + 1)]): Fault {
  return { ok: false, reason: reason ?? 'fieldInvalid', path, message };
}

function firstFault(validator: Validator, value: unknown): Fault {
  // The error of a whole object or of a condition only follows from a more telling one, when there is one.
  const errors = validator.Errors(value);
  const error =
    errors.find(({ keyword }) => keyword !== 'if' && keyword !== 'additionalProperties') ?? errors.find(Boolean)!;
  switch (error.keyword) {
    case 'required':
      return fault(`${error.instancePath}/${error.params.requiredProperties[0]}`, 'is missing', 'fieldInvalid');
    case 'boolean':
      return fault(error.instancePath, 'does not belong here', 'fieldInvalid');
    default:
      return fault(error.instancePath, error.message);
  }
}

/** Money in the fields that are to hold a payable amount; others (nets, totals) are text of our own making. */
function amountFault(value: object): Fault | undefined {
  for (const field of ['interbankSettlementAmount', 'paymentLimit'] as const) {
    const money = (value as Record<string, messages.Money | undefined>)[field];
    const amount = money && parseAmount(money);
    if (!amount || !('reason' in amount)) continue;
    const part = amount.reason === 'currencyUnsupported' ? 'currency' : 'amount';
    return fault(`/${field}/${part}`, amountMessages[amount.reason] ?? amount.reason, amount.reason);
  }
  return undefined;
}

const amountMessages: Partial<Record<Reason, string>> = {
  currencyUnsupported: 'is not a currency of ISO 4217 that payments can be made in',
  amountInvalid: 'must be above zero with at most the decimals of its currency',
  amountAboveMaximum: 'is more than 10^13 minor units',
};

function checker<S extends TSchema>(schema: S): Check<Static<S>> {
  let validator: Validator | undefined;
  return (value) => {
    validator ??= Compile(schema) as unknown as Validator;
    if (!validator.Check(value)) return firstFault(validator, value);
    return amountFault(value as object) ?? { ok: true, value: value as Static<S> };
  };
}

export const checkPaymentRequest: Check<messages.PaymentRequest> = checker(messages.PaymentRequest);
export const checkPaymentAnswer: Check<messages.PaymentAnswer> = checker(messages.PaymentAnswer);
export const checkPaymentStatus: Check<messages.PaymentStatus> = checker(messages.PaymentStatus);
export const checkAgreementRequest: Check<messages.AgreementRequest> = checker(messages.AgreementRequest);
export const checkAgreementConfirmation: Check<messages.AgreementConfirmation> = checker(
  messages.AgreementConfirmation,
);
export const checkAgreementRescission: Check<messages.AgreementRescission> = checker(messages.AgreementRescission);
export const checkAgreementAnswer: Check<messages.AgreementAnswer> = checker(messages.AgreementAnswer);
export const checkAgreementStatus: Check<messages.AgreementStatus> = checker(messages.AgreementStatus);
export const checkOffer: Check<messages.Offer> = checker(messages.Offer);
export const checkEnquiry: Check<messages.Enquiry> = checker(messages.Enquiry);
export const checkReversal: Check<messages.Reversal> = checker(messages.Reversal);
export const checkSigning: Check<messages.Signing> = checker(messages.Signing);
export const checkConfirmation: Check<messages.Confirmation> = checker(messages.Confirmation);
export const checkNotices: Check<messages.Notices> = checker(messages.Notices);
export const checkPlatform: Check<messages.Platform> = checker(messages.Platform);
export const checkDirectory: Check<messages.Directory> = checker(messages.Directory);
export const checkKeyRequest: Check<messages.KeyRequest> = checker(messages.KeyRequest);
export const checkCycleList: Check<messages.CycleList> = checker(messages.CycleList);
export const checkCycleReport: Check<messages.CycleReport> = checker(messages.CycleReport);
export const checkReconciliationManifest: Check<messages.ReconciliationManifest> = checker(
  messages.ReconciliationManifest,
);
export const checkSettlementInstruction: Check<messages.SettlementInstruction> = checker(
  messages.SettlementInstruction,
);
export const checkSettlementAdvice: Check<messages.SettlementAdvice> = checker(messages.SettlementAdvice);
export const checkAccountEntries: Check<messages.AccountEntries> = checker(messages.AccountEntries);
export const checkDeposit: Check<messages.Deposit> = checker(messages.Deposit);
export const checkEvidence: Check<evidence.Evidence> = checker(evidence.Evidence);
export const checkHello: Check<greeting.Hello> = checker(greeting.Hello);
export const checkWelcome: Check<greeting.Welcome> = checker(greeting.Welcome);
export const checkGoodbye: Check<greeting.Goodbye> = checker(greeting.Goodbye);
