/** The banks: each question answered as the payment's number says (behaviour.ts), over the hash of what was asked. */
import { outcomeMessage, paymentMessage, questionPrefix, questionPrefixBytes, questionTypes } from '@clearway/contract';
import { bankAnswers, paymentStates as flow, paymentKinds, readUint64, reasons } from '@clearway/core';
import type { StreamAnswer, StreamClient, StreamEvents } from '@clearway/sdk';
import { fateOf, isSilent } from './behaviour.ts';
import { type Cast, firstCode } from './cast.ts';
import type { BankReport } from './orders.ts';
import { paymentTable, paymentStates as states } from './payment-table.ts';
import { Positions } from './positions.ts';

export interface Banks {
  /** Of one link, whose client answers. */
  events(client: () => StreamClient): Required<Pick<StreamEvents, 'question' | 'outcome'>>;
  report(): Omit<BankReport, 'checkpoints'>;
}

interface Answer {
  readonly answer: number;
  readonly reason: number;
}

const yes: Answer = { answer: bankAnswers.succeeded, reason: 0 };
const no: Answer = { answer: bankAnswers.failed, reason: reasons.bankInsufficientFunds.code };
const neverSeen: Answer = { answer: bankAnswers.neverProcessed, reason: 0 };
const notYet: Answer = { answer: bankAnswers.notKnownYet, reason: 0 };
const undone: Answer = { answer: bankAnswers.reversed, reason: 0 };
const blocked: Answer = { answer: bankAnswers.blocked, reason: 0 };

export function createBanks(cast: Cast): Banks {
  const { settings } = cast;
  const table = paymentTable();
  const positions = new Positions(firstCode.banks, cast.banks.length);
  const counts = { offers: 0, duplicates: 0, enquiries: 0, reversals: 0, approved: 0, declined: 0, silent: 0 };
  /** Books as the payment's fate is, once. */
  function book(number: number): Answer {
    const fate = fateOf(number, settings);
    const isApproved = fate === 'approved' || fate === 'silentApproved';
    if (table.states[number] === states.none) {
      table.states[number] = isApproved ? states.succeeded : states.failed;
      counts[isApproved ? 'approved' : 'declined']++;
    }
    return isApproved ? yes : no;
  }

  /** Undefined for silence. */
  function answerTo(type: number, number: number, expiresAt: number, isDuplicate: boolean): Answer | undefined {
    const isKnown = table.states[number] !== states.none;
    switch (type) {
      case questionTypes.offer: {
        counts.offers++;
        if (isKnown && !isDuplicate) throw new Error(`payment ${number} was offered twice, and not as a duplicate`);
        if (isKnown) counts.duplicates++;
        const answer = book(number);
        if (!isSilent(number, settings)) return answer;
        counts.silent++;
        return undefined;
      }
      case questionTypes.enquiry:
        counts.enquiries++;
        if (isKnown) return book(number);
        return Date.now() > expiresAt ? neverSeen : notYet;
      default:
        counts.reversals++;
        if (!isKnown) return blocked;
        return table.states[number] === states.succeeded ? undone : no;
    }
  }

  /** Filled in anew for each answer. */
  const given: StreamAnswer = {
    signer: 0,
    id: new Uint8Array(0),
    idAt: 0,
    answer: 0,
    reason: 0,
    answeredAt: 0,
    hash: new Uint8Array(0),
    hashAt: 0,
    link: 0,
  };

  return {
    events: (client) => ({
      question(bytes, view, at, hashes, hashAt, link) {
        const payment = at + questionPrefixBytes;
        const number = view.getUint32(payment + paymentMessage.id + 9);
        const slot = number & table.mask;
        table.amounts[slot] = readUint64(view, payment + paymentMessage.amount);
        table.kinds[slot] = view.getUint8(payment + paymentMessage.kind);
        const isDuplicate = view.getUint8(at + questionPrefix.possibleDuplicate) === 1;
        const expiresAt = readUint64(view, payment + paymentMessage.expiresAt);
        const answer = answerTo(view.getUint8(at + questionPrefix.type), number, expiresAt, isDuplicate);
        if (answer === undefined) return;
        const bank = view.getUint32(payment + paymentMessage.instructed) - firstCode.banks;
        given.signer = Math.floor(bank / cast.bankLinks.length);
        given.id = bytes;
        given.idAt = payment + paymentMessage.id;
        given.answer = answer.answer;
        given.reason = answer.reason;
        given.answeredAt = Date.now();
        given.hash = hashes;
        given.hashAt = hashAt;
        given.link = link;
        client().answer(given);
      },
      outcome(view, at) {
        if (view.getUint8(at + outcomeMessage.state) !== flow.succeeded) return;
        const slot = view.getUint32(at + outcomeMessage.id + 9) & table.mask;
        const bank = view.getUint32(at + outcomeMessage.bank) - firstCode.banks;
        const side = table.kinds[slot] === paymentKinds.agreementPayment ? 'debit' : 'credit';
        positions.add(view.getUint32(at + outcomeMessage.cycle), bank, side, table.amounts[slot]!);
      },
    }),
    report: () => ({ ...counts, positions: positions.all() }),
  };
}
