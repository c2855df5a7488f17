/**
 * `npm run screenshots`: a picture of every page in both languages and both themes, into docs/images, from a platform
 * that runs. To be looked at, not compared by a machine. Named ones alone: `npm run screenshots -- payments cycle`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Change, ChangeRequest, PaymentList } from '@clearway/console-api';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { findBrowser, howToInstall, launch } from './browser.ts';
import { type House, openHouse } from './house.ts';
import { appoint, enrolFirst, type Person } from './people.ts';

const folder = fileURLToPath(new URL('../../../docs/images/', import.meta.url));
const rate = 30;
/** Long enough for lines to be lines; a cycle is settled after each third of it. */
const warmUpMs = 120_000;
const cyclesSettled = 3;
const quality = 32;
/** For a page on a busy machine. */
const patienceMs = 90_000;
const named = process.argv.slice(2);
const isWanted = ({ name }: Picture) => named.length === 0 || named.includes(name);
const views = [
  ['en', 'light'],
  ['en', 'dark'],
  ['zh', 'light'],
  ['zh', 'dark'],
] as const;
type View = (typeof views)[number];
const desk = { width: 1280, height: 800 };
const screen = { width: 1920, height: 1080 };

interface Picture {
  readonly name: string;
  readonly path: string;
  readonly by?: Person;
  readonly size?: typeof desk;
  /** What has to be done before the page shows what it is for. */
  readonly prepare?: (page: Page, view: View) => Promise<void>;
  /** What has to be put right again when the picture is taken. */
  readonly restore?: () => void;
}

const program = findBrowser();
if (program === undefined) {
  process.stderr.write(`${howToInstall}\n`);
  process.exit(1);
}
mkdirSync(folder, { recursive: true });
const say = (text: string) => process.stderr.write(`${text}\n`);
say('Starting a platform with traffic …');
const [house, browser] = await Promise.all([openHouse(rate), launch(program)]);
try {
  await picture(house, browser);
} finally {
  await browser.close();
  await house.close();
}

async function picture(house: House, browser: Browser): Promise<void> {
  const first = await enrolFirst(house.firstLink, 'li.na', 'Li Na');
  const approver = {
    login: 'wang.wei',
    name: 'Wang Wei',
    roles: ['operator', 'proposer', 'approver'],
    participant: null,
  } as const;
  const second = await appoint(first, first, { ...approver, roles: [...approver.roles] });
  const bank = await appoint(first, second, {
    login: 'chen',
    name: 'Chen Bo',
    roles: ['participant'],
    participant: '00201',
  });
  const supervisor = await appoint(first, second, {
    login: 'zhao',
    name: 'Zhao Min',
    roles: ['supervisor'],
    participant: null,
  });
  await supervisor.ask('PUT', '/login/purpose', { purpose: 'quarterly inspection' });
  const change = await first.ask<Change>('POST', '/changes', capChange('80000000.00'));
  say('Letting traffic flow …');
  let cycle = 0;
  for (let settled = 0; settled < cyclesSettled; settled++) {
    await new Promise((next) => setTimeout(next, warmUpMs / cyclesSettled));
    cycle = await house.world.operator.settleCycle();
  }
  const { payments } = await first.ask<PaymentList>(
    'GET',
    `/payments?limit=1&q=${encodeURIComponent(`cycle:${cycle} kind:agreementPayment`)}`,
  );
  const paymentId = payments[0].paymentId;

  const pictures: readonly Picture[] = [
    { name: 'wall', path: '/', by: first },
    { name: 'wall-full', path: '/?view=full', by: first, size: screen },
    { name: 'payments', path: '/payments', by: first },
    { name: 'payment', path: `/payments/${paymentId}`, by: first, prepare: verifyEvidence },
    { name: 'participants', path: '/participants', by: first },
    { name: 'participant', path: '/participants/00201', by: first },
    { name: 'cycles', path: '/cycles', by: first },
    { name: 'cycle', path: `/cycles/${cycle}`, by: first },
    { name: 'operations', path: '/operations', by: first },
    { name: 'changes', path: '/changes', by: first },
    { name: 'change', path: `/changes/${change.changeId}`, by: second },
    { name: 'audit', path: '/audit', by: first },
    { name: 'supervision', path: '/supervision', by: supervisor },
    { name: 'own-view', path: '/participants/00201', by: bank },
    { name: 'settings', path: '/settings', by: first },
    { name: 'login', path: '/' },
  ];
  const alarm: Picture = { name: 'alarm', path: '/?view=full', by: first, size: screen };
  const work: Picture = { name: 'work', path: '/work', by: first };
  const lost: Picture = { name: 'lost', path: '/', by: first, ...loseConnection(house) };
  for (const view of views) {
    for (const one of pictures.filter(isWanted)) await take(house, browser, one, view);
    say(view.join(' '));
  }
  const later = [alarm, work, lost];
  if (!later.some(isWanted)) return;
  // A bank falls silent: now there is something to act on, on the wall and in the work list.
  const silent = house.world.processes().find(({ name }) => name === 'bank-00203')?.pid;
  if (silent === undefined) throw new Error('bank-00203 does not run');
  process.kill(silent, 'SIGSTOP');
  const isTold = async () => {
    const { alarms } = await first.ask<{ alarms: { kind: string; priority: string }[] }>('GET', '/alarms');
    return alarms.some(({ kind, priority }) => kind === 'bankSilent' && priority === 'P1');
  };
  const end = performance.now() + 120_000;
  while (!(await isTold())) {
    if (performance.now() > end) throw new Error('no alarm was raised for a bank that is silent');
    await new Promise((next) => setTimeout(next, 500));
  }
  for (const view of views) {
    for (const one of [alarm, work].filter(isWanted)) await take(house, browser, one, view);
  }
  process.kill(silent, 'SIGCONT');
  // Last, since it leaves a gap in every line.
  for (const view of isWanted(lost) ? views : []) await take(house, browser, lost, view);
}

function capChange(amount: string): ChangeRequest {
  return {
    kind: 'netDebitCap',
    participant: '00202',
    cap: { amount, currency: 'CNY' },
    keyVersion: null,
    endsAt: null,
    cycle: null,
    user: null,
    why: 'Lower exposure while its reserves are rebuilt',
  };
}

async function take(house: House, browser: Browser, one: Picture, [language, theme]: View): Promise<void> {
  const context: BrowserContext = await browser.newContext({
    viewport: one.size ?? desk,
    baseURL: house.url,
    reducedMotion: 'reduce',
  });
  await context.addInitScript(
    ([chosen, colours]) => {
      localStorage.setItem('clearway.language', chosen);
      localStorage.setItem('clearway.theme', colours);
    },
    [language, theme] as const,
  );
  await one.by?.enter(context);
  const page = await context.newPage();
  context.setDefaultTimeout(patienceMs);
  await page.goto(one.path);
  await page
    .locator('h1')
    .first()
    .waitFor({ state: 'attached' })
    .catch(async (error: Error) => {
      throw new Error(`${one.name}: ${(await page.locator('body').innerText()).slice(0, 500)}`, { cause: error });
    });
  await page.waitForFunction(() => document.querySelector('[aria-busy="true"], .skeleton') === null);
  await page.waitForLoadState('load');
  await page.evaluate(() => document.fonts.ready.then(() => undefined));
  await one.prepare?.(page, [language, theme]);
  // Two frames of the stream, so that what has to arrive has arrived.
  await page.waitForTimeout(2_200);
  // A busy machine may be late; only one picture is of that.
  if (one.name !== 'lost') await page.locator('[data-stale]').waitFor({ state: 'detached' });
  const devtools = await context.newCDPSession(page);
  const { data } = await devtools.send('Page.captureScreenshot', { format: 'webp', quality });
  writeFileSync(join(folder, `${one.name}.${language}.${theme}.webp`), Buffer.from(data, 'base64'));
  await context.close();
  one.restore?.();
}

async function verifyEvidence(page: Page): Promise<void> {
  await page.locator('section:has(a[download]) button').first().click();
  await page.locator('[data-evidence]').waitFor();
}

/** The console's program holds still while the picture is taken. */
function loseConnection(house: House): Pick<Picture, 'prepare' | 'restore'> {
  const signal = (name: NodeJS.Signals) => {
    const pid = house.world.processes().find((one) => one.name === 'console')?.pid;
    if (pid === undefined) throw new Error('the console does not run');
    process.kill(pid, name);
  };
  return {
    async prepare(page) {
      await page.locator('.now .huge a').waitFor();
      signal('SIGSTOP');
      await page.locator('.wall.stale').waitFor();
    },
    restore: () => signal('SIGCONT'),
  };
}
