/** Agreements: requested, confirmed by the customer's one-time code, ended, asked about, and answered late by the bank. */

import {
  type AgreementAnswer,
  canonicalAgreement,
  canonicalAgreementAnswer,
  canonicalConfirmation,
  canonicalRescission,
  checkAgreementAnswer,
  checkAgreementConfirmation,
  checkAgreementRequest,
  checkAgreementRescission,
  parseAmount,
  parseDate,
  parseTime,
} from '@clearway/contract';
import {
  encodeConfirmAgreement,
  encodeRecordSigningAnswer,
  encodeRequestAgreement,
  encodeRescindAgreement,
  identifierToBytes,
  parseIdentifier,
  type Reason,
  reasons,
} from '@clearway/core';
import { suites } from '@clearway/ports';
import { jsonReply, mustBeSigned, type Operation, Refusal, type Reply, readMessage } from './call.ts';
import { outcomeWithin, patienceFor } from './deadline.ts';
import type { Edge } from './edge.ts';
import { identifierOf, makerOf, mustBeOfPath, mustBeOwn } from './identifiers.ts';
import type { AgreementView, SubmitResult } from './port.ts';
import { refusalOf, unknownOutcome } from './refusals.ts';
import { agreementStatus, viewOfAgreement } from './status.ts';

type AgreementOperation =
  | 'requestAgreement'
  | 'getAgreement'
  | 'confirmAgreement'
  | 'rescindAgreement'
  | 'answerAgreement';

/** Of an agreement that does not concern the asker nothing is told, not even that there is one. */
const hiddenReasons: ReadonlySet<Reason> = new Set(['agreementUnknown', 'agreementPartiesDiffer', 'answerFromOther']);

export function agreementOperations(edge: Edge): Record<AgreementOperation, Operation> {
  const { ports, cell, records, settings } = edge;
  const { clock, crypto } = ports;

  async function find(agreementId: string, code: string): Promise<AgreementView | undefined> {
    const held = visible(await cell.agreement(agreementId), code);
    if (held) return held;
    const old = await records.agreement(agreementId);
    return old && visible(viewOfAgreement(old), code);
  }

  /** What became of a step; when that is not told in time, how the agreement stands at least. */
  async function told(step: Promise<SubmitResult>, agreementId: string, code: string, waitMs: number): Promise<Reply> {
    const result = await outcomeWithin(clock, step, waitMs);
    if (result?.outcome === 'refused') {
      throw hiddenReasons.has(result.reason) ? notKnown() : refusalOf(result.reason);
    }
    const view = result?.agreement ?? (await outcomeWithin(clock, find(agreementId, code), settings.outcomeMarginMs));
    if (!view) throw unknownOutcome();
    return jsonReply(agreementStatus(view));
  }

  return {
    async requestAgreement({ configuration, participant, body, receivedAt }) {
      const agreement = readMessage(body, checkAgreementRequest);
      const { agreementId, signature, paymentLimit } = agreement;
      mustBeOwn(agreementId, participant.code);
      const canonical = canonicalAgreement(configuration.scheme, agreement);
      await mustBeSigned(crypto, participant.keys, canonical, signature, receivedAt);

      const limit = parseAmount(paymentLimit);
      if ('reason' in limit) throw new Refusal(limit.reason, '/paymentLimit is not an amount');
      const expiresAt = parseTime(agreement.expiresAt)!;
      const command = encodeRequestAgreement({
        id: bytesOf(agreementId),
        bank: Number(agreement.bank),
        suite: suites[signature.suite],
        keyVersion: signature.keyVersion,
        paymentLimit: limit.minor,
        currency: limit.currency,
        expiresOn: parseDate(agreement.expiresOn)!,
        expiresAt,
        receivedAt,
        hash: crypto.sha256(canonical),
      });
      const waitMs = patienceFor(clock, configuration.scheme, settings, expiresAt);
      return told(cell.submit(command, body), agreementId, participant.code, waitMs);
    },

    async getAgreement({ participant, parameters }) {
      const agreementId = identifierOf(parameters.agreementId!);
      const view = await find(agreementId, participant.code);
      if (!view) throw notKnown();
      return jsonReply(agreementStatus(view));
    },

    async confirmAgreement({ configuration, participant, parameters, body, receivedAt }) {
      const confirmation = readMessage(body, checkAgreementConfirmation);
      const { agreementId, signature } = confirmation;
      mustBeOfPath('agreementId', agreementId, parameters.agreementId);
      mustBeOwn(agreementId, participant.code);
      const canonical = canonicalConfirmation(configuration.scheme, participant.code, confirmation);
      await mustBeSigned(crypto, participant.keys, canonical, signature, receivedAt);

      const expiresAt = parseTime(confirmation.expiresAt)!;
      const command = encodeConfirmAgreement({
        id: bytesOf(agreementId),
        suite: suites[signature.suite],
        keyVersion: signature.keyVersion,
        expiresAt,
        receivedAt,
        hash: crypto.sha256(canonical),
      });
      const waitMs = patienceFor(clock, configuration.scheme, settings, expiresAt);
      return told(cell.submit(command, body), agreementId, participant.code, waitMs);
    },

    async rescindAgreement({ configuration, participant, parameters, body, receivedAt }) {
      const rescission = readMessage(body, checkAgreementRescission);
      const { agreementId, signature } = rescission;
      const { code, role } = participant;
      mustBeOfPath('agreementId', agreementId, parameters.agreementId);
      if (role === 'paymentInstitution' && makerOf(agreementId) !== code) throw notKnown();
      // Its time is not in the command: the edge alone can judge it.
      const remainingMs = parseTime(rescission.expiresAt)! - receivedAt;
      if (remainingMs <= 0) throw refusalOf('requestExpired');
      if (remainingMs > configuration.scheme.longestExpiryMs) throw refusalOf('expiryTooFar');
      const canonical = canonicalRescission(configuration.scheme, code, rescission);
      await mustBeSigned(crypto, participant.keys, canonical, signature, receivedAt);

      const command = encodeRescindAgreement({ id: bytesOf(agreementId), by: Number(code), receivedAt });
      return told(cell.submit(command, body), agreementId, code, settings.cellPatienceMs);
    },

    async answerAgreement({ configuration, participant, parameters, body, receivedAt }) {
      const answer = readMessage(body, checkAgreementAnswer);
      const { agreementId } = answer;
      const { code } = participant;
      mustBeOfPath('agreementId', agreementId, parameters.agreementId);
      if (participant.role !== 'bank') throw new Refusal('roleNotAllowed', 'Only the bank answers about an agreement');
      const canonical = canonicalAgreementAnswer(configuration.scheme, code, answer);
      await mustBeSigned(crypto, participant.keys, canonical, answer.signature, receivedAt);
      return told(cell.submit(encodeSigningAnswer(answer, code), body), agreementId, code, settings.cellPatienceMs);
    },
  };
}

/** For the deliverer too: the command that tells the cell what a bank has answered about an agreement. */
export function encodeSigningAnswer(answer: AgreementAnswer, bank: string): Uint8Array {
  return encodeRecordSigningAnswer({
    id: bytesOf(answer.agreementId),
    answer: answer.answer,
    reason: answer.reason === undefined ? 0 : reasons[answer.reason].code,
    suite: suites[answer.signature.suite],
    keyVersion: answer.signature.keyVersion,
    bank: Number(bank),
    hash: Buffer.from(answer.subjectHash, 'hex'),
  });
}

function bytesOf(identifier: string): Uint8Array {
  return identifierToBytes(parseIdentifier(identifier)!);
}

function visible(view: AgreementView | undefined, code: string): AgreementView | undefined {
  return view?.institution === code || view?.bank === code ? view : undefined;
}

function notKnown(): Refusal {
  const detail = 'No agreement of yours with this identifier is known yet; before its expiresAt it may still come';
  return new Refusal('notFound', detail);
}
