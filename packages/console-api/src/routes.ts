/**
 * Every address of the console's API with who may ask it: the server serves and refuses by this table, the browser and
 * the command line ask by it. Plain data, so that it costs a page nothing.
 */
import type * as messages from './messages.ts';
import type { Role } from './words.ts';

/**
 * - `open`: anybody, also who is not logged in
 * - `login`: whoever is logged in
 * - a list: whoever has one of these roles
 */
export type Access = 'open' | 'login' | readonly Role[];

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With parameters in braces. */
  readonly path: string;
  readonly summary: string;
  readonly access: Access;
  /** It changes something: needs the right to act, which lapses (Login.actsUntil). */
  readonly act?: true;
  /** Names of the query's parameters, all optional. */
  readonly query?: readonly string[];
  /** Of the answer, where it is not JSON. */
  readonly contentType?: 'text/event-stream' | 'text/csv; charset=utf-8' | 'application/json; charset=utf-8';
}

const staff = ['operator', 'proposer', 'approver'] as const;
const viewers = [...staff, 'supervisor'] as const;
/** A participant sees itself alone: the server narrows every answer to it. */
const everybody = [...viewers, 'participant'] as const;

export const routes = {
  getOpenApi: { method: 'GET', path: '/api/v1/openapi.json', summary: 'This API in OpenAPI 3.1.', access: 'open' },
  logIn: {
    method: 'POST',
    path: '/api/v1/login',
    summary: 'Logs in with password and one-time code.',
    access: 'open',
  },
  getLogin: {
    method: 'GET',
    path: '/api/v1/login',
    summary: 'Who is logged in, and what for how long.',
    access: 'login',
  },
  logOut: { method: 'DELETE', path: '/api/v1/login', summary: 'Ends the login.', access: 'login' },
  renewLogin: {
    method: 'POST',
    path: '/api/v1/login/renewal',
    summary: 'Gives the right to act back, after password and code.',
    access: 'login',
  },
  setPurpose: {
    method: 'PUT',
    path: '/api/v1/login/purpose',
    summary: 'Says why a supervisor looks; recorded with each look.',
    access: ['supervisor'],
  },
  startEnrolment: {
    method: 'POST',
    path: '/api/v1/enrolment',
    summary: 'Opens a one-time link: who it is for, and the secret of the second factor.',
    access: 'open',
  },
  finishEnrolment: {
    method: 'POST',
    path: '/api/v1/enrolment/finish',
    summary: 'Sets password and second factor, and ends the link.',
    access: 'open',
  },

  getOverview: { method: 'GET', path: '/api/v1/overview', summary: 'Everything of the wall.', access: everybody },
  getLive: {
    method: 'GET',
    path: '/api/v1/live',
    summary: 'The wall as server-sent events: a snapshot, then a numbered frame a second.',
    access: everybody,
    contentType: 'text/event-stream',
  },
  getAlarms: { method: 'GET', path: '/api/v1/alarms', summary: 'Active, shelved and recent alarms.', access: viewers },
  acknowledgeAlarm: {
    method: 'POST',
    path: '/api/v1/alarms/{alarmId}/acknowledgement',
    summary: 'Says that the asker has it in hand.',
    access: staff,
    act: true,
  },
  shelveAlarm: {
    method: 'POST',
    path: '/api/v1/alarms/{alarmId}/shelf',
    summary: 'Puts an alarm aside for a while, with a reason that all can see.',
    access: staff,
    act: true,
  },
  approveShelving: {
    method: 'POST',
    path: '/api/v1/alarms/{alarmId}/shelf/approval',
    summary: 'Agrees to what another person has asked for: a P1 is shelved by two.',
    access: staff,
    act: true,
  },
  unshelveAlarm: {
    method: 'DELETE',
    path: '/api/v1/alarms/{alarmId}/shelf',
    summary: 'Takes a shelved alarm back.',
    access: staff,
    act: true,
  },

  getPayments: {
    method: 'GET',
    path: '/api/v1/payments',
    summary: 'Search, newest first.',
    access: everybody,
    query: ['q', 'after', 'limit'],
  },
  getPaymentHistogram: {
    method: 'GET',
    path: '/api/v1/payments-histogram',
    summary: 'How many over time, for the same search.',
    access: everybody,
    query: ['q', 'from', 'to', 'bars'],
  },
  getPayment: {
    method: 'GET',
    path: '/api/v1/payments/{paymentId}',
    summary: 'One payment with its whole trace.',
    access: everybody,
  },
  getEvidence: {
    method: 'GET',
    path: '/api/v1/payments/{paymentId}/evidence',
    summary: 'What the journal holds for it, to keep: signed messages and the chain of headers.',
    access: [...staff, 'participant'],
    contentType: 'application/json; charset=utf-8',
  },
  find: {
    method: 'GET',
    path: '/api/v1/find',
    summary: 'What a pasted text means.',
    access: everybody,
    query: ['text'],
  },

  getParticipants: {
    method: 'GET',
    path: '/api/v1/participants',
    summary: 'The directory with health.',
    access: everybody,
  },
  getParticipant: {
    method: 'GET',
    path: '/api/v1/participants/{code}',
    summary: 'One participant: keys, limits, health by leg.',
    access: everybody,
  },

  getCycles: {
    method: 'GET',
    path: '/api/v1/cycles',
    summary: 'Clearing cycles, newest first.',
    access: everybody,
    query: ['after', 'limit'],
  },
  getCycle: {
    method: 'GET',
    path: '/api/v1/cycles/{cycle}',
    summary: 'One cycle: positions, their sum, shortfalls, files.',
    access: everybody,
  },
  getCycleMatrix: {
    method: 'GET',
    path: '/api/v1/cycles/{cycle}/matrix',
    summary: 'Between whom the money of a cycle went.',
    access: everybody,
  },
  getCycleFile: {
    method: 'GET',
    path: '/api/v1/cycles/{cycle}/files/{participant}',
    summary: 'A participant’s reconciliation file.',
    access: [...staff, 'participant'],
    contentType: 'text/csv; charset=utf-8',
  },

  getWorkItems: {
    method: 'GET',
    path: '/api/v1/work',
    summary: 'What a person must look at, by deadline.',
    access: viewers,
    query: ['state'],
  },
  takeWorkItem: {
    method: 'POST',
    path: '/api/v1/work/{workItemId}/owner',
    summary: 'Takes a work item that nobody has.',
    access: staff,
    act: true,
  },
  handOverWorkItem: {
    method: 'POST',
    path: '/api/v1/work/{workItemId}/handover',
    summary: 'Gives one’s work item to another person.',
    access: staff,
    act: true,
  },
  closeWorkItem: {
    method: 'POST',
    path: '/api/v1/work/{workItemId}/end',
    summary: 'Closes one’s work item with a reason, where only a person can.',
    access: staff,
    act: true,
  },

  getOperations: {
    method: 'GET',
    path: '/api/v1/operations',
    summary: 'Cells, journal, records, the console itself.',
    access: viewers,
  },
  getConfigurationHistory: {
    method: 'GET',
    path: '/api/v1/configuration',
    summary: 'Versions of the documents, what differs, and who approved.',
    access: viewers,
  },

  getChanges: {
    method: 'GET',
    path: '/api/v1/changes',
    summary: 'Changes, newest first.',
    access: viewers,
    query: ['state'],
  },
  getChange: { method: 'GET', path: '/api/v1/changes/{changeId}', summary: 'One change.', access: viewers },
  previewChange: {
    method: 'POST',
    path: '/api/v1/change-previews',
    summary: 'The differences and effects that a change would have; nothing is kept.',
    access: ['proposer'],
  },
  proposeChange: {
    method: 'POST',
    path: '/api/v1/changes',
    summary: 'Proposes a change; another person decides.',
    access: ['proposer'],
    act: true,
  },
  approveChange: {
    method: 'POST',
    path: '/api/v1/changes/{changeId}/approval',
    summary: 'Approves another person’s change and has it carried out, once.',
    access: ['approver'],
    act: true,
  },
  returnChange: {
    method: 'POST',
    path: '/api/v1/changes/{changeId}/return',
    summary: 'Gives a change back to its author with a note.',
    access: ['approver'],
    act: true,
  },
  refuseChange: {
    method: 'POST',
    path: '/api/v1/changes/{changeId}/refusal',
    summary: 'Refuses another person’s change.',
    access: ['approver'],
    act: true,
  },
  withdrawChange: {
    method: 'POST',
    path: '/api/v1/changes/{changeId}/withdrawal',
    summary: 'Takes one’s own change back.',
    access: ['proposer'],
    act: true,
  },

  getUsers: { method: 'GET', path: '/api/v1/users', summary: 'Who may use the console.', access: viewers },
  issueEnrolmentLink: {
    method: 'POST',
    path: '/api/v1/users/{userId}/link',
    summary: 'Makes a one-time link, for the proposer of an approved addUser or resetUser.',
    access: ['proposer'],
    act: true,
  },

  getAudit: {
    method: 'GET',
    path: '/api/v1/audit',
    summary: 'The audit log, newest first; the chain can be checked by anybody who reads it.',
    access: ['approver', 'supervisor'],
    query: ['before', 'limit', 'actor', 'subject'],
  },
  verifyAudit: {
    method: 'GET',
    path: '/api/v1/audit-verification',
    summary: 'Checks the whole chain.',
    access: ['approver', 'supervisor'],
  },
} as const satisfies Record<string, Route>;

export type Operation = keyof typeof routes;

/** What each operation is sent, where it has a body. */
export interface Requests {
  logIn: messages.LoginRequest;
  renewLogin: messages.RenewalRequest;
  setPurpose: messages.PurposeRequest;
  startEnrolment: messages.EnrolmentRequest;
  finishEnrolment: messages.EnrolmentFinish;
  shelveAlarm: messages.ShelveRequest;
  handOverWorkItem: messages.HandOverRequest;
  closeWorkItem: messages.ReasonRequest;
  previewChange: messages.ChangeRequest;
  proposeChange: messages.ChangeRequest;
  approveChange: messages.ApproveRequest;
  returnChange: messages.NoteRequest;
  refuseChange: messages.NoteRequest;
}

/** What each operation answers; `undefined` stands for 204. */
export interface Responses {
  getOpenApi: Record<string, unknown>;
  logIn: messages.Login;
  getLogin: messages.Login;
  logOut: undefined;
  renewLogin: messages.Login;
  setPurpose: messages.Login;
  startEnrolment: messages.Enrolment;
  finishEnrolment: messages.Login;
  getOverview: messages.Overview;
  /** Each event's data. */
  getLive: messages.Overview | messages.Frame;
  getAlarms: messages.AlarmList;
  acknowledgeAlarm: messages.Alarm;
  shelveAlarm: messages.Alarm;
  approveShelving: messages.Alarm;
  unshelveAlarm: messages.Alarm;
  getPayments: messages.PaymentList;
  getPaymentHistogram: messages.PaymentHistogram;
  getPayment: messages.PaymentDetail;
  getEvidence: messages.Evidence;
  find: messages.Found;
  getParticipants: messages.ParticipantList;
  getParticipant: messages.ParticipantDetail;
  getCycles: messages.CycleList;
  getCycle: messages.CycleDetail;
  getCycleMatrix: messages.CycleMatrix;
  getCycleFile: string;
  getWorkItems: messages.WorkItemList;
  takeWorkItem: messages.WorkItem;
  handOverWorkItem: messages.WorkItem;
  closeWorkItem: messages.WorkItem;
  getOperations: messages.Operations;
  getConfigurationHistory: messages.ConfigurationHistory;
  getChanges: messages.ChangeList;
  getChange: messages.Change;
  previewChange: messages.Effect;
  proposeChange: messages.Change;
  approveChange: messages.Change;
  returnChange: messages.Change;
  refuseChange: messages.Change;
  withdrawChange: messages.Change;
  getUsers: messages.UserList;
  issueEnrolmentLink: messages.EnrolmentLink;
  getAudit: messages.AuditList;
  verifyAudit: messages.AuditVerification;
}

/** The address of an operation, its parameters filled in. @throws Error for one that is missing */
export function addressOf(operation: Operation, parameters: Readonly<Record<string, string | number>> = {}): string {
  return routes[operation].path.replaceAll(/\{([^}]+)\}/g, (_, name: string) => {
    const value = parameters[name];
    if (value === undefined) throw new Error(`${operation} needs ${name}`);
    return encodeURIComponent(String(value));
  });
}
