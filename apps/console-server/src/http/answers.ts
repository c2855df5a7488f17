/** What each operation of the API answers. Rights and the form of bodies are checked before anything here is asked. */
import {
  changeStates,
  type Login as LoginMessage,
  type Operation,
  type Requests,
  type Responses,
  searchWord,
} from '@clearway/console-api';
import { formatTime, parseTime } from '@clearway/contract';
import type { Clock } from '@clearway/ports';
import type { Console } from '../console.ts';
import type { Login } from '../people/logins.ts';
import { allPeople, findPerson, publicPerson } from '../people/people.ts';
import type { CycleFile } from '../records/cycles.ts';
import { paymentRow } from '../records/payment-row.ts';
import { Refusal } from '../refusal.ts';
import { alphaOf, dateOrNull } from '../words.ts';
import { scopeOf } from './rights.ts';

export interface Asked<Body> {
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Body;
  /** Of who asks. */
  readonly address: string;
  /** Undefined only where the route is open. */
  readonly login: Login | undefined;
}

/** A login that has just begun: its cookie or token goes out with the answer. */
export interface Begun {
  readonly begun: Login;
  readonly keep: 'cookie' | 'token';
}

type BodyOf<O extends Operation> = O extends keyof Requests ? Requests[O] : undefined;
type Answered = Exclude<Operation, 'getLive' | 'getOpenApi'>;

export type Answers = {
  readonly [O in Exclude<Answered, 'getCycleFile'>]: (asked: Asked<BodyOf<O>>) => Promise<Responses[O] | Begun>;
} & { readonly getCycleFile: (asked: Asked<undefined>) => Promise<CycleFile> };

const pageRows = { usual: 50, most: 200 };
const auditRows = { usual: 100, most: 500 };
const mostBars = 200;
const hourMs = 3_600_000;

export function createAnswers(desk: Console, clock: Pick<Clock, 'now'>): Answers {
  const {
    ask,
    logins,
    enrolments,
    audit,
    alarms,
    wall,
    live,
    payments,
    proofs,
    pages,
    cycles,
    work,
    changes,
    directory,
  } = desk;

  const who = ({ login }: Asked<unknown>) => login!.person;
  const scope = (asked: Asked<unknown>) => scopeOf(who(asked));

  const whole = (asked: Asked<unknown>, name: string, usual: number, most: number) => {
    const text = asked.query.get(name);
    if (text === null || text === '') return usual;
    if (!/^[0-9]{1,15}$/.test(text) || Number(text) < 1)
      throw new Refusal('queryInvalid', `${name}: give a whole number from 1 on.`);
    return Math.min(Number(text), most);
  };
  const serial = (asked: Asked<unknown>, name: string) => {
    const text = asked.parameters[name];
    if (!/^[1-9][0-9]{0,9}$/.test(text)) throw new Refusal('notFound');
    return Number(text);
  };
  const moment = (asked: Asked<unknown>, name: string, usual: number) => {
    const text = asked.query.get(name);
    if (text === null) return usual;
    const at = parseTime(text);
    if (at === undefined) throw new Refusal('queryInvalid', `${name}: give a time as 2026-11-22T10:00:05.000Z.`);
    return at;
  };
  const payment = async (asked: Asked<unknown>) => {
    const { paymentId } = asked.parameters;
    const found = /^[0-9]{31}$/.test(paymentId) ? await payments.one(paymentId, scope(asked)) : undefined;
    if (found === undefined) throw new Refusal('notFound');
    return found;
  };

  return {
    // ---- people ----

    async logIn({ body, address }) {
      return { begun: await logins.open(body.login, body, address), keep: body.keep };
    },
    getLogin: (asked) => desk.describeLogin(asked.login!),
    async logOut({ login }) {
      await logins.end(login!);
      return undefined;
    },
    async renewLogin({ login, body, address }) {
      await logins.renew(login!, body, address);
      return desk.describeLogin((await logins.find(login!.token))!);
    },
    async setPurpose({ login, body }) {
      await logins.setPurpose(login!, body.purpose);
      return desk.describeLogin((await logins.find(login!.token))!);
    },
    startEnrolment: ({ body, address }) => enrolments.start(body.token, body.code, address),
    async finishEnrolment({ body, address }) {
      return { begun: await logins.openFor(await enrolments.finish(body, address)), keep: 'cookie' };
    },
    async getUsers(asked) {
      const asker = who(asked);
      const [people, links] = await Promise.all([
        allPeople(ask),
        ask<{ change_id: number }>('SELECT change_id FROM console.change WHERE proposed_by = $1', [asker.userId]),
      ]);
      const own = new Set(links.map(({ change_id }) => change_id));
      return {
        users: people.map((person) => ({
          ...publicPerson(person),
          state: person.state,
          createdAt: formatTime(person.createdAt),
          lastLoginAt: person.lastLoginAt === 0 ? null : formatTime(person.lastLoginAt),
          linkIsYours: person.state === 'invited' && own.has(person.linkChange),
        })),
      };
    },
    async issueEnrolmentLink(asked) {
      const person = await findPerson(ask, { userId: serial(asked, 'userId') });
      if (person === undefined) throw new Refusal('notFound');
      const [change] = await ask<{ proposed_by: number; code_hash: string | null }>(
        'SELECT proposed_by, code_hash FROM console.change WHERE change_id = $1',
        [person.linkChange],
      );
      if (person.state !== 'invited' || change?.code_hash == null) throw new Refusal('enrolmentInvalid');
      if (change.proposed_by !== who(asked).userId)
        throw new Refusal('notAllowed', 'Only who proposed it gives out the link.');
      const link = await enrolments.issue(person, change.code_hash);
      await audit.record({ actor: who(asked).login, act: 'linkIssued', subject: person.login });
      return link;
    },

    // ---- the wall and its alarms ----

    getOverview: (asked) => wall.overview(live.number, scope(asked)),
    getAlarms: async () => ({ alarms: [...alarms.active()], recent: await alarms.recent() }),
    acknowledgeAlarm: (asked) => alarms.acknowledge(asked.parameters.alarmId, who(asked)),
    shelveAlarm: (asked) => alarms.shelve(asked.parameters.alarmId, who(asked), asked.body.reason, asked.body.minutes),
    approveShelving: (asked) => alarms.approveShelving(asked.parameters.alarmId, who(asked)),
    unshelveAlarm: (asked) => alarms.unshelve(asked.parameters.alarmId, who(asked)),

    // ---- payments ----

    async getPayments(asked) {
      const { places: _, ...page } = await payments.page({
        q: asked.query.get('q') ?? '',
        after: asked.query.get('after') ?? '',
        limit: whole(asked, 'limit', pageRows.usual, pageRows.most),
        scope: scope(asked),
      });
      return page;
    },
    getPaymentHistogram(asked) {
      const to = moment(asked, 'to', clock.now());
      const from = moment(asked, 'from', to - hourMs);
      if (from >= to) throw new Refusal('queryInvalid', 'from: must be before to.');
      const bars = whole(asked, 'bars', 60, mostBars);
      return payments.histogram({ q: asked.query.get('q') ?? '', from, to, bars, scope: scope(asked) });
    },
    async getPayment(asked) {
      const record = await payment(asked);
      const [stages, looked, refunds, cycle, items] = await Promise.all([
        proofs.stages(record),
        proofs.look(record),
        payments.refundsOf(record),
        record.cycle === 0 ? undefined : cycles.one(record.cycle),
        scope(asked) === undefined ? work.about(record.paymentId) : [],
      ]);
      return desk.paymentDetail(record, { stages, looked, refunds, cycle, items });
    },
    getEvidence: async (asked) => {
      const record = await payment(asked);
      const evidence = await proofs.evidence(record);
      await audit.record({ actor: who(asked).login, act: 'evidenceTaken', subject: record.paymentId });
      return evidence;
    },
    async find(asked) {
      const text = (asked.query.get('text') ?? '').trim().slice(0, 100);
      const own = scope(asked);
      const found: Responses['find']['found'] = [];
      if (/^[0-9]{31}$/.test(text)) {
        const record = await payments.one(text, own);
        if (record)
          found.push({ kind: 'payment', id: text, text: paymentRow(record).state, page: `/payments/${text}` });
      }
      const { participants } = await directory.read();
      const words = text.toLowerCase();
      for (const { code, name } of participants) {
        const isNamed = words !== '' && (code === text || name.toLowerCase().includes(words));
        if (isNamed && (own === undefined || own === code)) {
          found.push({ kind: 'participant', id: code, text: name, page: `/participants/${code}` });
        }
      }
      if (/^[1-9][0-9]{0,9}$/.test(text)) {
        const cycle = await cycles.one(Number(text));
        if (cycle) found.push({ kind: 'cycle', id: text, text: cycle.state, page: `/cycles/${text}` });
      }
      if (found.length === 0 && text !== '') {
        const byReference = await payments.page({
          q: searchWord({ field: 'endToEndId', operator: '=', value: text }),
          after: '',
          limit: 5,
          scope: own,
        });
        for (const one of byReference.payments) {
          found.push({ kind: 'payment', id: one.paymentId, text: one.endToEndId, page: `/payments/${one.paymentId}` });
        }
      }
      return { found };
    },

    // ---- participants and cycles ----

    getParticipants: (asked) => pages.participants(scope(asked)),
    getParticipant: (asked) => pages.participant(asked.parameters.code, scope(asked)),
    getCycles: (asked) =>
      pages.cycles(
        asked.query.get('after') === null ? undefined : whole(asked, 'after', 1, Number.MAX_SAFE_INTEGER),
        whole(asked, 'limit', pageRows.usual, pageRows.most),
        scope(asked),
      ),
    getCycle: (asked) => pages.cycle(serial(asked, 'cycle'), scope(asked)),
    getCycleMatrix: (asked) => pages.matrix(serial(asked, 'cycle'), scope(asked)),
    async getCycleFile(asked) {
      const cycle = serial(asked, 'cycle');
      const { participant } = asked.parameters;
      const own = scope(asked);
      const file = own === undefined || own === participant ? await cycles.file(cycle, participant) : undefined;
      if (file === undefined) throw new Refusal('notFound');
      await audit.record({
        actor: who(asked).login,
        act: 'fileTaken',
        subject: `cycle ${cycle}`,
        detail: { participant },
      });
      return file;
    },

    // ---- work ----

    getWorkItems: async (asked) => ({
      workItems: await work.list(asked.query.get('state') === 'closed' ? 'closed' : 'open'),
    }),
    takeWorkItem: (asked) => work.take(asked.parameters.workItemId, who(asked)),
    handOverWorkItem: (asked) => work.handOver(asked.parameters.workItemId, who(asked), asked.body.to, asked.body.note),
    closeWorkItem: (asked) => work.close(asked.parameters.workItemId, who(asked), asked.body.reason),

    // ---- operations ----

    getOperations: () => pages.operations(live.streams),
    getConfigurationHistory: () => pages.configuration(),

    // ---- changes ----

    async getChanges(asked) {
      const state = asked.query.get('state');
      const known = changeStates.find((one) => one === state);
      if (state !== null && state !== '' && known === undefined) {
        throw new Refusal('queryInvalid', `state: one of ${changeStates.join(', ')}.`);
      }
      return { changes: await changes.list(known, who(asked)) };
    },
    getChange: (asked) => changes.one(serial(asked, 'changeId'), who(asked)),
    previewChange: async (asked) => (await desk.effects.foresee(asked.body)).effect,
    proposeChange: (asked) => changes.propose(asked.body, who(asked)),
    approveChange: (asked) => changes.approve(serial(asked, 'changeId'), asked.body.confirmation, who(asked)),
    returnChange: (asked) => changes.end(serial(asked, 'changeId'), 'returned', asked.body.note, who(asked)),
    refuseChange: (asked) => changes.end(serial(asked, 'changeId'), 'refused', asked.body.note, who(asked)),
    withdrawChange: (asked) => changes.end(serial(asked, 'changeId'), 'withdrawn', null, who(asked)),

    // ---- audit ----

    async getAudit(asked) {
      const before = asked.query.get('before');
      const limit = whole(asked, 'limit', auditRows.usual, auditRows.most);
      const entries = await audit.entries({
        before: before === null ? undefined : whole(asked, 'before', 1, Number.MAX_SAFE_INTEGER),
        limit,
        actor: asked.query.get('actor') ?? undefined,
        subject: asked.query.get('subject') ?? undefined,
      });
      const last = entries.at(-1);
      return {
        entries,
        next: entries.length === limit && last !== undefined && last.sequence > 1 ? last.sequence : null,
      };
    },
    verifyAudit: () => audit.verify(),
  };
}

/** A login as its owner sees it. */
export function loginMessage(
  login: Login,
  now: number,
  platform: {
    readonly scheme: {
      schemeId: string;
      environment: 'sandbox' | 'production';
      timeZone: string;
      currencies: readonly number[];
    };
    readonly businessDate: number;
  },
): LoginMessage {
  const { scheme, businessDate } = platform;
  return {
    person: publicPerson(login.person),
    csrfToken: login.csrfToken,
    token: null,
    startedAt: formatTime(login.startedAt),
    endsAt: formatTime(login.endsAt),
    actsUntil: login.actsUntil > now ? formatTime(login.actsUntil) : null,
    purpose: login.purpose,
    scheme: {
      schemeId: scheme.schemeId,
      environment: scheme.environment,
      timeZone: scheme.timeZone,
      businessDate: dateOrNull(businessDate),
      currencies: scheme.currencies.map(alphaOf),
    },
  };
}
