/**
 * What the cell itself costs for a payment over the stream: frames in, hashes, decision, frames out, batches encrypted
 * and hashed; without sockets, TLS and journal; the archive's worker included. The ends of the links are in the same process and as small as can
 * be.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  answerMessage,
  answerMessageBytes,
  type Frame,
  FrameReader,
  FrameWriter,
  messageHashes,
  outcomeMessage,
  outcomeMessageBytes,
  paymentMessage,
  paymentStates,
  questionPrefixBytes,
  sizeOfMessage,
  textOf,
  type Welcome,
} from '@clearway/contract';
import { encodeRecordFunds, identifierToBytes, writeUint64 } from '@clearway/core';
import { createStream, type ParticipantConfiguration } from '@clearway/gateway';
import type { Link, LinkEvents } from '@clearway/ports';
import { realChance, realClock, realCrypto } from '@clearway/ports/real';
import { copyEndToEndId, createCell } from '@clearway/server';
import { memoryDisk, memoryStore, openArchive, type Store } from '@clearway/store';

const place = { centre: 1, cell: 1 };
const institutions = 100;
const banks = 400;
const currency = 156;

interface End {
  readonly events: LinkEvents;
  readonly writer: FrameWriter;
  stream: number;
  /** Next position by participant. */
  readonly positions: Map<number, number>;
}

export interface CellAloneResult {
  readonly payments: number;
  readonly links: number;
  readonly microsecondsPerPayment: number;
  readonly paymentsPerSecond: number;
}

/** @throws Error when a payment did not succeed */
export async function benchCellAlone(payments: number, links: number, inFlight = 8000): Promise<CellAloneResult> {
  const businessDate = Number(
    new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Shanghai' }).format(new Date()).replaceAll('-', ''),
  );
  const participant = (code: number, role: ParticipantConfiguration['role']): ParticipantConfiguration => ({
    code: String(code).padStart(5, '0'),
    name: `participant ${code}`,
    role,
    status: 'active',
    idempotent: true,
    endpoint: 'https://127.0.0.1:1',
    keys: [],
    sealingKey: '',
    netDebitCaps: role === 'bank' ? [{ currency, amount: '1000000000000' }] : [],
    enquiryBudget: { perSecond: 10, burst: 10 },
  });
  const participants = [
    ...Array.from({ length: institutions }, (_, i) => participant(101 + i, 'paymentInstitution')),
    ...Array.from({ length: banks }, (_, i) => participant(1001 + i, 'bank')),
  ];
  const memory = memoryStore({
    disk: memoryDisk(),
    place,
    clock: realClock,
    crypto: realCrypto,
    chance: realChance,
  } as never);
  // Kept batches would be measured as memory, not as work.
  const store: Store = { ...memory, journal: { ...memory.journal, append: () => Promise.resolve() } };
  const directory = await mkdtemp(join(tmpdir(), 'clearway-archive-'));
  const archive = await openArchive({
    directory,
    chance: realChance,
    copyReference: copyEndToEndId,
    failed(error) {
      throw error;
    },
    log: () => {},
  });
  const cell = await createCell({
    place,
    ports: { clock: realClock, crypto: realCrypto, chance: realChance },
    store,
    scheme: {
      version: 1,
      schemeId: 'BENCH',
      environment: 'sandbox',
      currencies: [currency],
      maximumAmount: '1000000000',
      offerTimeoutMs: 5000,
      longestExpiryMs: 3_600_000,
      enquiryBackoffMs: 2000,
      enquiryBackoffLargestMs: 10_000,
      reversalAfterMs: 60_000,
      workItemAfterMs: 60_000,
      signingTimeoutMs: 60_000,
      routing: [{ centre: 1, cell: 1, weight: 1 }],
      timeZone: 'Asia/Shanghai',
    },
    participants: { version: 1, participants },
    snapshotEvery: 1_000_000_000,
    archive,
    halted: (error) => {
      throw error;
    },
    log: () => {},
  });
  for (let i = 0; i < institutions; i++)
    await cell.command(encodeRecordFunds({ participant: 101 + i, currency, entry: 1, credit: true, amount: 1e15 }));
  const stream = createStream({
    cell: cell.streamCell,
    ports: { clock: realClock, crypto: realCrypto },
    // Its ends sign nothing.
    settings: { certificates: false, refusedMs: 3_600_000, overdueMs: 3_600_000, uncoveredMessages: 1e9 },
    log: () => {},
  });
  cell.attachStream(stream);

  let succeeded = 0;
  let others = 0;
  let sent = 0;
  let greeted = 0;
  let done!: () => void;
  const finished = new Promise<void>((resolve) => {
    done = resolve;
  });
  const ends: End[] = [];
  const dirty = new Set<End>();

  const hashing = messageHashes({ schemeId: 'BENCH', environment: 'sandbox' });

  const answerTo = (end: End, { view, count }: Frame) => {
    hashing.start();
    for (let i = 0, at = 0; i < count; i++) {
      hashing.addPayment(view, at + questionPrefixBytes);
      at += sizeOfMessage('questions', view, at);
    }
    const hashes = hashing.finish();
    for (let i = 0, at = 0; i < count; i++) {
      const size = sizeOfMessage('questions', view, at);
      const message = at + questionPrefixBytes;
      const bank = view.getUint32(message + paymentMessage.instructed);
      const out = end.writer.message('answers', answerMessageBytes);
      const { bytes, view: writing } = end.writer;
      bytes.fill(0, out, out + answerMessageBytes);
      writing.setUint8(out + answerMessage.answer, 1);
      writing.setUint32(out + answerMessage.bank, bank);
      for (let b = 0; b < 16; b += 4)
        writing.setUint32(out + answerMessage.id + b, view.getUint32(message + paymentMessage.id + b));
      const position = end.positions.get(bank) ?? 0;
      end.positions.set(bank, position + 1);
      writeUint64(writing, out + answerMessage.stream, end.stream);
      writing.setUint32(out + answerMessage.position, position);
      for (let b = 0; b < 32; b++) bytes[out + answerMessage.hash + b] = hashes[i * 32 + b]!;
      at += size;
    }
    dirty.add(end);
  };

  const take = (end: End, frame: Frame) => {
    switch (frame.type) {
      case 'welcome':
        end.stream = (textOf(frame) as Welcome).stream;
        greeted++;
        return;
      case 'questions':
        return answerTo(end, frame);
      case 'outcomes':
        for (let i = 0; i < frame.count; i++) {
          const at = i * outcomeMessageBytes;
          if (frame.view.getUint32(at + outcomeMessage.participant) > 1000) continue;
          if (frame.view.getUint8(at + outcomeMessage.state) === paymentStates.succeeded) succeeded++;
          else others++;
        }
        if (succeeded + others >= payments) done();
        return;
      case 'goodbye':
        others = Number.POSITIVE_INFINITY;
        return;
    }
  };

  const open = (speakers: number[]) => {
    const reader = new FrameReader();
    let end!: End;
    const link: Link = {
      peer: 'bench',
      write(bytes) {
        reader.read(bytes, (frame) => take(end, frame));
        return true;
      },
      waiting: 0,
      pause() {},
      resume() {},
      end() {},
      destroy() {},
    };
    end = { events: stream.accept(link), writer: new FrameWriter(), stream: 0, positions: new Map() };
    ends.push(end);
    end.writer.text('hello', {
      versions: [1],
      schemeId: 'BENCH',
      environment: 'sandbox',
      participants: speakers.map((code) => String(code).padStart(5, '0')),
      window: 1_000_000,
      software: 'bench',
    });
    end.events.data(end.writer.take());
  };
  const half = Math.max(1, links / 2);
  for (let i = 0; i < half; i++)
    open(Array.from({ length: institutions }, (_, n) => 101 + n).filter((_, n) => n % half === i));
  for (let i = 0; i < half; i++)
    open(Array.from({ length: banks }, (_, n) => 1001 + n).filter((_, n) => n % half === i));
  while (greeted < ends.length) await new Promise((resolve) => setTimeout(resolve, 5));

  const sealed = realChance.bytes(296);
  const id = identifierToBytes({ date: businessDate, version: 1, participant: 101, sequence: 0, ...place });
  const send = () => {
    const expiresAt = Date.now() + 60_000;
    while (sent < payments && sent - succeeded - others < inFlight) {
      const which = sent % half;
      const end = ends[which];
      const speakers = Math.ceil((institutions - which) / half);
      const code = 101 + which + half * (Math.floor(sent / half) % speakers);
      const at = end.writer.message('payments', 400);
      const { bytes, view } = end.writer;
      bytes.fill(0, at, at + 80);
      view.setUint16(at, 400);
      view.setUint8(at + paymentMessage.referenceLength, 24);
      view.setUint8(at + paymentMessage.decimals, 2);
      view.setUint16(at + paymentMessage.sealedLength, 296);
      bytes.set(id, at + paymentMessage.id);
      view.setUint32(at + paymentMessage.id + 4, 0x1000000 + code);
      view.setUint32(at + paymentMessage.id + 9, sent);
      view.setUint8(at + paymentMessage.kind, 2);
      view.setUint16(at + paymentMessage.currency, currency);
      view.setUint32(at + paymentMessage.instructed, 1001 + ((Math.imul(sent, 2654435761) >>> 0) % banks));
      const position = end.positions.get(code) ?? 0;
      end.positions.set(code, position + 1);
      view.setUint32(at + paymentMessage.position, position);
      writeUint64(view, at + paymentMessage.amount, 12_345);
      writeUint64(view, at + paymentMessage.expiresAt, expiresAt);
      writeUint64(view, at + paymentMessage.stream, end.stream);
      for (let b = 0; b < 24; b++) bytes[at + 80 + b] = 0x41;
      view.setUint32(at + 80, 0x30303030 + (sent % 10));
      bytes.set(sealed, at + 104);
      dirty.add(end);
      sent++;
    }
  };

  const began = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  const turn = () => {
    send();
    const list = [...dirty];
    dirty.clear();
    for (const end of list) end.events.data(end.writer.take());
    if (succeeded + others < payments) setTimeout(turn, 1);
  };
  turn();
  await finished;
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  const used = process.cpuUsage(cpu);
  if (others > 0) throw new Error(`${others} of ${payments} did not succeed`);
  await cell.stop();
  await rm(directory, { recursive: true, force: true });
  return {
    payments,
    links,
    microsecondsPerPayment: Math.round((100 * (used.user + used.system)) / payments) / 100,
    paymentsPerSecond: Math.round(payments / seconds),
  };
}
