/**
 * Writes a reconciliation file line by line, for files of millions: digits go straight into one buffer, the hash runs
 * along, and nothing is made for a line. The bytes are those of `writeReconciliationFile`, in parts of whole lines.
 * ```ts
 * const writer = new ReconciliationWriter(head);
 * for (…) {
 *   fill(writer.line);
 *   if (writer.add()) await write(writer.take());
 * }
 * await write(writer.end());
 * const { payments, bytes, hash, parts } = writer.written();
 * ```
 */
import { createHash } from 'node:crypto';
import { type PaymentKind, paymentKinds } from '@clearway/core/vocabulary';
import { currencies } from './currencies.ts';
import type { ReconciliationHead, ReconciliationTotal } from './reconciliation.ts';
import { headRow, quoted, totalRow } from './reconciliation-rows.ts';
import { formatTime } from './time.ts';

/** One payment as numbers and places in bytes; the same object for every line. */
export interface RawReconciliationLine {
  /** Where the payment's 16-byte identifier lies (core/identifier.ts). */
  id: DataView;
  idAt: number;
  /** See paymentKinds. */
  kind: number;
  credit: boolean;
  /** Code, 1 to 99999. */
  counterparty: number;
  /** Minor units, 1 to 10^13. */
  minor: number;
  /** ISO 4217 numeric code. */
  currency: number;
  /** Where the endToEndId lies, in UTF-8. */
  text: Uint8Array;
  textAt: number;
  textLength: number;
  /** Where the 16-byte identifier of a refund's original lies; not looked at for other kinds. */
  original: DataView;
  originalAt: number;
  /** ms since 1970. */
  succeededAt: number;
}

/** One part of a file: whole lines. */
export interface WrittenPart {
  /** Counted from 1. */
  readonly part: number;
  readonly payments: number;
  /** SHA-256 of the content, lower-case hex. */
  readonly hash: string;
  /** Written over by the next lines. */
  readonly content: Uint8Array;
}

export interface WrittenFile {
  readonly payments: number;
  readonly bytes: number;
  /** SHA-256 of all bytes, lower-case hex. */
  readonly hash: string;
  readonly parts: number;
}

/** A part is at most about this long: what is in memory at once, in one row of a database and in one HTTP response. */
export const usualPartBytes = 4 << 20;
/** A file begins with a buffer of so many bytes, or of a part if that is less. */
const firstBytes = 64 << 10;
/** Of any line: 140 bytes of endToEndId may double when quoted. */
const largestLine = 512;
const comma = 0x2c;
const quote = 0x22;
const lineFeed = 0x0a;

/** Four digits of 0 to 9999, one number after the other. */
const fourDigits = new Uint8Array(40_000);
for (let number = 0; number < 10_000; number++) {
  for (let digit = 3, rest = number; digit >= 0; digit--, rest = Math.floor(rest / 10)) {
    fourDigits[number * 4 + digit] = 0x30 + (rest % 10);
  }
}

const rowText = (fields: readonly string[]): string => `${fields.map(quoted).join(',')}\n`;
const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));
const sides = { debit: 0, credit: 1 } as const;
/** `,kind,side,` by kind and side. */
const middles: Uint8Array[] = [];
for (const [kind, number] of Object.entries(paymentKinds) as [PaymentKind, number][]) {
  for (const [side, place] of Object.entries(sides)) middles[number * 2 + place] = bytesOf(`,${kind},${side},`);
}
/** `,ALPHA,` and decimals by numeric code. */
const alphas: Uint8Array[] = [];
const decimals = new Uint8Array(1000);
for (const { alpha, numeric, decimals: places } of currencies) {
  alphas[numeric] = bytesOf(`,${alpha},`);
  decimals[numeric] = places;
}

/** Sums of one currency; numbers are carried over into bigints before they become inexact. */
interface Sum {
  readonly currency: string;
  creditCount: number;
  credits: number;
  creditsCarried: bigint;
  debitCount: number;
  debits: number;
  debitsCarried: bigint;
}
const carryAbove = 2 ** 52;

export class ReconciliationWriter {
  /** Fill it, then {@link add}. */
  readonly line: RawReconciliationLine;
  private buffer: Buffer;
  private readonly partBytes: number;
  private readonly digest = createHash('sha256');
  private readonly sums: (Sum | undefined)[] = [];
  /** Identifier of the line before, as words. */
  private readonly last = new Uint32Array(4);
  private readonly minuteText = new Uint8Array(17);
  private minute = -1;
  private place = 0;
  private payments = 0;
  private paymentsTaken = 0;
  private bytes = 0;
  private parts = 0;
  private hash: string | undefined;

  /** @param partBytes at least 4 KiB */
  constructor(head: ReconciliationHead, partBytes = usualPartBytes) {
    this.buffer = Buffer.alloc(Math.min(partBytes, firstBytes));
    this.partBytes = partBytes;
    const nothing = new Uint8Array(16);
    const view = new DataView(nothing.buffer);
    this.line = {
      id: view,
      idAt: 0,
      kind: 0,
      credit: false,
      counterparty: 0,
      minor: 0,
      currency: 0,
      text: nothing,
      textAt: 0,
      textLength: 0,
      original: view,
      originalAt: 0,
      succeededAt: 0,
    };
    this.place = this.buffer.write(rowText(headRow(head)));
  }

  /**
   * Adds the payment in {@link line}; lines come in ascending order of identifier.
   * @returns whether {@link take} is due
   * @throws RangeError for what cannot be written: out of order, twice, or not as it should be
   */
  add(): boolean {
    const { line, buffer } = this;
    const middle = middles[line.kind * 2 + (line.credit ? sides.credit : sides.debit)];
    const alpha = alphas[line.currency];
    if (middle === undefined) throw new RangeError(`no kind of payment has the number ${line.kind}`);
    if (alpha === undefined) throw new RangeError(`no currency has the ISO 4217 number ${line.currency}`);
    if (!Number.isSafeInteger(line.minor) || line.minor < 0) {
      throw new RangeError(`${line.minor} is no amount in minor units`);
    }
    this.checkOrder(line.id, line.idAt);
    buffer[this.place] = 0x44;
    buffer[this.place + 1] = comma;
    this.place += 2;
    this.identifier(line.id, line.idAt);
    this.copy(middle);
    this.digits(line.counterparty, 5);
    buffer[this.place++] = comma;
    this.amount(line.minor, decimals[line.currency]);
    this.copy(alpha);
    this.text(line.text, line.textAt, line.textLength);
    buffer[this.place++] = comma;
    if (line.kind === paymentKinds.refund) this.identifier(line.original, line.originalAt);
    buffer[this.place++] = comma;
    this.time(line.succeededAt);
    buffer[this.place++] = lineFeed;
    this.count(line);
    this.payments++;
    if (this.place <= this.buffer.length - largestLine) return false;
    return !this.grew();
  }

  /** What was written since the last time. It is written over by the next lines: pass it on before. */
  take(): WrittenPart {
    const content = this.buffer.subarray(0, this.place);
    this.digest.update(content);
    this.place = 0;
    return this.part(content);
  }

  /** The last part: the rest of the lines, totals and hash. */
  end(): WrittenPart {
    const totals = this.totals().map((total) => rowText(totalRow(total)));
    const content = Buffer.concat([this.buffer.subarray(0, this.place), Buffer.from(totals.join(''))]);
    this.digest.update(content);
    const seal = Buffer.from(`S,sha-256,${this.digest.copy().digest('hex')}\n`);
    this.hash = this.digest.update(seal).digest('hex');
    return this.part(Buffer.concat([content, seal]));
  }

  /** The whole, after {@link end}. */
  written(): WrittenFile {
    const { payments, bytes, hash, parts } = this;
    if (hash === undefined) throw new RangeError('the file has not ended');
    return { payments, bytes, hash, parts };
  }

  /** Most files are far smaller than a part. */
  private grew(): boolean {
    const { buffer, partBytes } = this;
    if (buffer.length >= partBytes) return false;
    this.buffer = Buffer.alloc(Math.min(buffer.length * 4, partBytes));
    this.buffer.set(buffer.subarray(0, this.place));
    return true;
  }

  private part(content: Uint8Array): WrittenPart {
    const payments = this.payments - this.paymentsTaken;
    this.paymentsTaken = this.payments;
    this.bytes += content.length;
    const hash = createHash('sha256').update(content).digest('hex');
    return { part: ++this.parts, payments, hash, content };
  }

  private totals(): ReconciliationTotal[] {
    return this.sums
      .filter((sum) => sum !== undefined)
      .map(({ currency, creditCount, credits, creditsCarried, debitCount, debits, debitsCarried }) => ({
        currency,
        creditCount,
        credits: creditsCarried + BigInt(credits),
        debitCount,
        debits: debitsCarried + BigInt(debits),
      }))
      .sort((a, b) => (a.currency < b.currency ? -1 : 1));
  }

  private checkOrder(id: DataView, at: number): void {
    const { last } = this;
    let difference = 0;
    for (let word = 0; word < 4; word++) {
      const value = id.getUint32(at + word * 4);
      if (difference === 0) difference = value - last[word];
      last[word] = value;
    }
    if (difference <= 0) throw new RangeError('a payment stands twice, or before one with a lesser identifier');
  }

  private identifier(id: DataView, at: number): void {
    this.digits(id.getUint32(at), 8);
    this.digits(id.getUint8(at + 4), 1);
    this.digits(id.getUint32(at + 4) & 0xffffff, 5);
    this.digits(id.getUint8(at + 8) * 0x1_0000_0000 + id.getUint32(at + 9), 11);
    this.digits(id.getUint8(at + 13), 2);
    this.digits(id.getUint16(at + 14), 4);
  }

  /** A number with leading zeros. @throws RangeError if it has more digits than that */
  private digits(value: number, width: number): void {
    const { buffer } = this;
    let rest = value;
    let at = this.place + width;
    this.place = at;
    let left = width;
    for (; left >= 4; left -= 4) {
      const upper = Math.floor(rest / 10_000);
      const from = (rest - upper * 10_000) * 4;
      at -= 4;
      buffer[at] = fourDigits[from];
      buffer[at + 1] = fourDigits[from + 1];
      buffer[at + 2] = fourDigits[from + 2];
      buffer[at + 3] = fourDigits[from + 3];
      rest = upper;
    }
    for (; left > 0; left--) {
      const upper = Math.floor(rest / 10);
      buffer[--at] = 0x30 + (rest - upper * 10);
      rest = upper;
    }
    if (rest !== 0) throw new RangeError(`${value} has more than ${width} digits`);
  }

  private amount(minor: number, places: number): void {
    const unit = places === 2 ? 100 : places === 0 ? 1 : 10 ** places;
    const major = Math.floor(minor / unit);
    let width = 1;
    for (let power = 10; major >= power; power *= 10) width++;
    this.digits(major, width);
    if (places === 0) return;
    this.buffer[this.place++] = 0x2e;
    this.digits(minor - major * unit, places);
  }

  private copy(bytes: Uint8Array): void {
    const { buffer, place } = this;
    for (let i = 0; i < bytes.length; i++) buffer[place + i] = bytes[i]!;
    this.place = place + bytes.length;
  }

  private text(from: Uint8Array, at: number, length: number): void {
    const { buffer, place } = this;
    let isPlain = true;
    for (let i = 0; i < length; i++) {
      const byte = from[at + i]!;
      if (byte === comma || byte === quote || byte === lineFeed || byte === 0x0d) isPlain = false;
      buffer[place + i] = byte;
    }
    if (isPlain) this.place = place + length;
    else this.place += buffer.write(quoted(buffer.toString('utf8', place, place + length)), place);
  }

  private time(ms: number): void {
    const minute = Math.floor(ms / 60_000);
    if (minute !== this.minute) {
      this.minuteText.set(bytesOf(formatTime(minute * 60_000).slice(0, 17)));
      this.minute = minute;
    }
    this.copy(this.minuteText);
    const rest = ms - minute * 60_000;
    const seconds = Math.floor(rest / 1000);
    this.digits(seconds, 2);
    this.buffer[this.place++] = 0x2e;
    this.digits(rest - seconds * 1000, 3);
    this.buffer[this.place++] = 0x5a;
  }

  private count({ currency, credit, minor }: RawReconciliationLine): void {
    let sum = this.sums[currency];
    if (sum === undefined) {
      sum = {
        currency: Buffer.from(alphas[currency]!.subarray(1, 4)).toString(),
        creditCount: 0,
        credits: 0,
        creditsCarried: 0n,
        debitCount: 0,
        debits: 0,
        debitsCarried: 0n,
      };
      this.sums[currency] = sum;
    }
    if (credit) {
      sum.creditCount++;
      sum.credits += minor;
      if (sum.credits > carryAbove) {
        sum.creditsCarried += BigInt(sum.credits);
        sum.credits = 0;
      }
    } else {
      sum.debitCount++;
      sum.debits += minor;
      if (sum.debits > carryAbove) {
        sum.debitsCarried += BigInt(sum.debits);
        sum.debits = 0;
      }
    }
  }
}
