/**
 * The archive of payments under more than its load: what a payment costs on the cell's thread and in the worker, and
 * how long look-ups take when so many are in it.
 *
 * Payments are made up as they come at the highest rate: 3,000 institutions of which a few send most, references of
 * about 24 characters, one answer a payment a batch later, 2 % declined, 0.1 % answered 50 batches later.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { layout, outcomes, paymentKinds, paymentStates, reasons, writeUint64 } from '@clearway/core';
import { type ArchiveFeed, openArchive, type PaymentArchive } from '@clearway/store';

const startedAt = Date.UTC(2026, 10, 22);
const businessDate = 20261122;
const institutions = 3000;
const banks = 200;
const batchSize = 1000;
const lateBatches = 50;
const submission = layout.submitPayment;
const answer = layout.recordAnswer;

export interface ArchiveResult {
  readonly records: number;
  readonly paymentsPerSecond: number;
  /** ms from publishing a batch until its payments are found, at `perSecond`: 110,000 a second if the machine allows. */
  readonly foundAfter: Quantiles & { readonly perSecond: number };
  /** Time of a payment on the cell's thread, µs: telling the archive. Median over batches. */
  readonly feedMicroseconds: number;
  /** CPU of a payment everywhere else, µs: worker, file system, merging. */
  readonly workerMicroseconds: number;
  readonly bytesPerPayment: number;
  /** Of the process, typed arrays of both threads included, MiB. */
  readonly memoryMiB: number;
  /** ms from asking to the answer, over 1000 payments from all of them. */
  readonly byReference: Quantiles;
  readonly byIdentifier: Quantiles;
  /** The 50 last of an institution, and of one at a random minute. */
  readonly byParticipant: Quantiles;
  /** Opening it again, ms. */
  readonly openMs: number;
}

interface Quantiles {
  readonly p50: number;
  readonly p99: number;
  readonly largest: number;
}

/** The reference that payment `number` has, 32 characters. */
const referenceOf = (number: number): string =>
  `ORDER-2026-${String(scatter(number)).padStart(10, '0')}-${String(number).padStart(10, '0')}`;

/** A number of 32 bits that looks like chance, always the same for the same number. */
function scatter(number: number): number {
  let h = Math.imul(number ^ 0x9e3779b9, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** By the upper bits of a scattered number, so that making payments up costs little. */
const places = 1 << 14;
const institutionCodes = Uint32Array.from(
  { length: places },
  (_, i) => 101 + Math.floor(institutions * (i / places) ** 4),
);
const bankCodes = Uint32Array.from({ length: places }, (_, i) => 10_001 + Math.floor(banks * (i / places) ** 2));

/** Code of the institution that payment `number` is of: a few have most of it. */
const institutionOfPayment = (number: number): number => institutionCodes[scatter(number) >>> 18];
const bankOfPayment = (number: number): number => bankCodes[scatter(number + 7) >>> 18];

/** The identifier of payment `number`, into 16 bytes from `at` on. */
function writeId(view: DataView, at: number, number: number): void {
  view.setUint32(at, businessDate);
  view.setUint32(at + 4, 0x100_0000 + institutionOfPayment(number));
  view.setUint8(at + 8, 0);
  view.setUint32(at + 9, number);
  view.setUint8(at + 13, 1);
  view.setUint16(at + 14, 1);
}

function identifierOfPayment(number: number): string {
  const pad = (value: number, width: number) => String(value).padStart(width, '0');
  return `${businessDate}1${pad(institutionOfPayment(number), 5)}${pad(number, 11)}010001`;
}

/** Makes batches of submissions and answers and tells the archive of them. */
export class PaymentSource {
  /** Of each batch, µs a payment: the median is what it costs when nothing comes between. */
  readonly feedTimes: number[] = [];
  sequence = 0;
  private readonly feed: Pick<ArchiveFeed, 'begin' | 'submitted' | 'changed' | 'end' | 'publish'>;
  private readonly facts = new Uint8Array((submission.size + answer.size) * batchSize);
  private readonly view = new DataView(this.facts.buffer);
  private readonly bodies: Buffer[] = [];
  private readonly onlyBank: number | undefined;
  private readonly late = new Map<number, number[]>();

  /** @param onlyBank code of the bank that every payment is to be of; many by default */
  constructor(feed: PaymentSource['feed'], onlyBank?: number) {
    this.feed = feed;
    this.onlyBank = onlyBank;
    for (let i = 0; i < batchSize; i++) {
      const body = Buffer.alloc(64);
      body[0] = body.write(referenceOf(0), 1);
      this.bodies.push(body);
      const at = i * (submission.size + answer.size);
      this.view.setUint8(at, 1);
      this.view.setUint8(at + 1, outcomes.accepted);
      this.view.setUint32(at + 4, submission.size);
      this.view.setUint8(at + submission.kind, paymentKinds.agreementPayment);
      this.view.setUint16(at + submission.currency, 156);
      const answerAt = at + submission.size;
      this.view.setUint8(answerAt, 2);
      this.view.setUint8(answerAt + 1, outcomes.accepted);
      this.view.setUint32(answerAt + 4, answer.size);
    }
  }

  /** Prepares a batch: payments from `first` on, and the answers to those of the batch before. */
  prepare(first: number): void {
    const { view } = this;
    for (let i = 0; i < batchSize; i++) {
      const number = first + i;
      const at = i * (submission.size + answer.size);
      writeId(view, at + submission.id, number);
      writeId(view, at + submission.reference, number >>> 3);
      view.setUint32(at + submission.instructed, this.onlyBank ?? bankOfPayment(number));
      writeUint64(view, at + submission.amount, 100 + (scatter(number) % 1_000_000));
      writeUint64(view, at + submission.receivedAt, startedAt + Math.floor(number / 110));
      view.setUint32(at + submission.hash, scatter(number));
      writeId(view, at + submission.size + answer.id, number - batchSize);
      writeDigits(this.bodies[i], 1 + 11, scatter(number));
      writeDigits(this.bodies[i], 1 + 22, number);
    }
  }

  /** @returns false when the feed is full */
  tell(first: number): boolean {
    const { feed, view } = this;
    const sequence = this.sequence + 1;
    const late = this.late.get(sequence) ?? [];
    const began = process.hrtime.bigint();
    if (!feed.begin(sequence, startedAt + Math.floor(first / 110), this.facts, batchSize * 2 + late.length))
      return false;
    for (let i = 0; i < batchSize; i++) {
      feed.submitted(i * 2, this.bodies[i], 0, this.bodies[i].length);
      const number = first + i - batchSize;
      if (number < 0) continue;
      if (isLate(number)) {
        this.putOff(sequence + lateBatches, number);
        continue;
      }
      const at = i * (submission.size + answer.size) + submission.size + answer.id;
      this.end(view, at, number, i * 2 + 1);
    }
    for (const number of late) {
      writeId(lateId, 0, number);
      this.end(lateId, 0, number, 1);
    }
    this.late.delete(sequence);
    feed.end();
    feed.publish(sequence);
    this.feedTimes.push(Number(process.hrtime.bigint() - began) / 1000 / batchSize);
    this.sequence = sequence;
    return true;
  }

  private putOff(sequence: number, number: number): void {
    const others = this.late.get(sequence);
    if (others === undefined) this.late.set(sequence, [number]);
    else others.push(number);
  }

  private end(id: DataView, at: number, number: number, index: number): void {
    const declined = scatter(number + 3) % 50 === 0;
    const state = declined ? paymentStates.failed : paymentStates.succeeded;
    const reason = declined ? reasons.bankInsufficientFunds.code : 0;
    this.feed.changed(id, at, state, reason, declined ? 0 : 1, index, true);
  }
}

const lateId = new DataView(new ArrayBuffer(16));
const isLate = (number: number) => scatter(number + 5) % 1000 === 0;

/** Ten digits from `at` on. */
function writeDigits(bytes: Uint8Array, at: number, number: number): void {
  let rest = number;
  for (let i = at + 9; i >= at; i--) {
    const upper = Math.floor(rest / 10);
    bytes[i] = 0x30 + (rest - upper * 10);
    rest = upper;
  }
}

/** For bodies of {@link PaymentSource}: length, then the reference, as in a message of the stream. */
export function copyReference(bodies: Uint8Array, at: number, _: number, into: Uint8Array, to: number): number {
  const length = bodies[at];
  for (let i = 0; i < length; i++) into[to + i] = bodies[at + 1 + i];
  return length;
}

/** Fills an archive with `records` payments as fast as it takes them. */
export async function fill(
  archive: PaymentArchive,
  records: number,
  say: (text: string) => void,
  onlyBank?: number,
): Promise<PaymentSource> {
  const source = new PaymentSource(archive.feed, onlyBank);
  for (let first = 0; first < records; first += batchSize) {
    source.prepare(first);
    while (!source.tell(first)) await new Promise((resolve) => setTimeout(resolve, 5));
    if (first % 10_000_000 === 0 && first > 0) say(`${first} payments`);
  }
  return source;
}

export async function benchArchive(
  records: number,
  parent: string,
  say: (text: string) => void,
): Promise<ArchiveResult> {
  const directory = await mkdtemp(join(parent, 'clearway-archive-'));
  const chance = { bytes: (count: number) => new Uint8Array(count).fill(7) };
  const failed = (error: Error) => say(`the archive failed: ${error.message}`);
  const options = { directory, chance, copyReference, failed, log: (event: string) => say(event) };
  try {
    let archive = await openArchive(options);
    const began = performance.now();
    const cpuBefore = process.cpuUsage();
    const mainBefore = mainThreadSeconds();
    const source = await fill(archive, records, say);
    await archive.found(source.sequence);
    const seconds = (performance.now() - began) / 1000;
    const used = process.cpuUsage(cpuBefore);
    const main = mainThreadSeconds() - mainBefore;
    await archive.kept(source.sequence);
    const foundAfter = await timeFinding(archive, source, records);
    const memoryMiB = process.memoryUsage().rss >> 20;
    await archive.kept(source.sequence);
    await archive.close();
    const reopened = performance.now();
    archive = await openArchive(options);
    const openMs = Math.round(performance.now() - reopened);
    const result: ArchiveResult = {
      records,
      paymentsPerSecond: Math.round(records / seconds),
      foundAfter,
      feedMicroseconds: quantiles(source.feedTimes).p50,
      workerMicroseconds: round(((used.user + used.system) / 1e6 - main) * (1e6 / records)),
      bytesPerPayment: Math.round((await sizeOf(directory)) / (records + peak * peakSeconds)),
      memoryMiB,
      byReference: await timeLookups(records, (number) => byReference(archive, number)),
      byIdentifier: await timeLookups(records, (number) => byIdentifier(archive, number)),
      byParticipant: await timeLookups(records, (number) => byParticipant(archive, number)),
      openMs,
    };
    await archive.close();
    return result;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const peak = 110_000;
const peakSeconds = 10;

/** Goes on at the peak rate, and asks again and again how long the newest batch takes to be found. */
async function timeFinding(
  archive: PaymentArchive,
  source: PaymentSource,
  first: number,
): Promise<ArchiveResult['foundAfter']> {
  const began = performance.now();
  const times: number[] = [];
  let told = 0;
  let asking: Promise<void> | undefined;
  const ask = async () => {
    const asked = performance.now();
    await archive.found(source.sequence);
    times.push(performance.now() - asked);
    asking = undefined;
  };
  while (told < peak * peakSeconds) {
    const due = ((performance.now() - began) / 1000) * peak;
    for (; told < due; told += batchSize) {
      source.prepare(first + told);
      while (!source.tell(first + told)) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    asking ??= ask();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const perSecond = Math.round(told / ((performance.now() - began) / 1000));
  await asking;
  return { ...quantiles(times), perSecond };
}

const lookups = 1000;

async function timeLookups(records: number, look: (number: number) => Promise<void>): Promise<Quantiles> {
  const times: number[] = [];
  for (let i = 0; i < lookups; i++) {
    const number = scatter(i + 11) % records;
    const began = performance.now();
    await look(number);
    times.push(performance.now() - began);
  }
  return quantiles(times);
}

function quantiles(times: readonly number[]): Quantiles {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part: number) => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]);
  return { p50: at(0.5), p99: at(0.99), largest: at(1) };
}

async function byReference(archive: PaymentArchive, number: number): Promise<void> {
  const found = await archive.byReference(institutionOfPayment(number), referenceOf(number), 10);
  must(found.length === 1 && found[0].paymentId === identifierOfPayment(number), `payment ${number} by its reference`);
}

async function byIdentifier(archive: PaymentArchive, number: number): Promise<void> {
  const found = await archive.payment(identifierOfPayment(number));
  must(found?.endToEndId === referenceOf(number), `payment ${number} by its identifier`);
}

/** Every other time the last payments, else those of a minute in which there was one. */
async function byParticipant(archive: PaymentArchive, number: number): Promise<void> {
  const participant = institutionOfPayment(number);
  const at = startedAt + Math.floor(number / 110);
  const found = await archive.byParticipant(
    number % 2 === 0 ? { participant, limit: 50 } : { participant, from: at - 30_000, to: at + 30_000, limit: 50 },
  );
  must(found.length > 0, `payments of institution ${participant}`);
}

function must(condition: boolean, what: string): void {
  if (!condition) throw new Error(`not found: ${what}`);
}

async function sizeOf(directory: string): Promise<number> {
  const sizes = await Promise.all(
    (await readdir(directory)).map(async (name) => (await stat(join(directory, name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Processor seconds of the thread that this program began with. */
export function mainThreadSeconds(): number {
  const text = readFileSync(`/proc/self/task/${process.pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const round = (value: number) => Math.round(value * 1000) / 1000;
