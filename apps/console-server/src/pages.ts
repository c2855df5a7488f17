/** Participants, cycles, operations and configuration as the API shows them, each narrowed to whom may be seen. */
import { createHash, createPublicKey } from 'node:crypto';
import type {
  ConfigurationHistory,
  CycleDetail,
  CycleList,
  CycleMatrix,
  CycleRow,
  HeadroomLine,
  Operations,
  ParticipantDetail,
  ParticipantList,
  ParticipantRow,
} from '@clearway/console-api';
import { type OnboardingStep, onboardingSteps } from '@clearway/console-api';
import { formatAmount, formatTime } from '@clearway/contract';
import type { ParticipantConfiguration } from '@clearway/gateway';
import type { Clock } from '@clearway/ports';
import type { Alarms } from './alarms.ts';
import type { Changes } from './changes/changes.ts';
import type { Ask } from './database.ts';
import type { Directory } from './directory.ts';
import type { Latencies } from './figures/latency.ts';
import { cycleNow, headroomLines, netSums, type PositionSums, positionLine, turnovers } from './figures/lines.ts';
import type { Sampler, WatchedCell } from './figures/sampler.ts';
import type { StandingReader } from './figures/standing.ts';
import type { Recent, Traffic } from './figures/traffic.ts';
import type { Wall } from './figures/wall.ts';
import type { CycleRecords, RecordedCycle } from './records/cycles.ts';
import { paymentRow } from './records/payment-row.ts';
import type { Payments } from './records/payments.ts';
import { Refusal } from './refusal.ts';
import type { Work } from './work.ts';

/** Code of the participant that sees itself alone; undefined for everybody else. */
export type Scope = string | undefined;

export interface Pages {
  participants(scope: Scope): Promise<ParticipantList>;
  participant(code: string, scope: Scope): Promise<ParticipantDetail>;
  cycles(after: number | undefined, limit: number, scope: Scope): Promise<CycleList>;
  cycle(cycle: number, scope: Scope): Promise<CycleDetail>;
  matrix(cycle: number, scope: Scope): Promise<CycleMatrix>;
  operations(streams: number): Promise<Operations>;
  configuration(): Promise<ConfigurationHistory>;
}

const unknownsShown = 50;
const positionsShown = 20;
const versionsShown = 50;
const minutesShown = 60;
const recentMinutes = 15;
const minuteMs = 60_000;

export function createPages(options: {
  readonly ask: Ask;
  /** Routing digits as a number: its configuration is everybody's. */
  readonly homeNumber: number;
  readonly clock: Pick<Clock, 'now'>;
  readonly directory: Directory;
  readonly sampler: Sampler;
  readonly traffic: Traffic;
  readonly standing: StandingReader;
  readonly wall: Wall;
  readonly payments: Payments;
  readonly cycles: CycleRecords;
  readonly work: Work;
  readonly changes: Pick<Changes, 'ofParticipant'>;
  readonly alarms: Pick<Alarms, 'about'>;
  readonly version: string;
  memory(): number;
}): Pages {
  const { ask, homeNumber, clock, directory, sampler, traffic, standing, wall, payments, cycles, work } = options;
  const startedAt = formatTime(clock.now());

  const rowOf = (
    participant: ParticipantConfiguration,
    headroom: readonly HeadroomLine[],
    recent: ReadonlyMap<string, Recent>,
  ): ParticipantRow => {
    const { code, name, role, status, idempotent, keys, certificate } = participant;
    const shown = sampler.statistics?.certificates?.find(({ fingerprint }) => fingerprint === certificate);
    const silences = standing.standing?.silences ?? [];
    return {
      code,
      name,
      role,
      status,
      idempotent,
      keys: keys.map(({ version, suite, endedAt, publicKey }) => ({
        version,
        suite,
        endedAt: endedAt === undefined ? null : formatTime(endedAt),
        fingerprint: fingerprintOf(publicKey),
      })),
      links: sampler.statistics === undefined ? null : (shown?.links ?? 0),
      certificateEndsAt: shown === undefined ? null : formatTime(shown.endsAt),
      headroom: headroom.filter((line) => line.participant === code),
      unknown: silences
        .filter(({ institution, bank }) => institution === code || bank === code)
        .reduce((sum, one) => sum + one.payments, 0),
      health: traffic.health(({ institution, bank }) => institution === code || bank === code) ?? null,
      recent: recent.get(code) ?? { payments: [], succeeded: [], p99Ms: [] },
    };
  };

  const headroomNow = async () =>
    headroomLines(sampler.statistics?.accounts ?? [], (await directory.read()).participants);

  /** Has any payment that fits been submitted? */
  const hasPayment = async (q: string) =>
    (await payments.page({ q, after: '', limit: 1, scope: undefined })).payments.length > 0;

  const stepsOf = async ({ code, role, keys, certificate, idempotent, netDebitCaps }: ParticipantConfiguration) => {
    const now = clock.now();
    const accounts = (sampler.statistics?.accounts ?? []).filter(({ participant }) => participant === code);
    const [payment, success] = await Promise.all([
      hasPayment(`participant:${code}`),
      hasPayment(`participant:${code} state:succeeded`),
    ]);
    const isDone: Record<OnboardingStep, boolean> = {
      registered: true,
      key: keys.some(({ endedAt }) => endedAt === undefined || endedAt > now),
      certificate: certificate !== undefined,
      limit:
        role === 'bank'
          ? netDebitCaps.some(({ amount }) => BigInt(amount) > 0n)
          : accounts.some(({ funds }) => funds > 0),
      idempotent,
      payment,
      success,
    };
    return (
      onboardingSteps
        // A certificate is asked of those alone for whom one is pinned.
        .filter((step) => (step !== 'idempotent' || role === 'bank') && (step !== 'certificate' || isDone.certificate))
        .map((step) => ({ step, isDone: isDone[step] }))
    );
  };

  const openCycle = (number: number) => sampler.statistics?.cycles.find(({ cycle }) => cycle === number);

  /** Positions as recorded, or as the cell has them while the cycle is open. */
  const positionsOf = async (number: number): Promise<readonly PositionSums[]> => {
    const recorded = await cycles.positions([number]);
    return recorded.length > 0 ? recorded : (openCycle(number)?.positions ?? []);
  };

  const cycleRow = (cycle: RecordedCycle, positions: readonly PositionSums[], scope: Scope): CycleRow => {
    const live = openCycle(cycle.cycle);
    const own = positions.filter(({ participant }) => participant === scope);
    const counted = own.reduce((sum, one) => sum + one.creditCount + one.debitCount, 0);
    return {
      ...cycle,
      payments: scope === undefined ? (live?.payments ?? cycle.payments) : counted,
      turnover: turnovers(scope === undefined ? positions : own),
    };
  };

  const findCycle = async (number: number): Promise<RecordedCycle> => {
    const found = await cycles.one(number);
    if (found === undefined) throw new Refusal('notFound', `There is no cycle ${number}.`);
    return found;
  };

  const flushesOf = ({ watch, history }: WatchedCell): Operations['flush'][number] => {
    const all = history.minuteRing.values();
    const minutes = all.slice(-minutesShown);
    const first = all.length === 0 ? clock.now() : (history.minuteRing.first + all.length - minutes.length) * minuteMs;
    return {
      cell: watch.name,
      from: formatTime(first),
      stepMs: minuteMs,
      meanMs: minutes.map((one) => one?.flushMeanMs ?? null),
      largestMs: minutes.map((one) => one?.flushLargestMs ?? null),
      ...coarse(minutes.map((one) => one?.flushes)),
    };
  };

  return {
    async participants(scope) {
      const { participants, participantsVersion } = await directory.read();
      const headroom = await headroomNow();
      const seen = participants.filter(({ code }) => scope === undefined || code === scope);
      const recent = traffic.recent(recentMinutes);
      return { participants: seen.map((one) => rowOf(one, headroom, recent)), version: participantsVersion };
    },

    async participant(code, scope) {
      const participant = await directory.participant(code);
      if (participant === undefined || (scope !== undefined && code !== scope)) throw new Refusal('notFound');
      const isOwn = (pair: { institution: string; bank: string }) => pair.institution === code || pair.bank === code;
      const legs = traffic.pairs().filter(isOwn);
      const minutes = traffic.minutes(isOwn);
      const [unknowns, lines, changes, headroom, incidents, steps] = await Promise.all([
        payments.withoutOutcome(code, unknownsShown),
        cycles.positionsOf(code, positionsShown),
        scope === undefined ? options.changes.ofParticipant(code) : [],
        headroomNow(),
        options.alarms.about(code),
        stepsOf(participant),
      ]);
      return {
        participant: rowOf(participant, headroom, traffic.recent(recentMinutes)),
        endpoint: participant.endpoint,
        certificate: participant.certificate ?? null,
        enquiryBudget: { ...participant.enquiryBudget },
        netDebitCaps: participant.netDebitCaps.map(({ currency, amount }) => formatAmount(amount, currency)),
        legs: legs.flatMap((leg) => {
          const counterpart = leg.institution === code ? leg.bank : leg.institution;
          const health = traffic.health((pair) => pair.institution === leg.institution && pair.bank === leg.bank);
          return health === undefined ? [] : [{ counterpart, name: directory.nameOf(counterpart), health }];
        }),
        minutes: { ...minutes, from: formatTime(Math.max(0, minutes.from)) },
        incidents: incidents.map((one) =>
          scope === undefined ? one : { ...one, owner: null, note: null, shelving: null },
        ),
        onboarding: steps,
        unknownPayments: unknowns.map(paymentRow),
        positions: lines.map(({ cycle, state, ...line }) => ({
          cycle,
          state,
          line: positionLine(line, directory.nameOf),
        })),
        changes,
      };
    },

    async cycles(after, limit, scope) {
      await directory.read();
      const found = await cycles.page(after, limit + 1);
      const shown = found.slice(0, limit);
      const positions = await cycles.positions(shown.map(({ cycle }) => cycle));
      return {
        cycles: shown.map((cycle) => {
          const recorded = positions.filter((line) => line.cycle === cycle.cycle);
          return cycleRow(cycle, recorded.length > 0 ? recorded : (openCycle(cycle.cycle)?.positions ?? []), scope);
        }),
        next: found.length > limit ? (shown.at(-1)?.cycle ?? null) : null,
      };
    },

    async cycle(number, scope) {
      await directory.read();
      const cycle = await findCycle(number);
      const positions = await positionsOf(number);
      const isSeen = ({ participant }: { readonly participant: string }) =>
        scope === undefined || participant === scope;
      const live = openCycle(number);
      const files = await cycles.files(number);
      return {
        cycle: cycleRow(cycle, positions, scope),
        positions: positions.filter(isSeen).map((line) => positionLine(line, directory.nameOf)),
        sum: scope === undefined ? netSums(positions) : [],
        shortfalls: live === undefined ? [] : cycleNow(live, directory.nameOf).shortfalls.filter(isSeen),
        files: files.filter(isSeen).map((file) => ({ ...file, name: directory.nameOf(file.participant) })),
        workItems: scope === undefined ? (await work.about(String(number))).map(({ workItemId }) => workItemId) : [],
      };
    },

    async matrix(number, scope) {
      await directory.read();
      await findCycle(number);
      const pairs = (await cycles.pairs(number)).filter(
        ({ institution, bank }) => scope === undefined || institution === scope || bank === scope,
      );
      const named = (codes: readonly string[]) =>
        [...new Set(codes)].sort().map((participant) => ({ participant, name: directory.nameOf(participant) }));
      return {
        cycle: number,
        institutions: named(pairs.map(({ institution }) => institution)),
        banks: named(pairs.map(({ bank }) => bank)),
        pairs,
      };
    },

    async operations(streams) {
      const { schemeVersion, participantsVersion } = await directory.read();
      return {
        at: formatTime(clock.now()),
        cells: wall.cellStates(),
        flush: sampler.cells.map(flushesOf),
        console: {
          version: options.version,
          startedAt,
          streams,
          sampleFailures: sampler.failures,
          rssBytes: options.memory(),
        },
        configuration: { schemeVersion, participantsVersion },
      };
    },

    async configuration() {
      const rows = await ask<{
        kind: 'scheme' | 'participants';
        version: number;
        hash: Buffer;
        content: Buffer;
        kept: string;
      }>(
        `SELECT kind, version, hash, content, extract(epoch FROM put_at) * 1000 AS kept FROM journal.configuration
         WHERE cell = $1 ORDER BY put_at DESC, kind, version DESC LIMIT $2`,
        [homeNumber, versionsShown],
      );
      const made = await ask<{ change_id: number; version: number; proposed: string; approved: string }>(
        `SELECT change_id, version, proposer.name AS proposed, approver.name AS approved FROM console.change
         JOIN console.person proposer ON proposer.user_id = proposed_by
         JOIN console.person approver ON approver.user_id = decided_by WHERE version > 0`,
      );
      return {
        versions: rows.map(({ kind, version, hash, content, kept }) => {
          const before = rows.find((row) => row.kind === kind && row.version === version - 1);
          const change = kind === 'participants' ? made.find((one) => one.version === version) : undefined;
          return {
            kind,
            version,
            keptAt: formatTime(Math.round(Number(kept))),
            hash: hash.toString('hex'),
            change:
              change === undefined
                ? null
                : { changeId: change.change_id, proposedBy: change.proposed, approvedBy: change.approved },
            differences: before === undefined ? [] : differencesOf(parse(before.content), parse(content)),
          };
        }),
      };
    },
  };
}

/** Doublings from a quarter of a millisecond on; what took longer than the last is in the last. */
const flushBoundsMs = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

function coarse(minutes: readonly (Latencies | undefined)[]) {
  const counts = minutes.map((minute) => {
    if (minute === undefined) return null;
    const row = flushBoundsMs.map(() => 0);
    minute.counts.forEach((count, index) => {
      const found = flushBoundsMs.findIndex((bound) => minute.bounds[index] <= bound);
      row[found === -1 ? flushBoundsMs.length - 1 : found] += count;
    });
    return row;
  });
  return { boundsMs: flushBoundsMs, counts };
}

/** SHA-256 of the public key in DER. */
function fingerprintOf(pem: string): string {
  const der = createPublicKey(pem).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex');
}

const parse = (content: Buffer): unknown => JSON.parse(content.toString('utf8'));

type Differences = ConfigurationHistory['versions'][number]['differences'];

/** Leaf by leaf; members of a list are known by their code or version where they have one. */
export function differencesOf(before: unknown, after: unknown, path = ''): Differences {
  const [old, now] = [partsOf(before), partsOf(after)];
  if (old === undefined || now === undefined) {
    const [was, is] = [textOf(before), textOf(after)];
    return was === is ? [] : [{ path, before: was, after: is }];
  }
  const names = [...new Set([...old.keys(), ...now.keys()])];
  return names
    .filter((name) => path !== '' || name !== 'version')
    .flatMap((name) => differencesOf(old.get(name), now.get(name), path === '' ? name : `${path}.${name}`));
}

function partsOf(value: unknown): Map<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!Array.isArray(value)) return new Map(Object.entries(value));
  return new Map(
    value.map((one, index) => {
      const { code, version, currency } = (one ?? {}) as Record<string, unknown>;
      return [String(code ?? version ?? currency ?? index), one];
    }),
  );
}

function textOf(value: unknown): string | null {
  if (value === undefined) return null;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
