/** A real Chromium: named by CLEARWAY_BROWSER, or found on the path, or installed where that can be done without asking. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const flags = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--force-color-profile=srgb',
];

export const howToInstall =
  'No browser was found. Install chromium (Debian: apt-get install chromium fonts-noto-cjk), or name one by CLEARWAY_BROWSER.';

/** Its program, or undefined where there is none and none can be installed. */
export function findBrowser(): string | undefined {
  const named = process.env.CLEARWAY_BROWSER;
  if (named !== undefined && named !== '') return named;
  return onPath() ?? (mayInstall() && install() ? onPath() : undefined);
}

export function launch(program: string): Promise<Browser> {
  // A browser's own sandbox cannot be set up by root; what is opened here is our own page.
  const args = process.getuid?.() === 0 ? ['--no-sandbox', ...flags] : flags;
  return chromium.launch({ executablePath: program, headless: true, args });
}

function onPath(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find((path) => existsSync(path));
}

function mayInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get');
}

function install(): boolean {
  const run = (...args: string[]) =>
    spawnSync('apt-get', args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status === 0;
  return run('update') && run('install', '-y', '--no-install-recommends', 'chromium', 'fonts-noto-cjk');
}
