/** Plays a story: tells a cell each line, and compares what comes of it with what the table expects. */
import assert from 'node:assert/strict';
import {
  agreementAt,
  agreementRow,
  currencySlots,
  describeAccount,
  findBreaches,
  findCycle,
  headroom,
  identifierToBytes,
  paymentAt,
  paymentHandle,
  positionsOf,
  type State,
} from '@clearway/core';
import { type Applied, Cell, type Effect, pagesOf, restored, type Verdict, withoutOutcomes } from '../cell.ts';
import type { Told } from '../told.ts';
import { formatAmount, isCurrency, numericOf, yuan } from './amount.ts';
import { codeOf, Script, storyBegins } from './script.ts';
import type { Line, Story } from './story.ts';

interface Batch {
  readonly at: number;
  readonly lines: readonly Line[];
}

/** Plays the story once as it is, and once with a snapshot and a restart after every batch. */
export function play(world: readonly Line[], story: Story): void {
  const script = new Script();
  const cell = new Cell();
  const differences: string[] = [];
  const told: Applied[] = [];
  for (const { at, lines } of batchesOf([...world, ...story.lines])) {
    const spoken = lines.map((line) => speak(script, line, at));
    const applied = cell.tell(at, ...spoken.flat());
    told.push(applied);
    let index = 0;
    lines.forEach((line, i) => {
      const commands = spoken[i].map((_, k) => index + k);
      index += spoken[i].length;
      const actual = commands.map((command) => comeOf(cell.state, script, spoken[i], command, commands[0], applied));
      differences.push(...compare(line, spoken[i], actual));
    });
    const last = lines[lines.length - 1];
    for (const [quantity, value] of last.values) {
      const actual = measure(cell.state, script, quantity);
      if (actual !== value) differences.push(`${last.place}: ${quantity} is ${actual}, the table says ${value}`);
    }
    for (const breach of findBreaches(cell.state)) differences.push(`${last.place}: ${breach}`);
  }
  assert.deepEqual(differences, [], story.name);
  playRestarting(cell, told);
}

function playRestarting(cell: Cell, told: readonly Applied[]): void {
  const again = new Cell();
  cell.journal.forEach(({ at, facts }, i) => {
    assert.deepEqual(again.apply(at, withoutOutcomes(facts)), told[i], `batch ${i + 1} after a restart`);
    again.state = restored(again.state);
  });
  assert.deepEqual(pagesOf(again.state), pagesOf(cell.state), 'the state after restarts');
}

function batchesOf(lines: readonly Line[]): Batch[] {
  const batches: { at: number; lines: Line[] }[] = [];
  let at = storyBegins;
  for (const line of lines) {
    if (line.at !== undefined) at = storyBegins + line.at;
    const batch = batches.at(-1);
    if (!line.joins || batch === undefined) batches.push({ at, lines: [line] });
    else {
      if (batch.lines.at(-1)!.values.length > 0)
        throw new Error(`${line.place}: values are read at the end of a batch, the line before is not that`);
      batch.lines.push(line);
    }
  }
  return batches;
}

function speak(script: Script, line: Line, at: number): Told[] {
  try {
    return script.read(line.sentence, at);
  } catch (error) {
    throw new Error(`${line.place}: ${(error as Error).message}`, { cause: error });
  }
}

function compare(line: Line, told: readonly Told[], actual: readonly string[]): string[] {
  const refusal = actual.find((one) => /^(refused|turned away|repeated)/.test(one));
  if (line.expected === undefined) {
    return refusal === undefined ? [] : [`${line.place}: ${line.sentence}: ${refusal}, should have been accepted`];
  }
  const said = told.length > 1 && refusal === undefined ? actual.at(-1)! : (refusal ?? actual[0]);
  return said === line.expected
    ? []
    : [`${line.place}: ${line.sentence}: is "${said}", the table says "${line.expected}"`];
}

/** What came of a command, in the words of the tables. Effects must be exactly those that go with it. */
function comeOf(
  state: State,
  script: Script,
  spoken: readonly Told[],
  index: number,
  first: number,
  { verdicts, effects }: Applied,
): string {
  const told = spoken[index - first];
  const verdict = verdicts[index];
  const mine = effects.filter(({ command }) => command === index);
  if (told.type === 'tick') return mine.map((effect) => describe(state, script, effect)).join(', ') || 'nothing';
  const kinds = mine.map(({ kind }) => kind);
  const only = (...expected: string[]) => assert.deepEqual(kinds, expected, `effects of ${JSON.stringify(told)}`);
  if (told.type === 'submitPayment') return comeOfPayment(verdict, kinds, only);
  if (verdict.outcome === 'repeated') {
    only();
    return 'repeated';
  }
  if (verdict.outcome === 'refused') {
    if (told.type === 'recordAnswer' && verdict.reason === 'answerContradicts') only('answerContradicts');
    else only();
    return `refused ${verdict.reason}`;
  }
  switch (told.type) {
    case 'recordAnswer': {
      only('paymentChanged');
      return withReason(paymentAt(state, mine[0].subject));
    }
    case 'requestAgreement':
      only('agreementChanged', 'requestSigning');
      return withReason(agreementAt(state, mine[0].subject));
    case 'confirmAgreement':
      only('agreementChanged', 'confirmSigning');
      return withReason(agreementAt(state, mine[0].subject));
    case 'recordSigningAnswer':
    case 'rescindAgreement':
      only('agreementChanged');
      return withReason(agreementAt(state, mine[0].subject));
    case 'cutOffCycle':
      only('cycleChanged', 'cycleChanged');
      return 'cut';
    case 'netCycle':
      only('cycleChanged');
      return 'netted';
    case 'recordSettlement':
      only('cycleChanged', ...kinds.slice(1).fill('fundsChanged'));
      return told.state;
    case 'recordFunds':
      only('fundsChanged');
      return 'booked';
    case 'advanceBusinessDay':
      if (kinds.length === 1) only('businessDayAdvanced');
      else only('cycleChanged', 'businessDayAdvanced');
      return 'begun';
    case 'adoptConfiguration':
      only('configurationAdopted');
      return 'adopted';
    case 'recordCheckpoint':
      only();
      return 'recorded';
  }
}

/** Refused: remembered under its identifier. Turned away: nothing is remembered. */
function comeOfPayment({ outcome, reason }: Verdict, kinds: string[], only: (...kinds: string[]) => void): string {
  if (outcome === 'accepted') {
    only('paymentChanged', 'offer');
    return 'offered';
  }
  if (outcome === 'repeated') {
    only();
    return 'repeated';
  }
  if (kinds.length === 0) return `turned away ${reason}`;
  only('paymentChanged');
  return `refused ${reason}`;
}

function withReason({ state, reason }: { state: string; reason: string }): string {
  return reason === 'none' ? state : `${state} ${reason}`;
}

function describe(state: State, script: Script, { kind, subject }: Effect): string {
  if (kind === 'agreementChanged') {
    const agreement = agreementAt(state, subject);
    return `${script.nameOf(agreement.id)} ${withReason(agreement)}`;
  }
  const payment = paymentAt(state, subject);
  const name = script.nameOf(payment.id);
  const verbs: Record<string, string> = { enquire: 'enquire', reverse: 'reverse', paymentOverdue: 'overdue' };
  return kind === 'paymentChanged' ? `${name} ${payment.state}` : `${verbs[kind]} ${name}`;
}

/** A quantity of the right-hand columns, as text. */
function measure(state: State, script: Script, quantity: string): string {
  const [subject, what, currency = yuan] = quantity.split('.');
  if (subject === 'remembered' || subject === 'inFlight' || subject === 'businessDate') return String(state[subject]);
  if (/^[WB]\d+$/.test(subject)) return measureAccount(state, codeOf(subject), what, currency);
  const cycle = /^cycle(\d+)$/.exec(subject);
  if (cycle) return measureCycle(state, Number(cycle[1]), what, currency);
  const bytes = identifierToBytes(script.identifier(subject));
  if (subject.startsWith('a')) {
    const row = agreementRow(state, bytes);
    return row < 0 ? 'none' : agreementAt(state, row).state;
  }
  const handle = paymentHandle(state, bytes);
  if (handle < 0) return 'none';
  const payment = paymentAt(state, handle);
  switch (what) {
    case undefined:
      return payment.state;
    case 'due':
      return `${(payment.flight!.dueAt - storyBegins) / 1000}s`;
    case 'cycle':
    case 'reason':
      return String(payment[what]);
    default:
      throw new Error(`nobody knows ${quantity}`);
  }
}

function measureAccount(state: State, code: number, what: string, currency: string): string {
  const place = state.participants.findIndex((one) => one.code === code);
  const row = place * currencySlots + state.scheme!.currencies.indexOf(numericOf(currency));
  const account = describeAccount(state, row);
  assert.deepEqual([account.participant, account.currency], [code, numericOf(currency)]);
  const amounts: Record<string, number> = {
    position: account.outstanding,
    reserved: account.reserved,
    incoming: account.incoming,
    cap: account.netDebitCap,
    funds: account.funds,
    headroom: headroom(state, row),
  };
  if (!(what in amounts)) throw new Error(`an account has no ${what}`);
  return formatAmount(amounts[what], currency);
}

function measureCycle(state: State, number: number, what: string | undefined, currency: string): string {
  const cycle = findCycle(state, number);
  if (cycle === undefined) return 'none';
  if (what === undefined) return cycle.state;
  if (what === 'payments' || what === 'businessDate') return String(cycle[what]);
  if (isCurrency(what)) throw new Error('name a participant before the currency');
  const position = positionsOf(state, cycle).find(
    (one) => one.participant === codeOf(what) && one.currency === numericOf(currency),
  );
  return formatAmount((position?.credits ?? 0) - (position?.debits ?? 0), currency);
}
