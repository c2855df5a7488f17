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
  cellHeld: [0.002, 0.02],
  cellTakenOver: [0.002, 0.02],
  cellClockJumps: [0.002, 0.02],
  gatewayDies: [0.002, 0.03],
  gatewayClockJumps: [0.001, 0.01],
  networkCut: [0.002, 0.02],
  networkCutOneWay: [0.002, 0.02],
  // each message on the network
  requestLost: [0.002, 0.1],
  responseLost: [0.002, 0.1],
  connectionRefused: [0.002, 0.1],
  messageDelayed: [0.01, 0.2],
  requestDuplicated: [0.002, 0.1],
  requestCorrupted: [0.002, 0.05],
  responseCorrupted: [0.002, 0.05],
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
  // each payment of an institution
  institutionRepeats: [0.02, 0.3],
  institutionReusesIdentifier: [0.01, 0.1],
  institutionFloodsEnquiries: [0.005, 0.1],
  // each call to the settlement agent
  agentRefuses: [0.02, 0.3],
  agentAnswerLost: [0.02, 0.3],
  agentSlow: [0.02, 0.3],
  agentShort: [0.05, 0.5],
  // each second
  cutOffOnDemand: [0.002, 0.03],
  institutionDies: [0.002, 0.03],
  bankDies: [0.002, 0.03],
  agentDies: [0.002, 0.02],
  agreementSigned: [0.005, 0.05],
  agreementRescinded: [0.005, 0.05],
  keyRotated: [0.001, 0.01],
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

export function chooseFaults(draw: Draw): Faults {
  const chosen = new Map<Fault, number>();
  const streams = new Map<Fault, Draw>();
  const counts = new Map<Fault, number>();
  const calm = draw.happens(0.05);
  for (const fault of faultNames) {
    const [least, greatest] = rates[fault];
    const rate = least * (greatest / least) ** draw.fraction();
    if (!draw.happens(0.45) || calm) continue;
    chosen.set(fault, rate);
    streams.set(fault, draw.stream(fault));
  }
  const faults: Faults = {
    strikes(fault) {
      if (!faults.isOn) return false;
      const strikes = streams.get(fault)?.happens(chosen.get(fault)!) ?? false;
      if (strikes) counts.set(fault, (counts.get(fault) ?? 0) + 1);
      return strikes;
    },
    draw: draw.stream('magnitude'),
    counts,
    chosen,
    isOn: false,
  };
  return faults;
}
