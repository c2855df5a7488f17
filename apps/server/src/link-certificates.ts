/** The links that participants have, and when the certificates end that they showed there, so that nobody is surprised. */
import type { Link, LinkEvents } from '@clearway/ports';
import type { RunningCell, Statistics } from './cell.ts';

type Seen = NonNullable<Statistics['certificates']>[number];

export interface LinkCertificates {
  /** Those seen since the start, of participants that have them registered. */
  seen(): readonly Seen[];
  /** In front of whoever takes links. */
  watch(accept: (link: Link) => LinkEvents): (link: Link) => LinkEvents;
}

export function createLinkCertificates(cell: Pick<RunningCell, 'configuration'>): LinkCertificates {
  const known = new Map<string, Seen>();
  /** What anybody may show is not kept. */
  const isRegistered = (fingerprint: string) =>
    cell.configuration().participants.some(({ certificate }) => certificate === fingerprint);
  const count = (fingerprint: string, endsAt: number, by: number) =>
    known.set(fingerprint, { fingerprint, endsAt, links: (known.get(fingerprint)?.links ?? 0) + by });
  return {
    seen: () => [...known.values()].filter(({ fingerprint }) => isRegistered(fingerprint)),
    watch: (accept) => (link) => {
      const { certificate, certificateEndsAt } = link;
      const events = accept(link);
      if (certificate === undefined || certificateEndsAt === undefined || !isRegistered(certificate)) return events;
      count(certificate, certificateEndsAt, 1);
      return {
        ...events,
        closed(error) {
          count(certificate, certificateEndsAt, -1);
          events.closed(error);
        },
      };
    },
  };
}
