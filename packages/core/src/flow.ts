/**
 * Read this first. The way of a payment through the core, stage by stage, and what each stage may do.
 *
 * Stages before the point of no return only read and may refuse; after it nothing refuses any more.
 */
export const stages = [
  {
    stage: 'validation',
    does: 'is it well-formed, new, in time, from whom it says, about something known',
    refuses: true,
  },
  {
    stage: 'risk',
    does: 'may the debtor side carry it: net debit cap of a bank, float of a payment institution',
    refuses: true,
  },
  { stage: 'routing', does: 'which bank is asked, which accounts will be debited and credited', refuses: true },
  // ---- point of no return ----
  { stage: 'journal', does: 'remember the identifier, reserve, and later post or release', refuses: false },
  { stage: 'clearing', does: 'stamp the success with the open cycle; cut, net', refuses: false },
  { stage: 'settlement', does: 'discharge the net positions at the settlement agent', refuses: false },
  { stage: 'reporting', does: 'files and reports, outside the core, from the journal', refuses: false },
] as const;

export type Stage = (typeof stages)[number]['stage'];
