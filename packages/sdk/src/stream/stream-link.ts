/**
 * Keeps one link to an address: connects, greets, says that it lives, hears whether the other end does, and connects
 * anew with growing, jittered pauses when it has ended.
 */
import {
  checkGoodbye,
  checkWelcome,
  type Frame,
  FrameError,
  FrameReader,
  FrameWriter,
  type Goodbye,
  type Hello,
  type Reason,
  textOf,
} from '@clearway/contract';
import type { Cancel, Chance, Clock, Link, LinkNetwork } from '@clearway/ports';
import { Attachment } from './attachment.ts';

const connectMs = 10_000;
/** Time for the welcome. */
const greetingMs = 10_000;
/** Time for a goodbye to leave. */
const leaveMs = 1_000;
const aliveMs = 5_000;
const silenceMs = 15_000;
const firstPauseMs = 100;
const longestPauseMs = 10_000;
/** After a goodbye that the same hello will only bring again, until somebody has mended what it names. */
const mendingPauseMs = 30_000;
const mendable: readonly Reason[] = [
  'streamVersionUnsupported',
  'certificateRequired',
  'notYours',
  'participantUnknown',
];

/** Why a link ended, or could not be had. */
export interface LinkEnd {
  /** From the goodbye of the other end, or of this one where the other broke the protocol. */
  readonly reason?: Reason;
  readonly detail: string;
}

export interface StreamLinkOptions {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly links: LinkNetwork;
  /** `host:port`. */
  readonly address: string;
  readonly hello: Hello;
  /** The next number of an attachment. */
  next(): number;
  attached(attachment: Attachment): void;
  frame(attachment: Attachment, frame: Frame): void;
  /** Something else is about to leave, and takes with it what stands in the writer. */
  leaving(attachment: Attachment): void;
  drained(attachment: Attachment): void;
  /** `attachment`: undefined if it never came to a welcome. */
  ended(attachment: Attachment | undefined, why: LinkEnd): void;
}

export interface StreamLink {
  readonly attachment: Attachment | undefined;
  /** Says goodbye and connects no more. */
  close(): void;
}

export function createStreamLink(options: StreamLinkOptions): StreamLink {
  const { clock, chance, links, address, hello } = options;
  let attachment: Attachment | undefined;
  let closeCurrent: (() => void) | undefined;
  let isClosed = false;
  let failures = 0;
  let cancelRetry: Cancel | undefined;

  function retry(reason: Reason | undefined): void {
    closeCurrent = undefined;
    if (isClosed) return;
    const longest = Math.min(firstPauseMs * 2 ** failures++, longestPauseMs);
    const pauseMs = reason && mendable.includes(reason) ? mendingPauseMs : longest;
    cancelRetry = clock.after(pauseMs * (0.5 + chance.bytes(1)[0] / 512), connect);
  }

  function connect(): void {
    links.connect(address, live, { timeoutMs: connectMs }).catch((error: Error) => {
      options.ended(undefined, { detail: error.message });
      retry(undefined);
    });
  }

  function live(link: Link) {
    const reader = new FrameReader();
    const writer = new FrameWriter();
    const startedAt = clock.elapsed();
    let mine: Attachment | undefined;
    let heardAt = startedAt;
    let why: LinkEnd | undefined;
    let cancelCheck: Cancel = clock.after(aliveMs / 2, check);

    function send(): void {
      if (mine) options.leaving(mine);
      link.write(writer.take());
    }

    function bye(reason: Reason, detail: string): void {
      why ??= { reason, detail };
      const goodbye: Goodbye = { reason, detail: detail.slice(0, 512) };
      writer.text('goodbye', goodbye);
      send();
      end();
    }

    /** Lets what is written leave, but does not wait for a peer that never reads. */
    function end(): void {
      link.end();
      cancelCheck();
      cancelCheck = clock.after(leaveMs, () => link.destroy());
    }

    /** The writer's frame numbers tell whether anything was said since the last look. */
    let saidTo = 0;
    let saidAt = startedAt;
    function check() {
      const now = clock.elapsed();
      cancelCheck = clock.after(aliveMs / 2, check);
      const patienceMs = mine ? silenceMs : greetingMs;
      if (now - heardAt >= patienceMs) {
        why ??= { detail: `nothing heard for ${Math.round(now - heardAt)} ms` };
        return link.destroy();
      }
      if (writer.frames > saidTo) [saidTo, saidAt] = [writer.frames, now];
      if (now - saidAt < aliveMs || !mine || mine.isBlocked) return;
      writer.empty('alive');
      send();
      [saidTo, saidAt] = [writer.frames, now];
    }

    function take(frame: Frame) {
      if (why) return;
      if (frame.type === 'goodbye') {
        const goodbye = checkGoodbye(textOf(frame));
        why = goodbye.ok
          ? { reason: goodbye.value.reason, detail: goodbye.value.detail }
          : { reason: 'frameMalformed', detail: `goodbye: ${goodbye.message}` };
        return end();
      }
      if (mine) return options.frame(mine, frame);
      if (frame.type !== 'welcome') throw new FrameError('frameMalformed', `${frame.type} came before the welcome`);
      const welcome = checkWelcome(textOf(frame));
      if (!welcome.ok) throw new FrameError('frameMalformed', `welcome: ${welcome.path} ${welcome.message}`);
      if (!hello.versions.includes(welcome.value.version))
        throw new FrameError('streamVersionUnsupported', `welcome to version ${welcome.value.version}`);
      failures = 0;
      mine = new Attachment(options.next(), link, welcome.value, writer);
      attachment = mine;
      options.attached(mine);
    }

    closeCurrent = () => bye('none', 'closing');
    writer.text('hello', hello);
    send();
    if (isClosed) link.destroy();
    return {
      data(bytes: Uint8Array) {
        heardAt = clock.elapsed();
        if (why) return;
        try {
          reader.read(bytes, take);
        } catch (error) {
          if (!(error instanceof FrameError)) throw error;
          bye(error.reason, error.message);
        }
      },
      drained() {
        if (!mine) return;
        mine.isBlocked = false;
        options.drained(mine);
      },
      closed(error: Error | undefined) {
        cancelCheck();
        if (mine) mine.hasEnded = true;
        attachment = undefined;
        const end = why ?? { detail: error?.message ?? 'the other end closed the link' };
        options.ended(mine, end);
        retry(end.reason);
      },
    };
  }

  connect();
  return {
    get attachment() {
      return attachment;
    },
    close() {
      isClosed = true;
      cancelRetry?.();
      closeCurrent?.();
    },
  };
}
