/** Line charts as SVG text: axes with units, a legend, readable on light and on dark. Nothing but strings. */

export interface Axis {
  /** With its unit. */
  readonly label: string;
  readonly scale: 'linear' | 'log';
}

export interface Line {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface Chart {
  readonly title: string;
  /** What the reader is to know of how it was measured. */
  readonly note: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly lines: readonly Line[];
  /** Places on the x axis with a name. */
  readonly marks?: readonly { readonly x: number; readonly name: string }[];
}

const [width, height] = [760, 440];
const plot = { left: 84, right: 740, top: 64, bottom: 344 } as const;
const wantedTicks = 6;
/** Told apart by those who see no red or green too; the first is the darkest on light and the lightest on dark. */
const colours = ['#0b62a4', '#c4572b', '#3a8f5c', '#8a5fb0', '#8c7a1f', '#5c6670'];

/** @throws RangeError when there is nothing to draw, or something that a logarithmic axis cannot show */
export function drawChart(chart: Chart): string {
  const points = chart.lines.flatMap((line) => line.points);
  if (points.length === 0) throw new RangeError(`'${chart.title}' has no points`);
  const x = scaleOf(
    chart.x,
    points.map((point) => point.x),
    [plot.left, plot.right],
  );
  const y = scaleOf(
    chart.y,
    points.map((point) => point.y),
    [plot.bottom, plot.top],
  );
  const place = (value: number) => Math.round(value * 10) / 10;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(chart.title)}">`,
    `<style>
text { font: 13px system-ui, sans-serif; fill: #1c2126 }
.title { font-size: 16px; font-weight: 600 }
.note, .tick { fill: #5c6670; font-size: 12px }
.grid { stroke: #d9dde1; stroke-width: 1 }
.mark { stroke: #5c6670; stroke-width: 1; stroke-dasharray: 4 4 }
.paper { fill: #ffffff }
@media (prefers-color-scheme: dark) {
  text { fill: #e6e9ec }
  .note, .tick { fill: #a3acb5 }
  .grid { stroke: #363d44 }
  .paper { fill: #14181b }
  .line { filter: brightness(1.5) }
}
</style>`,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    `<text class="title" x="${plot.left}" y="26">${escaped(chart.title)}</text>`,
    `<text class="note" x="${plot.left}" y="46">${escaped(chart.note)}</text>`,
  ];
  for (const tick of y.ticks) {
    const at = place(y.at(tick));
    parts.push(
      `<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${at}" y2="${at}"/>`,
      `<text class="tick" x="${plot.left - 8}" y="${at + 4}" text-anchor="end">${numeral(tick)}</text>`,
    );
  }
  for (const tick of x.ticks) {
    const at = place(x.at(tick));
    parts.push(
      `<line class="grid" x1="${at}" x2="${at}" y1="${plot.top}" y2="${plot.bottom}"/>`,
      `<text class="tick" x="${at}" y="${plot.bottom + 18}" text-anchor="middle">${numeral(tick)}</text>`,
    );
  }
  parts.push(
    `<text x="${(plot.left + plot.right) / 2}" y="${plot.bottom + 40}" text-anchor="middle">${escaped(chart.x.label)}</text>`,
    `<text transform="translate(20 ${(plot.top + plot.bottom) / 2}) rotate(-90)" text-anchor="middle">${escaped(chart.y.label)}</text>`,
  );
  for (const mark of chart.marks ?? []) {
    const at = place(x.at(mark.x));
    parts.push(
      `<line class="mark" x1="${at}" x2="${at}" y1="${plot.top}" y2="${plot.bottom}"/>`,
      `<text class="note" x="${at + 6}" y="${plot.top + 14}">${escaped(mark.name)}</text>`,
    );
  }
  chart.lines.forEach(({ name, points: own }, index) => {
    const colour = colours[index % colours.length]!;
    const path = own.map((point) => `${place(x.at(point.x))},${place(y.at(point.y))}`).join(' ');
    parts.push(`<polyline class="line" points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`);
    if (own.length <= 40) {
      for (const point of own)
        parts.push(
          `<circle class="line" cx="${place(x.at(point.x))}" cy="${place(y.at(point.y))}" r="3" fill="${colour}"/>`,
        );
    }
    const [column, row] = [index % 4, Math.floor(index / 4)];
    const [left, top] = [plot.left + column * 164, plot.bottom + 64 + row * 20];
    parts.push(
      `<line class="line" x1="${left}" x2="${left + 22}" y1="${top - 4}" y2="${top - 4}" stroke="${colour}" stroke-width="3"/>`,
      `<text x="${left + 28}" y="${top}">${escaped(name)}</text>`,
    );
  });
  parts.push('</svg>');
  return `${parts.join('\n')}\n`;
}

interface Scale {
  readonly ticks: readonly number[];
  at(value: number): number;
}

/** Places values between two edges; ticks are round, and the axis ends at ticks (a linear one begins at zero). */
function scaleOf(axis: Axis, values: readonly number[], [from, to]: readonly [number, number]): Scale {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (axis.scale === 'log') {
    if (!(least > 0)) throw new RangeError(`${axis.label}: ${least} has no place on a logarithmic axis`);
    const [first, last] = [
      Math.floor(Math.log10(least)),
      Math.max(Math.ceil(Math.log10(most)), Math.floor(Math.log10(least)) + 1),
    ];
    const ticks = Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i));
    return { ticks, at: (value) => from + ((Math.log10(value) - first) / (last - first)) * (to - from) };
  }
  const step = roundStep(Math.max(most, Number.MIN_VALUE) / wantedTicks);
  const end = Math.ceil(most / step) * step || step;
  const ticks = Array.from({ length: Math.round(end / step) + 1 }, (_, i) => i * step);
  return { ticks, at: (value) => from + (value / end) * (to - from) };
}

/** 1, 2 or 5 times a power of ten, not below. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  return ([1, 2, 5, 10].find((factor) => factor * power >= step) ?? 10) * power;
}

function numeral(value: number): string {
  return value >= 1000 ? value.toLocaleString('en-US') : String(Math.round(value * 1000) / 1000);
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string) => text.replace(/[&<>"]/g, (sign) => entities[sign]!);
