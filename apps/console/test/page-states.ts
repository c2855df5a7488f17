/** What each page shows when it has nothing to show: by which answer it lives, and what it says when that is empty. */
import type { Page } from 'playwright-core';

export interface PageCase {
  readonly path: string;
  /** Of the answer without which the page is nothing. */
  readonly answer: string;
  /** Words of the page for what it shows. */
  readonly what: string;
  /** An answer with nothing in it, and what the page says to that; absent where there is always something. */
  readonly empty?: {
    readonly body: object;
    /** Of other answers that the page has. */
    readonly beside?: Readonly<Record<string, object>>;
    readonly says: string;
  };
}

/** Places of things that exist. */
export interface Places {
  readonly paymentId: string;
  readonly changeId: number;
}

export function pageCases({ paymentId, changeId }: Places): readonly PageCase[] {
  return [
    {
      path: '/payments',
      answer: '**/api/v1/payments?*',
      what: 'Payments',
      empty: {
        body: { payments: [], next: null, understood: [], readTo: null, isWhole: true },
        says: 'No payment found',
      },
    },
    { path: `/payments/${paymentId}`, answer: `**/api/v1/payments/${paymentId}`, what: 'Payment' },
    {
      path: '/participants',
      answer: '**/api/v1/participants',
      what: 'Participants',
      empty: { body: { participants: [], version: 1 }, says: 'No participant is admitted' },
    },
    { path: '/participants/00201', answer: '**/api/v1/participants/00201', what: 'Participant' },
    {
      path: '/cycles',
      answer: '**/api/v1/cycles?*',
      what: 'Clearing',
      empty: { body: { cycles: [], next: null }, says: 'There is no cycle yet' },
    },
    { path: '/cycles/1', answer: '**/api/v1/cycles/1', what: 'Cycle' },
    {
      path: '/work',
      answer: '**/api/v1/work?*',
      what: 'Work',
      empty: {
        body: { workItems: [] },
        beside: { '**/api/v1/alarms': { alarms: [], recent: [] }, '**/api/v1/changes?*': { changes: [] } },
        says: 'Nothing is to be done',
      },
    },
    { path: '/operations', answer: '**/api/v1/operations', what: 'Operations' },
    { path: '/operations/cells/010002', answer: '**/api/v1/operations', what: 'Operations' },
    {
      path: '/changes',
      answer: '**/api/v1/changes',
      what: 'Changes',
      empty: { body: { changes: [] }, says: 'There is no change' },
    },
    { path: `/changes/${changeId}`, answer: `**/api/v1/changes/${changeId}`, what: 'Change' },
    {
      path: '/audit',
      answer: '**/api/v1/audit?*',
      what: 'Audit',
      empty: { body: { entries: [], next: null }, says: 'No entry fits' },
    },
    { path: '/settings', answer: '**/api/v1/users', what: 'People' },
  ];
}

/** As a link in the console does it: the program stays, the page is another. */
export const goWithin = (page: Page, path: string): Promise<void> =>
  page.evaluate((to) => {
    history.pushState(null, '', to);
    window.dispatchEvent(new PopStateEvent('popstate'));
  }, path);
