import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Delivery, DeliveryResult } from '@clearway/gateway';
import { createOutbox, type PendingNotice, type Question } from './outbox.ts';
import { fakeClock, until, utf8 } from './test-bed.ts';

const notice = (number: number, participant = '00201'): PendingNotice => ({
  kind: 'paymentNotice',
  participant,
  subject: String(number).padStart(31, '0'),
  state: 'succeeded',
  sequence: number,
});

/** An outbox under a clock of its own, with one gateway that answers as the test says. */
function open(answer: (delivery: Delivery) => DeliveryResult, { attached = true } = {}) {
  const clock = fakeClock();
  const asked: (Delivery & { readonly afterMs: number })[] = [];
  const told = () => asked.flatMap(({ participant, notices = [] }) => notices.map((one) => ({ participant, ...one })));
  const events: string[] = [];
  const outbox = createOutbox({ clock, content: async () => ({}), log: (event) => events.push(event) });
  const attach = () =>
    outbox.attach({
      async deliver(delivery) {
        asked.push({ ...delivery, afterMs: clock.elapsed() });
        return answer(delivery);
      },
    });
  if (attached) attach();
  const passUntil = (what: string, stepMs: number, holds: () => boolean) =>
    until(what, () => {
      if (holds()) return true;
      clock.pass(stepMs);
      return false;
    });
  return { outbox, clock, asked, told, events, attach, passUntil };
}

const question = (clock: { now(): number }, more: Partial<Question> = {}): Question => ({
  kind: 'offer',
  participant: '00201',
  subject: '1'.padStart(31, '0'),
  deadline: clock.now() + 5_000,
  message: async () => utf8('{}'),
  matters: () => true,
  idempotent: true,
  possibleDuplicate: false,
  repeat: true,
  ...more,
});

test('a full mailbox takes no more and says so once, others go on, and it takes again when it was emptied', async () => {
  const { outbox, told, events, attach, passUntil } = open(() => 'done', { attached: false });
  for (let number = 0; number < 20_010; number++) outbox.notify(notice(number));
  assert.equal(outbox.undelivered, 20_000);
  assert.deepEqual(events, ['outbox.mailboxFull']);
  outbox.notify(notice(1, '00202'));
  assert.equal(outbox.undelivered, 20_001);
  assert.equal(outbox.pending().length, 20_001);
  attach();
  await passUntil('all taken', 1_000, () => outbox.undelivered === 0);
  assert.equal(new Set(told().map(({ noticeId, participant }) => `${participant} ${noticeId}`)).size, 20_001);
  outbox.notify(notice(20_005));
  await passUntil('the new one', 1_000, () => outbox.undelivered === 0 && told().length === 20_002);
  assert.deepEqual(events, ['outbox.mailboxFull']);
});

for (const failure of ['noAnswer', 'notSent'] as const) {
  test(`a notice that ends as ${failure} is told again under the same id, ever more rarely, until it is taken`, async () => {
    let copies = 0;
    const { outbox, asked, told, passUntil } = open(() => (++copies < 12 ? failure : 'done'));
    outbox.notify(notice(1));
    await passUntil('it is taken', 1_000, () => outbox.undelivered === 0);
    assert.equal(asked.length, 12);
    assert.deepEqual(
      [...new Set(told().map(({ noticeId }) => noticeId))],
      [`paymentNotice:${notice(1).subject}:succeeded`],
    );
    const pauses = asked.slice(1).map(({ afterMs }, index) => afterMs - asked[index].afterMs);
    const atLeast = pauses.map((_, failures) => Math.min(200 * 2 ** failures, 30_000));
    assert.ok(
      pauses.every((pause, index) => pause >= atLeast[index]),
      `pauses of ${pauses}`,
    );
  });
}

test('what comes while notices are under way is told together, in order, and one by one after a failure', async () => {
  const answers: ((result: DeliveryResult) => void)[] = [];
  const lots: (readonly string[])[] = [];
  const clock = fakeClock();
  const outbox = createOutbox({ clock, content: async () => ({}), log: () => {} });
  outbox.attach({
    deliver: ({ notices = [] }) => {
      lots.push(notices.map(({ subject }) => String(Number(subject))));
      return new Promise((resolve) => answers.push(resolve));
    },
  });
  const lot = async (number: number) => {
    await until(`lot ${number}`, () => {
      if (lots.length < number) clock.pass(1_000);
      return lots.length === number;
    });
    return lots.at(-1);
  };
  const numbers = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
  outbox.notify(notice(1));
  assert.deepEqual(await lot(1), ['1']);
  for (let number = 2; number <= 60; number++) outbox.notify(notice(number));
  answers[0]('done');
  assert.deepEqual(await lot(2), numbers(2, 51));
  answers[1]('noAnswer');
  assert.deepEqual(await lot(3), ['2']);
  answers[2]('done');
  assert.deepEqual(await lot(4), numbers(3, 52));
  answers[3]('done');
  assert.deepEqual(await lot(5), numbers(53, 60));
  answers[4]('done');
  await until('all taken', () => outbox.undelivered === 0);
});

test('a notice is kept once, however often it is handed over', async () => {
  const { outbox } = open(() => 'done', { attached: false });
  outbox.notify(notice(1));
  outbox.notify(notice(1));
  assert.deepEqual(outbox.pending(), [notice(1)]);
});

/** What the addressee's gateway says in turn, and the copies that leave, told by whether they may be second ones. */
const questions: {
  name: string;
  idempotent: boolean;
  results: DeliveryResult[];
  copies: boolean[];
}[] = [
  {
    name: 'that may have arrived is repeated as possible duplicate to an idempotent addressee',
    idempotent: true,
    results: ['noAnswer', 'notSent', 'done'],
    copies: [false, true, true],
  },
  {
    name: 'that may have arrived is not repeated to an addressee that is not idempotent',
    idempotent: false,
    results: ['noAnswer', 'done'],
    copies: [false],
  },
  {
    name: 'that certainly did not arrive is repeated as the first copy to an addressee that is not idempotent',
    idempotent: false,
    results: ['notSent', 'notSent', 'done'],
    copies: [false, false, false],
  },
  {
    name: 'that is answered later is not repeated',
    idempotent: true,
    results: ['accepted', 'done'],
    copies: [false],
  },
];

for (const { name, idempotent, results, copies } of questions) {
  test(`a question ${name}`, async () => {
    let turn = 0;
    const { outbox, clock, asked, passUntil } = open(({ kind }) => (kind === 'enquiry' ? 'done' : results[turn++]));
    outbox.ask(question(clock, { idempotent }));
    const offers = () => asked.filter(({ kind }) => kind === 'offer');
    await passUntil('the copies', 100, () => offers().length === copies.length);
    // Twice the longest pause so far goes by, and another question all the way through: no further copy comes.
    clock.pass(1_600);
    outbox.ask(question(clock, { kind: 'enquiry' }));
    await until('the enquiry', () => asked.at(-1)?.kind === 'enquiry');
    assert.deepEqual(
      offers().map(({ possibleDuplicate }) => possibleDuplicate),
      copies,
    );
  });
}

test('a question is asked no more after its deadline, and not when its answer matters no more', async () => {
  const { outbox, clock, asked, passUntil } = open(() => 'notSent');
  let matters = true;
  outbox.ask(question(clock, { subject: 'late', deadline: clock.now() + 500 }));
  outbox.ask(question(clock, { subject: 'moot', deadline: 0, matters: () => matters }));
  const copies = (subject: string) => asked.filter((one) => one.subject === subject).length;
  await passUntil('the fourth copy', 100, () => copies('moot') === 4);
  matters = false;
  assert.ok(asked.filter(({ subject }) => subject === 'late').every(({ afterMs }) => afterMs < 500));
  const [late, moot] = [copies('late'), copies('moot')];
  clock.pass(60_000);
  outbox.ask(question(clock, { subject: 'other', repeat: false }));
  await until('the other one', () => copies('other') === 1);
  assert.deepEqual([copies('late'), copies('moot')], [late, moot]);
});

test('contents are read when there is a gateway, and not for all participants at once', async () => {
  const clock = fakeClock();
  let reading = 0;
  let most = 0;
  const outbox = createOutbox({
    clock,
    async content() {
      most = Math.max(most, ++reading);
      await Promise.resolve();
      reading--;
      return {};
    },
    log: () => {},
  });
  for (let number = 0; number < 3_000; number++) outbox.notify(notice(number, String(10_000 + number)));
  await Promise.resolve();
  assert.equal(most, 0);
  outbox.attach({ deliver: async () => 'done' });
  await until('all taken', () => outbox.undelivered === 0);
  assert.ok(most > 0 && most <= 128, `${most} contents were read at once`);
});

test('how far all was told is known: up to the oldest notice that nobody has taken, but for those in a snapshot', async () => {
  const { outbox } = open(({ participant }) => (participant === '00202' ? 'notSent' : 'done'));
  assert.equal(outbox.toldTo(7, 0), 7);
  outbox.notify(notice(8, '00202'));
  outbox.notify(notice(9));
  outbox.notify(notice(10, '00202'));
  await until('the others', () => outbox.undelivered === 2);
  assert.equal(outbox.toldTo(11, 0), 7);
  assert.equal(outbox.toldTo(11, 8), 9);
  assert.equal(outbox.toldTo(11, 10), 11);
});
