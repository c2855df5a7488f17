/**
 * What the console's API carries, as schemas (JSON Schema 2020-12) with their types. Unknown fields are refused.
 *
 * Amounts are major units as text, times RFC 3339 in UTC with milliseconds, business dates yyyy-mm-dd, rates a second
 * and durations milliseconds. What is not known is null, never zero.
 */
import { type Static, type TProperties, type TSchema, Type } from 'typebox';
import {
  type AlarmKind,
  type AlarmState,
  alarmKinds,
  alarmStates,
  type ChangeKind,
  type ChangeState,
  type CycleState,
  changeKinds,
  changeStates,
  cycleStates,
  onboardingSteps,
  type PaymentKind,
  type PaymentState,
  type Priority,
  paymentKinds,
  paymentStates,
  priorities,
  type Role,
  roles,
  type WorkItemKind,
  workItemKinds,
} from './words.ts';

const strict = { additionalProperties: false } as const;
const object = <P extends TProperties>(properties: P) => Type.Object(properties, strict);
const orNull = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);
const words = <W extends string>(list: readonly W[]) => Type.Unsafe<W>({ type: 'string', enum: [...list] });
const list = <S extends TSchema>(schema: S) => Type.Array(schema);

const Code = Type.String({ pattern: '^[0-9]{5}$', description: 'Code of a participant.' });
const PaymentIdText = Type.String({ pattern: '^[0-9]{31}$' });
const Time = Type.String({ format: 'date-time', examples: ['2026-11-22T10:00:05.000Z'] });
const DateText = Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$', examples: ['2026-11-22'] });
const Count = Type.Integer({ minimum: 0 });
const Ms = Type.Number({ minimum: 0, description: 'Milliseconds.' });
const Rate = Type.Number({ minimum: 0, description: 'A second.' });
const Hash = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256, lower-case hex.' });
const Text = Type.String({ maxLength: 500 });
/** Why somebody does something, in a person's words. */
const Words = Type.String({ minLength: 3, maxLength: 500 });
const CycleNumber = Type.Integer({ minimum: 1 });
const LoginName = Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{1,31}$' });
const PersonName = Type.String({ pattern: '^[^\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]{1,60}$' });
const OneTimeCode = Type.String({ pattern: '^[0-9]{6}$', description: 'Of the second factor, RFC 6238.' });
const Secret = Type.String({ minLength: 1, maxLength: 256 });

const StateWord = words<PaymentState>(paymentStates);
const KindWord = words<PaymentKind>(paymentKinds);
const RoleWord = words<Role>(roles);

export const Money = object({
  amount: Type.String({ pattern: '^-?(0|[1-9][0-9]*)(\\.[0-9]{1,3})?$', maxLength: 44 }),
  currency: Type.String({ pattern: '^[A-Z]{3}$', description: 'ISO 4217.' }),
});
export type Money = Static<typeof Money>;

/** Problem details (RFC 9457); `reason` is of the closed set in problem.ts. */
export const Problem = object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  reason: Type.String(),
  help: Type.String(),
});
export type Problem = Static<typeof Problem>;

// ---- people and logins ----

export const LoginRequest = object({
  login: Type.String({ maxLength: 64 }),
  password: Secret,
  code: OneTimeCode,
  /** `token`: the answer carries a bearer token and sets no cookie, for the command line. */
  keep: words(['cookie', 'token'] as const),
});
export type LoginRequest = Static<typeof LoginRequest>;

export const RenewalRequest = object({ password: Secret, code: OneTimeCode });
export type RenewalRequest = Static<typeof RenewalRequest>;

export const PurposeRequest = object({ purpose: Words });
export type PurposeRequest = Static<typeof PurposeRequest>;

export const Person = object({
  userId: Count,
  login: LoginName,
  name: PersonName,
  roles: list(RoleWord),
  /** The one participant that somebody with the role `participant` sees. */
  participant: orNull(Code),
});
export type Person = Static<typeof Person>;

export const Login = object({
  person: Person,
  /** To be sent as x-clearway-csrf with everything but GET; not needed with a bearer token. */
  csrfToken: Type.String(),
  /** Only where `keep` was `token`, once. */
  token: orNull(Type.String()),
  startedAt: Time,
  /** End of the login for reading. */
  endsAt: Time,
  /** Until then the person may act; each act moves it, reading does not. Null: renew first. */
  actsUntil: orNull(Time),
  /** Of a supervisor: why he looks. */
  purpose: orNull(Text),
  scheme: object({
    schemeId: Type.String(),
    environment: words(['sandbox', 'production'] as const),
    timeZone: Type.String({ description: 'IANA name; business dates are counted in it.' }),
    businessDate: orNull(DateText),
    currencies: list(Type.String()),
  }),
});
export type Login = Static<typeof Login>;

/** `token` is what follows the # of the link; `code` is what the approver was given, empty for the first operator. */
export const EnrolmentRequest = object({
  token: Type.String({ maxLength: 64 }),
  code: Type.String({ maxLength: 16 }),
});
export type EnrolmentRequest = Static<typeof EnrolmentRequest>;

export const Enrolment = object({
  /** Null for the first operator, who chooses. */
  login: orNull(LoginName),
  name: orNull(PersonName),
  roles: list(RoleWord),
  participant: orNull(Code),
  expiresAt: Time,
  /** Base32, to be typed; and as the address that authenticators read as a picture. */
  secondFactor: object({ secret: Type.String(), uri: Type.String() }),
});
export type Enrolment = Static<typeof Enrolment>;

export const EnrolmentFinish = object({
  token: Type.String({ maxLength: 64 }),
  code: Type.String({ maxLength: 16 }),
  /** Null unless for the first operator. */
  login: orNull(LoginName),
  name: orNull(PersonName),
  password: Secret,
  oneTimeCode: OneTimeCode,
});
export type EnrolmentFinish = Static<typeof EnrolmentFinish>;

export const User = object({
  ...Person.properties,
  state: words(['invited', 'active', 'ended'] as const),
  createdAt: Time,
  lastLoginAt: orNull(Time),
  /** May an enrolment link be issued by whoever asks? */
  linkIsYours: Type.Boolean(),
});
export type User = Static<typeof User>;
export const UserList = object({ users: list(User) });
export type UserList = Static<typeof UserList>;

export const EnrolmentLink = object({ link: Type.String(), expiresAt: Time });
export type EnrolmentLink = Static<typeof EnrolmentLink>;

// ---- alarms ----

export const Alarm = object({
  alarmId: Type.String({ examples: ['bankSilent:00203'] }),
  kind: words<AlarmKind>(alarmKinds),
  priority: words<Priority>(priorities),
  state: words<AlarmState>(alarmStates),
  /** Participant, cycle, cell, work item or change that it is about. */
  subject: Type.String(),
  /** How many single things it stands for, e.g. unknown payments of one bank. */
  symptoms: Count,
  /** Plain values for the sentence that people read in their language. */
  facts: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
  since: Time,
  endedAt: orNull(Time),
  /** Who acknowledged or shelved it. */
  owner: orNull(PersonName),
  note: orNull(Text),
  shelvedUntil: orNull(Time),
  /** Of a P1: what one person has asked for, until another agrees. */
  shelving: orNull(object({ login: LoginName, name: PersonName, reason: Text, minutes: Count, at: Time })),
  /** Where to act: address of a page, with its query. */
  act: Type.String({ examples: ['/payments?q=bank:00203 state:unknown'] }),
});
export type Alarm = Static<typeof Alarm>;
export const AlarmList = object({ alarms: list(Alarm), recent: list(Alarm) });
export type AlarmList = Static<typeof AlarmList>;

export const ShelveRequest = object({
  reason: Words,
  minutes: Type.Integer({ minimum: 5, maximum: 480, description: 'At most 60 for P1, which takes a second person.' }),
});
export type ShelveRequest = Static<typeof ShelveRequest>;

// ---- the wall ----

/** One value for each step from `from` on; null where nothing was heard. */
export const Series = object({
  from: Time,
  stepMs: Ms,
  submitted: list(orNull(Rate)),
  succeeded: list(orNull(Rate)),
  failed: list(orNull(Rate)),
  refused: list(orNull(Rate)),
  becameUnknown: list(orNull(Rate)),
  /** Highest second of the step. */
  peak: list(orNull(Rate)),
  p50Ms: list(orNull(Ms)),
  p99Ms: list(orNull(Ms)),
});
export type Series = Static<typeof Series>;

export const PositionLine = object({
  participant: Code,
  name: Type.String(),
  credits: Money,
  debits: Money,
  /** Credits minus debits; negative owes. */
  net: Money,
  creditCount: Count,
  debitCount: Count,
});
export type PositionLine = Static<typeof PositionLine>;

export const HeadroomLine = object({
  participant: Code,
  name: Type.String(),
  role: words(['bank', 'paymentInstitution'] as const),
  /** Net debit cap of a bank, float at the settlement agent of an institution. */
  limit: Money,
  /** Net position of what is not settled: negative owes, and takes of the limit. */
  outstanding: Money,
  /** By open offers. */
  reserved: Money,
  /** Limit plus outstanding minus reserved. */
  headroom: Money,
  /** Share of the limit that is left, 0 to 1; null without a limit. */
  share: orNull(Type.Number()),
});
export type HeadroomLine = Static<typeof HeadroomLine>;

export const Flow = object({
  institution: Code,
  bank: Code,
  payments: Count,
  succeeded: Count,
  amount: Money,
});
export type Flow = Static<typeof Flow>;

export const CellState = object({
  cell: Type.String({ examples: ['010001'], description: 'Routing digits: centre 2, cell 4.' }),
  centre: Count,
  state: words(['serving', 'notServing', 'unreachable'] as const),
  since: Time,
  /** Of the cell's program. Null while unreachable, as all that follows. */
  version: orNull(Type.String()),
  epoch: orNull(Count),
  frontier: orNull(Count),
  rate: orNull(Rate),
  p99Ms: orNull(Ms),
  inFlight: orNull(Count),
  remembered: orNull(Count),
  /** Batches that the records are behind. */
  recordsLag: orNull(Count),
  undelivered: orNull(Count),
  /** Commands that wait for a batch, batches that wait to be durable; commands refused for want of room. */
  queue: orNull(object({ waiting: Count, unflushed: Count, shed: Rate })),
  /** Of the last second: batches flushed, commands in them, mean time of a flush; of the last 60 seconds: percentiles. */
  flush: orNull(
    object({
      batches: Rate,
      commands: Rate,
      meanMs: orNull(Ms),
      p50Ms: orNull(Ms),
      p99Ms: orNull(Ms),
      largestMs: Ms,
      reclaims: Count,
    }),
  ),
});
export type CellState = Static<typeof CellState>;

export const CycleNow = object({
  cycle: CycleNumber,
  businessDate: orNull(DateText),
  state: words<CycleState>(cycleStates),
  openedAt: orNull(Time),
  /** Of the open one, where cycles are cut by time. */
  cutOffDueAt: orNull(Time),
  payments: Count,
  turnover: list(Money),
  positions: list(PositionLine),
  /** Sum of all net positions by currency: zero, or the platform is broken. */
  sum: list(Money),
  shortfalls: list(object({ participant: Code, missing: Money })),
});
export type CycleNow = Static<typeof CycleNow>;

/** What moves once a second. */
export const Figures = object({
  /** Time of the platform that these are of. */
  at: Time,
  businessDate: orNull(DateText),
  cells: list(CellState),
  /** Of the last second, all cells together; null while nothing is heard. */
  rate: orNull(object({ submitted: Rate, succeeded: Rate, failed: Rate, refused: Rate, becameUnknown: Rate })),
  /** Over the last 60 seconds, of payments with an outcome. `refused` and `failed` are definite; unknown is neither. */
  outcome: object({
    succeeded: Count,
    failed: Count,
    refused: Count,
    becameUnknown: Count,
    /** By fault of the platform or a bank that did not answer, not a person's empty account. Null without a payment. */
    successShare: orNull(Type.Number()),
  }),
  /** From sequencing to the first told outcome, the bank's time included, over the last 60 seconds; and of that, our flush. */
  latency: object({ p50Ms: orNull(Ms), p99Ms: orNull(Ms), flushMeanMs: orNull(Ms), measured: Count }),
  lastPaymentAt: orNull(Time),
  unknown: object({ payments: Count, oldestSince: orNull(Time), amount: list(Money) }),
  inFlight: orNull(Count),
  /** Since the start of the business day. `peak`: highest second that the console has seen. */
  today: object({
    since: Time,
    payments: Count,
    turnover: list(Money),
    peak: orNull(object({ rate: Rate, at: Time })),
  }),
  /** Those that are not settled, the open one last. */
  cycles: list(CycleNow),
  /** Nearest to the limit first, at most ten. */
  headroom: list(HeadroomLine),
  /** The last minute, largest first. */
  flows: list(Flow),
  /** Active ones, P1 first, at most five; and how many there are. */
  alarms: list(Alarm),
  alarmCounts: object({ P1: Count, P2: Count, P3: Count, shelved: Count }),
  /** What could not be read this time, with the time of its last success; of cells, each that is left out of the sums. */
  missing: list(
    object({
      what: words(['cell', 'records'] as const),
      which: Type.String({ description: 'Routing digits of the cell; empty for records.' }),
      since: Time,
    }),
  ),
});
export type Figures = Static<typeof Figures>;

/** Everything that the wall draws: once at the start of a stream, and whenever frames were missed. */
export const Overview = object({
  /** Number of the last frame that it contains. */
  number: Count,
  figures: Figures,
  /** The last 15 minutes by the second, and 24 hours by the minute. */
  seconds: Series,
  minutes: Series,
  /** What the same minutes of the same weekday were in the last four weeks: payments a second, null where none is known. */
  usual: orNull(object({ from: Time, stepMs: Ms, least: list(orNull(Rate)), most: list(orNull(Rate)) })),
});
export type Overview = Static<typeof Overview>;

/**
 * One line of the stream: `event: frame`, `id: <number>`, each number one more than the last. The first event of a
 * stream is `event: snapshot` with an {@link Overview}. After a gap: GET overview.
 */
export const Frame = object({ number: Count, figures: Figures });
export type Frame = Static<typeof Frame>;

// ---- payments ----

export const PaymentRow = object({
  paymentId: PaymentIdText,
  kind: KindWord,
  state: StateWord,
  reason: Type.String({ description: '`none`, or of the platform’s closed set.' }),
  isoStatus: Type.String(),
  isoReason: orNull(Type.String()),
  institution: Code,
  bank: Code,
  endToEndId: Type.String(),
  /** Null where a payment was refused for its currency. */
  amount: orNull(Money),
  /** 0 before success. */
  cycle: Count,
  receivedAt: Time,
  submittedAt: Time,
  changedAt: Time,
  /** From receipt to the last change. */
  durationMs: Ms,
});
export type PaymentRow = Static<typeof PaymentRow>;

export const PaymentList = object({
  payments: list(PaymentRow),
  /** For `after`; null at the end. */
  next: orNull(Type.String()),
  /** How the search was understood, word by word. */
  understood: list(object({ field: Type.String(), operator: Type.String(), value: Type.String() })),
  /** Everything submitted after this was looked at, and `next` goes on before it; null where all was. */
  readTo: orNull(Time),
  /** False while the cell is away: payments over the stream were not looked at. */
  isWhole: Type.Boolean(),
});
export type PaymentList = Static<typeof PaymentList>;

/** The lengths of its bars for a brushable histogram over the same search. */
export const PaymentHistogram = object({
  from: Time,
  stepMs: Ms,
  /** What was submitted at or before this may not have been counted; null where all was. */
  readTo: orNull(Time),
  succeeded: list(Count),
  failed: list(Count),
  refused: list(Count),
  open: list(Count),
});
export type PaymentHistogram = Static<typeof PaymentHistogram>;

export const Stage = object({
  /** Word of docs/flow.md: received, validated, offered, answered, recorded, unknown, reversing, told, cutOff, netted, settled, refund. */
  stage: Type.String(),
  detail: Type.String(),
  at: Time,
  /** Since the stage before; null for the first. */
  afterMs: orNull(Type.Number()),
  /** Who was waited for: participant's code, or gateway, cell, cycle, settlementAgent. */
  waitedFor: Type.String(),
  /** Whose clock says so. */
  clock: Type.String(),
  /** Batch of the journal. */
  sequence: orNull(Count),
});
export type Stage = Static<typeof Stage>;

export const Verdict = object({
  what: words(['request', 'answer'] as const),
  holds: Type.Boolean(),
  signer: Code,
  suite: Type.String(),
  keyVersion: Count,
  /** What is wrong; null where all is well. */
  problem: orNull(Type.String()),
  sequence: Count,
  index: Count,
});
export type Verdict = Static<typeof Verdict>;

export const PaymentDetail = object({
  payment: PaymentRow,
  stages: list(Stage),
  /** Agreement of an agreement payment, original of a refund. */
  reference: orNull(PaymentIdText),
  refunds: object({ payments: list(PaymentRow), refunded: orNull(Money) }),
  /** Of its success. */
  cycle: orNull(
    object({
      cycle: CycleNumber,
      businessDate: DateText,
      state: words<CycleState>(cycleStates),
      settledAt: orNull(Time),
    }),
  ),
  journal: object({
    cell: Type.String(),
    requestSequence: Count,
    requestIndex: Count,
    answerSequence: orNull(Count),
    answerIndex: orNull(Count),
    lastSequence: Count,
    hash: Type.String({ description: 'First 16 bytes of the content hash, hex.' }),
  }),
  /** Checked now, on the server; empty where the console may not open bodies. */
  verdicts: list(Verdict),
  /** The signed messages with personal data masked; null where bodies cannot be opened. */
  messages: object({ request: Type.Unknown(), answer: Type.Unknown() }),
  /** pacs.002 in ISO 20022's words. */
  iso: Type.Record(Type.String(), Type.Unknown()),
  workItem: orNull(Type.String()),
});
export type PaymentDetail = Static<typeof PaymentDetail>;

/** What proves a payment without the platform: docs/reference/evidence.md, checked by `clearway evidence verify`. */
const EvidenceSignature = Type.Object({
  suite: Type.String(),
  keyVersion: Count,
  value: Type.String({ contentEncoding: 'base64' }),
});
const EvidenceMessage = Type.Object({
  signer: Code,
  /** As it was sent, base64. */
  body: Type.String(),
  /** What is signed, base64. */
  canonical: Type.String(),
  /** Of a message over HTTP; one of the stream has a checkpoint instead. */
  signature: Type.Optional(EvidenceSignature),
  checkpoint: Type.Optional(
    Type.Object({
      stream: Count,
      /** Places in the signer's stream: from this one on, up to but without that one. */
      from: Count,
      to: Count,
      signedAt: Time,
      root: Hash,
      signature: EvidenceSignature,
      /** Siblings from the leaf of this message to the root. */
      path: list(Hash),
    }),
  ),
  sequence: Count,
  index: Count,
});
export const Evidence = Type.Object({
  format: Type.Literal('clearway-evidence-1'),
  paymentId: PaymentIdText,
  madeAt: Time,
  scheme: Type.Object({ schemeId: Type.String(), environment: words(['sandbox', 'production'] as const) }),
  request: EvidenceMessage,
  answer: Type.Optional(EvidenceMessage),
  keys: list(
    Type.Object({
      participant: Code,
      key: Type.Object({ version: Count, suite: Type.String(), publicKey: Type.String() }),
    }),
  ),
  /** Headers of successive batches from this one on, 128 bytes each, base64 in one piece. */
  journal: Type.Optional(Type.Object({ from: Count, headers: Type.String() })),
});
export type Evidence = Static<typeof Evidence>;

// ---- participants ----

export const Health = object({
  from: Time,
  to: Time,
  payments: Count,
  succeeded: Count,
  failed: Count,
  refused: Count,
  unknown: Count,
  /** From the offer to the recorded answer, of payments that the bank answered. */
  p50Ms: orNull(Ms),
  p99Ms: orNull(Ms),
  /** Whose fault the others were: the institution's own, the bank's decision, the bank's silence, ours. */
  faults: object({ institution: Count, bankDecision: Count, bankSilence: Count, platform: Count }),
});
export type Health = Static<typeof Health>;

export const ParticipantKey = object({
  version: Count,
  suite: Type.String(),
  /** Past: not valid any more. To come: valid until then. Null: no end is set. */
  endedAt: orNull(Time),
  /** SHA-256 of the public key in DER, hex. */
  fingerprint: Hash,
});
export type ParticipantKey = Static<typeof ParticipantKey>;

export const ParticipantRow = object({
  code: Code,
  name: Type.String(),
  role: words(['bank', 'paymentInstitution'] as const),
  status: words(['active', 'suspended'] as const),
  idempotent: Type.Boolean(),
  keys: list(ParticipantKey),
  /** Of its links to the stream, as the cells have seen it; null where none was shown since they started. */
  certificateEndsAt: orNull(Time),
  /** Links to the stream that are open now, in all cells; null while the cells cannot be asked. */
  links: orNull(Count),
  headroom: list(HeadroomLine),
  /** Payments now without an outcome. */
  unknown: Count,
  /** The last 15 minutes; null where the records cannot be read. */
  health: orNull(Health),
  /** The same by the minute, the last one whole; null for what was not read. */
  recent: object({
    payments: list(orNull(Count)),
    succeeded: list(orNull(Count)),
    p99Ms: list(orNull(Ms)),
  }),
});
export type ParticipantRow = Static<typeof ParticipantRow>;
export const ParticipantList = object({ participants: list(ParticipantRow), version: Count });
export type ParticipantList = Static<typeof ParticipantList>;

export const ParticipantDetail = object({
  participant: ParticipantRow,
  endpoint: Type.String(),
  certificate: orNull(Type.String()),
  enquiryBudget: object({ perSecond: Type.Number(), burst: Type.Number() }),
  netDebitCaps: list(Money),
  /** With each of the others, the last 15 minutes. */
  legs: list(object({ counterpart: Code, name: Type.String(), health: Health })),
  /** By the minute, the last hour. */
  minutes: object({
    from: Time,
    stepMs: Ms,
    /** Null for minutes that were not read. */
    payments: list(orNull(Count)),
    succeeded: list(orNull(Count)),
    p99Ms: list(orNull(Ms)),
  }),
  /** Alarms about it, the latest first; to the participant itself without the names of people. */
  incidents: list(Alarm),
  /** On the way to its first payment, each told from what is so now. */
  onboarding: list(object({ step: words(onboardingSteps), isDone: Type.Boolean() })),
  unknownPayments: list(PaymentRow),
  /** Its line in the latest cycles. */
  positions: list(object({ cycle: CycleNumber, state: words<CycleState>(cycleStates), line: PositionLine })),
  changes: list(
    object({
      changeId: Count,
      kind: words<ChangeKind>(changeKinds),
      state: words<ChangeState>(changeStates),
      at: Time,
    }),
  ),
});
export type ParticipantDetail = Static<typeof ParticipantDetail>;

// ---- cycles ----

export const CycleRow = object({
  cycle: CycleNumber,
  businessDate: DateText,
  state: words<CycleState>(cycleStates),
  openedAt: Time,
  cutOffAt: orNull(Time),
  nettedAt: orNull(Time),
  settledAt: orNull(Time),
  payments: Count,
  turnover: list(Money),
});
export type CycleRow = Static<typeof CycleRow>;
export const CycleList = object({ cycles: list(CycleRow), next: orNull(CycleNumber) });
export type CycleList = Static<typeof CycleList>;

export const CycleDetail = object({
  cycle: CycleRow,
  positions: list(PositionLine),
  sum: list(Money),
  shortfalls: list(object({ participant: Code, missing: Money })),
  files: list(object({ participant: Code, name: Type.String(), hash: Hash, bytes: Count })),
  workItems: list(Type.String()),
});
export type CycleDetail = Static<typeof CycleDetail>;

/** Of succeeded payments; `rows` pay and receive as the lines of the matrix say. */
export const CycleMatrix = object({
  cycle: CycleNumber,
  institutions: list(object({ participant: Code, name: Type.String() })),
  banks: list(object({ participant: Code, name: Type.String() })),
  pairs: list(
    object({
      institution: Code,
      bank: Code,
      payments: Count,
      /** Debited from the bank, to the institution; and the other way. */
      toInstitution: Money,
      toBank: Money,
    }),
  ),
});
export type CycleMatrix = Static<typeof CycleMatrix>;

// ---- work items ----

export const WorkItem = object({
  workItemId: Type.String(),
  kind: words<WorkItemKind>(workItemKinds),
  subject: Type.String(),
  /** What it is about, as far as the records know. */
  participant: orNull(Code),
  amount: orNull(Money),
  openedAt: Time,
  dueAt: Time,
  overdue: Type.Boolean(),
  owner: orNull(Person),
  closedAt: orNull(Time),
  resolution: orNull(Text),
  /** A person may close it; the others end when their cause is gone. */
  closable: Type.Boolean(),
  notes: list(object({ at: Time, by: PersonName, text: Text })),
});
export type WorkItem = Static<typeof WorkItem>;
export const WorkItemList = object({ workItems: list(WorkItem) });
export type WorkItemList = Static<typeof WorkItemList>;

export const HandOverRequest = object({ to: LoginName, note: Words });
export type HandOverRequest = Static<typeof HandOverRequest>;
export const ReasonRequest = object({ reason: Words });
export type ReasonRequest = Static<typeof ReasonRequest>;

// ---- operations ----

export const Operations = object({
  at: Time,
  cells: list(CellState),
  /** By the minute, the last hour; one row a cell. */
  flush: list(
    object({
      cell: Type.String(),
      from: Time,
      stepMs: Ms,
      meanMs: list(orNull(Ms)),
      largestMs: list(orNull(Ms)),
      /** Flushes by how long they took: for each minute, counts not above each bound and above the one before. */
      boundsMs: list(Ms),
      counts: list(orNull(list(Count))),
    }),
  ),
  console: object({
    version: Type.String(),
    startedAt: Time,
    streams: Count,
    sampleFailures: Count,
    rssBytes: Count,
  }),
  configuration: object({ schemeVersion: Count, participantsVersion: Count }),
});
export type Operations = Static<typeof Operations>;

export const ConfigurationHistory = object({
  versions: list(
    object({
      kind: words(['scheme', 'participants'] as const),
      version: Count,
      keptAt: Time,
      hash: Hash,
      /** Of a change by the console: who proposed and who approved. Null: by a file or by a participant's own key. */
      change: orNull(object({ changeId: Count, proposedBy: PersonName, approvedBy: PersonName })),
      differences: list(object({ path: Type.String(), before: orNull(Type.String()), after: orNull(Type.String()) })),
    }),
  ),
});
export type ConfigurationHistory = Static<typeof ConfigurationHistory>;

// ---- changes ----

/** What is to be changed; the fields that a kind does not use are null. */
export const ChangeRequest = object({
  kind: words<ChangeKind>(changeKinds),
  /** netDebitCap, suspendParticipant, resumeParticipant, endKey. */
  participant: orNull(Code),
  /** netDebitCap: the new cap. */
  cap: orNull(Money),
  /** endKey. */
  keyVersion: orNull(Type.Integer({ minimum: 1, maximum: 65_535 })),
  /** endKey: valid until then; without it the key ends with the approval. */
  endsAt: orNull(Time),
  /** closeCycle: the number of the open cycle, as the proposer saw it. */
  cycle: orNull(CycleNumber),
  /** addUser, changeUser, resetUser, endUser. */
  user: orNull(object({ login: LoginName, name: PersonName, roles: list(RoleWord), participant: orNull(Code) })),
  why: Words,
});
export type ChangeRequest = Static<typeof ChangeRequest>;

export const Difference = object({
  field: Type.String({ examples: ['netDebitCap', 'headroom', 'status'] }),
  now: orNull(Type.String()),
  proposed: orNull(Type.String()),
  /** Of amounts: by how much. */
  effect: orNull(Type.String()),
  currency: orNull(Type.String()),
});
export type Difference = Static<typeof Difference>;

/** What would come of it, computed on the server from what is so now. */
export const Effect = object({
  differences: list(Difference),
  /** Consequences as words of a closed set with plain values. */
  consequences: list(
    object({
      consequence: words([
        'refusedBefore',
        'openPayments',
        'paymentsRefusedFromNow',
        'headroomNegative',
        'lastKey',
        'cyclePayments',
        'cycleTurnover',
        'userLoggedOut',
        'founding',
      ] as const),
      facts: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
    }),
  ),
  /** How to undo it. */
  undo: words(['newChange', 'impossible'] as const),
  /** To be typed by the approver where the act is grave: the code of the participant or number of the cycle. */
  confirmation: orNull(Type.String()),
});
export type Effect = Static<typeof Effect>;

export const Change = object({
  changeId: Count,
  kind: words<ChangeKind>(changeKinds),
  state: words<ChangeState>(changeStates),
  request: ChangeRequest,
  /** As it was when proposed; approving something else than this is impossible. */
  effect: Effect,
  proposedBy: Person,
  proposedAt: Time,
  expiresAt: Time,
  decidedBy: orNull(Person),
  decidedAt: orNull(Time),
  note: orNull(Text),
  result: orNull(Text),
  /** May whoever asks decide it, and if not, for which reason of problem.ts. */
  yours: object({ mayDecide: Type.Boolean(), mayWithdraw: Type.Boolean(), whyNot: orNull(Type.String()) }),
  /** Of addUser and resetUser, to the approver alone and once: the half of the enrolment that the link lacks. */
  enrolmentCode: orNull(Type.String()),
});
export type Change = Static<typeof Change>;
export const ChangeList = object({ changes: list(Change) });
export type ChangeList = Static<typeof ChangeList>;

export const ApproveRequest = object({
  /** Effect.confirmation as typed; empty where none is asked. */
  confirmation: Type.String({ maxLength: 32 }),
});
export type ApproveRequest = Static<typeof ApproveRequest>;
export const NoteRequest = object({ note: Words });
export type NoteRequest = Static<typeof NoteRequest>;

// ---- audit ----

/**
 * hash = SHA-256 of the text `previousHash`, a line feed, `content`. `content` is the JSON text as it was hashed, with
 * the fields of {@link AuditContent}; the first entry's previousHash is 64 zeros.
 */
export const AuditEntry = object({
  sequence: Count,
  content: Type.String(),
  previousHash: Hash,
  hash: Hash,
});
export type AuditEntry = Static<typeof AuditEntry>;
export const AuditContent = object({
  sequence: Count,
  at: Time,
  /** LoginName, or `console` for what it does by itself. */
  actor: Type.String(),
  act: Type.String({ examples: ['login', 'changeProposed', 'looked'] }),
  subject: Type.String(),
  detail: Type.Record(Type.String(), Type.Unknown()),
});
export type AuditContent = Static<typeof AuditContent>;
export const AuditList = object({ entries: list(AuditEntry), next: orNull(Count) });
export type AuditList = Static<typeof AuditList>;
export const AuditVerification = object({
  holds: Type.Boolean(),
  entries: Count,
  from: Count,
  to: Count,
  head: Hash,
  /** First entry that does not follow, and why. */
  broken: orNull(object({ sequence: Count, problem: Type.String() })),
});
export type AuditVerification = Static<typeof AuditVerification>;

/** What a pasted text may mean. */
export const Found = object({
  found: list(
    object({
      kind: words(['payment', 'participant', 'cycle', 'workItem', 'change'] as const),
      id: Type.String(),
      text: Type.String(),
      page: Type.String(),
    }),
  ),
});
export type Found = Static<typeof Found>;
