/** What a person sees of the running world: one picture, redrawn in place; or a line from time to time where there is no terminal. */
import type { Writable } from 'node:stream';

export interface View {
  readonly businessDate: string;
  readonly cycle: { readonly number: number; readonly seconds: number };
  readonly phase: string;
  readonly paymentsPerSecond: number;
  readonly history: readonly number[];
  readonly succeeded: number;
  readonly failed: number;
  readonly refused: number;
  readonly unknownNow: number;
  readonly unknownEver: number;
  readonly latency: { readonly p50: number; readonly p99: number };
  /** Minor units: net of what is not settled yet, held for open offers, and what may still be taken. */
  readonly accounts: readonly {
    readonly name: string;
    readonly outstanding: bigint;
    readonly reserved: bigint;
    readonly headroom: bigint;
  }[];
  readonly settlement:
    | { readonly cycle: number; readonly state: string; readonly payments: number; readonly turnover: bigint }
    | undefined;
  readonly reconciled: { readonly files: number; readonly differences: number };
  readonly processes: { readonly running: number; readonly all: number; readonly restarts: number };
  readonly events: readonly string[];
}

const number = new Intl.NumberFormat('en-US');

/** Minor units of a currency with two decimals: `-1,234.50`. */
export function amount(minor: bigint): string {
  const digits = String(minor < 0n ? -minor : minor).padStart(3, '0');
  return `${minor < 0n ? '-' : ''}${number.format(BigInt(digits.slice(0, -2)))}.${digits.slice(-2)}`;
}

/** Of all that have ended; a dash before any has. */
export function successRate({ succeeded, failed, refused }: Pick<View, 'succeeded' | 'failed' | 'refused'>): string {
  const ended = succeeded + failed + refused;
  return ended === 0 ? '–' : `${((100 * succeeded) / ended).toFixed(2)} %`;
}

function spark(history: readonly number[]): string {
  const most = Math.max(1, ...history);
  return history.map((value) => '▁▂▃▄▅▆▇█'[Math.round((7 * value) / most)]).join('');
}

/** One line for logs and pipes. */
export function plainLine(view: View): string {
  const settlement = view.settlement === undefined ? '' : `, cycle ${view.settlement.cycle} ${view.settlement.state}`;
  return [
    `${view.phase}: ${view.paymentsPerSecond.toFixed(0)} payments/s`,
    `${number.format(view.succeeded)} succeeded (${successRate(view)})`,
    `p50 ${view.latency.p50.toFixed(0)} ms, p99 ${view.latency.p99.toFixed(0)} ms`,
    `${view.unknownNow} unknown`,
    `cycle ${view.cycle.number}${settlement}`,
    `${view.reconciled.files} files, ${view.reconciled.differences} differences`,
    `${view.processes.running}/${view.processes.all} processes`,
  ].join(' | ');
}

type Paint = (text: string, ...codes: number[]) => string;
const bold = 1;
const dim = 2;
const red = 31;
const green = 32;
const yellow = 33;
const cyan = 36;

/** The picture, line by line. */
export function picture(view: View, colours: boolean): string[] {
  const paint: Paint = (text, ...codes) => (colours ? `\x1b[${codes.join(';')}m${text}\x1b[0m` : text);
  const label = (text: string) => paint(text.padEnd(13), dim);
  const bad = (count: number, colour: number) => (count === 0 ? String(count) : paint(number.format(count), colour));
  const { settlement, reconciled, processes } = view;
  return [
    `${paint('Clearway 通衢', bold, cyan)}   business day ${view.businessDate} · cycle ${view.cycle.number}, open for ${view.cycle.seconds} s · ${view.phase}`,
    '',
    `${label('payments')}${paint(`${view.paymentsPerSecond.toFixed(0)}/s`, bold)}  ${paint(spark(view.history), cyan)}  ${number.format(view.succeeded)} succeeded`,
    `${label('success')}${paint(successRate(view), green)}   failed ${number.format(view.failed)} · refused ${number.format(view.refused)} · unknown now ${bad(view.unknownNow, yellow)}, ever ${number.format(view.unknownEver)}`,
    `${label('latency')}p50 ${view.latency.p50.toFixed(0)} ms · p99 ${view.latency.p99.toFixed(0)} ms, wallet to wallet`,
    `${label('settlement')}${settlement === undefined ? 'no cycle closed yet' : `cycle ${settlement.cycle} ${paint(settlement.state, settlement.state === 'settled' ? green : yellow)} · ${number.format(settlement.payments)} payments · ${amount(settlement.turnover)} CNY`}`,
    `${label('reconciled')}${number.format(reconciled.files)} files · ${bad(reconciled.differences, red)} differences`,
    `${label('processes')}${processes.running === processes.all ? processes.running : paint(String(processes.running), red)} of ${processes.all} running · ${number.format(processes.restarts)} restarts`,
    '',
    paint(
      `${'position, CNY'.padEnd(22)}${['outstanding', 'reserved', 'headroom'].map((title) => title.padStart(18)).join('')}`,
      dim,
    ),
    ...view.accounts.map(({ name, outstanding, reserved, headroom }) => {
      const net = amount(outstanding).padStart(18);
      return `${name.padEnd(22)}${outstanding < 0n ? paint(net, red) : net}${amount(reserved).padStart(18)}${amount(headroom).padStart(18)}`;
    }),
    '',
    ...view.events.map((event) => paint(event, dim)),
  ];
}

export interface Screen {
  draw(view: View): void;
  /** Leaves the last picture standing. */
  close(): void;
}

export function openScreen(output: Writable & { columns?: number; rows?: number }, colours: boolean): Screen {
  let drawn = 0;
  output.write('\x1b[?25l');
  return {
    draw(view) {
      const lines = picture(view, colours).slice(0, Math.max(1, (output.rows ?? 24) - 1));
      const up = drawn > 0 ? `\x1b[${drawn}A` : '';
      const text = lines.map((line) => `${cut(line, output.columns ?? 80)}\x1b[K\n`).join('');
      // Between these two marks a terminal shows nothing half drawn; those that do not know them ignore them.
      output.write(`\x1b[?2026h${up}\r${text}\x1b[J\x1b[?2026l`);
      drawn = lines.length;
    },
    close() {
      output.write('\x1b[?25h');
    },
  };
}

const wide = /[\u1100-\u115f\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60]/;

/** As much of the line as fits into the columns, escapes counting nothing. */
function cut(line: string, columns: number): string {
  let width = 0;
  let kept = '';
  for (const [piece] of line.matchAll(/\p{Cc}\[[0-9;]*m|./gu)) {
    if (!piece.startsWith('\x1b')) width += wide.test(piece) ? 2 : 1;
    if (width > columns) return `${kept}\x1b[0m`;
    kept += piece;
  }
  return kept;
}
