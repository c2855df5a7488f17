/** Why the console refuses something: a closed set, told as problem details (RFC 9457). */

export interface ProblemKind {
  /** HTTP status. */
  readonly status: number;
  readonly title: string;
  /** What the asker can do. */
  readonly help: string;
}

export const problems = {
  internal: { status: 500, title: 'Internal error', help: 'Try again; if it stays, look into the console’s log.' },
  bodyMalformed: { status: 400, title: 'Body cannot be read', help: 'Send one JSON document in UTF-8.' },
  bodyTooLarge: { status: 413, title: 'Body too large', help: 'Send less than 64 KiB.' },
  contentTypeUnsupported: { status: 415, title: 'Content type not supported', help: 'Send application/json.' },
  fieldInvalid: { status: 400, title: 'Field invalid', help: 'Compare the field named in detail with the schema.' },
  queryInvalid: { status: 400, title: 'Search cannot be read', help: 'Mend the word that detail names.' },
  notFound: { status: 404, title: 'Not found', help: 'Check the address; what is not yours is not shown.' },
  methodNotAllowed: { status: 405, title: 'Method not allowed', help: 'See /api/v1/openapi.json.' },
  notLoggedIn: { status: 401, title: 'Not logged in', help: 'Log in; what you typed is kept by the page.' },
  loginRefused: {
    status: 401,
    title: 'Login refused',
    help: 'Login, password or code is wrong; a code is good for one login.',
  },
  tooManyAttempts: { status: 429, title: 'Too many attempts', help: 'Wait as long as retry-after says.' },
  enrolmentInvalid: {
    status: 410,
    title: 'Link is not valid',
    help: 'It was used, is too old, or never was. Ask for a new one.',
  },
  passwordWeak: {
    status: 400,
    title: 'Password too weak',
    help: 'At least 12 characters, at least 5 different ones, and not your login.',
  },
  tokenMissing: {
    status: 403,
    title: 'Token of the login missing',
    help: 'Send x-clearway-csrf as the login says.',
  },
  originForeign: { status: 403, title: 'Asked from another site', help: 'Use the console’s own pages.' },
  notAllowed: { status: 403, title: 'Your role does not allow this', help: 'Ask an approver to give you the role.' },
  actRightsLapsed: {
    status: 403,
    title: 'Right to act has lapsed',
    help: 'Give password and code again (renewLogin); the page stays.',
  },
  purposeMissing: {
    status: 403,
    title: 'Purpose not said',
    help: 'Say why you look (setPurpose); it is recorded with each look.',
  },
  sameGoal: { status: 409, title: 'Nothing would change', help: 'It is so already.' },
  changeIsYours: { status: 403, title: 'Your own change', help: 'Another person must approve it.' },
  changeNotOpen: { status: 409, title: 'Change is not open', help: 'Look at its state; propose a new one.' },
  changeVoid: {
    status: 409,
    title: 'Change is void',
    help: 'What it changes is not as it was, or its time is over. Propose it anew.',
  },
  alreadyTaken: { status: 409, title: 'Somebody else has it', help: 'Ask its owner to hand it over.' },
  notOwner: { status: 409, title: 'Not yours', help: 'Take it first.' },
  endsItself: { status: 409, title: 'It ends by itself', help: 'The platform closes it when its cause is gone.' },
  alarmNotActive: { status: 409, title: 'Alarm is not active', help: 'Its cause has gone.' },
  platformRefused: { status: 409, title: 'The platform refuses', help: 'Detail names its reason.' },
  evidenceNotYet: {
    status: 409,
    title: 'Evidence cannot be made',
    help: 'Detail says why. What came over the stream is signed some seconds later: try again.',
  },
  cellUnavailable: { status: 503, title: 'Cell cannot be reached', help: 'Nothing was done. Look at operations.' },
  recordsUnavailable: { status: 503, title: 'Records cannot be read', help: 'Payments go on. Look at operations.' },
  tooSlow: { status: 503, title: 'It would take too long', help: 'Ask for a shorter time or fewer things.' },
} as const satisfies Record<string, ProblemKind>;

export type ProblemReason = keyof typeof problems;

export const problemContentType = 'application/problem+json';
