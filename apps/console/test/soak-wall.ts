/**
 * `npm run soak:wall -- --minutes 10`: the wall in a real browser under 100,000 payments a second. Says how many
 * updates were drawn of those that were sent, and how much memory the page holds after each collection.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { webFolder } from '@clearway/console';
import type { CDPSession } from 'playwright-core';
import { findBrowser, howToInstall, launch } from './browser.ts';
import { startBusyUpstream } from './busy-upstream.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '100000' },
  },
});
const minutes = Number(values.minutes);
const rate = Number(values.rate);
const program = findBrowser();
if (program === undefined || !(minutes > 0) || !(rate > 0)) {
  process.stderr.write(`${program === undefined ? howToInstall : 'Usage: soak-wall [--minutes 10] [--rate 100000]'}\n`);
  process.exit(2);
}
const lookMs = 30_000;
/** A page that keeps this much more than after its first two minutes has a leak. */
const mostGrowth = 1.15;

const upstream = await startBusyUpstream(fileURLToPath(webFolder), rate);
const browser = await launch(program);
try {
  const context = await browser.newContext({ viewport: { width: 1920, height: 1080 }, baseURL: upstream.url });
  const page = await context.newPage();
  await page.goto('/?view=full');
  await page.locator('.now .huge a').waitFor();
  // Each frame brings another number of payments of today, so each change of that title is one update drawn.
  await page.evaluate(() => {
    const counts = { drawn: 0, late: 0 };
    Object.assign(window, { counts });
    const figure = document.querySelector('.today-figures dd')!;
    new MutationObserver(() => {
      counts.drawn += 1;
    }).observe(figure, { attributes: true, attributeFilter: ['title'] });
    new PerformanceObserver((list) => {
      counts.late += list.getEntries().length;
    }).observe({ entryTypes: ['longtask'] });
  });
  const devtools = await context.newCDPSession(page);
  const begin = upstream.sent;
  const heaps: number[] = [];
  const end = performance.now() + minutes * 60_000;
  while (performance.now() < end) {
    await new Promise((next) => setTimeout(next, Math.min(lookMs, end - performance.now())));
    const heap = await heapOf(devtools);
    heaps.push(heap.megabytes);
    const { drawn, late } = await counts();
    const line = `${drawn} of ${upstream.sent - begin} updates drawn, ${late} long tasks, ${heap.megabytes.toFixed(2)} MB, ${heap.nodes} nodes`;
    process.stderr.write(`${line}\n`);
  }
  const { drawn, late } = await counts();
  const sent = upstream.sent - begin;
  const settled = heaps.slice(Math.min(3, heaps.length - 1));
  const growth = settled[settled.length - 1] / settled[0];
  const result = {
    minutes,
    rate,
    payments: upstream.payments,
    sent,
    drawn,
    longTasks: late,
    heapMegabytes: heaps,
    growth,
  };
  process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
  // The frame of this very moment may not be drawn yet.
  if (drawn < sent - 1 || growth > mostGrowth) process.exitCode = 1;

  function counts() {
    return page.evaluate(() => (window as unknown as { counts: { drawn: number; late: number } }).counts);
  }
} finally {
  await browser.close();
  await upstream.close();
}

/** What the page holds after everything that can be collected was. */
async function heapOf(devtools: CDPSession): Promise<{ readonly megabytes: number; readonly nodes: number }> {
  await devtools.send('HeapProfiler.collectGarbage');
  const { usedSize } = await devtools.send('Runtime.getHeapUsage');
  const { nodes } = await devtools.send('Memory.getDOMCounters');
  return { megabytes: usedSize / 1e6, nodes };
}
