/** Configuration and business day: they enter by journaled commands only, never by themselves. */
import { assert } from './assert.ts';
import { isDate, previousDate } from './calendar.ts';
import { openCycle } from './clearing/cycle.ts';
import { configurationKinds, layout } from './command.ts';
import { readParticipants, readScheme } from './configuration.ts';
import type { Effects } from './effects.ts';
import { adoptParticipants, checkParticipants } from './participant/participant.ts';
import { readableForMs } from './payment/payment.ts';
import type { Reason } from './reject.ts';
import { newestRules, rulesInForce } from './rules.ts';
import { accountFields, type State } from './state.ts';
import { decodeUtf8 } from './utf8.ts';

export function adoptConfiguration(
  state: State,
  view: DataView,
  offset: number,
  index: number,
  effects: Effects,
): Reason {
  const at = layout.adoptConfiguration;
  const kind = view.getUint8(offset + at.kind);
  const version = view.getUint32(offset + at.version);
  const current = kind === configurationKinds.scheme ? state.schemeVersion : state.participantsVersion;
  if (version <= current) return 'configurationVersionInvalid';
  const bytes = new Uint8Array(view.buffer, view.byteOffset + offset + at.content, view.getUint32(offset + at.length));
  const content = readJson(bytes);
  if (kind === configurationKinds.scheme) {
    const scheme = readScheme(content);
    if (scheme === undefined) return 'configurationInvalid';
    const known = state.scheme?.currencies ?? [];
    if (!known.every((currency, place) => scheme.currencies[place] === currency)) return 'configurationInvalid';
    const { rules = 1 } = scheme;
    // Whoever knows them would take what others refuse, and two programs would replay two journals.
    assert(rules <= newestRules, 'the edge lets no scheme through whose rules this program does not know');
    if (rules < rulesInForce(state)) return 'configurationInvalid';

    // ---- point of no return ----
    state.scheme = scheme;
    state.schemeVersion = version;
  } else if (kind === configurationKinds.participants) {
    const participants = state.scheme === undefined ? undefined : readParticipants(content);
    if (participants === undefined) return 'configurationInvalid';
    const follows = checkParticipants(state, participants);
    if (follows !== 'none') return follows;

    // ---- point of no return ----
    adoptParticipants(state, participants);
    state.participantsVersion = version;
  } else return 'configurationInvalid';
  effects.add('configurationAdopted', kind, index);
  return 'none';
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decodeUtf8(bytes));
  } catch {
    return undefined;
  }
}

/** A barrier: from here on the business day is the next one. Days whose payments are all ended and told are let go. */
export function advanceBusinessDay(
  state: State,
  view: DataView,
  offset: number,
  index: number,
  effects: Effects,
): Reason {
  const date = view.getUint32(offset + layout.advanceBusinessDay.date);
  if (!isDate(date) || date <= state.businessDate) return 'businessDayInvalid';

  // ---- point of no return ----
  if (state.businessDate === 0) {
    // The first cycle begins with the first business day; until now nothing could be posted to it.
    const { number } = state.cycles.pop()!;
    state.cycles.push(openCycle(number, date, state.at));
    effects.add('cycleChanged', number, index);
  }
  state.businessDate = date;
  const oldest = previousDate(date);
  for (const [segmentDate, number] of [...state.segmentOfDate].sort(([a], [b]) => a - b)) {
    const segment = state.segments[number];
    assert(segment !== undefined, 'a date leads to a segment that is held');
    const isRead = state.at >= segment.namedAt + readableForMs;
    if (segmentDate >= oldest || segment.inFlight > 0 || !isRead) continue;
    state.remembered -= segment.rows.count;
    state.segments[number] = undefined;
    state.segmentIndexes[number] = undefined;
    state.segmentOfDate.delete(segmentDate);
  }
  effects.add('businessDayAdvanced', date, index);
  return 'none';
}

/** Code, currency (ISO 4217 numeric) and money of an account, for reports. */
export function describeAccount(state: State, row: number) {
  const { accounts } = state;
  return {
    participant: accounts.u32(row, accountFields.participant),
    currency: state.scheme!.currencies[accounts.u8(row, accountFields.currency)],
    outstanding: accounts.i64(row, accountFields.outstanding),
    reserved: accounts.i64(row, accountFields.reserved),
    incoming: accounts.i64(row, accountFields.incoming),
    netDebitCap: accounts.i64(row, accountFields.netDebitCap),
    funds: accounts.i64(row, accountFields.funds),
    lastEntry: accounts.u32(row, accountFields.lastEntry),
  };
}
