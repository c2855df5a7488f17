/** The pages of the console, whom they are for, and by which key they are reached. One word for page, address and key. */
import type { Role } from '@clearway/console-api';
import type { PlainKey } from '../words/say.ts';

export interface Page {
  readonly path: string;
  readonly title: PlainKey;
  /** After `g`. */
  readonly letter: string;
  readonly roles: readonly Role[];
  /** Path of a 16 × 16 line drawing. */
  readonly icon: string;
}

const staff: readonly Role[] = ['operator', 'proposer', 'approver'];
const viewers: readonly Role[] = [...staff, 'supervisor'];
const everybody: readonly Role[] = [...viewers, 'participant'];

export const pages: readonly Page[] = [
  { path: '/', title: 'page.wall', letter: 'w', roles: everybody, icon: 'M2 13V9m4 4V5m4 8V7m4 6V3' },
  {
    path: '/payments',
    title: 'page.payments',
    letter: 'p',
    roles: everybody,
    icon: 'M2 5h10m-3-3 3 3-3 3M14 11H4m3-3-3 3 3 3',
  },
  {
    path: '/participants',
    title: 'page.participants',
    letter: 'i',
    roles: everybody,
    icon: 'M2 14h12M3 14V7h10v7M2 7l6-5 6 5M6 14v-4m4 4v-4',
  },
  { path: '/cycles', title: 'page.cycles', letter: 'c', roles: everybody, icon: 'M13 8a5 5 0 1 1-2-4m2-2v3h-3' },
  { path: '/work', title: 'page.work', letter: 'k', roles: viewers, icon: 'M3 2h10v12H3zM5.500 6h5m-5 3h5' },
  { path: '/operations', title: 'page.operations', letter: 'o', roles: viewers, icon: 'M1 8h3l2-5 4 10 2-5h3' },
  { path: '/changes', title: 'page.changes', letter: 'h', roles: viewers, icon: 'm3 13 1-4 7-7 3 3-7 7zM9 4l3 3' },
  {
    path: '/audit',
    title: 'page.audit',
    letter: 'a',
    roles: ['approver', 'supervisor'],
    icon: 'M6 9 4 11a2 2 0 0 1-3-3l3-3m6 2 2-2a2 2 0 0 1 3 3l-3 3M6 10l4-4',
  },
  {
    path: '/supervision',
    title: 'page.supervision',
    letter: 's',
    roles: ['supervisor'],
    icon: 'M1 8s3-5 7-5 7 5 7 5-3 5-7 5-7-5-7-5zm5 0a2 2 0 1 0 4 0 2 2 0 1 0-4 0',
  },
];

export function pagesFor(roles: readonly Role[]): readonly Page[] {
  return pages.filter((page) => page.roles.some((role) => roles.includes(role)));
}

/** The page that an address belongs to: of `/payments/2026…` it is Payments. */
export function pageOf(path: string): Page | undefined {
  return pages.find((page) => path === page.path || (page.path !== '/' && path.startsWith(`${page.path}/`)));
}
