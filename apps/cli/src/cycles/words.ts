/** Cycles and positions in tables for people. */
import type { CycleRecord, PositionRecord } from '@clearway/store';
import type { Column } from '../output/table.ts';
import { type Colour, paint, type Terminal } from '../output/terminal.ts';
import { count, date, money, time } from '../output/words.ts';

const colours: Readonly<Record<string, Colour>> = { settled: 'green', queued: 'red', open: 'cyan' };

export function stateOf(output: Pick<Terminal, 'colours'>, { state }: CycleRecord): string {
  const colour = colours[state];
  return colour === undefined ? state : paint(output, colour, state);
}

export function cycleLines(
  output: Pick<Terminal, 'colours'>,
  cycle: CycleRecord,
  currency: number,
): [string, string][] {
  const lines: [string, string][] = [
    ['cycle', String(cycle.cycle)],
    ['business date', date(cycle.businessDate)],
    ['state', stateOf(output, cycle)],
    ['opened', time(cycle.openedAt)],
    ['cut off', time(cycle.cutOffAt)],
    ['netted', time(cycle.nettedAt)],
    ['settled', time(cycle.settledAt)],
  ];
  // An open cycle is counted when it is cut.
  if (cycle.state !== 'open')
    lines.push(['payments', count(cycle.payments)], ['turnover', money(cycle.turnover, currency)]);
  return lines;
}

type Line = Omit<PositionRecord, 'cycle'>;

export function positionColumns(output: Pick<Terminal, 'colours'>, nameOf: (code: string) => string): Column<Line>[] {
  const net = ({ credits, debits, currency }: Line) => {
    const text = money(credits - debits, currency);
    return credits < debits ? paint(output, 'red', text) : text;
  };
  return [
    { head: 'participant', value: ({ participant }) => participant },
    { head: 'name', value: ({ participant }) => nameOf(participant) },
    { head: 'received', align: 'right', value: ({ creditCount }) => count(creditCount) },
    { head: 'credits', align: 'right', value: ({ credits, currency }) => money(credits, currency) },
    { head: 'paid', align: 'right', value: ({ debitCount }) => count(debitCount) },
    { head: 'debits', align: 'right', value: ({ debits, currency }) => money(debits, currency) },
    { head: 'net', align: 'right', value: net },
  ];
}
