/**
 * The faults of a run. Which of them there are and how often they strike is drawn from the seed for each run anew
 * (swarm testing): all at once hide each other, and a run with only two can go where one with thirty never comes.
 */
import type { Draw } from './chance.ts';

/** [least, greatest] probability for each occasion; the occasion is in the name of the group. */
const rates = {
  // each append to the journal
  appendRefused: [0.001, 0.02],
  appendLost: [0.001, 0.02],
  appendAnswerLost: [0.001, 0.02],
  appendSlow: [0.005, 0.1],
  cellDiesBeforeAppend: [0.0005, 0.01],
  cellDiesAfterAppend: [0.0005, 0.01],
  // each write and flush of a journal in files
  diskFull: [0.0005, 0.01],
  diskFlushFails: [0.0005, 0.01],
  diskSlow: [0.002, 0.05],
  // each write to the records
  recordsRefuse: [0.005, 0.2],
  // each act of the cell on the outside, before it and after it
  cellDiesAtPoint: [0.00005, 0.001],
  // each timer of the cell
  cellDiesAtTimer: [0.00002, 0.0005],
  // each delivery that the cell hands to the gateway
  cellDiesBeforeSend: [0.0002, 0.005],
  cellDiesAfterSend: [0.0002, 0.005],
  // each second
  powerLost: [0.002, 0.02],
  cellHeld: [0.002, 0.02],
  cellTakenOver: [0.002, 0.02],
  cellClockJumps: [0.002, 0.02],
  cellClockDrifts: [0.002, 0.02],
  gatewayClockDrifts: [0.002, 0.02],
  gatewayDies: [0.002, 0.03],
  gatewayClockJumps: [0.001, 0.01],
  networkCut: [0.002, 0.02],
  networkCutOneWay: [0.002, 0.02],
  networkNarrow: [0.002, 0.02],
  networkLosesLarge: [0.002, 0.02],
  networkLosesKind: [0.002, 0.02],
  // each message on the network
  requestLost: [0.002, 0.1],
  responseLost: [0.002, 0.1],
  connectionRefused: [0.002, 0.1],
  messageDelayed: [0.01, 0.2],
  requestDuplicated: [0.002, 0.1],
  requestCorrupted: [0.002, 0.05],
  responseCorrupted: [0.002, 0.05],
  // each connection of the stream
  linkRefused: [0.005, 0.2],
  linkOfOtherVersion: [0.02, 0.5],
  // each writing to a link of the stream
  linkBreaks: [0.001, 0.03],
  linkDamaged: [0.0005, 0.02],
  linkGoesSilent: [0.0005, 0.01],
  linkDelayed: [0.005, 0.2],
  linkInPieces: [0.01, 0.3],
  linkStalls: [0.001, 0.02],
  // each signature under a checkpoint
  checkpointSignedWrongly: [0.0005, 0.01],
  // each question to a bank
  bankSlow: [0.01, 0.2],
  bankSilentUnbooked: [0.005, 0.1],
  bankSilentBooked: [0.005, 0.1],
  bankSilentOnEnquiry: [0.005, 0.1],
  bankLate: [0.01, 0.2],
  bankAnswersTwice: [0.01, 0.2],
  bankUnasked: [0.005, 0.05],
  bankContradicts: [0.005, 0.05],
  noticeRejected: [0.01, 0.2],
  // each call of one cell to another
  peerCallLost: [0.001, 0.02],
  peerAnswerLost: [0.001, 0.02],
  peerCallDoubled: [0.002, 0.1],
  peerSlow: [0.005, 0.1],
  // each second, where there are several cells
  peerCut: [0.002, 0.02],
  peerCutOneWay: [0.002, 0.02],
  cellAway: [0.002, 0.01],
  // each payment of an institution
  institutionRepeats: [0.02, 0.3],
  institutionReusesIdentifier: [0.01, 0.1],
  institutionFloodsEnquiries: [0.005, 0.1],
  institutionUsesRescinded: [0.02, 0.2],
  // each call to the settlement agent
  agentRefuses: [0.02, 0.3],
  agentAnswerLost: [0.02, 0.3],
  agentSlow: [0.02, 0.3],
  agentShort: [0.05, 0.5],
  // each second
  linksBreakAll: [0.001, 0.02],
  cutOffOnDemand: [0.002, 0.03],
  institutionDies: [0.002, 0.03],
  bankDies: [0.002, 0.03],
  agentDies: [0.002, 0.02],
  agreementSigned: [0.005, 0.05],
  agreementRescinded: [0.005, 0.05],
  keyRotated: [0.001, 0.01],
  enquiriesFlood: [0.002, 0.02],
  capChanged: [0.001, 0.02],
  participantSuspended: [0.001, 0.01],
  schemeChanged: [0.001, 0.01],
  // each second: processes of two versions of the program take over from each other
  cellUpgraded: [0.005, 0.1],
  cellRolledBack: [0.005, 0.1],
  gatewayChangesBuild: [0.005, 0.05],
  rulesRaised: [0.005, 0.05],
} as const satisfies Record<string, readonly [number, number]>;

export type Fault = keyof typeof rates;
export const faultNames = Object.keys(rates) as Fault[];

export interface Faults {
  /** Whether it strikes now; counted when it does. */
  strikes(fault: Fault): boolean;
  /** For magnitudes of faults. */
  readonly draw: Draw;
  readonly counts: ReadonlyMap<Fault, number>;
  /** Those that this seed has, with their rates. */
  readonly chosen: ReadonlyMap<Fault, number>;
  /** Off at first and after the heal. */
  isOn: boolean;
}

/** Each fault of the script strikes at its first occasions, as often as it says; the others never. */
export function scriptFaults(draw: Draw, script: Readonly<Partial<Record<Fault, number>>>): Faults {
  const counts = new Map<Fault, number>();
  const faults: Faults = {
    strikes(fault) {
      const struck = counts.get(fault) ?? 0;
      if (!faults.isOn || struck >= (script[fault] ?? 0)) return false;
      counts.set(fault, struck + 1);
      return true;
    },
    draw,
    counts,
    chosen: new Map(),
    isOn: false,
  };
  return faults;
}

/** Whether a seed has the fault, and between which rates it then strikes. */
export interface Weight {
  /** 0 to 1. */
  readonly chance: number;
  /** Above 0, at most {@link Weight.greatest}. */
  readonly least: number;
  /** At most 1. */
  readonly greatest: number;
}

export type Weights = Readonly<Record<Fault, Weight>>;

const usualChance = 0.45;
/** Seeds that have no fault at all. */
const calmChance = 0.05;

export const usualWeights = Object.fromEntries(
  faultNames.map((fault) => [fault, { chance: usualChance, least: rates[fault][0], greatest: rates[fault][1] }]),
) as Weights;

/** What is given takes the place of the usual; or what is wrong with it. */
export function readWeights(given: unknown, usual: Weights = usualWeights): Weights | string {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return 'is no object of faults';
  const weights: Record<string, Weight> = { ...usual };
  for (const [fault, weight] of Object.entries(given as Record<string, Partial<Weight> | null>)) {
    const before = weights[fault];
    if (before === undefined) return `knows no fault "${fault}"`;
    const changed = { ...before, ...weight };
    const { chance, least, greatest } = changed;
    const isRight = chance >= 0 && chance <= 1 && least > 0 && least <= greatest && greatest <= 1;
    if (!isRight || Object.keys(changed).length > 3)
      return `has ${fault} as ${JSON.stringify(weight)}: chance is 0 to 1, least above 0, greatest from least to 1`;
    weights[fault] = changed;
  }
  return weights as Weights;
}

/** Each fault is drawn for itself: a new one changes nothing about the others. */
export function chooseFaults(draw: Draw, weights: Weights = usualWeights): Faults {
  const chosen = new Map<Fault, number>();
  const streams = new Map<Fault, Draw>();
  const counts = new Map<Fault, number>();
  const isCalm = draw.happens(calmChance);
  for (const fault of faultNames) {
    const own = draw.stream(fault);
    const { chance, least, greatest } = weights[fault];
    if (!own.happens(chance) || isCalm) continue;
    chosen.set(fault, least * (greatest / least) ** own.fraction());
    streams.set(fault, own);
  }
  return {
    isOn: false,
    strikes(fault) {
      if (!this.isOn) return false;
      const strikes = streams.get(fault)?.happens(chosen.get(fault)!) ?? false;
      if (strikes) counts.set(fault, (counts.get(fault) ?? 0) + 1);
      return strikes;
    },
    draw: draw.stream('magnitude'),
    counts,
    chosen,
  };
}
