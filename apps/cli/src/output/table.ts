/** Tables for people: a line of heads, then rows, without frames. */
import Table from 'cli-table3';
import { paint, type Terminal } from './terminal.ts';

export interface Column<Row> {
  readonly head: string;
  readonly align?: 'left' | 'right';
  value(row: Row): string;
}

const noFrame = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

const plain = { 'padding-left': 0, 'padding-right': 0, head: [], border: [] };

/** `none` is written where there are no rows. */
export function table<Row>(
  terminal: Pick<Terminal, 'colours'>,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  none: string,
): string {
  if (rows.length === 0) return `${none}\n`;
  const drawn = new Table({
    head: columns.map(({ head }) => paint(terminal, 'dim', head)),
    colAligns: columns.map(({ align }) => align ?? 'left'),
    chars: noFrame,
    style: plain,
  });
  for (const row of rows) drawn.push(columns.map(({ value }) => value(row)));
  return trimmed(drawn.toString());
}

/** One object: a line a property; those that are undefined are left out. */
export function sheet(
  terminal: Pick<Terminal, 'colours'>,
  lines: readonly (readonly [name: string, value: string | undefined])[],
): string {
  const drawn = new Table({ chars: noFrame, style: plain });
  for (const [name, value] of lines) if (value !== undefined) drawn.push([paint(terminal, 'dim', name), value]);
  return trimmed(drawn.toString());
}

/** Blanks at the ends of lines only make trouble when text is copied. */
const trimmed = (text: string) => `${text.replace(/[ \t]+$/gm, '')}\n`;
