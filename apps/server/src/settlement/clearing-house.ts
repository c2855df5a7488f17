/**
 * Carries cycles from their cut-off to finality, beside the traffic: net, write the files, have it settled, record it.
 *
 * It lives in the home cell. The others cut after it, one cycle after the other, and a cycle is netted when every cell has
 * cut it. Every step is journaled in the other cells first and in the home last: what the home has done, all have.
 *
 * Every step is found again from the core's state, so after a crash the next start goes on where this one was. The
 * settlement agent takes the same instruction as often as it is sent.
 */

import {
  currencyByNumeric,
  formatAmount,
  formatDate,
  parseSigned,
  parseTime,
  type SettlementAdvice,
  type SettlementInstruction,
} from '@clearway/contract';
import {
  type Cycle,
  type CycleState,
  currentCycle,
  describeAccount,
  encodeCutOffCycle,
  encodeNetCycle,
  encodeRecordFunds,
  encodeRecordSettlement,
} from '@clearway/core';
import { settlementInstructionId } from '@clearway/gateway';
import type { Cancel, Clock } from '@clearway/ports';
import type { PositionRecord, Records } from '@clearway/store';
import type { RunningCell } from '../cell.ts';
import type { Peer } from '../cells/peer.ts';
import { sumPositions } from '../cells/platform-records.ts';
import { positionsIn } from '../cells/serve-peer.ts';
import { code } from '../projector.ts';
import { type FileWish, type WritePart, writeReconciliation } from '../reconciliation.ts';
import type { FileMaker } from '../reconciliation-worker.ts';
import type { SettlementAgent } from './settlement-agent.ts';

export interface ClearingHouse {
  /** Looks at once whether there is something to do. */
  wake(): void;
  /** What the agent last said of a queued cycle. */
  shortfalls(cycle: number): SettlementAdvice['shortfalls'];
  /** When the open cycle will be cut, ms; undefined where cycles are closed only on demand. */
  cutOffDueAt(): number | undefined;
  stop(): Promise<void>;
}

/** A cell other than the home, as the clearing sees it. */
export type ClearingMember = Pick<Peer, 'cell' | 'cycles' | 'positions' | 'command' | 'covered' | 'recordsWritten'>;

export interface ClearingHouseOptions {
  /** The home cell. */
  readonly cell: RunningCell;
  readonly others?: readonly ClearingMember[];
  /** Of all cells. */
  readonly records: Pick<Records, 'paymentsOfCycle' | 'positions' | 'file' | 'putFilePart' | 'sealFile'>;
  /** Makes the files from an archive; without one they are made from the records. */
  readonly fileMaker?: Pick<FileMaker, 'make'> | undefined;
  /** Of one part of a file, about; see usualPartBytes. */
  readonly filePartBytes?: number;
  readonly agent: SettlementAgent;
  readonly clock: Clock;
  /** Length of a cycle, seconds; 0 closes cycles only on demand. */
  readonly cycleSeconds: number;
  log(event: string, fields: Record<string, unknown>): void;
}

const restMs = 500;
const queuedRestMs = 2000;
const fundsEveryMs = 5000;

export function createClearingHouse(options: ClearingHouseOptions): ClearingHouse {
  const { cell, others = [], records, fileMaker, filePartBytes, agent, clock, cycleSeconds, log } = options;
  const { state } = cell;
  const shortfalls = new Map<number, SettlementAdvice['shortfalls']>();
  let timer: Cancel | undefined;
  let running: Promise<void> | undefined;
  let stopping = false;
  let fundsReadAt = Number.NEGATIVE_INFINITY;
  /** Last entry seen by account: entries of settlements are passed over and not journaled. */
  const lastSeen = new Map<number, number>();

  const done = async (what: string, command: Uint8Array) => {
    const result = await cell.command(command);
    if (result.outcome === 'refused') throw new Error(`${what} is refused: ${result.reason}`);
  };

  /** Undefined where cycles are closed only on demand. */
  const dueAt = (): number | undefined =>
    cycleSeconds === 0 || state.schemeVersion === 0
      ? undefined
      : Math.max(currentCycle(state).openedAt, firstOpenedAt) + cycleSeconds * 1000;

  const cutWhenDue = async () => {
    const { number } = currentCycle(state);
    if (clock.now() >= (dueAt() ?? Number.POSITIVE_INFINITY))
      await done(`cut-off of cycle ${number}`, encodeCutOffCycle(number));
  };
  /** The first cycle of a new journal has no opening time of its own. */
  const firstOpenedAt = currentCycle(state).openedAt === 0 ? clock.now() : 0;

  const commandIn = async (member: ClearingMember, what: string, command: Uint8Array) => {
    const result = await member.command(command);
    if (result.outcome === 'refused') throw new Error(`${what} is refused in cell ${member.cell}: ${result.reason}`);
  };

  /** Cuts every cycle that the home has cut; one that was away for long cuts several. */
  const followCuts = async (member: ClearingMember) => {
    const { number: current } = currentCycle(state);
    for (let open = (await member.cycles()).at(-1)!.cycle; open < current; open++)
      await commandIn(member, `cut-off of cycle ${open}`, encodeCutOffCycle(open));
  };

  /** Undefined for one that it has settled and let go, or that was over when it joined. */
  const standingIn = async (member: ClearingMember, cycle: number): Promise<CycleState | undefined> =>
    (await member.cycles()).find((one) => one.cycle === cycle)?.state;

  /** What every account of every cell has got and given in a cycle that all have cut. */
  const positionsOfAll = async (cycle: Cycle): Promise<PositionRecord[]> => {
    const parts = [positionsIn(cell, cell.records, cycle.number), ...others.map((one) => one.positions(cycle.number))];
    return sumPositions(await Promise.all(parts));
  };

  const makeFile = (wish: FileWish, write: WritePart) =>
    fileMaker?.make(wish, write) ?? writeReconciliation(records, wish, write);

  const writeFiles = async (cycle: Cycle) => {
    await Promise.all([cell, ...others].map((one) => one.recordsWritten()));
    const { scheme } = cell.configuration();
    const { number, businessDate } = cycle;
    for (const { code: participant } of state.participants) {
      const name = code(participant);
      // An earlier run has come as far as this.
      if ((await records.file(number, name)) !== undefined) continue;
      const wish = { scheme, cycle: { cycle: number, businessDate }, participant, partBytes: filePartBytes };
      const written = await makeFile(wish, (part) => records.putFilePart(number, name, part));
      await records.sealFile({ cycle: number, participant: name, ...written });
    }
  };

  const instructionsOf = async (cycle: Cycle): Promise<SettlementInstruction[]> => {
    const byCurrency = new Map<number, { participant: string; net: string }[]>();
    for (const { participant, currency, credits, debits } of await positionsOfAll(cycle)) {
      if (credits === debits) continue;
      const positions = byCurrency.get(currency) ?? [];
      byCurrency.set(currency, positions);
      positions.push({ participant, net: formatAmount(credits - debits, currency).amount });
    }
    return [...byCurrency].map(([currency, positions]) => {
      const { alpha } = currencyByNumeric(currency)!;
      const sum = positions.reduce((total, { net }) => total + parseSigned(net, alpha), 0n);
      if (sum !== 0n)
        throw new Error(`cycle ${cycle.number}: the nets in ${alpha} sum to ${sum}, so nothing is submitted`);
      const businessDate = formatDate(cycle.businessDate);
      return {
        instructionId: settlementInstructionId(cycle.number, alpha),
        cycle: cycle.number,
        businessDate,
        currency: alpha,
        positions,
      };
    });
  };

  const settle = async (cycle: Cycle) => {
    const advices: SettlementAdvice[] = [];
    for (const instruction of await instructionsOf(cycle)) advices.push(await agent.submit(instruction));
    const short = advices.flatMap((advice) => (advice.state === 'queued' ? advice.shortfalls : []));
    shortfalls.set(cycle.number, short);
    if (advices.some((advice) => advice.state === 'queued')) {
      if (cycle.state !== 'queued') {
        await done(
          `cycle ${cycle.number}`,
          encodeRecordSettlement({ cycle: cycle.number, state: 'queued', settledAt: 0 }),
        );
        log('settlement.queued', { cycle: cycle.number, short: short.map(({ participant }) => participant) });
      }
      return;
    }
    const settledAt = Math.max(0, ...advices.map((advice) => parseTime(advice.settledAt ?? '') ?? 0)) || clock.now();
    const settled = encodeRecordSettlement({ cycle: cycle.number, state: 'settled', settledAt });
    for (const member of others) {
      if ((await standingIn(member, cycle.number)) === 'netted')
        await commandIn(member, `settlement of cycle ${cycle.number}`, settled);
      await member.recordsWritten();
    }
    await done(`cycle ${cycle.number}`, settled);
    shortfalls.delete(cycle.number);
    log('settlement.settled', { cycle: cycle.number, payments: cycle.payments });
  };

  /** Money that came to or left the payment institutions' accounts at the agent. */
  const readFunds = async () => {
    for (let row = 0; row < state.accounts.count; row++) {
      const account = describeAccount(state, row);
      const participant = state.participants.find((one) => one.code === account.participant);
      if (account.currency === undefined || participant?.role !== 'paymentInstitution') continue;
      const { alpha } = currencyByNumeric(account.currency)!;
      for (let after = Math.max(account.lastEntry, lastSeen.get(row) ?? 0); ; ) {
        const entries = await agent.entries(code(account.participant), alpha, after);
        for (const { entry, kind, amount } of entries) {
          after = entry;
          if (kind === 'settlement') {
            lastSeen.set(row, entry);
            continue;
          }
          const minor = Number(parseSigned(amount, alpha));
          await done(
            `entry ${entry} of ${code(account.participant)}`,
            encodeRecordFunds({
              participant: account.participant,
              currency: account.currency,
              entry,
              credit: minor >= 0,
              amount: Math.abs(minor),
            }),
          );
        }
        if (entries.length === 0) break;
      }
    }
    fundsReadAt = clock.elapsed();
  };

  /** Steps do not wait for each other: an agent that is away stops settlement, not cut-off, netting or files. */
  const attempt = async (step: string, run: () => Promise<void>): Promise<boolean> => {
    try {
      await run();
      return true;
    } catch (error) {
      log('settlement.waits', { step, error: (error as Error).name, detail: (error as Error).message });
      return false;
    }
  };

  const carryOn = async (cycle: Cycle) => {
    if (cycle.state === 'cut') {
      const standings = await Promise.all(others.map((member) => standingIn(member, cycle.number)));
      const late = others.filter((_, index) => standings[index] === 'open');
      if (late.length > 0) throw new Error(`cell ${late.map((one) => one.cell).join(', ')} has not cut it yet`);
      // What counts must be signed by those who sent it, or they are stopped and an operator looks.
      await Promise.all([cell, ...others].map((one) => one.covered()));
      mustSumToZero(cycle.number, await positionsOfAll(cycle));
      const netting = encodeNetCycle(cycle.number);
      for (const [index, member] of others.entries())
        if (standings[index] === 'cut') await commandIn(member, `netting of cycle ${cycle.number}`, netting);
      await done(`netting of cycle ${cycle.number}`, netting);
    }
    if (cycle.state === 'netted') await writeFiles(cycle);
    if (cycle.state === 'netted' || cycle.state === 'queued') await settle(cycle);
  };

  /** One look at everything; gives how long to rest. */
  const look = async (): Promise<number> => {
    let well = await attempt('cut-off', cutWhenDue);
    const follow = (member: ClearingMember) => attempt(`cut-off in cell ${member.cell}`, () => followCuts(member));
    const allFollow = (await Promise.all(others.map(follow))).every((done) => done);
    // Without one of them nothing goes on but the cut-offs.
    for (const cycle of allFollow ? [...state.cycles] : []) {
      well = (await attempt(`cycle ${cycle.number}`, () => carryOn(cycle))) && well;
      if (cycle.state === 'queued') well = false;
    }
    well = well && allFollow;
    if (clock.elapsed() - fundsReadAt >= fundsEveryMs) well = (await attempt('funds', readFunds)) && well;
    return well ? restMs : queuedRestMs;
  };

  const run = () => {
    timer?.();
    timer = undefined;
    if (running !== undefined || stopping) return;
    running = look().then((rest) => {
      running = undefined;
      if (!stopping) timer = clock.after(rest, run);
    });
  };
  run();

  return {
    wake: run,
    shortfalls: (cycle) => shortfalls.get(cycle) ?? [],
    cutOffDueAt: dueAt,
    async stop() {
      stopping = true;
      timer?.();
      await running;
    },
  };
}

/** The sums of all positions are zero or nothing is netted. */
function mustSumToZero(cycle: number, positions: readonly PositionRecord[]): void {
  const sums = new Map<number, bigint>();
  for (const { currency, credits, debits } of positions)
    sums.set(currency, (sums.get(currency) ?? 0n) + credits - debits);
  for (const [currency, sum] of sums)
    if (sum !== 0n)
      throw new Error(`cycle ${cycle}: positions in currency ${currency} sum to ${sum}: nothing is netted`);
}
