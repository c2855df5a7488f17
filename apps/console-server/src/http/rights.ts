/** Who may ask what: read from the table of routes, for every request alike. Nothing is allowed that no row allows. */
import type { Person, Route } from '@clearway/console-api';
import type { Login } from '../people/logins.ts';
import { Refusal } from '../refusal.ts';

/** @throws Refusal `notLoggedIn`, `notAllowed`, `actRightsLapsed`, `purposeMissing` */
export function checkRights(route: Route, login: Login | undefined, now: number): void {
  if (route.access === 'open') return;
  if (login === undefined) throw new Refusal('notLoggedIn');
  if (route.access === 'login') return;
  const { roles } = login.person;
  if (!roles.some((role) => route.access.includes(role))) throw new Refusal('notAllowed');
  if (route.act && login.actsUntil <= now) throw new Refusal('actRightsLapsed');
  const isLook = route.method === 'GET' && roles.includes('supervisor');
  if (isLook && login.purpose === null) throw new Refusal('purposeMissing');
}

/** The one participant that a person of a participant sees. */
export function scopeOf({ roles, participant }: Person): string | undefined {
  if (!roles.includes('participant')) return undefined;
  // Somebody without a participant sees nobody, rather than everybody.
  return participant ?? '99999';
}
