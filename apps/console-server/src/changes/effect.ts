/**
 * What a change would do, computed from what is so now: the differences a person decides by, the consequences that the
 * figures foretell, and the basis, which must still be the same when it is carried out.
 */
import type { ChangeRequest, Difference, Effect, Role } from '@clearway/console-api';
import { currencyByAlpha, formatAmount, parseSigned, parseTime } from '@clearway/contract';
import type { ParticipantConfiguration } from '@clearway/gateway';
import type { Clock } from '@clearway/ports';
import { describeParticipant, type Statistics } from '@clearway/server';
import type { Ask } from '../database.ts';
import type { Directory } from '../directory.ts';
import { turnovers } from '../figures/lines.ts';
import { allPeople, findPerson, type StoredPerson } from '../people/people.ts';
import type { Payments, TallyRow } from '../records/payments.ts';
import { Refusal } from '../refusal.ts';
import { alphaOf } from '../words.ts';

export interface Foreseen {
  readonly effect: Effect;
  /** Equal texts: nothing that the change is about has changed. */
  readonly basis: string;
}

export interface EffectReader {
  /** @throws Refusal `fieldInvalid`, `sameGoal`, `notFound`, `cellUnavailable` */
  foresee(request: ChangeRequest): Promise<Foreseen>;
}

type Consequence = Effect['consequences'][number];

/** How far ahead the end of a key can be set. */
const longestNoticeMs = 366 * 86_400_000;
/** Payments refused for the cap are counted over this time back. */
const lookBackMs = 3_600_000;

export function createEffectReader(options: {
  readonly ask: Ask;
  readonly payments: Pick<Payments, 'tally'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly directory: Directory;
  /** As the cell says now. */
  statistics(): Promise<Statistics>;
}): EffectReader {
  const { ask, payments, clock, directory, statistics } = options;

  const participantOf = async (request: ChangeRequest): Promise<ParticipantConfiguration> => {
    const code = needed(request.participant, 'participant');
    const { participants } = await directory.readNow();
    const found = participants.find((one) => one.code === code);
    if (found === undefined) throw new Refusal('notFound', `There is no participant ${code}.`);
    return found;
  };

  const openPayments = async (participant: string): Promise<Consequence> => {
    const { rows } = await payments.tally({ by: [], stepMs: 0, participant, states: ['unknown', 'reversing'] });
    return { consequence: 'openPayments', facts: { payments: rows[0]?.payments ?? 0 } };
  };

  const recentOf = async (participant: string): Promise<{ payments: number; refusedForCap: number }> => {
    const { rows } = await payments.tally({ by: ['reason'], stepMs: 0, participant, from: clock.now() - lookBackMs });
    const sum = (isMeant: (row: TallyRow) => boolean) =>
      rows.filter(isMeant).reduce((total, row) => total + row.payments, 0);
    return { payments: sum(() => true), refusedForCap: sum(({ reason }) => reason === 'netDebitCapExceeded') };
  };

  const foreseeCap = async (request: ChangeRequest): Promise<Foreseen> => {
    const participant = await participantOf(request);
    if (participant.role !== 'bank') throw new Refusal('fieldInvalid', 'Only banks have a net debit cap.');
    const { amount, currency } = capOf(request);
    const alpha = alphaOf(currency);
    const now = BigInt(participant.netDebitCaps.find((cap) => cap.currency === currency)?.amount ?? 0);
    if (now === amount) throw new Refusal('sameGoal');
    const { accounts } = await statistics();
    const account = accounts.find((one) => one.participant === participant.code && one.currency === currency);
    const headroomNow = account === undefined ? now : BigInt(account.headroom);
    const headroomThen = headroomNow + amount - now;
    const text = (minor: bigint) => formatAmount(minor, currency).amount;
    const difference = (field: string, before: bigint, after: bigint): Difference => ({
      field,
      now: text(before),
      proposed: text(after),
      effect: text(after - before),
      currency: alpha,
    });
    const { refusedForCap } = await recentOf(participant.code);
    const consequences: Consequence[] = [
      { consequence: 'refusedBefore', facts: { payments: refusedForCap, minutes: lookBackMs / 60_000 } },
    ];
    if (headroomThen < 0n) {
      consequences.push({ consequence: 'headroomNegative', facts: { headroom: text(headroomThen), currency: alpha } });
    }
    return {
      basis: describeParticipant(participant),
      effect: {
        differences: [difference('netDebitCap', now, amount), difference('headroom', headroomNow, headroomThen)],
        consequences,
        undo: 'newChange',
        confirmation: null,
      },
    };
  };

  const foreseeStatus = async (request: ChangeRequest): Promise<Foreseen> => {
    const participant = await participantOf(request);
    const status = request.kind === 'suspendParticipant' ? 'suspended' : 'active';
    if (participant.status === status) throw new Refusal('sameGoal');
    const consequences = [await openPayments(participant.code)];
    if (status === 'suspended') {
      const { payments } = await recentOf(participant.code);
      consequences.push({ consequence: 'paymentsRefusedFromNow', facts: { payments, minutes: lookBackMs / 60_000 } });
    }
    return {
      basis: describeParticipant(participant),
      effect: {
        differences: [plain('status', participant.status, status)],
        consequences,
        undo: 'newChange',
        confirmation: status === 'suspended' ? participant.code : null,
      },
    };
  };

  const foreseeKey = async (request: ChangeRequest): Promise<Foreseen> => {
    const participant = await participantOf(request);
    const version = needed(request.keyVersion, 'keyVersion');
    if (request.endsAt !== null) checkEnd(request.endsAt);
    const valid = participant.keys.filter(({ endedAt }) => endedAt === undefined);
    if (!valid.some((key) => key.version === version))
      throw new Refusal('notFound', `No valid key has version ${version}.`);
    if (valid.length === 1)
      throw new Refusal('platformRefused', 'It is the last valid key: nobody could sign any more.');
    return {
      basis: describeParticipant(participant),
      effect: {
        differences: [plain(`key ${version}`, 'valid', request.endsAt ?? 'ended')],
        consequences: [{ consequence: 'lastKey', facts: { remaining: valid.length - 1 } }],
        undo: 'impossible',
        confirmation: participant.code,
      },
    };
  };

  /** @throws Refusal `fieldInvalid` */
  const checkEnd = (endsAt: string) => {
    const at = parseTime(endsAt);
    if (at === undefined || at <= clock.now() || at > clock.now() + longestNoticeMs)
      throw new Refusal('fieldInvalid', 'endsAt: a time to come, within a year.');
  };

  const foreseeCycle = async (request: ChangeRequest): Promise<Foreseen> => {
    const number = needed(request.cycle, 'cycle');
    const cycle = (await statistics()).cycles.find((one) => one.cycle === number);
    if (cycle?.state !== 'open') throw new Refusal('notFound', `Cycle ${number} is not the open one.`);
    const turnover = turnovers(cycle.positions);
    return {
      // Payments go on while people decide: the cycle is the same as long as it is open.
      basis: JSON.stringify({ cycle: number, state: 'open' }),
      effect: {
        differences: [plain(`cycle ${number}`, 'open', 'cut')],
        consequences: [
          { consequence: 'cyclePayments', facts: { payments: cycle.payments } },
          ...turnover.map(
            ({ amount, currency }): Consequence => ({ consequence: 'cycleTurnover', facts: { amount, currency } }),
          ),
        ],
        undo: 'impossible',
        confirmation: String(number),
      },
    };
  };

  const foreseeUser = async (request: ChangeRequest): Promise<Foreseen> => {
    const { login, name, roles, participant } = needed(request.user, 'user');
    const person = await findPerson(ask, { login });
    const isNew = request.kind === 'addUser';
    if (isNew && person !== undefined) throw new Refusal('fieldInvalid', `There is a user ${login} already.`);
    if (!isNew && (person === undefined || person.state === 'ended'))
      throw new Refusal('notFound', `There is no user ${login}.`);
    if (isNew || request.kind === 'changeUser') await checkRoles(directory, roles, participant);
    const before = person && { name: person.name, roles: words(person.roles), participant: person.participant };
    const after = { name, roles: words(roles), participant };
    const differences: Difference[] = [];
    if (request.kind === 'endUser') differences.push(plain('state', person!.state, 'ended'));
    else if (request.kind === 'resetUser')
      differences.push(plain('password and second factor', 'set', 'to be set anew'));
    else {
      for (const field of ['name', 'roles', 'participant'] as const) {
        if (before?.[field] !== after[field]) differences.push(plain(field, before?.[field] ?? null, after[field]));
      }
    }
    if (differences.length === 0) throw new Refusal('sameGoal');
    const consequences: Consequence[] = isNew ? [] : [{ consequence: 'userLoggedOut', facts: { login } }];
    if (isNew && (await isFounding(ask))) consequences.push({ consequence: 'founding', facts: { login } });
    return {
      basis: JSON.stringify({ login, person: person ? { ...before, state: person.state } : null }),
      effect: { differences, consequences, undo: 'newChange', confirmation: null },
    };
  };

  return {
    foresee(request) {
      switch (request.kind) {
        case 'netDebitCap':
          return foreseeCap(request);
        case 'suspendParticipant':
        case 'resumeParticipant':
          return foreseeStatus(request);
        case 'endKey':
          return foreseeKey(request);
        case 'closeCycle':
          return foreseeCycle(request);
        default:
          return foreseeUser(request);
      }
    },
  };
}

/** As long as one person alone could decide anything, he may bring in the second without one. */
export async function isFounding(ask: Ask): Promise<boolean> {
  const deciding = (person: StoredPerson) => person.state !== 'ended' && person.roles.includes('approver');
  return (await allPeople(ask)).filter(deciding).length < 2;
}

/** Minor units and currency of the cap that is asked for. @throws Refusal `fieldInvalid` */
export function capOf(request: ChangeRequest): { readonly amount: bigint; readonly currency: number } {
  const { amount, currency: alpha } = needed(request.cap, 'cap');
  const currency = currencyByAlpha(alpha);
  try {
    const minor = parseSigned(amount, alpha);
    if (currency === undefined || minor < 0n || minor > BigInt(Number.MAX_SAFE_INTEGER))
      throw new RangeError('it is out of range');
    return { amount: minor, currency: currency.numeric };
  } catch (error) {
    throw new Refusal('fieldInvalid', `cap: ${(error as Error).message}`);
  }
}

export function needed<T>(value: T | null, field: string): T {
  if (value === null) throw new Refusal('fieldInvalid', `${field} is missing.`);
  return value;
}

async function checkRoles(directory: Directory, roles: readonly Role[], participant: string | null): Promise<void> {
  if (roles.length === 0) throw new Refusal('fieldInvalid', 'roles: give at least one.');
  const isOutside = roles.includes('participant');
  if (isOutside && (roles.length > 1 || participant === null)) {
    throw new Refusal('fieldInvalid', 'roles: a participant’s person has that role alone, and a participant.');
  }
  if (!isOutside && participant !== null)
    throw new Refusal('fieldInvalid', 'participant: only for the role participant.');
  if (roles.includes('supervisor') && roles.length > 1) {
    throw new Refusal('fieldInvalid', 'roles: a supervisor looks on and has no other role.');
  }
  if (participant !== null && (await directory.participant(participant)) === undefined) {
    throw new Refusal('notFound', `There is no participant ${participant}.`);
  }
}

const words = (roles: readonly Role[]) => [...roles].sort().join(', ');
const plain = (field: string, now: string | null, proposed: string | null): Difference => ({
  field,
  now,
  proposed,
  effect: null,
  currency: null,
});
