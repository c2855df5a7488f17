/**
 * The platform's end of the stream (docs/reference/stream.md): greets links, turns their frames into lots for the cell,
 * watches that what was taken gets signed, and holds the outlet through which the cell tells.
 */
import {
  checkHello,
  checkpointMessage,
  checkpointMessageBytes,
  enquiryMessage,
  enquiryMessageBytes,
  type Frame,
  FrameError,
  type Hello,
  outcomeFlags,
  outcomeMessage,
  recallMessage,
  recallMessageBytes,
  recallVersion,
  streamVersions,
  textOf,
  windowMessage,
} from '@clearway/contract';
import { type Reason, readUint64, reasons } from '@clearway/core';
import type { Clock, Crypto, Link, LinkEvents } from '@clearway/ports';
import { participantOf } from '../participants.ts';
import { createCoverage, SignerStream, type Verdict } from './coverage.ts';
import { createIntake } from './intake.ts';
import { createOutlet, type Outlet } from './outlet.ts';
import type { StreamCell } from './port.ts';
import { StreamLink } from './stream-link.ts';

export interface StreamSettings {
  /** Payments without an outcome that one link may have under way, at most. */
  readonly window: number;
  /** The same for all links together: with many links each gets its share, of 64 at least. */
  readonly underWay: number;
  /** Signers are asked to sign within so long, ms. */
  readonly uncoveredMs: number;
  /** One that has left a message unsigned for so long, ms, or so many of them, is refused until it has signed. */
  readonly refusedMs: number;
  readonly uncoveredMessages: number;
  /** After so long, ms, an operator must look, and the signer is stopped on all rails. */
  readonly overdueMs: number;
  /** What arrives within this time, ms, is hashed and sequenced together. */
  readonly gatherMs: number;
  /** Certificates of clients are checked; off only to measure what TLS costs. */
  readonly certificates: boolean;
}

export const defaultStreamSettings: StreamSettings = {
  window: 8192,
  underWay: 131_072,
  uncoveredMs: 1000,
  // A message and its checkpoint may be held up by a busy machine at either end.
  refusedMs: 3000,
  uncoveredMessages: 262_144,
  overdueMs: 60_000,
  gatherMs: 1,
  certificates: true,
};

export interface StreamOptions {
  readonly cell: StreamCell;
  readonly ports: { readonly clock: Clock; readonly crypto: Crypto };
  readonly settings?: Partial<StreamSettings>;
  log(event: string, fields: Record<string, unknown>): void;
}

export interface Stream {
  /** For `listenLinks`. */
  accept(link: Link): LinkEvents;
  readonly outlet: Outlet;
  /** A link over which this bank can be asked something now, or undefined. */
  linkTo(bank: number): StreamLink | undefined;
  /** Whether a link speaks for the participant. */
  speaksFor(participant: number): boolean;
  /** Resolves when everything that is taken by now is covered by its senders' signatures, or they are stopped. */
  covered(): Promise<void>;
  readonly links: number;
  /** Messages that no signature covers yet. */
  readonly uncovered: number;
  stop(): void;
}

/** Each batch has a cost of its own, and what it brings about waits for n links n/8 ms anyway (outlet.ts). */
const linksPerMs = 8;
const longestGatherMs = 4;
const watchEveryMs = 100;
const aliveEveryMs = 5000;
const silenceMs = 15_000;
const leastShare = 64;
/** Marks are set, and what is covered is noted, every so many looks. */
const looksPerMark = 10;
/** Who keeps sending what is refused, so many times what may be unsigned, is cut off. */
const mostUnsigned = 4;
/** Numbers of streams go by the epoch, since a clock may be set back; above those that once went by the clock. */
const firstStream = 2 ** 52;
const streamsInEpoch = 2 ** 30;
const versions = [...streamVersions].sort();

export function createStream(options: StreamOptions): Stream {
  const { cell, log } = options;
  const { clock, crypto } = options.ports;
  const settings = { ...defaultStreamSettings, ...options.settings };
  const links = new Set<StreamLink>();
  /** Links by the participants they speak for; the next one to use. */
  const byParticipant = new Map<number, { readonly links: StreamLink[]; turn: number }>();
  /** Streams whose link has ended with messages that nobody signed yet. */
  const orphans = new Set(cell.uncovered.map((one) => new SignerStream(one.signer, one.stream, one, clock.elapsed())));
  /** By ended stream, the link that has recalled it last. */
  const recallers = new WeakMap<SignerStream, StreamLink>();
  /** Participants that have spoken over a link since the start: they will come back when theirs is lost. */
  const seen = new Set<number>();
  const stoppedSigners = new Map<number, Reason>();
  /** Whose ended streams were signed, while another of theirs was open. */
  const signedInPart = new Set<number>();
  const coverageWaiters = new Set<() => boolean>();
  let lastStream = firstStream + cell.epoch * streamsInEpoch;
  let gathering = false;
  /** When messages were last handed on; elapsed ms. */
  let closedAt = Number.NEGATIVE_INFINITY;
  /** What must wait until the messages before it have been hashed. */
  let afterTurn: (() => void)[] = [];

  const scheme = () => cell.configuration().scheme;
  const text = (code: number) => String(code).padStart(5, '0');
  const participant = (code: number) => participantOf(cell.configuration(), text(code));

  const outlet = createOutlet({
    clock,
    overrun: (link) => {
      log('stream.peerDoesNotRead', { peer: link.link.peer, waiting: link.link.waiting });
      link.link.destroy();
    },
    turnedAround: (messages, ms) => cell.turnedAround(messages, ms),
  });

  const coverage = createCoverage({
    ...{ clock, crypto, scheme, participant },
    record: cell.record,
    // Thousands come a second: with what is gathered anyway they cost no batches of their own.
    checked: () => gather(),
  });

  const intake = createIntake({
    scheme,
    now: clock.now,
    elapsed: clock.elapsed,
    reaches: (bank) => seen.has(bank),
    stopped(signer) {
      const stopped = stoppedSigners.get(signer.code);
      if (stopped !== undefined) return stopped;
      const open = signer.open >= settings.uncoveredMessages;
      return open || clock.elapsed() - signer.openSince > settings.refusedMs ? 'checkpointMissing' : undefined;
    },
    refuse(link, code, view, id, reason) {
      const at = outlet.outcome(link);
      const out = link.writer.view;
      out.setUint16(at + outcomeMessage.reason, reasons[reason].code);
      out.setUint32(at + outcomeMessage.participant, code);
      for (let i = 0; i < 16; i += 4) out.setUint32(at + outcomeMessage.id + i, view.getUint32(id + i));
      out.setUint8(at + outcomeMessage.flags, outcomeFlags.notProcessed);
    },
    take: cell.take,
  });

  const closeTurn = () => {
    gathering = false;
    closedAt = clock.elapsed();
    intake.close();
    const waiting = afterTurn;
    afterTurn = [];
    for (const run of waiting) run();
    coverage.verify();
    coverage.record();
    outlet.seal(0);
  };

  const gather = () => {
    if (gathering) return;
    gathering = true;
    const spacing = Math.min(longestGatherMs, links.size / linksPerMs);
    clock.after(Math.max(settings.gatherMs, closedAt + spacing - clock.elapsed()), closeTurn);
  };

  // ---- signatures ----

  const streamOf = (link: StreamLink, code: number, stream: number): SignerStream | undefined => {
    if (stream === link.stream) return link.signers.get(code);
    if (!link.signers.has(code)) return undefined;
    for (const orphan of orphans) if (orphan.code === code && orphan.stream === stream) return orphan;
    return undefined;
  };

  const stop = (code: number, reason: 'checkpointMissing' | 'checkpointFalse', detail: string) => {
    if (stoppedSigners.has(code)) return;
    stoppedSigners.set(code, reason);
    log('stream.signerStopped', { participant: text(code), reason, detail });
    cell.stopSigner(code, reason, detail);
    wakeCoverage();
  };

  const wakeCoverage = () => {
    for (const waiter of coverageWaiters) if (waiter()) coverageWaiters.delete(waiter);
  };

  const tellCovered = (link: StreamLink, signer: SignerStream, reason: Reason) => {
    const { code, stream, covered, next, isRecovered } = signer;
    const recall = isRecovered && covered < next;
    outlet.covered(link, { signer: code, stream, to: covered, taken: next, reason: reasons[reason].code, recall });
  };

  /** Asks for the signature over an ended stream, unless one is being judged: then its verdict tells. */
  const tellEnded = (link: StreamLink, ended: SignerStream) => {
    if (ended.isJudged) return;
    // Without the hashes that it was made over, such a signature could not be checked.
    if (ended.isRecovered && ended.hasMissing && link.version < recallVersion) return;
    tellCovered(link, ended, 'none');
  };

  const judged = (from: StreamLink, signer: SignerStream, verdict: Verdict) => {
    const reason = 'reason' in verdict ? verdict.reason : 'none';
    const recaller = recallers.get(signer);
    const link = from.open ? from : recaller?.open ? recaller : byParticipant.get(signer.code)?.links[0];
    const isEnded = orphans.has(signer);
    if (link !== undefined && !(isEnded && reason === 'none' && signer.isJudged)) tellCovered(link, signer, reason);
    outlet.seal(0);
    if (reason === 'checkpointFalse') {
      stop(
        signer.code,
        reason,
        `the checkpoint of stream ${signer.stream} after message ${signer.covered} does not hold`,
      );
    }
    if (signer.covered === signer.next) orphans.delete(signer);
    const wasStopped = stoppedSigners.get(signer.code);
    if (isEnded) signedInPart.add(signer.code);
    const mattered = signedInPart.has(signer.code) || wasStopped === 'checkpointMissing';
    if (mattered && wasStopped !== 'checkpointFalse' && isSigned(signer.code)) {
      signedInPart.delete(signer.code);
      stoppedSigners.delete(signer.code);
      cell.signed(signer.code);
    }
    wakeCoverage();
  };

  const isSigned = (code: number): boolean => {
    for (const one of signerStreams()) if (one.code === code && one.covered < one.next) return false;
    return true;
  };

  function* signerStreams(): Generator<SignerStream> {
    for (const link of links) yield* link.signers.values();
    yield* orphans;
  }

  /** Tells which messages of an ended stream there are, place by place. */
  const recalls = (link: StreamLink, { view, count }: Frame) => {
    for (let i = 0; i < count; i++) {
      const code = view.getUint32(i * recallMessageBytes + recallMessage.signer);
      const stream = readUint64(view, i * recallMessageBytes + recallMessage.stream);
      const signer = stream === link.stream ? undefined : streamOf(link, code, stream);
      if (signer === undefined) {
        outlet.covered(link, {
          signer: code,
          stream,
          to: 0,
          taken: 0,
          reason: reasons.positionWrong.code,
          recall: false,
        });
        continue;
      }
      if (recallers.get(signer) === link && !signer.isJudged) continue;
      recallers.set(signer, link);
      if (signer.isJudged) continue;
      let position = signer.covered;
      for (const hash of signer.places()) outlet.held(link, code, stream, position++, hash);
    }
  };

  const checkpoints = (link: StreamLink, { payload, count }: Frame) => {
    // The frame is gone when the turn ends.
    const bytes = payload.slice();
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < count; i++) {
      const at = i * checkpointMessageBytes;
      const code = view.getUint32(at + checkpointMessage.signer);
      const stream = readUint64(view, at + checkpointMessage.stream);
      const signer = streamOf(link, code, stream);
      if (signer === undefined) {
        // Covered to its end and let go of, or never heard of.
        outlet.covered(link, {
          signer: code,
          stream,
          to: 0,
          taken: 0,
          reason: reasons.positionWrong.code,
          recall: false,
        });
        continue;
      }
      coverage.check(signer, view, at, (verdict) => judged(link, signer, verdict));
    }
  };

  // ---- greeting ----

  const refusedHello = (
    link: StreamLink,
    hello: Hello,
  ): { readonly reason: Reason; readonly detail: string } | undefined => {
    const { schemeId, environment } = scheme();
    if (!streamVersions.some((version) => hello.versions.includes(version)))
      return { reason: 'streamVersionUnsupported', detail: `this platform speaks ${versions.join(', ')}` };
    if (hello.schemeId !== schemeId || hello.environment !== environment)
      return { reason: 'fieldInvalid', detail: `this is ${schemeId}, ${environment}` };
    for (const code of hello.participants) {
      const known = participantOf(cell.configuration(), code);
      if (known === undefined) return { reason: 'participantUnknown', detail: `no participant has the code ${code}` };
      if (settings.certificates && (known.certificate === undefined || known.certificate !== link.link.certificate))
        return {
          reason: 'certificateRequired',
          detail: `the client certificate is not the one registered for ${code}`,
        };
    }
    return undefined;
  };

  const greet = (link: StreamLink, frame: Frame) => {
    if (frame.type !== 'hello')
      throw new FrameError('frameMalformed', `a link begins with hello, not with ${frame.type}`);
    const checked = checkHello(textOf(frame));
    if (!checked.ok) throw new FrameError('frameMalformed', `hello${checked.path} ${checked.message}`);
    const hello = checked.value;
    const refused = refusedHello(link, hello);
    if (refused !== undefined) {
      outlet.goodbye(link, { ...refused, versions });
      return;
    }
    link.greeted = true;
    link.version = streamVersions.find((version) => hello.versions.includes(version))!;
    link.window = hello.window;
    const { uncoveredMs, uncoveredMessages } = settings;
    link.share = Math.min(settings.window, Math.max(leastShare, Math.ceil(settings.underWay / links.size)));
    outlet.welcome(link, {
      version: link.version,
      stream: link.stream,
      window: link.share,
      uncoveredMs,
      uncoveredMessages,
      now: clock.now(),
    });
    log('stream.linkGreeted', {
      peer: link.link.peer,
      participants: hello.participants.length,
      software: hello.software,
    });
    for (const text of hello.participants) {
      const code = Number(text);
      const signer = new SignerStream(code, link.stream);
      signer.mark(cell.durable);
      link.signers.set(code, signer);
      seen.add(code);
      const known = byParticipant.get(code) ?? { links: [], turn: 0 };
      byParticipant.set(code, known);
      known.links.push(link);
      for (const orphan of orphans) if (orphan.code === code) tellEnded(link, orphan);
      if (participant(code)?.role === 'bank') cell.reached(code);
    }
  };

  const take = (link: StreamLink, frame: Frame) => {
    if (!link.greeted) return greet(link, frame);
    switch (frame.type) {
      case 'payments':
        return intake.payments(link, frame);
      case 'answers':
        return intake.answers(link, frame);
      case 'enquiries': {
        const { payload, view, count } = frame;
        for (let i = 0; i < count; i++) {
          const at = i * enquiryMessageBytes;
          const code = view.getUint32(at + enquiryMessage.participant);
          if (!link.signers.has(code))
            throw new FrameError('frameMalformed', `the link does not speak for participant ${code}`);
          const id = payload.slice(at + enquiryMessage.id, at + enquiryMessage.id + 16);
          afterTurn.push(() => cell.enquire(link, code, id));
        }
        return;
      }
      case 'checkpoints': {
        const kept = Object.assign({}, frame, { payload: frame.payload.slice() });
        afterTurn.push(() => checkpoints(link, kept));
        return;
      }
      case 'recalls': {
        if (link.version < recallVersion) break;
        const kept = Object.assign({}, frame, { view: new DataView(frame.payload.slice().buffer) });
        afterTurn.push(() => recalls(link, kept));
        return;
      }
      case 'window':
        link.window = frame.view.getUint32(windowMessage.count);
        return;
      case 'alive':
        return;
      case 'goodbye':
        link.link.end();
        return;
    }
    throw new FrameError('frameMalformed', `${frame.type} never comes from a participant of version ${link.version}`);
  };

  const ended = (link: StreamLink, error: Error | undefined) => {
    // What came last is still in the turn.
    closeTurn();
    link.open = false;
    links.delete(link);
    for (const [code, signer] of link.signers) {
      const known = byParticipant.get(code)!;
      known.links.splice(known.links.indexOf(link), 1);
      if (known.links.length === 0) byParticipant.delete(code);
      if (signer.covered === signer.next) continue;
      orphans.add(signer);
      if (known.links.length > 0) tellEnded(known.links[0], signer);
    }
    outlet.seal(0);
    log('stream.linkEnded', { peer: link.link.peer, ...(error && { detail: error.message }) });
  };

  const watch = () => {
    const now = clock.elapsed();
    for (const link of links) {
      if (now - link.lastReadAt > silenceMs) {
        log('stream.peerSilent', { peer: link.link.peer });
        link.link.destroy();
      } else if (link.greeted && now - link.lastWriteAt > aliveEveryMs) outlet.alive(link);
      for (const signer of link.signers.values()) {
        judgeAge(signer, now);
        if (signer.open > mostUnsigned * settings.uncoveredMessages && link.open)
          outlet.goodbye(link, {
            reason: 'checkpointMissing',
            detail: `participant ${text(signer.code)} does not sign`,
          });
      }
    }
    for (const orphan of orphans) judgeAge(orphan, now);
    outlet.seal(0);
    if (++looks % looksPerMark === 0) noteCovered();
    timer = clock.after(watchEveryMs, watch);
  };

  /** How far the journal is covered, for the next start. */
  const noteCovered = () => {
    let batch = cell.durable;
    let stopped: number | undefined;
    for (const signer of signerStreams()) {
      const { coveredBatch } = signer;
      signer.mark(cell.durable);
      if (coveredBatch === Number.POSITIVE_INFINITY) continue;
      if (stoppedSigners.has(signer.code)) stopped = Math.min(stopped ?? coveredBatch, coveredBatch);
      else batch = Math.min(batch, coveredBatch);
    }
    cell.coveredTo(batch, stopped);
  };

  const judgeAge = (signer: SignerStream, now: number) => {
    if (now - signer.openSince > settings.overdueMs)
      stop(signer.code, 'checkpointMissing', `${signer.open} messages of stream ${signer.stream} are not signed`);
  };

  let looks = 0;
  let timer = clock.after(watchEveryMs, watch);

  const isCovered = (signer: SignerStream, upTo: number) => signer.covered >= upTo || stoppedSigners.has(signer.code);

  return {
    accept(connection) {
      const link = new StreamLink(connection, ++lastStream);
      link.lastReadAt = clock.elapsed();
      link.lastWriteAt = link.lastReadAt;
      links.add(link);
      const one = (frame: Frame) => {
        if (link.open) take(link, frame);
      };
      return {
        data(bytes) {
          if (!link.open) return;
          link.lastReadAt = clock.elapsed();
          try {
            link.reader.read(bytes, one);
          } catch (error) {
            if (!(error instanceof FrameError)) throw error;
            log('stream.protocolBroken', { peer: connection.peer, reason: error.reason, detail: error.message });
            outlet.goodbye(link, { reason: error.reason, detail: error.message.slice(0, 512), versions });
          }
          gather();
        },
        drained() {},
        closed: (error) => ended(link, error),
      };
    },
    outlet,
    linkTo(bank) {
      const known = byParticipant.get(bank);
      if (known === undefined) return undefined;
      for (let i = 0; i < known.links.length; i++) {
        known.turn = (known.turn + 1) % known.links.length;
        const link = known.links[known.turn];
        if (link.open && link.asked < link.window) return link;
      }
      return undefined;
    },
    speaksFor: (code) => byParticipant.has(code),
    covered() {
      closeTurn();
      const marks: [SignerStream, number][] = [];
      for (const signer of signerStreams()) marks.push([signer, signer.next]);
      const done = () => marks.every(([signer, upTo]) => isCovered(signer, upTo));
      if (done()) return Promise.resolve();
      return new Promise((resolve) => {
        coverageWaiters.add(() => {
          if (!done()) return false;
          resolve();
          return true;
        });
      });
    },
    get links() {
      return links.size;
    },
    get uncovered() {
      let open = 0;
      for (const signer of signerStreams()) open += signer.next - signer.covered;
      return open;
    },
    stop() {
      timer();
      for (const link of links) outlet.goodbye(link, { reason: 'cellUnavailable', detail: 'the cell stops' });
      outlet.stop();
    },
  };
}
