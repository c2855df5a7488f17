/**
 * The 48 faults of docs/faults.md, and what of each is tried. Drills name their faults themselves; here is the rest.
 * A row in which nothing is tried says why.
 */
export interface Row {
  readonly fault: string;
  /** What the simulator does; names in backticks are those of apps/simulator/src/faults.ts, and a test looks for them. */
  readonly simulated?: string;
  /** Tests against real programs or the real database: what they show, and where they are. */
  readonly tests?: Readonly<Record<string, string>>;
  /** Tests of a part in one process. */
  readonly within?: Readonly<Record<string, string>>;
  /** What of it is not tried, or of whom it cannot be asked. */
  readonly lacks?: string;
}

const kill = 'test/src/kill-anything.test.ts';
const deadDatabase = 'test/src/dead-database.test.ts';
const relay = 'test/src/relay/relay.test.ts';
const stream = 'test/src/stream.test.ts';
const money = 'test/src/money.test.ts';
const twoCells = 'test/src/two-cells.test.ts';
const verify = 'apps/cli/src/verify/verify-journal.test.ts';
const tables = 'packages/core/test/tables';
const gateway = 'packages/gateway/src/gateway.test.ts';

export const rows: readonly Row[] = [
  {
    fault: "The core's process dies at any point",
    simulated:
      'every numbered crash point of the core flows; `cellDiesAtPoint`, `cellDiesBeforeAppend`, `cellDiesAfterAppend`, `cellDiesAtTimer`, `cellDiesBeforeSend`, `cellDiesAfterSend`',
    tests: { 'kill test': kill },
  },
  {
    fault: "A gateway dies between the core's answer and its own",
    simulated: '`gatewayDies`',
    tests: { 'kill test': kill },
  },
  {
    fault: 'A machine is lost with all that ran on it',
    simulated: '`cellAway`: one cell of several is gone for up to a minute, and the others go on',
    tests: { 'a cell is paused or killed, the other goes on': twoCells },
    lacks: 'a second one that takes over; this one comes back',
  },
  { fault: 'A centre is lost', lacks: 'one centre so far' },
  { fault: 'A region is lost, at cut-off or while another is rebuilt', lacks: 'one centre so far' },
  { fault: 'A region and one more centre are lost', lacks: 'one centre so far' },
  {
    fault: 'The network splits in two',
    simulated: '`networkCut`, between gateway and institutions; `peerCut`, between cells',
    lacks: 'there are no two centres to split',
  },
  {
    fault: 'One side hears the other, but not the reverse',
    simulated: '`networkCutOneWay`, `peerCutOneWay`',
    lacks: 'as for 7',
  },
  {
    fault: 'A link that comes and goes',
    simulated: '`networkCut`, `peerCut`, one after the other; of the stream `linkBreaks`, `linksBreakAll`',
    tests: { 'cut links': stream },
  },
  {
    fault: 'Delay, loss, doubling and reordering of messages',
    simulated:
      '`messageDelayed` up to 20 s, `requestLost`, `responseLost`, `requestDuplicated`; of the stream `linkDelayed`; between cells `peerSlow`, `peerCallLost`, `peerAnswerLost`, `peerCallDoubled`',
    within: { relay },
  },
  {
    fault: 'Bits flip, messages are cut or run together',
    simulated:
      '`requestCorrupted`, `responseCorrupted`, one bit of a body; of the stream `linkDamaged`, `linkInPieces`',
    within: { 'relay under TLS': relay },
  },
  {
    fault: 'Half-open connections, black holes, resets',
    simulated:
      '`networkCut` swallows, `connectionRefused`; of the stream `linkGoesSilent`, `linkRefused`, `linkStalls`',
    tests: { 'a peer that never reads': stream },
    within: { relay },
  },
  { fault: 'Bandwidth collapses', simulated: '`networkNarrow`, to some hundred bytes a second', within: { relay } },
  {
    fault: 'One class of messages only is lost',
    simulated: '`responseLost`, `networkCutOneWay`, by size `networkLosesLarge`, by kind `networkLosesKind`',
    lacks: 'a sick centre among healthy ones',
  },
  {
    fault: 'The owner is held and wakes up after another took over',
    simulated: '`cellHeld`, `cellTakenOver`, appends that land after the takeover by `appendSlow`',
    tests: { fencing: 'packages/store/src/postgres/fencing.test.ts' },
  },
  { fault: 'Processor or memory taken away' },
  { fault: 'The event loop is blocked', simulated: '`cellHeld`: to others it looks the same' },
  {
    fault: 'A flush fails',
    simulated: '`appendRefused`, `appendLost`, of a journal in files `diskFlushFails`',
    within: { 'the journal in files': 'packages/store/src/file/power-loss.test.ts' },
  },
  { fault: 'The disk is full', simulated: '`diskFull`, of a journal in files', tests: { 'full disk': deadDatabase } },
  {
    fault: 'The disk is slow or stalls',
    simulated: '`appendSlow` up to 30 s, `diskSlow`',
    tests: { 'frozen database': deadDatabase },
  },
  {
    fault: 'Unflushed writes are lost, pages torn, an old snapshot comes back',
    simulated: '`powerLost`: of what was not flushed some sectors and names are there, some are not',
    within: { 'power loss of the journal in files': 'packages/store/src/file/power-loss.test.ts' },
    lacks: "PostgreSQL's own pages: no machine of ours loses its power",
  },
  {
    fault: 'Stored bits rot',
    within: { verify, archive: 'packages/store/src/archive/archive.test.ts' },
    lacks: 'found, not repaired: there is no peer to repair from',
  },
  {
    fault: 'A commit whose fate nobody knows',
    simulated: '`appendLost`, `appendAnswerLost`',
    tests: { 'dead database': deadDatabase },
    lacks: 'a standby',
  },
  { fault: 'Lock storms, deadlocks, no connections left' },
  {
    fault: 'The store of ownership is down, slow or wrong about time',
    lacks: "ownership is in the journal's own database, so 20, 23 and 34 are all there is of it",
  },
  { fault: 'Far too much load', within: { 'refusals at each bound': gateway } },
  {
    fault: 'A flood of enquiries',
    simulated: '`institutionFloodsEnquiries`, all institutions at once by `enquiriesFlood`',
    tests: { 'one flooder': money },
  },
  { fault: 'A storm of repeats', simulated: '`institutionRepeats` with `bankSlow`' },
  {
    fault: 'Everything that makes configuration is down',
    simulated: '`cellAway` and `peerCut` of the home cell, for up to a minute',
    lacks: 'the cell and the gateways go on with what they have, in every drill; that for 24 hours is not tried',
  },
  { fault: 'Configuration is damaged, old, or routes wrongly', within: { refusals: tables } },
  {
    fault: 'Banks that are slow, silent, late, answer twice, contradict themselves, answer unasked',
    simulated:
      '`bankSlow`, `bankSilentBooked`, `bankSilentUnbooked`, `bankLate`, `bankAnswersTwice`, `bankContradicts`, `bankUnasked`',
  },
  {
    fault: 'A debit that is then denied, a reversal lost or before its original',
    simulated: 'reversals lost and first, by `bankSilentBooked` and `messageDelayed`',
    lacks: 'a bank that lies before the platform knows better cannot be found by the platform',
  },
  {
    fault: 'Identifiers used again',
    simulated: '`institutionReusesIdentifier`',
    within: { 'over days': tables },
  },
  {
    fault: 'Clocks that jump',
    simulated:
      '`cellClockJumps`, `gatewayClockJumps`, 0.1 s to 66 min; `cellClockDrifts`, `gatewayClockDrifts`; midnight in most runs',
  },
  {
    fault: 'Cut-off in the middle of all that, repeated, with deaths',
    simulated: '`cutOffOnDemand`, with cells that are away or cut off from the others by `cellAway`, `peerCut`',
    tests: { 'cut-off while a cell is paused, and with deaths': twoCells },
  },
  {
    fault: 'The settlement agent refuses, is late, answers are lost, a debtor is short',
    simulated: '`agentRefuses`, `agentSlow`, `agentAnswerLost`, `agentShort`',
    tests: { 'a debtor is short': money },
  },
  {
    fault: 'Keys change or end under way',
    simulated: '`keyRotated`, of institutions and banks',
    tests: { 'a key is changed under traffic': money },
    within: { rotation: 'packages/gateway/src/operations.test.ts' },
    lacks: 'hardware modules that lose a key or sign wrongly',
  },
  {
    fault: 'Old traffic is sent again',
    simulated: '`requestDuplicated`, within seconds, also to a gateway that started anew',
    within: { 'good once and for a minute': 'packages/contract/src/http-signature.test.ts' },
    lacks: 'traffic of other days',
  },
  {
    fault: 'Malicious input',
    simulated: 'of the stream `checkpointSignedWrongly`',
    tests: { 'bad input': 'test/src/bad-input.test.ts', 'lying peers': stream },
    within: { fuzzing: 'test/src/fuzz/fuzz.test.ts' },
  },
  { fault: 'The operator errs' },
  {
    fault: 'Two versions side by side, and back',
    simulated:
      'a newer build runs beside this one in the same world, with rules, snapshots, commands and hellos of its own: `cellUpgraded`, `cellRolledBack`, `gatewayChangesBuild`, `rulesRaised`, of the stream `linkOfOtherVersion`',
    within: {
      'recorded histories are replayed': 'packages/core/test/history.test.ts',
      'what is newer is refused': 'apps/server/src/recover.test.ts',
    },
    lacks: 'two releases as real processes: there is one so far',
  },
  {
    fault: 'Somebody changes the journal by hand',
    tests: { 'a superuser': 'packages/store/src/postgres/roles.test.ts' },
    within: { verify },
  },
  {
    fault: 'The switch itself turns a no into a yes',
    tests: { "a bank's approval cannot be forged": money },
    lacks: 'a build that does so, but for known bad builds of the simulator',
  },
  { fault: 'Different logs for different readers', lacks: 'no reader compares its log with another yet' },
  {
    fault: 'All load on one cell, one merchant, one participant',
    lacks:
      'all drills have one cell and three institutions, of which one has half the load; in the simulator a cell may have all of it',
  },
  {
    fault: 'Numbers near their ends',
    within: { 'core limits': 'packages/core/test/limits.test.ts', money: 'packages/contract/src/money.test.ts' },
  },
  {
    fault: 'Unknowns that pile up',
    simulated: '`networkCut` and `bankSilentUnbooked` for minutes, drained after the heal',
    lacks: 'hundreds, not a million',
  },
  { fault: 'Everything starts at once from nothing', lacks: 'with nine institutions, not three thousand' },
];
