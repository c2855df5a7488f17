/**
 * The reconciliation file: what one participant's payments of one cycle were, to the last minor unit.
 *
 * Text in UTF-8, lines end in LF, fields stand between commas and are quoted as RFC 4180 says where they must be:
 * ```
 * H,1,<schemeId>,<environment>,<cycle>,<businessDate>,<participant>
 * D,<paymentId>,<kind>,<credit|debit>,<counterparty>,<amount>,<currency>,<endToEndId>,<originalPaymentId>,<succeededAt>
 * T,<currency>,<creditCount>,<credits>,<debitCount>,<debits>,<net>
 * S,sha-256,<hex over all bytes before this line>
 * ```
 * D lines are ordered by paymentId and T lines, one for each currency of the D lines, by currency: there is exactly
 * one file for a given content, so that equal hashes mean equal files. See docs/reference/reconciliation-file.md.
 */
import { createHash } from 'node:crypto';
import { type PaymentKind, parseIdentifier, paymentKinds } from '@clearway/core/vocabulary';
import type { Scheme } from './canonical.ts';
import { formatAmount, parseAmount } from './money.ts';
import { formatVersion, headRow, numericOf, quoted, totalRow } from './reconciliation-rows.ts';
import { sha256 } from './sha256.ts';
import { formatTime, parseDate, parseTime } from './time.ts';

export interface ReconciliationHead extends Scheme {
  readonly cycle: number;
  /** yyyymmdd. */
  readonly businessDate: number;
  /** Code of the participant whose file it is. */
  readonly participant: string;
}

export interface ReconciliationLine {
  readonly paymentId: string;
  readonly kind: PaymentKind;
  /** What the payment does to the participant's position. */
  readonly side: 'credit' | 'debit';
  /** Code of the participant on the other side. */
  readonly counterparty: string;
  /** Minor units, 1 to 10^13. */
  readonly minor: number;
  /** ISO 4217 alphabetic code. */
  readonly currency: string;
  readonly endToEndId: string;
  /** Of a refund. */
  readonly originalPaymentId?: string | undefined;
  /** ms since 1970. */
  readonly succeededAt: number;
}

/** Sums in minor units. */
export interface ReconciliationTotal {
  readonly currency: string;
  readonly creditCount: number;
  readonly credits: bigint;
  readonly debitCount: number;
  readonly debits: bigint;
}

export interface ReconciliationFile {
  readonly head: ReconciliationHead;
  /** In ascending order of paymentId. */
  readonly lines: readonly ReconciliationLine[];
  readonly totals: readonly ReconciliationTotal[];
  /** SHA-256 of the content, lower-case hex, as in the S line. */
  readonly hash: string;
}

export class ReconciliationFileError extends Error {
  override name = 'ReconciliationFileError';
  /** Counted from 1; 0 for the file as a whole. */
  readonly line: number;
  constructor(line: number, message: string) {
    super(line === 0 ? message : `line ${line}: ${message}`);
    this.line = line;
  }
}

/** Lines in any order. @throws RangeError for a payment that stands twice, or for what cannot be written */
export function writeReconciliationFile(head: ReconciliationHead, lines: readonly ReconciliationLine[]): Uint8Array {
  const ordered = [...lines].sort((a, b) => compare(a.paymentId, b.paymentId));
  ordered.slice(1).forEach(({ paymentId }, index) => {
    if (paymentId === ordered[index]!.paymentId) throw new RangeError(`payment ${paymentId} stands twice`);
  });
  const content = [headRow(head), ...ordered.map(lineRow), ...totalsOf(ordered).map(totalRow)]
    .map((row) => `${row.map(quoted).join(',')}\n`)
    .join('');
  return Buffer.from(`${content}S,sha-256,${hex(sha256(content))}\n`);
}

/**
 * Reads a file and believes nothing: hash, form, order and totals are all checked. For files that fit into memory; see
 * {@link ReconciliationReader} for the others.
 * @throws ReconciliationFileError
 */
export function readReconciliationFile(bytes: Uint8Array): ReconciliationFile {
  const reader = new ReconciliationReader();
  const lines: ReconciliationLine[] = [];
  for (let at = 0; at < bytes.length; at += readAtOnce)
    for (const line of reader.read(bytes.subarray(at, at + readAtOnce))) lines.push(line);
  const { head, totals, hash } = reader.end();
  return { head, lines, totals, hash };
}

/**
 * Reads a file of any length as its bytes come, and believes nothing. Only {@link ReconciliationReader.end} says that what
 * was read is a whole file: until then no line may have a lasting effect.
 */
export class ReconciliationReader {
  private head: ReconciliationHead | undefined;
  private readonly sums = new Map<string, Sum>();
  /** Once the T lines have begun: those that must follow. */
  private totals: readonly ReconciliationTotal[] | undefined;
  private totalsRead = 0;
  private last = '';
  private rows = 0;
  private payments = 0;
  private rest: Uint8Array = new Uint8Array(0);
  private readonly digest = createHash('sha256');
  /** What the S line says. */
  private told: string | undefined;

  /** The lines that end in these bytes. @throws ReconciliationFileError */
  read(bytes: Uint8Array): ReconciliationLine[] {
    if (bytes.length === 0) return [];
    const known = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes]);
    const end = known.lastIndexOf(lineFeed) + 1;
    this.rest = Uint8Array.from(known.subarray(end));
    must(this.rest.length <= longestLine, this.rows + 1, 'longer than any line can be');
    if (end === 0) return [];
    if (this.told !== undefined) throw new ReconciliationFileError(0, 'something follows the S line');
    // The S line is the last, so it can only be the last of these.
    const lastAt = end === 1 ? 0 : known.lastIndexOf(lineFeed, end - 2) + 1;
    const contentEnd = known[lastAt] === letterS ? lastAt : end;
    const content = known.subarray(0, contentEnd);
    this.digest.update(content);
    if (contentEnd < end) {
      this.told = hashRow.exec(Buffer.from(known.subarray(contentEnd, end)).toString('latin1'))?.[1];
      if (this.told === undefined) throw new ReconciliationFileError(0, 'the S line cannot be read');
    }
    const lines: ReconciliationLine[] = [];
    for (const text of textOf(content).split('\n').slice(0, -1)) {
      const line = this.row(text);
      if (line !== undefined) lines.push(line);
    }
    return lines;
  }

  /** @throws ReconciliationFileError unless it was a whole file, and its hash and totals hold */
  end(): Omit<ReconciliationFile, 'lines'> & { readonly payments: number } {
    const { head, told, payments } = this;
    if (told === undefined || this.rest.length > 0)
      throw new ReconciliationFileError(0, 'the file is cut off: it does not end with an S line');
    must(head !== undefined, 1, 'the H line with its seven fields belongs here');
    const totals = this.totals ?? this.sumsSoFar();
    must(this.totalsRead === totals.length, this.rows + 1, 'a T line is missing');
    const hash = this.digest.digest('hex');
    if (hash !== told) throw new ReconciliationFileError(0, 'the hash of the S line is not the file’s');
    return { head, totals, hash, payments };
  }

  private row(text: string): ReconciliationLine | undefined {
    const number = ++this.rows;
    const row = readRow(text, number - 1);
    if (this.head === undefined) {
      this.head = readHead(row);
      return undefined;
    }
    if (this.payments > 0 && row[0] === 'T') this.totals ??= this.sumsSoFar();
    if (this.totals !== undefined) {
      this.total(row, number, this.totals[this.totalsRead++]);
      return undefined;
    }
    const line = readLine(row, number);
    must(this.last < line.paymentId, number, 'paymentId does not ascend');
    this.last = line.paymentId;
    this.payments++;
    addTo(this.sums, line);
    return line;
  }

  private total(row: string[], number: number, total: ReconciliationTotal | undefined): void {
    must(row[0] === 'T' && total !== undefined, number, 'a T line of a currency, or nothing, belongs here');
    const isSame = totalRow(total).join() === row.join();
    must(isSame, number, `the T line of ${total.currency} does not tell the sums of the D lines`);
  }

  private sumsSoFar(): readonly ReconciliationTotal[] {
    return [...this.sums.values()].sort((a, b) => compare(a.currency, b.currency));
  }
}

function lineRow(line: ReconciliationLine): string[] {
  const { amount, currency } = formatAmount(line.minor, numericOf(line.currency));
  return [
    'D',
    line.paymentId,
    line.kind,
    line.side,
    line.counterparty,
    amount,
    currency,
    line.endToEndId,
    line.originalPaymentId ?? '',
    formatTime(line.succeededAt),
  ];
}

function totalsOf(lines: readonly ReconciliationLine[]): ReconciliationTotal[] {
  const sums = new Map<string, Sum>();
  for (const line of lines) addTo(sums, line);
  return [...sums.values()].sort((a, b) => compare(a.currency, b.currency));
}

type Sum = { -readonly [Field in keyof ReconciliationTotal]: ReconciliationTotal[Field] };

function addTo(sums: Map<string, Sum>, { currency, side, minor }: ReconciliationLine): void {
  let sum = sums.get(currency);
  if (sum === undefined) {
    sum = { currency, creditCount: 0, credits: 0n, debitCount: 0, debits: 0n };
    sums.set(currency, sum);
  }
  if (side === 'credit') {
    sum.creditCount++;
    sum.credits += BigInt(minor);
  } else {
    sum.debitCount++;
    sum.debits += BigInt(minor);
  }
}

const hashRow = /^S,sha-256,([0-9a-f]{64})\n$/;
const lineFeed = 0x0a;
const letterS = 0x53;
/** Of any line: 140 bytes of endToEndId may double when quoted. */
const longestLine = 1024;
const readAtOnce = 1 << 20;

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new ReconciliationFileError(0, 'the file is not UTF-8');
  }
}

const cell = /"((?:[^"]|"")*)"(?:,|$)|([^",]*)(?:,|$)/y;

/** One row; it must be written as {@link quoted} would. */
function readRow(text: string, index: number): string[] {
  must(!text.includes('\r'), index + 1, 'a carriage return');
  const row: string[] = [];
  for (cell.lastIndex = 0; ; ) {
    const match = cell.exec(text);
    if (!match) throw new ReconciliationFileError(index + 1, 'the quotes do not fit');
    row.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (!match[0].endsWith(',')) break;
  }
  must(row.map(quoted).join(',') === text, index + 1, 'quotes where none belong');
  return row;
}

function readHead(row: string[]): ReconciliationHead {
  const [type, version, schemeId = '', environment, cycleText, dateText = '', participant = ''] = row;
  must(type === 'H' && row.length === 7, 1, 'the H line with its seven fields belongs here');
  must(version === formatVersion, 1, `format ${version}; this code reads format ${formatVersion}`);
  must(/^[\x21-\x7e]{1,8}$/.test(schemeId), 1, 'the scheme id');
  must(environment === 'sandbox' || environment === 'production', 1, 'the environment');
  const cycle = Number(cycleText);
  must(Number.isSafeInteger(cycle) && cycle > 0 && String(cycle) === cycleText, 1, 'the cycle');
  const businessDate = parseDate(dateText);
  must(businessDate !== undefined, 1, 'the business date');
  must(isCode(participant), 1, 'the participant');
  return { schemeId, environment, cycle, businessDate, participant };
}

function readLine(row: string[], number: number): ReconciliationLine {
  const [, paymentId = '', kind = '', side, counterparty = '', amount = '', currency = ''] = row;
  const [endToEndId = '', original = '', timeText = ''] = row.slice(7);
  must(row[0] === 'D' && row.length === 10, number, 'a D line with ten fields belongs here');
  must(parseIdentifier(paymentId) !== undefined, number, 'the paymentId');
  must(isKind(kind), number, 'the kind');
  must(side === 'credit' || side === 'debit', number, 'neither credit nor debit');
  must(isCode(counterparty), number, 'the counterparty');
  const parsed = parseAmount({ amount, currency });
  must('minor' in parsed && formatAmount(parsed.minor, parsed.currency).amount === amount, number, 'the amount');
  must(endToEndId !== '', number, 'the endToEndId');
  must((kind === 'refund') === (original !== ''), number, 'an original belongs to a refund and to nothing else');
  must(original === '' || parseIdentifier(original) !== undefined, number, 'the originalPaymentId');
  const succeededAt = parseTime(timeText);
  must(succeededAt !== undefined, number, 'the time of success');
  const common: ReconciliationLine = {
    paymentId,
    kind,
    side,
    counterparty,
    minor: parsed.minor,
    currency,
    endToEndId,
    succeededAt,
  };
  return original === '' ? common : { ...common, originalPaymentId: original };
}

function must(condition: boolean, line: number, what: string): asserts condition {
  if (!condition) throw new ReconciliationFileError(line, what);
}

const isCode = (text: string) => /^[0-9]{5}$/.test(text);
const isKind = (text: string): text is PaymentKind => Object.hasOwn(paymentKinds, text);
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
