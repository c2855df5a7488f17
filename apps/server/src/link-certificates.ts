/** When the certificates end that participants have shown on their links, so that nobody is surprised by it. */
import type { Link, LinkEvents } from '@clearway/ports';
import type { RunningCell, Statistics } from './cell.ts';

export interface LinkCertificates {
  /** Those seen since the start, of participants that have them registered. */
  seen(): NonNullable<Statistics['certificates']>;
  /** In front of whoever takes links. */
  watch(accept: (link: Link) => LinkEvents): (link: Link) => LinkEvents;
}

export function createLinkCertificates(cell: Pick<RunningCell, 'configuration'>): LinkCertificates {
  const ends = new Map<string, number>();
  /** What anybody may show is not kept. */
  const isRegistered = (fingerprint: string) =>
    cell.configuration().participants.some(({ certificate }) => certificate === fingerprint);
  return {
    seen: () =>
      [...ends].filter(([one]) => isRegistered(one)).map(([fingerprint, endsAt]) => ({ fingerprint, endsAt })),
    watch: (accept) => (link) => {
      const { certificate, certificateEndsAt } = link;
      if (certificate !== undefined && certificateEndsAt !== undefined && isRegistered(certificate))
        ends.set(certificate, certificateEndsAt);
      return accept(link);
    },
  };
}
