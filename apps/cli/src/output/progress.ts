/**
 * What is going on during long work, on the error output: nothing in the first two seconds, then a bar drawn in place
 * on a terminal, or a line from time to time elsewhere.
 */
import type { Cancel, Clock } from '@clearway/ports';
import type { Terminal } from './terminal.ts';
import { count, duration } from './words.ts';

export interface Progress {
  /** `of`: 0 while it is not known how much there is. */
  update(done: number, of: number): void;
  /** Removes the bar. */
  end(): void;
}

const quietMs = 2_000;
const redrawMs = { terminal: 100, lines: 5_000 };
const barWidth = 24;

export function startProgress(
  terminal: Terminal,
  clock: Pick<Clock, 'elapsed' | 'after'>,
  doing: string,
  unit: string,
): Progress {
  const began = clock.elapsed();
  const everyMs = terminal.isTerminal ? redrawMs.terminal : redrawMs.lines;
  let drawAt = began + quietMs;
  let done = 0;
  let of = 0;
  let drawn = false;
  let cancel: Cancel = () => {};

  const draw = () => {
    const now = clock.elapsed();
    if (now < drawAt) return;
    drawAt = now + everyMs;
    const line = progressLine(doing, unit, done, of, now - began, terminal.isTerminal);
    terminal.write(terminal.isTerminal ? `\r\x1b[2K${line.slice(0, terminal.columns - 1)}` : `${line}\n`);
    drawn = true;
  };
  // For work that waits for something and reports nothing meanwhile.
  const tick = () => {
    draw();
    cancel = clock.after(everyMs, tick);
  };
  cancel = clock.after(quietMs, tick);

  return {
    update(nowDone, nowOf) {
      done = nowDone;
      of = Math.max(nowDone, nowOf);
      draw();
    },
    end() {
      cancel();
      if (drawn && terminal.isTerminal) terminal.write('\r\x1b[2K');
    },
  };
}

export function progressLine(
  doing: string,
  unit: string,
  done: number,
  of: number,
  elapsedMs: number,
  withBar: boolean,
): string {
  if (done === 0 || elapsedMs === 0) return `${doing} … ${duration(elapsedMs)}`;
  const perSecond = (done * 1000) / elapsedMs;
  const rate = `${count(Math.round(perSecond))} ${unit}/s`;
  if (of === 0) return `${doing} … ${count(done)} ${unit}, ${rate}`;
  const share = done / of;
  const full = Math.round(share * barWidth);
  const bar = withBar ? ` ${'█'.repeat(full)}${'░'.repeat(barWidth - full)}` : ':';
  const left = duration(((of - done) * 1000) / perSecond);
  return `${doing}${bar} ${(share * 100).toFixed(0)} %, ${count(done)} of ${count(of)} ${unit}, ${rate}, ${left} left`;
}
