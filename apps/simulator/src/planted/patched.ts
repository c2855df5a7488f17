/**
 * Known bad builds that are the compiled platform with a line or two changed while it is loaded: one mistake each, of
 * the kind that a tired person makes. Nothing in the platform knows of it. A line that is not found there exactly once
 * is an error, so that a mistake cannot silently stop being one.
 */

export interface Change {
  /** Compiled module, from the root of the repository. */
  readonly in: string;
  readonly instead: string;
  readonly of: string;
}

export interface Patch {
  readonly mistake: string;
  readonly changes: readonly Change[];
  /** The test file that has to fail; none: the simulator has to find it. From the root of the repository. */
  readonly test?: string;
}

const core = 'packages/core/dist';
const contract = 'packages/contract/dist';
const gateway = 'packages/gateway/dist';
const sdk = 'packages/sdk/dist';
const server = 'apps/server/dist';
const tables = 'packages/core/dist-test/tables.test.js';

export const patches = {
  // ---- money ----
  refundCountedTwice: {
    mistake: 'a refund counts twice against its original',
    changes: [
      {
        in: `${core}/payment/submit-payment.js`,
        of: 'refunds.u64(row, refundFields.refunded) + amount)',
        instead: 'refunds.u64(row, refundFields.refunded) + 2 * amount)',
      },
    ],
  },
  refundAboveByCent: {
    mistake: 'a refund may be a cent more than its original',
    changes: [
      {
        in: `${core}/validation/validate-payment.js`,
        of: "return amount > original.amount ? 'refundAboveOriginal'",
        instead: "return amount > original.amount + 1 ? 'refundAboveOriginal'",
      },
    ],
  },
  failedRefundStillCounts: {
    mistake: 'a refund that failed goes on counting against its original',
    changes: [{ in: `${core}/payment/record-answer.js`, of: 'if (refund >= 0) {', instead: 'if (refund > 1e9) {' }],
  },
  capNotChecked: {
    mistake: 'an offer is made when there is any headroom at all, whatever its amount',
    changes: [
      {
        in: `${core}/risk/headroom.js`,
        of: 'if (headroom(state, debtor) < amount)',
        instead: 'if (headroom(state, debtor) <= 0)',
      },
    ],
  },
  reservedLeftOut: {
    mistake: 'what is reserved does not count against the money of an institution',
    changes: [
      {
        in: `${core}/risk/headroom.js`,
        of: 'accounts.i64(account, accountFields.outstanding) - reserved',
        instead: 'accounts.i64(account, accountFields.outstanding)',
      },
    ],
  },
  creditsLendAcrossCycles: {
    mistake: 'what a bank has earned in one cycle lends to it in another',
    changes: [
      {
        in: `${core}/risk/headroom.js`,
        of: '- accounts.i64(account, accountFields.owed) - reserved',
        instead: '+ accounts.i64(account, accountFields.outstanding) - reserved',
      },
    ],
  },
  fundsCountedAgain: {
    mistake: 'an entry of the settlement agent that was seen counts again',
    changes: [
      {
        in: `${core}/settlement/settle.js`,
        of: 'if (entry <= accounts.u32(account, accountFields.lastEntry))',
        instead: 'if (entry < accounts.u32(account, accountFields.lastEntry))',
      },
      {
        in: `${server}/settlement/clearing-house.js`,
        of: 'Math.max(account.lastEntry, lastSeen.get(row) ?? 0)',
        instead: 'Math.max(0, account.lastEntry - 1)',
      },
    ],
  },
  settlementTakenForDeposit: {
    mistake: 'what the settlement agent books of a cycle counts as a deposit too',
    changes: [
      {
        in: `${server}/settlement/clearing-house.js`,
        of: "if (kind === 'settlement') {",
        instead: "if (kind === 'never') {",
      },
    ],
  },
  reservationReleasedOnTimeOut: {
    mistake: 'a payment that becomes unknown gives back its reservation',
    changes: [
      {
        in: `${core}/payment/expire.js`,
        of: 'move(paymentStates.unknown);',
        instead:
          "move(paymentStates.unknown); for (const [account, field] of [['debtorAccount', 'reserved'], ['creditorAccount', 'incoming']]) { const row = flights.u32(slot, flightFields[account]); state.accounts.setI64(row, accountFields[field], 0); }",
      },
      {
        in: `${core}/payment/expire.js`,
        of: 'import { handleOf, segmentOf }',
        instead: 'import { accountFields, handleOf, segmentOf }',
      },
    ],
  },
  failureKeepsReservation: {
    mistake: 'a payment that fails keeps its reservation',
    changes: [
      {
        in: `${core}/payment/record-answer.js`,
        of: 'release(state, debtor, creditor, amount);',
        instead: '',
      },
    ],
  },
  oneLegOnly: {
    mistake: 'a success debits one side and credits nobody',
    changes: [{ in: `${core}/journal/post.js`, of: "book(state, cycle, creditor, 'credits', amount);", instead: '' }],
  },
  sidesSwapped: {
    mistake: 'a refund credits the institution that gives it back',
    changes: [
      {
        in: `${core}/routing/route.js`,
        of: "return kind === 'agreementPayment';",
        instead: "return kind !== 'payout';",
      },
    ],
  },
  wrongDecimals: {
    mistake: 'a currency without decimals has two',
    changes: [{ in: `${contract}/currencies.js`, of: "['JPY', 392, 0, 'Yen']", instead: "['JPY', 392, 2, 'Yen']" }],
    test: `${contract}/money.test.js`,
  },

  // ---- the life of a payment ----
  timeOutTakenForFailure: {
    mistake: 'a gateway that has waited long enough tells a failure',
    changes: [{ in: `${gateway}/payments.js`, of: "state: 'unknown',", instead: "state: 'failed'," }],
  },
  approvalTakenForReversal: {
    mistake: 'an approval that comes while a reversal is under way counts as reversed',
    changes: [
      {
        in: `${core}/payment/lifecycle.js`,
        of: "    reversing: {\n        succeeded: 'stays',",
        instead: "    reversing: {\n        succeeded: fail('bankReversed'),",
      },
    ],
  },
  notKnownYetTakenForNever: {
    mistake: 'a bank that does not know a payment yet is taken to never know it',
    changes: [
      {
        in: `${core}/payment/lifecycle.js`,
        of: "    unknown: {\n        succeeded: succeed,\n        failed: fail('answer'),\n        notKnownYet: 'stays',",
        instead:
          "    unknown: {\n        succeeded: succeed,\n        failed: fail('answer'),\n        notKnownYet: fail('bankNeverProcessed'),",
      },
    ],
  },
  lateApprovalDropped: {
    mistake: 'an approval that comes after its time is dropped',
    changes: [
      {
        in: `${core}/payment/lifecycle.js`,
        of: '    unknown: {\n        succeeded: succeed,',
        instead: "    unknown: {\n        succeeded: 'stays',",
      },
    ],
  },
  approvalBeatsReversal: {
    mistake: 'an approval ends a payment whose reversal was decided',
    changes: [
      {
        in: `${core}/payment/lifecycle.js`,
        of: "    reversing: {\n        succeeded: 'stays',",
        instead: '    reversing: {\n        succeeded: succeed,',
      },
    ],
  },
  payoutReversed: {
    mistake: 'an unknown payout is reversed like a pull',
    changes: [
      {
        in: `${core}/payment/expire.js`,
        of: 'const pull = kindAndState >> 4 === paymentKinds.agreementPayment;',
        instead: 'const pull = true;',
      },
    ],
  },
  otherContentMerged: {
    mistake: 'other content under a known identifier is taken for a repeat',
    changes: [
      {
        in: `${core}/payment/submit-payment.js`,
        of: "return same ? 'repeated' : 'identifierReused';",
        instead: "return 'repeated';",
      },
    ],
  },
  yesterdayForgotten: {
    mistake: 'identifiers are forgotten as soon as their day is over',
    changes: [
      { in: `${core}/administration.js`, of: 'const oldest = previousDate(date);', instead: 'const oldest = date;' },
      {
        in: `${core}/administration.js`,
        of: 'const isRead = state.at >= segment.namedAt + readableForMs;',
        instead: 'const isRead = true;',
      },
    ],
  },
  windowADayWider: {
    mistake: 'the window of dates is a day wider than the memory of identifiers',
    changes: [
      {
        in: `${core}/validation/validate-payment.js`,
        of: 'date === previousDate(businessDate)',
        instead: 'date === previousDate(businessDate) || date === previousDate(previousDate(businessDate))',
      },
    ],
    test: tables,
  },
  suspendedStillPays: {
    mistake: 'an institution that is suspended goes on paying',
    changes: [
      {
        in: `${core}/validation/validate-payment.js`,
        of: "if (role !== 'paymentInstitution')\n        return 'roleNotAllowed';\n    return status === 'active' ? 'none' : 'participantSuspended';",
        instead: "if (role !== 'paymentInstitution')\n        return 'roleNotAllowed';\n    return 'none';",
      },
    ],
    test: tables,
  },
  anotherBankAnswers: {
    mistake: 'a bank may answer for another',
    changes: [
      {
        in: `${core}/payment/record-answer.js`,
        of: 'if (bank === noBank || state.participants[bank].code !== bankAndReason >>> 8)',
        instead: 'if (bank === noBank)',
      },
    ],
    test: tables,
  },
  answerToOtherContent: {
    mistake: 'an answer counts whatever content it was given to',
    changes: [
      {
        in: `${core}/payment/record-answer.js`,
        of: 'if (!rows.equalBytes(row, paymentFields.hash, view, offset + fields.hash, rememberedHashBytes))',
        instead: 'if (false)',
      },
    ],
  },
  expiredStillTaken: {
    mistake: 'a payment is taken after its time',
    changes: [
      {
        in: `${core}/validation/validate-payment.js`,
        of: 'if (expiresAt <= state.at)',
        instead: 'if (expiresAt <= 0)',
      },
    ],
    test: tables,
  },

  // ---- durable, then told ----
  enquiryAboveFrontier: {
    mistake: 'an enquiry is answered with what is not durable yet',
    changes: [{ in: `${server}/cell.js`, of: 'await sequencer.durable(payment.sequence);', instead: '' }],
  },
  laterFlushTakenForEarlier: {
    mistake: 'a batch that is durable takes those before it for durable',
    changes: [
      {
        in: `${server}/sequencer.js`,
        of: 'flushTimes.batches++;',
        instead:
          'flushTimes.batches++; for (const other of pending) if (other.batch.sequence < one.batch.sequence) other.durable = true;',
      },
    ],
  },
  tickNotJournaled: {
    mistake: 'deadlines that have passed are applied, and not journaled',
    changes: [
      {
        in: `${server}/sequencer.js`,
        of: 'journal.append(one.batch).then(',
        instead:
          '(one.batch.facts[0] === 3 && one.commands === 1 ? Promise.resolve() : journal.append(one.batch)).then(',
      },
    ],
  },
  reclaimForgets: {
    mistake: 'what was not in the journal when it was claimed again is not appended anew',
    changes: [
      {
        in: `${server}/sequencer.js`,
        of: 'await journal.append(one.batch);',
        instead: '',
      },
    ],
  },
  fencedGoesOn: {
    mistake: 'a cell that finds batches of another owner in its journal goes on',
    changes: [
      {
        in: `${server}/sequencer.js`,
        of: 'if (claim.last > newest || claim.last < frontier) {',
        instead: 'if (claim.last < frontier) {',
      },
      {
        in: `${server}/sequencer.js`,
        of: 'if (found !== undefined && !equal(found, headerHash(crypto, batch.header))) {',
        instead: 'if (false) {',
      },
    ],
    test: `${server}/cell-faults.test.js`,
  },
  timeRunsBack: {
    mistake: 'a cell that starts takes its time from the machine, even if its journal is later',
    changes: [
      {
        in: `${server}/cell-clock.js`,
        of: 'let at = Math.max(notBefore, clock.now());',
        instead: 'let at = clock.now();',
      },
      { in: `${server}/sequencer.js`, of: 'Math.max(state.at, cellClock.at())', instead: 'cellClock.at()' },
    ],
  },

  // ---- offers and notices ----
  offeredAgainAfterCrash: {
    mistake: 'after a crash open offers go out again, also to banks that book twice',
    changes: [
      {
        in: `${server}/cell.js`,
        of: "if (payment.state === 'offered' && isIdempotent(payment.bank))",
        instead: "if (payment.state === 'offered')",
      },
    ],
  },
  offeredAgainWithoutAnswer: {
    mistake: 'an offer without an answer goes out again, also to banks that book twice',
    changes: [{ in: `${server}/outbox.js`, of: 'if (!question.idempotent)', instead: 'if (false)' }],
  },
  lostTakenForNotSent: {
    mistake: 'an offer whose connection broke counts as never sent',
    changes: [
      {
        in: `${gateway}/deliverer.js`,
        of: "return error.neverSent ? 'notSent' : 'noAnswer';",
        instead: "return 'notSent';",
      },
    ],
    test: `${gateway}/deliverer.test.js`,
  },
  noticesLostInReplay: {
    mistake: 'a cell that starts again does not tell what the end of its journal calls for',
    changes: [{ in: `${server}/cell.js`, of: 'tellAgain(effects);', instead: '' }],
  },
  noticesLostWhenRecorded: {
    mistake: 'what is in the records counts as told',
    changes: [
      {
        in: `${server}/cell.js`,
        of: 'passed: (effects, facts) => tellAgain(effectsBesideStream(effects, facts)),',
        instead: 'passed: () => {},',
      },
    ],
  },
  oneSideNotified: {
    mistake: 'only the institution is told of the end',
    changes: [
      {
        in: `${server}/cell.js`,
        of: 'for (const participant of [payment.id.participant, payment.bank]) {',
        instead: 'for (const participant of [payment.id.participant]) {',
      },
    ],
  },
  supersededChangeTold: {
    mistake: 'each change in a batch is acted on, the superseded ones too',
    changes: [{ in: `${server}/last-changes.js`, of: 'if (!changes.has(kind))', instead: 'if (true)' }],
    test: `${server}/cell.test.js`,
  },

  // ---- snapshots and replay ----
  snapshotLacksRefunds: {
    mistake: 'a snapshot lacks the table of refunds',
    changes: [
      {
        in: `${core}/snapshot.js`,
        of: 'shares, refunds, ...segments',
        instead: 'shares, new Rows(refunds.stride), ...segments',
      },
    ],
  },
  snapshotOfLaterState: {
    mistake: 'a snapshot has pages of a later state than its number says',
    changes: [
      { in: `${core}/table/rows.js`, of: 'copy.saved.set(number, this.pageBytes(number, copy.rows));', instead: '' },
    ],
  },
  gapNotSeen: {
    mistake: 'a replay does not compare a batch with the hash that the next one names',
    changes: [{ in: `${server}/recover.js`, of: 'if (!same(head.previousHash, previous))', instead: 'if (false)' }],
    test: `${server}/recover.test.js`,
  },

  refusedCheckpointForgotten: {
    mistake: 'an SDK takes a checkpoint that was refused for made',
    changes: [{ in: `${sdk}/stream/signatures.js`, of: 'coverage.refuse();', instead: 'return;' }],
    test: `${sdk}/stream/stream-client.test.js`,
  },

  // ---- two versions side by side ----
  newerRulesTakenForKnown: {
    mistake: 'a program replays what was decided by rules that it does not know',
    changes: [{ in: `${server}/recover.js`, of: 'if (rulesVersion <= newestRules)', instead: 'if (true)' }],
    test: `${server}/recover.test.js`,
  },
  claimedBeforeItIsRead: {
    mistake: 'an older program claims a journal, and only then sees that it cannot read it',
    changes: [
      {
        in: `${server}/recover.js`,
        of: 'mustKnowRules(sequence, decodeHeader(header));',
        instead: 'break;',
      },
    ],
    test: `${server}/recover.test.js`,
  },
  rulesFollowTheProgram: {
    mistake: 'a newer program decides by its newest rules, whether they are in force or not',
    changes: [{ in: `${core}/rules.js`, of: 'scheme?.rules ?? 1', instead: 'newestRules' }],
  },
  unknownCommandTaken: {
    mistake: 'a command of a newer cell gets into a batch, and ends this one',
    changes: [
      {
        in: `${server}/cell.js`,
        of: '(isKnownCommand(command) ? own(command) : Promise.resolve(unknownCommand))',
        instead: 'own(command)',
      },
    ],
    test: `${server}/recover.test.js`,
  },
  overtakenForEver: {
    mistake: 'a new owner tries for ever to write records that the one before it has written',
    changes: [
      {
        in: `${server}/records-writer.js`,
        of: 'isOvertaken ||= error instanceof StaleRecordsError;',
        instead: '',
      },
    ],
    test: `${server}/records-writer.test.js`,
  },

  // ---- clearing and settlement ----
  cycleChosenAtReceipt: {
    mistake: 'a payment is in the cycle that was open when it was offered',
    changes: [
      {
        in: `${core}/payment/record-answer.js`,
        of: 'const cycle = currentCycle(state);',
        instead:
          'const cycle = state.cycles.find((one) => one.cutOffAt === 0 || one.cutOffAt > flights.u64(slot, flightFields.offeredAt));',
      },
      {
        in: `${core}/journal/post.js`,
        of: "assert(cycle.state === 'open', 'only an open cycle takes postings');",
        instead: '',
      },
    ],
  },
  shortTakenForSettled: {
    mistake: 'an instruction that the agent holds for lack of money counts as settled',
    changes: [
      {
        in: `${server}/settlement/clearing-house.js`,
        of: "if (advices.some((advice) => advice.state === 'queued')) {",
        instead: 'if (false) {',
      },
    ],
  },
  signsSwapped: {
    mistake: 'the nets of an instruction have the wrong sign',
    changes: [
      {
        in: `${server}/settlement/clearing-house.js`,
        of: 'formatAmount(credits - debits, currency)',
        instead: 'formatAmount(debits - credits, currency)',
      },
    ],
  },
  filesBeforeRecords: {
    mistake: 'files are made before the records hold the last batch',
    changes: [
      {
        in: `${server}/settlement/clearing-house.js`,
        of: 'await Promise.all([cell, ...others].map((one) => one.recordsWritten()));',
        instead: '',
      },
    ],
  },
  coverageNotWaitedFor: {
    mistake: 'a cut does not wait until messages over the stream are covered by their signers',
    changes: [
      {
        in: `${server}/settlement/clearing-house.js`,
        of: 'await Promise.all([cell, ...others].map((one) => one.covered()));',
        instead: '',
      },
    ],
    test: `${server}/settlement/clearing-house.test.js`,
  },

  // ---- the stream ----
  streamToldBeforeFlush: {
    mistake: 'what a batch brings about leaves over the stream before the batch is durable',
    changes: [
      {
        in: `${gateway}/stream/outlet.js`,
        of: 'if (sequence <= released && link.held === 0)',
        instead: 'if (link.held === 0)',
      },
    ],
  },
  streamOfferedAgain: {
    mistake: 'after a link was lost a bank that books twice is offered again what it may have',
    changes: [
      {
        in: `${server}/stream-desk.js`,
        of: 'mayHaveIt && !options.isIdempotent(bank)',
        instead: 'mayHaveIt && false',
      },
    ],
  },
  streamReuseTakenForOwn: {
    mistake: 'an SDK goes on asking after a payment whose identifier has other content',
    changes: [{ in: `${sdk}/stream/stream-client.js`, of: "reason !== 'identifierReused' && ", instead: '' }],
  },
  streamWindowCreditedTwice: {
    mistake: 'a payment that ends leaves the window of its link twice',
    changes: [
      {
        in: `${server}/stream-desk.js`,
        of: 'if (ways[slot] === 1)\n                        asker.leaveWindow();',
        instead: 'asker.leaveWindow(); if (ways[slot] === 1) asker.leaveWindow();',
      },
    ],
  },
  streamStoppedForgotten: {
    mistake: 'who was stopped and has not signed is forgotten by the second cell that starts after that',
    changes: [{ in: `${server}/uncovered.js`, of: 'behind < hinted.behind ?', instead: 'behind < 0 ?' }],
    test: `${server}/uncovered.test.js`,
  },
  streamUncoveredForgotten: {
    mistake: 'a cell that starts asks nobody to sign what was taken before it died',
    changes: [
      {
        in: `${server}/uncovered.js`,
        of: 'return [...sent.values()].filter(({ messages }) => messages.size > 0)',
        instead: 'return [...sent.values()].filter(() => false)',
      },
    ],
  },

  // ---- several cells ----
  shareGivenAndKept: {
    mistake: 'a share that is given to another cell can still be spent here',
    changes: [
      { in: `${core}/risk/shares.js`, of: 'move(state, account, -amount);', instead: 'move(state, account, 0);' },
    ],
  },
  shareTakenWholeAgain: {
    mistake: 'of a sum of gifts the whole is taken, and not what is new in it',
    changes: [
      {
        in: `${core}/risk/shares.js`,
        of: 'const amount = total - (row === undefined ? 0 : state.shares.u64(row, shareFields.taken));',
        instead: 'const amount = total;',
      },
    ],
  },
  shareTakenUnwritten: {
    mistake: 'what was taken from another cell is not written down',
    changes: [
      { in: `${core}/risk/shares.js`, of: 'state.shares.setU64(from, shareFields.taken, total);', instead: '' },
    ],
  },
  shareToldBeforeJournaled: {
    mistake: 'a share is told as taken before that is journaled',
    changes: [
      {
        in: `${server}/cells/share-keeper.js`,
        of: 'const result = await cell.command(encodeTakeShare({ ...message, from: peer }));',
        instead:
          "const result = { outcome: 'accepted' }; void cell.command(encodeTakeShare({ ...message, from: peer }));",
      },
      {
        in: `${server}/cells/share-keeper.js`,
        of: 'await cell.durable();\n        return { given, took: taken, wanted };',
        instead: 'return { given, took: taken, wanted };',
      },
    ],
    test: `${server}/cells/told-among-cells.test.js`,
  },
  rescissionToldTooEarly: {
    mistake: 'the end of an agreement is told before other cells know it',
    changes: [
      {
        in: `${server}/cell.js`,
        of: 'await options.among?.spread.agreements(agreement.sequence);',
        instead: ';',
      },
    ],
    test: `${server}/cells/told-among-cells.test.js`,
  },
  nettedWithoutOthers: {
    mistake: 'a cycle is settled with the part of the home cell alone',
    changes: [
      {
        in: `${server}/settlement/clearing-house.js`,
        of: '...others.map((one) => one.positions(cycle.number))',
        instead: '...[]',
      },
    ],
  },
  agreementsForgottenAtStart: {
    mistake: 'a cell that has started again tells others nothing of agreements that had changed before',
    changes: [{ in: `${server}/cell.js`, of: 'agreementsChangedAt = state.sequence;', instead: '' }],
    test: `${server}/cells/peer-desk.test.js`,
  },

  staleCellSuspends: {
    mistake: 'a cell that has been taken over without knowing it has participants suspended by the home cell',
    changes: [{ in: `${server}/cell.js`, of: 'await own(encodeTick(0));', instead: '' }],
    test: 'apps/simulator/dist/stale-cell.test.js',
  },

  // ---- proofs ----
  checkpointNotVerified: {
    mistake: 'a checkpoint over the stream is taken without looking at its signature',
    changes: [{ in: `${gateway}/stream/coverage.js`, of: 'one.isRoot && answers[index]', instead: 'one.isRoot' }],
  },
  neighboursVerdict: {
    mistake: 'of checkpoints that are checked together, all get the verdict of the first',
    changes: [{ in: `${gateway}/stream/coverage.js`, of: 'answers[index]', instead: 'answers[0]' }],
    test: `${gateway}/stream/stream.test.js`,
  },
  checkpointsOvertake: {
    mistake: 'a checkpoint is journaled while the one before it of the same stream still is',
    changes: [
      {
        in: `${gateway}/stream/coverage.js`,
        of: 'const waits = one.signer.isRecorded && !signers.has(one.signer);',
        instead: 'const waits = false;',
      },
    ],
    test: `${gateway}/stream/stream.test.js`,
  },
  anyLeafProves: {
    mistake: 'evidence is believed with the leaf of another message',
    changes: [
      {
        in: `${contract}/evidence/verify-evidence.js`,
        of: 'reached !== undefined && hexOf(reached) === root',
        instead: 'reached !== undefined',
      },
    ],
    test: `${contract}/evidence/verify-evidence.test.js`,
  },
  replayedAttemptIsDefinite: {
    mistake: 'an SDK takes the refusal of a copy of its own request for definite',
    changes: [
      {
        in: `${sdk}/connection.js`,
        of: "if (problem.reason === 'signatureReplayed')",
        instead: 'if (false)',
      },
    ],
    test: `${sdk}/connection.test.js`,
  },
  nonceForgotten: {
    mistake: 'a gateway takes the same signed request twice',
    changes: [{ in: `${gateway}/replay.js`, of: 'if (nonces?.has(nonce))', instead: 'if (false)' }],
    test: `${gateway}/replay.test.js`,
  },
} satisfies Record<string, Patch>;

export type PatchName = keyof typeof patches;
