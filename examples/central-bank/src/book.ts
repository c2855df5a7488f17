/**
 * The book of the settlement agent: one account for each institution and currency, numbered entries, no overdraft.
 *
 * An instruction is settled whole or not at all: the debits of all its positions are covered, or it is queued with its
 * shortfalls. Queued instructions hold what they need, first come first served: a later one cannot take money that an
 * earlier one waits for. Whenever money comes in, the queue is tried again from its head.
 *
 * The book is a pure function of its records. `decide…` reads and gives the records to be made durable; `apply` alone
 * changes the book. Amounts are bigint minor units, in records as decimal digits.
 */

export interface Position {
  readonly participant: string;
  /** Signed; received minus sent: negative is debited. */
  readonly net: bigint;
}

export interface Instruction {
  readonly instructionId: string;
  readonly currency: string;
  readonly positions: readonly Position[];
  /** Hash of the instruction as asked, to tell a repetition from another instruction of the same id. */
  readonly fingerprint: string;
}

export type BookRecord =
  | {
      readonly type: 'deposited';
      readonly participant: string;
      readonly currency: string;
      readonly reference: string;
      readonly amount: string;
      /** Booking time, ms. */
      readonly at: number;
    }
  | {
      readonly type: 'instructed';
      readonly instructionId: string;
      readonly currency: string;
      readonly positions: readonly { readonly participant: string; readonly net: string }[];
      readonly fingerprint: string;
      readonly at: number;
    }
  /** Booking time is the time of finality. */
  | { readonly type: 'settled'; readonly instructionId: string; readonly at: number };

export interface Entry {
  /** 1 for the first entry of the account, then without a gap. */
  readonly entry: number;
  readonly kind: 'deposit' | 'settlement';
  /** Signed. */
  readonly amount: bigint;
  readonly bookedAt: number;
  /** The depositor's reference, or the instruction. */
  readonly reference: string;
}

export interface Account {
  readonly participant: string;
  readonly currency: string;
  readonly balance: bigint;
  readonly entries: readonly Entry[];
}

export interface Shortfall {
  readonly participant: string;
  /** More than zero. */
  readonly missing: bigint;
}

export type InstructionStatus =
  | { readonly state: 'settled'; readonly settledAt: number }
  | { readonly state: 'queued'; readonly currency: string; readonly shortfalls: readonly Shortfall[] };

/** What the book refuses, and nothing is written. */
export type BookRefusal = 'accountMissing' | 'notBalanced' | 'amountNotPositive' | 'idTaken' | 'positionRepeated';

export type Decision =
  | { readonly outcome: 'booked'; readonly records: readonly BookRecord[] }
  /** Known already, with the same content. */
  | { readonly outcome: 'repeated' }
  | { readonly outcome: 'refused'; readonly refusal: BookRefusal; readonly detail: string };

export interface Book {
  open(participant: string, currency: string): void;
  account(participant: string, currency: string): Account | undefined;
  accounts(): readonly Account[];
  decideDeposit(
    deposit: { participant: string; currency: string; reference: string; amount: bigint },
    at: number,
  ): Decision;
  decideInstruction(instruction: Instruction, at: number): Decision;
  /** Records that settle what the queue holds and can now be covered. */
  decideQueue(at: number): readonly BookRecord[];
  apply(record: BookRecord): void;
  status(instructionId: string): InstructionStatus | undefined;
  counts(): { readonly settled: number; readonly queued: number; readonly deposits: number };
}

interface OpenAccount {
  participant: string;
  currency: string;
  balance: bigint;
  entries: Entry[];
  /** Amounts of deposits by their reference. */
  deposits: Map<string, bigint>;
}

interface KnownInstruction extends Instruction {
  settledAt: number | undefined;
}

export function createBook(): Book {
  const accounts = new Map<string, OpenAccount>();
  const instructions = new Map<string, KnownInstruction>();
  /** In the order of their coming. */
  const queue = new Set<KnownInstruction>();
  let deposits = 0;

  const keyOf = (participant: string, currency: string) => `${participant}/${currency}`;

  function accountOf(participant: string, currency: string): OpenAccount {
    const account = accounts.get(keyOf(participant, currency));
    if (!account) throw new Error(`no settlement account of ${participant} in ${currency}: add it to the settings`);
    return account;
  }

  function book(account: OpenAccount, entry: Omit<Entry, 'entry'>): void {
    account.balance += entry.amount;
    if (account.balance < 0n)
      throw new Error(`account of ${account.participant} would be overdrawn: the book is wrong`);
    account.entries.push({ entry: account.entries.length + 1, ...entry });
  }

  /** What `instruction` lacks after `held` is set aside for those before it. */
  function shortfalls(instruction: Instruction, held: ReadonlyMap<string, bigint>): Shortfall[] {
    const found: Shortfall[] = [];
    for (const { participant, net } of instruction.positions) {
      const key = keyOf(participant, instruction.currency);
      const available = accounts.get(key)!.balance - (held.get(key) ?? 0n);
      if (net < 0n && available + net < 0n) {
        // Earlier instructions may hold more than there is; missing here is at most what this one needs.
        found.push({ participant, missing: available < 0n ? -net : -(available + net) });
      }
    }
    return found;
  }

  function hold(instruction: Instruction, held: Map<string, bigint>): void {
    for (const { participant, net } of instruction.positions) {
      const key = keyOf(participant, instruction.currency);
      if (net < 0n) held.set(key, (held.get(key) ?? 0n) - net);
    }
  }

  function refuse(refusal: BookRefusal, detail: string): Decision {
    return { outcome: 'refused', refusal, detail };
  }

  function findFault(instruction: Instruction): Decision | undefined {
    const seen = new Set<string>();
    let sum = 0n;
    for (const { participant, net } of instruction.positions) {
      if (seen.has(participant)) return refuse('positionRepeated', `${participant} has two positions`);
      if (!accounts.has(keyOf(participant, instruction.currency)))
        return refuse('accountMissing', `${participant} has no settlement account in ${instruction.currency}`);
      seen.add(participant);
      sum += net;
    }
    if (sum !== 0n) return refuse('notBalanced', `the positions add up to ${sum} minor units, not to zero`);
    return undefined;
  }

  return {
    open(participant, currency) {
      const key = keyOf(participant, currency);
      if (accounts.has(key))
        throw new Error(`two accounts of ${participant} in ${currency}: leave one in the settings`);
      accounts.set(key, { participant, currency, balance: 0n, entries: [], deposits: new Map() });
    },

    account: (participant, currency) => accounts.get(keyOf(participant, currency)),
    accounts: () => [...accounts.values()],

    decideDeposit(deposit, at) {
      const account = accounts.get(keyOf(deposit.participant, deposit.currency));
      if (!account)
        return refuse('accountMissing', `${deposit.participant} has no settlement account in ${deposit.currency}`);
      if (deposit.amount <= 0n) return refuse('amountNotPositive', 'a deposit is more than zero');
      const known = account.deposits.get(deposit.reference);
      if (known === deposit.amount) return { outcome: 'repeated' };
      if (known !== undefined)
        return refuse('idTaken', `reference ${deposit.reference} was booked with another amount`);
      return { outcome: 'booked', records: [{ type: 'deposited', ...deposit, amount: String(deposit.amount), at }] };
    },

    decideInstruction(instruction, at) {
      const known = instructions.get(instruction.instructionId);
      if (known?.fingerprint === instruction.fingerprint) return { outcome: 'repeated' };
      if (known) return refuse('idTaken', `instruction ${instruction.instructionId} is known with other content`);
      const fault = findFault(instruction);
      if (fault) return fault;
      const { instructionId, currency, positions, fingerprint } = instruction;
      const nets = positions.map(({ participant, net }) => ({ participant, net: String(net) }));
      const instructed: BookRecord = { type: 'instructed', instructionId, currency, positions: nets, fingerprint, at };
      return { outcome: 'booked', records: [instructed] };
    },

    decideQueue(at) {
      const held = new Map<string, bigint>();
      for (const instruction of queue) {
        // One at a time: settling pays its creditors, and what they need may come from there.
        if (shortfalls(instruction, held).length === 0)
          return [{ type: 'settled', instructionId: instruction.instructionId, at }];
        hold(instruction, held);
      }
      return [];
    },

    apply(record) {
      switch (record.type) {
        case 'deposited': {
          const account = accountOf(record.participant, record.currency);
          const amount = BigInt(record.amount);
          account.deposits.set(record.reference, amount);
          book(account, { kind: 'deposit', amount, bookedAt: record.at, reference: record.reference });
          deposits += 1;
          break;
        }
        case 'instructed': {
          const { instructionId, currency, fingerprint } = record;
          const positions = record.positions.map(({ participant, net }) => ({ participant, net: BigInt(net) }));
          for (const { participant } of positions) accountOf(participant, currency);
          const instruction = { instructionId, currency, fingerprint, positions, settledAt: undefined };
          instructions.set(instructionId, instruction);
          queue.add(instruction);
          break;
        }
        case 'settled': {
          const instruction = instructions.get(record.instructionId);
          if (!instruction || instruction.settledAt !== undefined)
            throw new Error(`instruction ${record.instructionId} cannot be settled: unknown, or settled already`);
          instruction.settledAt = record.at;
          queue.delete(instruction);
          for (const { participant, net } of instruction.positions) {
            if (net === 0n) continue;
            const entry = { amount: net, bookedAt: record.at, reference: record.instructionId };
            book(accountOf(participant, instruction.currency), { kind: 'settlement', ...entry });
          }
          break;
        }
      }
    },

    status(instructionId) {
      const instruction = instructions.get(instructionId);
      if (!instruction) return undefined;
      if (instruction.settledAt !== undefined) return { state: 'settled', settledAt: instruction.settledAt };
      const held = new Map<string, bigint>();
      for (const earlier of queue) {
        if (earlier === instruction) break;
        hold(earlier, held);
      }
      return { state: 'queued', currency: instruction.currency, shortfalls: shortfalls(instruction, held) };
    },

    counts: () => ({ settled: instructions.size - queue.size, queued: queue.size, deposits }),
  };
}
