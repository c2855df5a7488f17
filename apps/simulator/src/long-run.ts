/**
 * Long runs: days of virtual time, nearly all traffic over the stream, with the rhythm of a day and quiet nights. What
 * costs much and happens for each payment or second in a short run happens as often in all, and so more rarely each time.
 */
import type { Draw } from './chance.ts';
import { type Fault, type Faults, usualWeights, type Weights } from './faults.ts';
import type { Shape, World } from './world.ts';

export const dayMs = 86_400_000;

/** By which part of the usual each of these strikes; all others strike as usual. */
const rarer: Readonly<Partial<Record<Fault, number>>> = {
  // Of HTTP: ten enquiries after a payment, or hundreds after all.
  institutionFloodsEnquiries: 1 / 200,
  enquiriesFlood: 1 / 200,
  institutionReusesIdentifier: 1 / 20,
  bankAnswersTwice: 1 / 20,
  bankUnasked: 1 / 10,
  bankContradicts: 1 / 20,
  bankLate: 1 / 20,
  bankSlow: 1 / 4,
  bankSilentUnbooked: 1 / 20,
  bankSilentBooked: 1 / 20,
  noticeRejected: 1 / 20,
  institutionRepeats: 1 / 2,
  // Of each request: without an answer it is sent again, and asked after.
  requestLost: 1 / 5,
  responseLost: 1 / 5,
  // Of each link: while a bank has none that works, all that is for it goes over HTTP.
  linkGoesSilent: 1 / 10,
  linkStalls: 1 / 5,
  linkBreaks: 1 / 5,
  linkRefused: 1 / 2,
  linkDelayed: 1 / 4,
  linkInPieces: 1 / 4,
  // Of each call to the settlement agent, which is asked every five seconds, and of each of one cell to another.
  agentRefuses: 1 / 4,
  agentAnswerLost: 1 / 4,
  agentSlow: 1 / 4,
  peerCallLost: 1 / 4,
  peerAnswerLost: 1 / 4,
  peerCallDoubled: 1 / 4,
  peerSlow: 1 / 4,
  peerCut: 1 / 5,
  peerCutOneWay: 1 / 5,
  cellAway: 1 / 5,
  // Of each second, of which a day has as many as a thousand short runs.
  powerLost: 1 / 20,
  cellHeld: 1 / 20,
  cellTakenOver: 1 / 20,
  gatewayDies: 1 / 20,
  networkCut: 1 / 10,
  networkCutOneWay: 1 / 10,
  networkNarrow: 1 / 10,
  networkLosesLarge: 1 / 10,
  networkLosesKind: 1 / 10,
  linksBreakAll: 1 / 10,
  cutOffOnDemand: 1 / 20,
  institutionDies: 1 / 20,
  bankDies: 1 / 20,
  agentDies: 1 / 20,
  agreementSigned: 1 / 200,
  agreementRescinded: 1 / 200,
  keyRotated: 1 / 100,
  capChanged: 1 / 50,
  participantSuspended: 1 / 50,
  schemeChanged: 1 / 50,
  // Of each signature; an operator looks into it, and starts the cell anew.
  checkpointSignedWrongly: 1 / 100,
  // Of each act of the cell.
  cellDiesAtPoint: 1 / 50,
  cellDiesAtTimer: 1 / 50,
  cellDiesBeforeAppend: 1 / 10,
  cellDiesAfterAppend: 1 / 10,
  appendLost: 1 / 5,
  appendAnswerLost: 1 / 5,
  appendSlow: 1 / 5,
};

export const longWeights = Object.fromEntries(
  Object.entries(usualWeights).map(([fault, { chance, least, greatest }]) => {
    const part = rarer[fault as Fault] ?? 1;
    return [fault, { chance, least: least * part, greatest: greatest * part }];
  }),
) as Weights;

/** Six in the morning in the scheme's time zone: the first night comes when all is busy. */
const startsAt = Date.UTC(2026, 10, 22, 22);

export function longShape(
  draw: Draw,
  institutions: readonly string[],
  banks: readonly string[],
  cellWeights: readonly number[],
): Shape {
  // Some seeds have one on each side that stays on HTTP.
  const stayers = draw.happens(0.25) ? [institutions[0], banks[0]] : [];
  const cap = draw.pick(['1000000000000', '3000000000']);
  return {
    startsAt,
    institutions,
    banks,
    bookingTwice: draw.happens(0.3) ? [banks[2]] : [],
    reversalAfterMs: draw.pick([8000, 30_000]),
    netDebitCap: () => cap,
    deposit: () => 1_000_000_000_000n,
    // The files of a day would be read whole at each of hundreds of starts.
    journal: 'memory',
    snapshotEvery: draw.pick([500, 5000]),
    cycleSeconds: draw.pick([600, 1800]),
    onStream: [...institutions, ...banks].filter((code) => !stayers.includes(code)),
    links: draw.pick([1, 2]),
    window: draw.pick([256, 8192]),
    uncoveredMessages: draw.pick([4096, 262_144]),
    cellWeights,
    // So that lots hold many: each alone, in every order, is what short runs are for.
    beatMs: draw.pick([20, 50]),
    lingerMs: draw.pick([2, 5]),
    isLong: true,
  };
}

/** Share of the mean traffic by hour of the day, from midnight on; they sum to 24. */
const hours = [
  0.1, 0.05, 0.02, 0.02, 0.02, 0.1, 0.4, 0.8, 1.2, 1.6, 1.9, 1.9, 2, 1.6, 1.4, 1.4, 1.3, 1.4, 1.6, 1.8, 1.7, 1, 0.5,
  0.19,
];
/** Orders that come together: one to some hundreds, each power of ten as often. */
const burstPowers = 2.6;
const meanBurst = (10 ** burstPowers - 1) / (burstPowers * Math.LN10);
const offsetMs = 8 * 3_600_000;

/** Orders in bursts of one institution, `perSecond` on the average of a whole day. One on HTTP has few. */
export function orderByDay(world: World, faults: Faults, traffic: Draw, perSecond: number): void {
  const { time, institutions } = world;
  const volume = institutions.filter(({ isOnStream }) => isOnStream);
  const often = volume.length > 0 ? volume : institutions;
  const next = () => {
    if (!faults.isOn) return;
    const one = traffic.pick(traffic.happens(0.02) ? institutions : often);
    for (let left = Math.round(10 ** traffic.between(0, burstPowers)); left > 0; left--) one.order();
    const hour = Math.floor(((time.now + offsetMs) % dayMs) / 3_600_000);
    const rate = (perSecond * hours[hour]) / meanBurst;
    time.after((-Math.log(1 - traffic.fraction()) * 1000) / rate, next);
  };
  next();
}
