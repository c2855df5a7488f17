/**
 * Brings what the core wants told to its addressee: questions to banks while their answer still matters, notices to
 * whom they concern until they are taken.
 *
 * A notice is told at least once, with an id that stays the same. What is not delivered yet is written with every
 * snapshot and found again in the journal after it, so a crash loses none; a lazy hint says what need not be told again.
 */

import { noticesTogether } from '@clearway/contract';
import type { Deliverer, Delivery, DeliveryKind, DeliveryResult, NoticeDelivery } from '@clearway/gateway';
import type { Clock } from '@clearway/ports';

/** A notice still to be told; its content is read when it is sent, since final states do not change. */
export interface PendingNotice {
  readonly kind: NoticeDelivery['kind'];
  readonly participant: string;
  readonly subject: string;
  /** Final state that it tells. */
  readonly state: string;
  /** The batch that brought it about. */
  readonly sequence: number;
}

export interface Question {
  readonly kind: Exclude<DeliveryKind, 'notices'>;
  readonly participant: string;
  readonly subject: string;
  readonly deadline: number;
  /** The signed bytes of the institution's request. */
  message(): Promise<Uint8Array>;
  /** Whether the answer still matters; asked before each attempt. */
  matters(): boolean;
  /** Whether the addressee takes a second copy for one. */
  readonly idempotent: boolean;
  /** An earlier copy may have reached the addressee before a restart. */
  readonly possibleDuplicate: boolean;
  /** False: asked once; whoever waits asks again by a deadline of the core. */
  readonly repeat: boolean;
}

export interface Outbox {
  ask(question: Question): void;
  notify(notice: PendingNotice): void;
  attach(deliverer: Deliverer): () => void;
  pending(): PendingNotice[];
  /**
   * Up to which of the batches until `last`, whose notices it all got, nothing is left to be told but what a snapshot of
   * batch `kept` has.
   */
  toldTo(last: number, kept: number): number;
  readonly undelivered: number;
  readonly gateways: number;
  stop(): void;
}

export interface OutboxOptions {
  readonly clock: Clock;
  /** Content of a notice; undefined when there is nothing to tell (any more). */
  content(notice: PendingNotice): Promise<Pick<NoticeDelivery, 'payment' | 'agreement' | 'cycle'> | undefined>;
  log(event: string, fields: Record<string, unknown>): void;
}

const firstRetryMs = 200;
const largestRetryMs = 30_000;
/**
 * Notices kept for one participant and for all: whoever is away for longer learns the same from its reconciliation
 * file and by enquiry.
 */
const mostNotices = 20_000;
const mostNoticesOfAll = 150_000;
/** Notices under way at once, to all participants: each may read its content from the journal. */
const noticesAtOnce = 128;

interface Mailbox {
  readonly notices: Map<string, PendingNotice>;
  /** One request at a time: what comes meanwhile goes together into the next. */
  underWay: boolean;
  failures: number;
  resting: boolean;
  overflowing: boolean;
}

export function createOutbox({ clock, content, log }: OutboxOptions): Outbox {
  const deliverers: Deliverer[] = [];
  const mailboxes = new Map<string, Mailbox>();
  let turn = 0;
  /** Mailboxes that wait until others have been told. */
  const waiting = new Set<Mailbox>();
  let underWay = 0;
  let undelivered = 0;
  let stopped = false;

  const deliver = (delivery: Delivery): Promise<DeliveryResult> => {
    if (deliverers.length === 0) return Promise.resolve('notSent');
    turn = (turn + 1) % deliverers.length;
    return deliverers[turn].deliver(delivery);
  };

  const rest = (failures: number) =>
    new Promise<void>((resolve) => {
      clock.after(Math.min(firstRetryMs * 2 ** failures, largestRetryMs), resolve);
    });

  const ask = async (question: Question) => {
    const { kind, participant, subject, deadline } = question;
    let { possibleDuplicate } = question;
    for (let failures = 0; !stopped && question.matters(); failures++) {
      const message = await question.message();
      if (!question.matters()) return;
      const deliveryId = `${kind}:${subject}`;
      const result = await deliver({ deliveryId, kind, participant, subject, message, deadline, possibleDuplicate });
      if (result === 'done' || result === 'accepted' || !question.repeat) return;
      if (result === 'noAnswer') {
        // Asked twice only where twice is once; otherwise the core's deadline leads to an enquiry.
        if (!question.idempotent) return;
        possibleDuplicate = true;
      }
      await rest(failures);
      if (deadline !== 0 && clock.now() >= deadline) return;
    }
  };

  const mailboxOf = (participant: string): Mailbox => {
    let mailbox = mailboxes.get(participant);
    if (mailbox === undefined) {
      mailbox = { notices: new Map(), underWay: false, failures: 0, resting: false, overflowing: false };
      mailboxes.set(participant, mailbox);
    }
    return mailbox;
  };

  const run = (mailbox: Mailbox) => {
    // Without a gateway nothing is read either: attaching one runs all mailboxes.
    if (stopped || mailbox.resting || mailbox.underWay || mailbox.notices.size === 0 || deliverers.length === 0) return;
    if (underWay >= noticesAtOnce) {
      waiting.add(mailbox);
      return;
    }
    // After a failure one by one, so that what cannot be taken holds up as little as it can.
    const most = mailbox.failures > 0 ? 1 : Math.min(noticesTogether, noticesAtOnce - underWay);
    const notices = [...first(most, mailbox.notices)];
    mailbox.underWay = true;
    underWay += notices.length;
    void tell(mailbox, notices);
  };

  const attempt = async (
    { failures }: Mailbox,
    notices: readonly (readonly [string, PendingNotice])[],
  ): Promise<DeliveryResult> => {
    const [[firstId, { participant }]] = notices;
    try {
      const read = notices.map(async ([noticeId, notice]): Promise<NoticeDelivery | undefined> => {
        const what = await content(notice);
        return what && { noticeId, kind: notice.kind, subject: notice.subject, ...what };
      });
      const told = (await Promise.all(read)).filter((notice) => notice !== undefined);
      if (told.length === 0) return 'done';
      const { subject } = told[0];
      const about = { kind: 'notices', participant, deadline: 0, possibleDuplicate: false } as const;
      return await deliver({ deliveryId: `notices:${firstId}`, subject, notices: told, ...about });
    } catch (error) {
      if (failures === 0) log('outbox.noticeUnreadable', { noticeId: firstId, detail: (error as Error).message });
      return 'notSent';
    }
  };

  const tell = async (mailbox: Mailbox, told: readonly (readonly [string, PendingNotice])[]) => {
    const result = await attempt(mailbox, told);
    mailbox.underWay = false;
    underWay -= told.length;
    for (const next of [...waiting]) {
      if (underWay >= noticesAtOnce) break;
      waiting.delete(next);
      run(next);
    }
    if (result === 'done' || result === 'accepted') {
      for (const [noticeId] of told) if (mailbox.notices.delete(noticeId)) undelivered--;
      mailbox.failures = 0;
      run(mailbox);
      return;
    }
    if (mailbox.resting) return;
    mailbox.resting = true;
    await rest(mailbox.failures++);
    mailbox.resting = false;
    run(mailbox);
  };

  return {
    ask(question) {
      ask(question).catch((error: Error) => {
        log('outbox.questionFailed', { kind: question.kind, subject: question.subject, detail: error.message });
      });
    },
    notify(notice) {
      const mailbox = mailboxOf(notice.participant);
      const deliveryId = `${notice.kind}:${notice.subject}:${notice.state}`;
      if (mailbox.notices.has(deliveryId)) return;
      if (mailbox.notices.size >= mostNotices || undelivered >= mostNoticesOfAll) {
        if (!mailbox.overflowing)
          log('outbox.mailboxFull', { participant: notice.participant, notices: mailbox.notices.size });
        mailbox.overflowing = true;
        return;
      }
      mailbox.overflowing = false;
      mailbox.notices.set(deliveryId, notice);
      undelivered++;
      run(mailbox);
    },
    attach(deliverer) {
      deliverers.push(deliverer);
      for (const mailbox of mailboxes.values()) run(mailbox);
      return () => {
        deliverers.splice(deliverers.indexOf(deliverer), 1);
      };
    },
    pending: () => [...mailboxes.values()].flatMap(({ notices }) => [...notices.values()]),
    toldTo(last, kept) {
      let told = last;
      for (const { notices } of mailboxes.values()) {
        for (const { sequence } of notices.values()) {
          if (sequence <= kept) continue;
          // They come in the order of their batches.
          told = Math.min(told, sequence - 1);
          break;
        }
      }
      return told;
    },
    get undelivered() {
      return undelivered;
    },
    get gateways() {
      return deliverers.length;
    },
    stop() {
      stopped = true;
    },
  };
}

function* first<T>(count: number, all: Iterable<T>): Generator<T> {
  let left = count;
  for (const one of all) {
    if (left-- === 0) return;
    yield one;
  }
}
