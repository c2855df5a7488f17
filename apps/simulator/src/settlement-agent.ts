/** The settlement agent: accounts, each instruction booked once or held whole while a debtor is short. */
import type { AccountEntry, SettlementAdvice, SettlementInstruction } from '@clearway/contract';
import type { SettlementAgent } from '@clearway/server';
import type { Faults } from './faults.ts';
import type { Oracle } from './oracle.ts';
import type { Process } from './process.ts';
import type { Time } from './time.ts';

export interface SimulatedAgent {
  /** The agent as a process of the platform sees it. */
  seenBy(process: Process): SettlementAgent;
  deposit(participant: string, minor: bigint): void;
  /** What its account holds, minor units. */
  money(participant: string): bigint;
  /** Is away for a while; who waits for an answer never gets it. What it has booked it has booked. */
  die(forMs: number): void;
  heal(): void;
}

const currency = 'CNY';
const minorOf = (text: string) => BigInt(text.replace('.', ''));
const major = (minor: bigint) => {
  const digits = String(minor < 0n ? -minor : minor).padStart(3, '0');
  return `${minor < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
};

export function createSimulatedAgent(time: Time, faults: Faults, oracle: Oracle): SimulatedAgent {
  const statements = new Map<string, AccountEntry[]>();
  const instructions = new Map<string, { readonly content: string; advice: SettlementAdvice | undefined }>();

  const isoNow = () => new Date(time.now).toISOString();
  const enter = (participant: string, kind: AccountEntry['kind'], minor: bigint, reference: string) => {
    const statement = statements.get(participant) ?? [];
    statements.set(participant, statement);
    const entry = statement.length + 1;
    statement.push({ entry, kind, amount: major(minor), currency, bookedAt: isoNow(), reference });
  };

  async function submit(instruction: SettlementInstruction): Promise<SettlementAdvice> {
    const { instructionId, cycle, positions } = instruction;
    const content = JSON.stringify(instruction);
    const known = instructions.get(instructionId) ?? { content, advice: undefined };
    instructions.set(instructionId, known);
    oracle.check(known.content === content, `cycle ${cycle}`, () => `is instructed twice, with two contents`);
    if (known.advice !== undefined) return known.advice;
    if (faults.strikes('agentShort')) {
      const short = positions.find(({ net }) => net.startsWith('-'))!;
      return {
        instructionId,
        state: 'queued',
        shortfalls: [{ participant: short.participant, missing: short.net.slice(1) }],
      };
    }
    oracle.settled(
      cycle,
      positions.map(({ participant, net }) => ({ participant, net: minorOf(net) })),
    );
    for (const { participant, net } of positions) enter(participant, 'settlement', minorOf(net), instructionId);
    known.advice = { instructionId, state: 'settled', settledAt: isoNow(), shortfalls: [] };
    return known.advice;
  }

  let lives = 0;
  let awayUntil = 0;

  async function call<T>(act: () => Promise<T>): Promise<T> {
    const life = lives;
    const mustLive = () => {
      if (life !== lives || awayUntil > time.elapsed) throw new Error('the settlement agent cannot be reached');
    };
    await time.rest(faults.draw.between(1, 20));
    mustLive();
    if (faults.strikes('agentRefuses')) throw new Error('the settlement agent refuses');
    if (faults.strikes('agentSlow')) await time.rest(faults.draw.between(100, 9000));
    mustLive();
    const result = await act();
    await time.rest(faults.draw.between(1, 20));
    mustLive();
    if (faults.strikes('agentAnswerLost')) throw new Error('the answer of the settlement agent is lost');
    return result;
  }

  return {
    money: (participant) => (statements.get(participant) ?? []).reduce((sum, { amount }) => sum + minorOf(amount), 0n),
    deposit: (participant, minor) => enter(participant, 'deposit', minor, 'deposit'),
    die(forMs) {
      lives++;
      awayUntil = time.elapsed + forMs;
    },
    heal() {
      awayUntil = 0;
    },
    seenBy: (process) => ({
      submit: (instruction) => process.outside('agent: submit', () => call(() => submit(instruction))),
      entries: (participant, _, after) =>
        process.outside('agent: entries', () =>
          call(async () => (statements.get(participant) ?? []).filter(({ entry }) => entry > after)),
        ),
    }),
  };
}
