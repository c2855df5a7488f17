/** Turns sentences into what a cell is told. It remembers which name stands for which payment, agreement or code. */
import type {
  AttachedOriginal,
  BankAnswer,
  Identifier,
  PaymentKind,
  PaymentState,
  Reason,
  SettlementState,
  SigningAnswer,
} from '@clearway/core';
import { cell, centre } from '../cell.ts';
import type { Told, ToldAgreement, ToldConfirmation, ToldPayment } from '../told.ts';
import { isCurrency, numericOf, parseAmount, yuan } from './amount.ts';
import { Sentence } from './sentence.ts';
import { milliseconds, words } from './story.ts';

/** When each story begins: 2026-11-22T08:00:00Z. */
export const storyBegins = Date.UTC(2026, 10, 22, 8);

const kindOf: Record<string, PaymentKind | 'unsupported'> = {
  pull: 'agreementPayment',
  payout: 'payout',
  refund: 'refund',
  other: 'unsupported',
};

/** W3 is payment institution 00103, B2 bank 00202; five digits stand for themselves. */
export function codeOf(name: string): number {
  if (/^\d{5}$/.test(name)) return Number(name);
  const match = /^([WB])(\d+)$/.exec(name);
  if (match === null) throw new Error(`${name} is no participant: W1 is an institution, B1 a bank`);
  return (match[1] === 'W' ? 100 : 200) + Number(match[2]);
}

export function dateOf(text: string): number {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) throw new Error(`${text} is not a date such as 2026-11-22`);
  return Number(text.replaceAll('-', ''));
}

export class Script {
  /** Last business day that was begun, for identifiers. */
  private today = dateOf('2026-11-22');
  private readonly payments = new Map<string, ToldPayment>();
  private readonly agreements = new Map<string, ToldAgreement>();
  private readonly confirmations = new Map<string, ToldConfirmation>();
  private scheme: Record<string, unknown> = {};

  /** What one sentence tells the cell at `at`; mostly one command. */
  read(text: string, at: number): Told[] {
    const sentence = new Sentence(text);
    const told = this.tell(sentence, at);
    sentence.end();
    return told;
  }

  /** The identifier that a name stands for. */
  identifier(name: string): Identifier {
    const known = this.payments.get(name) ?? this.agreements.get(name);
    return known?.id ?? this.newIdentifier(name, codeOf('W1'));
  }

  nameOf(id: Identifier): string {
    for (const names of [this.payments, this.agreements])
      for (const [name, told] of names) if (JSON.stringify(told.id) === JSON.stringify(id)) return name;
    throw new Error(`no name for the identifier with the sequence ${id.sequence}`);
  }

  private tell(sentence: Sentence, at: number): Told[] {
    switch (sentence.verb) {
      case 'pull':
      case 'payout':
      case 'refund':
      case 'other':
        return [this.payment(sentence, at)];
      case 'again':
        return [this.again(sentence.take('the name of a payment or agreement'))];
      case 'answer':
        return [this.answer(sentence)];
      case 'tick':
        return [{ type: 'tick', due: Number(sentence.next() ?? 65535) }];
      case 'request':
        return [this.request(sentence, at)];
      case 'confirm':
        return [this.confirm(sentence, at)];
      case 'signing':
        return [this.signing(sentence)];
      case 'signed':
        return this.signed(sentence, at);
      case 'rescind':
        return [{ type: 'rescindAgreement', id: this.named(sentence), by: codeOf(sentence.need('by')) }];
      case 'cut':
        return [{ type: 'cutOffCycle', cycle: Number(sentence.take('a cycle')) }];
      case 'net':
        return [{ type: 'netCycle', cycle: Number(sentence.take('a cycle')) }];
      case 'settle':
        return [this.settlement(sentence, at)];
      case 'funds':
        return [this.funds(sentence)];
      case 'day':
        return [this.day(sentence)];
      case 'scheme':
        return [this.adoptScheme(sentence)];
      case 'participants':
        return [this.adoptParticipants(sentence)];
      default:
        throw new Error(`the tables do not know the word ${sentence.verb}`);
    }
  }

  private payment(sentence: Sentence, at: number): Told {
    const kind = kindOf[sentence.verb];
    const name = sentence.take('a name such as p1');
    const { minor, currency } = money(sentence);
    const from = codeOf(sentence.need('from'));
    const to = codeOf(sentence.need('to'));
    const [institution, bank] = kind === 'payout' || kind === 'refund' ? [from, to] : [to, from];
    const agreement = sentence.option('under');
    const original = sentence.option('of');
    const told = {
      type: 'submitPayment' as const,
      kind,
      id: this.adjusted(sentence, this.payments.get(name)?.id ?? this.newIdentifier(name, institution)),
      currency,
      instructed: bank,
      amount: minor,
      expiresAt: at + milliseconds(sentence.option('expires') ?? '30s'),
      reference: agreement || original ? this.identifier(agreement ?? original!) : undefined,
      original: recorded(sentence),
    };
    const payment = { ...told, content: contentOf(told) };
    // A name stands for what was sent first; what is sent under it later is only sent.
    if (!this.payments.has(name)) this.payments.set(name, payment);
    return payment;
  }

  private again(name: string): Told {
    const told = this.payments.get(name) ?? this.agreements.get(name) ?? this.confirmations.get(name);
    if (told === undefined) throw new Error(`${name} was never sent`);
    return told;
  }

  private answer(sentence: Sentence): Told {
    const name = sentence.peek()!;
    const id = this.named(sentence);
    const payment = this.payments.get(name);
    const answer = sentence.take('an answer');
    return {
      type: 'recordAnswer',
      id,
      answer: answer === 'other' ? 'unsupported' : (answer as BankAnswer),
      reason: (sentence.next() ?? 'none') as Reason,
      bank: bankOf(sentence, payment?.instructed),
      content: (payment?.content ?? 0) + (sentence.option('on') === 'other' ? 1 : 0),
    };
  }

  private request(sentence: Sentence, at: number): Told {
    const name = sentence.take('a name such as a1');
    const { minor, currency } = money(sentence);
    const institution = codeOf(sentence.need('for'));
    const told = {
      type: 'requestAgreement' as const,
      id: this.adjusted(sentence, this.agreements.get(name)?.id ?? this.newIdentifier(name, institution)),
      bank: codeOf(sentence.need('at')),
      paymentLimit: minor,
      currency,
      expiresOn: dateOf(sentence.need('until')),
      expiresAt: at + milliseconds(sentence.option('expires') ?? '30s'),
    };
    const agreement = { ...told, content: contentOf(told) };
    if (!this.agreements.has(name)) this.agreements.set(name, agreement);
    return agreement;
  }

  private confirm(sentence: Sentence, at: number): Told {
    const name = sentence.peek()!;
    const told = {
      type: 'confirmAgreement' as const,
      id: this.named(sentence),
      expiresAt: at + milliseconds(sentence.option('expires') ?? '30s'),
      content: codeContent(sentence.need('code')),
    };
    this.confirmations.set(name, told);
    return told;
  }

  private signing(sentence: Sentence): Told {
    const name = sentence.peek()!;
    const id = this.named(sentence);
    const agreement = this.agreements.get(name);
    const answer = sentence.take('an answer');
    const on = sentence.option('on') ?? (this.confirmations.has(name) ? 'confirmation' : 'request');
    const content =
      on === 'request'
        ? (agreement?.content ?? 0)
        : on === 'confirmation'
          ? this.confirmations.get(name)!.content
          : codeContent(on);
    return {
      type: 'recordSigningAnswer',
      id,
      answer: answer === 'other' ? 'unsupported' : (answer as SigningAnswer),
      reason: (sentence.next() ?? 'none') as Reason,
      bank: bankOf(sentence, agreement?.bank),
      content,
    };
  }

  /** All four steps of signing at once. */
  private signed(sentence: Sentence, at: number): Told[] {
    const name = sentence.peek()!;
    const request = this.request(sentence, at);
    const say = (text: string) => this.read(text, at);
    return [
      request,
      ...say(`signing ${name} codeSent`),
      ...say(`confirm ${name} code 1`),
      ...say(`signing ${name} active`),
    ];
  }

  private settlement(sentence: Sentence, at: number): Told {
    const cycle = Number(sentence.take('a cycle'));
    const state = sentence.take('queued or settled') as SettlementState;
    return { type: 'recordSettlement', cycle, state, settledAt: state === 'settled' ? at : 0 };
  }

  private funds(sentence: Sentence): Told {
    const participant = codeOf(sentence.take('an institution'));
    const direction = sentence.take('deposit or withdrawal');
    const { minor, currency } = money(sentence);
    return {
      type: 'recordFunds',
      participant,
      currency,
      entry: Number(sentence.need('entry')),
      credit: direction === 'deposit',
      amount: minor,
    };
  }

  private day(sentence: Sentence): Told {
    const date = dateOf(sentence.take('a date'));
    this.today = date;
    return { type: 'advanceBusinessDay', date };
  }

  /** What is not said stays as the last scheme said it. */
  private adoptScheme(sentence: Sentence): Told {
    const version = Number(sentence.take('a version'));
    const said = sentence.option('saying');
    if (said !== undefined) return { type: 'adoptConfiguration', kind: 'scheme', version, content: said };
    const content = { ...this.scheme };
    const currencies = sentence.option('currencies');
    if (currencies !== undefined) content.currencies = currencies.split(',').map(numericOf);
    const maximum = sentence.option('maximum');
    if (maximum !== undefined) content.maximumAmount = parseAmount(maximum, yuan);
    const backoff = sentence.option('backoff')?.split('..');
    if (backoff !== undefined) {
      content.enquiryBackoffMs = milliseconds(backoff[0]);
      content.enquiryBackoffLargestMs = milliseconds(backoff[1]);
    }
    for (const name of ['offerTimeout', 'longestExpiry', 'reversalAfter', 'workItemAfter', 'signingTimeout']) {
      const duration = sentence.option(name);
      if (duration !== undefined) content[`${name}Ms`] = milliseconds(duration);
    }
    this.scheme = content;
    return { type: 'adoptConfiguration', kind: 'scheme', version, content };
  }

  private adoptParticipants(sentence: Sentence): Told {
    const version = Number(sentence.take('a version'));
    const said = sentence.option('saying');
    if (said !== undefined) return { type: 'adoptConfiguration', kind: 'participants', version, content: said };
    const participants = sentence.need('are').split(',').map(readParticipant);
    return { type: 'adoptConfiguration', kind: 'participants', version, content: { participants } };
  }

  /** Takes a name and gives its identifier, as far as options do not say otherwise. */
  private named(sentence: Sentence): Identifier {
    return this.adjusted(sentence, this.identifier(sentence.take('a name')));
  }

  private newIdentifier(name: string, participant: number): Identifier {
    const sequence = Number(/\d+$/.exec(name)?.[0] ?? Number.NaN);
    if (Number.isNaN(sequence)) throw new Error(`the name ${name} needs a number, which becomes its sequence`);
    return { date: this.today, version: 1, participant, sequence, centre, cell };
  }

  private adjusted(sentence: Sentence, id: Identifier): Identifier {
    const number = (name: string) => {
      const value = sentence.option(name);
      return value === undefined ? undefined : Number(value);
    };
    const date = sentence.option('dated');
    return {
      date: date === undefined ? id.date : dateOf(date),
      version: number('version') ?? id.version,
      participant: number('participant') ?? id.participant,
      sequence: number('numbered') ?? id.sequence,
      centre: number('centre') ?? id.centre,
      cell: number('cell') ?? id.cell,
    };
  }
}

function money(sentence: Sentence): { minor: number; currency: number } {
  const text = sentence.take('an amount');
  const currency = isCurrency(sentence.peek()) ? sentence.take('a currency') : yuan;
  return { minor: parseAmount(text, currency), currency: numericOf(currency) };
}

function bankOf(sentence: Sentence, asked: number | undefined): number {
  const by = sentence.option('by');
  return by === undefined ? (asked ?? 0) : codeOf(by);
}

/** `recorded pull succeeded 60.00 B1`: the original as the records have it. */
function recorded(sentence: Sentence): AttachedOriginal | undefined {
  const text = sentence.option('recorded');
  if (text === undefined) return undefined;
  const [kind, state, amount, ...rest] = words(text);
  const currency = isCurrency(rest[0]) ? rest.shift()! : yuan;
  return {
    kind: kindOf[kind] as PaymentKind,
    state: state as PaymentState,
    amount: parseAmount(amount, currency),
    currency: numericOf(currency),
    instructed: codeOf(rest[0]),
  };
}

/** `B1 bank 100.00 USD 5.00`, `W1 institution suspended`. */
function readParticipant(text: string) {
  const [name, role, ...rest] = words(text);
  const status = rest.at(-1) === 'suspended' ? rest.pop()! : 'active';
  const netDebitCaps: { currency: number; amount: number }[] = [];
  while (rest.length > 0) {
    const currency = isCurrency(rest[0]) ? rest.shift()! : yuan;
    netDebitCaps.push({ currency: numericOf(currency), amount: parseAmount(rest.shift()!, currency) });
  }
  return { code: codeOf(name), role: role === 'institution' ? 'paymentInstitution' : role, status, netDebitCaps };
}

/** Equal content has the equal number, other content another (FNV-1a). */
function contentOf(told: object): number {
  let hash = 0x811c9dc5;
  for (const character of JSON.stringify(told)) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  return hash >>> 0;
}

function codeContent(code: string): number {
  return contentOf({ code });
}
