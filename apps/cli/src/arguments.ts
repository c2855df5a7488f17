/** Arguments and options as people write them, checked before anything is opened. */
import { parseDate, parseTime } from '@clearway/contract';
import { parseIdentifier } from '@clearway/core';
import { InvalidArgumentError } from 'commander';

/** The 31 digits of a payment or agreement. */
export function identifier(text: string): string {
  if (parseIdentifier(text) !== undefined) return text;
  throw new InvalidArgumentError(`An identifier has 31 digits, this has ${text.length} characters.`);
}

/** Five digits; leading zeros may be left out. */
export function participantCode(text: string): string {
  if (/^[0-9]{1,5}$/.test(text)) return text.padStart(5, '0');
  throw new InvalidArgumentError('The code of a participant has five digits, such as 00101.');
}

/** An integer from 1 on. */
export function serial(text: string): number {
  const number = Number(text);
  if (/^[1-9][0-9]*$/.test(text) && Number.isSafeInteger(number)) return number;
  throw new InvalidArgumentError('Give a whole number from 1 on.');
}

/** ms since 1970 of a date, or of a time in UTC. */
export function moment(text: string): number {
  const ms =
    parseDate(text) === undefined ? (parseTime(text) ?? parseTime(`${text}Z`)) : parseTime(`${text}T00:00:00.000Z`);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError('Give a date or a time in UTC: 2026-11-22 or 2026-11-22T10:00:05.000Z.');
}

/** `1200:3f…`: a batch and its hash. */
export function anchor(text: string): { readonly sequence: number; readonly hash: string } {
  const [, sequence, hash] = /^([1-9][0-9]*):([0-9a-f]{64})$/.exec(text) ?? [];
  if (hash !== undefined) return { sequence: serial(sequence), hash };
  throw new InvalidArgumentError('Give the batch, a colon, and its hash of 64 digits.');
}
