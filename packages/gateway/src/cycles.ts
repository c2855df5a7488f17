/** Clearing cycles: the list, an institution's report of one, and its reconciliation file. */
import {
  type Cycle,
  type CycleReport,
  type CycleSettlement,
  type CycleTotal,
  formatAmount,
  formatDate,
  formatTime,
  type ReconciliationManifest,
} from '@clearway/contract';
import { encodeJson, jsonReply, type Operation, Refusal } from './call.ts';
import type { Edge } from './edge.ts';
import type { CycleRecord, PositionRecord } from './records.ts';

const cyclesListed = 100;
const fileContentType = 'text/csv; charset=utf-8';

type CycleOperation = 'getCycles' | 'getCycle' | 'getReconciliationFile' | 'getReconciliationFilePart';

export function cycleOperations(edge: Edge): Record<CycleOperation, Operation> {
  const { records } = edge;

  async function find(parameter: string | undefined): Promise<CycleRecord> {
    const serial = /^[1-9][0-9]{0,9}$/.test(parameter ?? '') ? Number(parameter) : 0;
    const cycle = serial > 0 && serial <= 0xffff_ffff ? await records.cycle(serial) : undefined;
    if (!cycle) throw new Refusal('notFound', 'There is no cycle of this number');
    return cycle;
  }

  async function findFile(parameter: string | undefined, participant: string) {
    const { cycle, state } = await find(parameter);
    if (state === 'open') throw new Refusal('cycleStateInvalid', `Cycle ${cycle} is still open`);
    const file = await records.file(cycle, participant);
    if (!file) {
      throw new Refusal('cycleStateInvalid', `The file of cycle ${cycle} is not written yet`, { retryAfterMs: 1000 });
    }
    return { cycle, file };
  }

  return {
    async getCycles() {
      const cycles = await records.cycles(cyclesListed);
      return jsonReply(encodeJson({ cycles: cycles.map(wireCycle) }));
    },

    async getCycle({ participant, parameters }) {
      const cycle = await find(parameters.cycle);
      const positions = await records.positions(cycle.cycle);
      const own = positions.filter(({ participant: code }) => code === participant.code);
      const report: CycleReport = {
        ...wireCycle(cycle),
        positions: own.map((position) => ({ participant: participant.code, ...turnoverOf(position) })),
        totals: totalsOf(positions).map(turnoverOf),
        settlement: settlementsOf(cycle, positions),
      };
      return jsonReply(encodeJson(report));
    },

    async getReconciliationFile({ participant, parameters }) {
      const { cycle, file } = await findFile(parameters.cycle, participant.code);
      const { payments, bytes, hash } = file;
      const parts = await records.fileParts(cycle, participant.code);
      const manifest: ReconciliationManifest = {
        cycle,
        participant: participant.code,
        payments,
        bytes,
        hash,
        parts: parts.map((part) => ({ payments: part.payments, bytes: part.bytes, hash: part.hash })),
      };
      return jsonReply(encodeJson(manifest));
    },

    async getReconciliationFilePart({ participant, parameters }) {
      const { cycle } = await findFile(parameters.cycle, participant.code);
      const part = /^[1-9][0-9]{0,8}$/.test(parameters.part ?? '') ? Number(parameters.part) : 0;
      const content = part > 0 ? await records.filePart(cycle, participant.code, part) : undefined;
      if (!content) throw new Refusal('notFound', `The file of cycle ${cycle} has no such part`);
      return { status: 200, contentType: fileContentType, body: content };
    },
  };
}

/** Under which the settlement agent knows the settlement of a cycle in one currency (ISO 4217 letters). */
export function settlementInstructionId(cycle: number, currency: string): string {
  return `C${cycle}-${currency}`;
}

function wireCycle({ cycle, businessDate, state, ...times }: CycleRecord): Cycle {
  return {
    cycle,
    businessDate: formatDate(businessDate),
    state: state as Cycle['state'],
    times: {
      openedAt: formatTime(times.openedAt),
      ...(times.cutOffAt > 0 && { cutAt: formatTime(times.cutOffAt) }),
      ...(times.nettedAt > 0 && { nettedAt: formatTime(times.nettedAt) }),
      ...(times.settledAt > 0 && { settledAt: formatTime(times.settledAt) }),
    },
  };
}

type Turnover = Omit<PositionRecord, 'participant'>;

function turnoverOf({ currency, credits, debits, creditCount, debitCount }: Turnover): CycleTotal {
  const { currency: alpha, amount: net } = formatAmount(credits - debits, currency);
  return {
    currency: alpha,
    creditCount,
    credits: formatAmount(credits, currency).amount,
    debitCount,
    debits: formatAmount(debits, currency).amount,
    net,
  };
}

function totalsOf(positions: readonly PositionRecord[]): Turnover[] {
  const totals = new Map<number, Turnover>();
  for (const position of positions) {
    const { currency } = position;
    const sum = totals.get(currency) ?? { currency, credits: 0n, debits: 0n, creditCount: 0, debitCount: 0 };
    totals.set(currency, {
      currency,
      credits: sum.credits + position.credits,
      debits: sum.debits + position.debits,
      creditCount: sum.creditCount + position.creditCount,
      debitCount: sum.debitCount + position.debitCount,
    });
  }
  return [...totals.values()];
}

const settlementStates: Readonly<Record<string, CycleSettlement['state']>> = {
  netted: 'submitted',
  queued: 'queued',
  settled: 'settled',
};

/** Who is short is told to nobody but the operator and the settlement agent. */
function settlementsOf(cycle: CycleRecord, positions: readonly PositionRecord[]): CycleSettlement[] {
  const state = settlementStates[cycle.state];
  if (!state) return [];
  return totalsOf(positions).map(({ currency }) => {
    const alpha = formatAmount(0, currency).currency;
    return {
      instructionId: settlementInstructionId(cycle.cycle, alpha),
      currency: alpha,
      state,
      ...(cycle.settledAt > 0 && { settledAt: formatTime(cycle.settledAt) }),
      shortfalls: [],
    };
  });
}
