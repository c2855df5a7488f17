/** What is left behind at the end, against what the judge knows: records, files, and cells that start again. */
import { findBreaches, type State, snapshotPages } from '@clearway/core';
import type { Cell, PaymentView } from '@clearway/gateway';
import type { Clock, Crypto } from '@clearway/ports';
import type { ParticipantsDocument, PlatformRecords, SchemeDocument } from '@clearway/server';
import type { Build } from './builds/builds.ts';
import type { CellHost } from './cell-host.ts';
import type { Draw } from './chance.ts';
import { openCopy } from './disk.ts';
import type { SimulatedInstitution } from './institution.ts';
import type { Oracle } from './oracle.ts';

/** SHA-256 over all pages of the state as it is now. */
export function hashOf(crypto: Pick<Crypto, 'sha256'>, state: State): string {
  return Buffer.from(crypto.sha256(...snapshotPages(state))).toString('hex');
}

/** Positions and payments in the records are those of the judge. */
export async function compareRecords(records: PlatformRecords, oracle: Oracle, lastCycle: number): Promise<void> {
  for (let cycle = 1; cycle <= lastCycle; cycle++) {
    const subject = `cycle ${cycle}`;
    const mine = oracle.positions(cycle);
    const theirs = await records.positions(cycle);
    for (const { participant, credits, debits } of theirs) {
      const line = mine.get(participant) ?? { credits: 0n, debits: 0n };
      oracle.check(line.credits === credits && line.debits === debits, subject, () => {
        return `${participant} has +${credits} -${debits} in the records, its payments sum to +${line.credits} -${line.debits}`;
      });
      mine.delete(participant);
    }
    oracle.check(mine.size === 0, subject, () => `${[...mine.keys()].join()} is missing in the records`);
    const record = await records.cycle(cycle);
    oracle.check(record?.state === 'settled', subject, () => `is ${record?.state} in the records at the end`);
  }
  for (const { paymentId } of oracle.payments()) {
    const final = oracle.finalOf(paymentId);
    if (final === undefined) continue;
    const record = await records.payment(paymentId);
    oracle.check(
      record?.state === final,
      paymentId,
      () => `is ${record?.state} in the records, and was told as ${final}`,
    );
  }
}

/** So many of the last payments of each institution are asked about at the end. */
const repeated = 20;

/** Now that nothing is in the way, whoever repeats an order or enquires is told the end, and nothing else. */
export async function compareAnswers(
  institutions: readonly Pick<SimulatedInstitution, 'code' | 'repeat'>[],
  oracle: Oracle,
): Promise<void> {
  for (const { code, repeat } of institutions) {
    const ended = oracle.payments().filter((one) => one.institution === code && oracle.finalOf(one.paymentId));
    for (const { paymentId } of ended.slice(-repeated)) {
      const told = await repeat(paymentId);
      const final = oracle.finalOf(paymentId);
      oracle.check(
        told.every((state) => state === final),
        paymentId,
        () => `is told as ${told.join(' and ')} at the end, and was as ${final}`,
      );
    }
  }
}

/** Each institution fetches its files over the healed network; they list what the judge knows, to the last cent. */
export async function compareFiles(
  institutions: readonly Pick<SimulatedInstitution, 'code' | 'life'>[],
  oracle: Oracle,
  lastCycle: number,
): Promise<void> {
  for (const { code, life } of institutions) {
    for (let cycle = 1; cycle <= lastCycle; cycle++) {
      const subject = `cycle ${cycle}`;
      const mine = oracle.paymentsIn(cycle, code);
      const { lines } = await life.sdk.file(cycle);
      for (const { paymentId, minor, side } of lines) {
        const own = mine.get(paymentId);
        oracle.check(own?.amount === BigInt(minor) && own.side === side, paymentId, () => {
          return `stands in the file of ${code} as ${side} of ${minor}, and should be ${own?.side} of ${own?.amount}`;
        });
        mine.delete(paymentId);
      }
      oracle.check(mine.size === 0, subject, () => `the file of ${code} lacks ${[...mine.keys()].join()}`);
    }
  }
}

/** What a cell that starts needs of the others when it has begun before: nothing. */
const alone = { spread: { agreements: async () => {}, participants: async () => {} } };
const never = () => new Promise<never>(() => {});

/**
 * Cells that start from copies of the disk, one with its snapshots and one without, are the same cell; also when another
 * version of the program starts, as long as it knows the rules that are in force.
 */
export async function compareRestarts(options: {
  readonly cell: CellHost;
  /** Every version of the program that there is. */
  readonly builds: readonly Build[];
  /** Where it is another. */
  readonly home: number | undefined;
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly draw: Draw;
  readonly scheme: SchemeDocument;
  readonly participants: ParticipantsDocument;
  readonly oracle: Oracle;
}): Promise<string> {
  const { home, crypto, draw, oracle } = options;
  const { place, disks, owner } = options.cell;
  const running = owner!.cell;
  const views = await viewsOf(running, oracle);
  // One copy of a table at a time: a snapshot that is being made comes to its end first.
  await running.stop();
  const expected = hashOf(crypto, running.state);
  const { build } = options.cell;
  const others = options.builds.filter((other) => other !== build && knows(other, running.state));
  const restarts = [
    { kept: 'with its snapshots', program: build },
    { kept: 'from the journal alone', program: build },
    ...others.map((program) => ({ kept: `by ${program.name}`, program })),
  ];
  for (const { kept, program } of restarts) {
    // At the same moment, so that neither has a midnight more than the other.
    const clock = { ...options.clock, now: () => running.state.at };
    const ports = { clock, crypto, chance: draw.stream(kept) };
    const second = await program.createCell({
      place,
      ...(home !== undefined && { among: { ...alone, home: { cell: home, suspend: never, cycles: never } } }),
      ports,
      store: openCopy(disks, place, ports, ({ memory }) => {
        if (kept === 'from the journal alone') memory.sealed.clear();
      }),
      scheme: options.scheme,
      participants: options.participants,
      halted: (error) => oracle.breach('restart', `${kept}: ${error.stack}`),
      log: () => {},
    });
    const subject = `restart ${kept}`;
    oracle.check(hashOf(crypto, second.state) === expected, subject, () => 'the state is not byte-equal');
    const breaches = findBreaches(second.state);
    oracle.check(breaches.length === 0, subject, () => breaches.join('; '));
    const again = await viewsOf(second, oracle);
    for (const [paymentId, view] of views)
      oracle.check(again.get(paymentId) === view, paymentId, () => {
        return `is told as ${again.get(paymentId)} after a restart ${kept}, before as ${view}`;
      });
    await second.stop();
  }
  return expected;
}

const knows = (build: Build, { scheme }: State) => (scheme?.rules ?? 1) <= build.rules;

/** Of so many payments at most, spread over all: the bodies of a whole batch are opened for each. */
const mostViews = 2000;

async function viewsOf(cell: Cell, oracle: Oracle): Promise<Map<string, string>> {
  const views = new Map<string, string>();
  const payments = oracle.payments();
  const stride = Math.ceil(payments.length / mostViews);
  for (let i = 0; i < payments.length; i += stride) {
    const { paymentId } = payments[i];
    views.set(paymentId, textOf(await cell.payment(paymentId)));
  }
  return views;
}

/** With the bank's answer, byte by byte. */
function textOf(view: PaymentView | undefined): string {
  if (view === undefined) return 'unknown here';
  const { answer, ...rest } = view;
  return JSON.stringify({ ...rest, answer: answer && Buffer.from(answer).toString('hex') });
}
