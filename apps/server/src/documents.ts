/** Configuration documents as adopted, and what of them the core is told. */
import { newestRules } from '@clearway/core';
import type { ParticipantConfiguration, SchemeConfiguration } from '@clearway/gateway';

export interface SchemeDocument extends SchemeConfiguration {
  readonly version: number;
}

export interface ParticipantsDocument {
  readonly version: number;
  readonly participants: readonly ParticipantConfiguration[];
}

/** What a scheme is called is part of everything that was signed under it. @throws Error when it is called otherwise now */
export function assertSameScheme(before: SchemeDocument, after: SchemeDocument): void {
  for (const name of ['schemeId', 'environment'] as const) {
    if (after[name] === before[name]) continue;
    throw new Error(
      `scheme.json, version ${after.version}, has ${name} ${after[name]}, and this journal is of ${before[name]}: ` +
        'what was signed would not hold any more; another scheme has a journal of its own',
    );
  }
}

/** Asked before anything is journaled. @throws Error when the scheme wants rules that only a newer program knows */
export function assertRulesKnown({ version, rules = 1 }: Pick<SchemeDocument, 'version' | 'rules'>): void {
  if (rules > newestRules)
    throw new Error(
      `scheme.json, version ${version}, wants rules ${rules}, and this program knows ${newestRules}: ` +
        'raise them when every program of the platform is the newer one',
    );
}

/** @throws Error that names what the document lacks */
export function schemeContent(scheme: SchemeDocument): Uint8Array {
  return json({
    currencies: scheme.currencies,
    maximumAmount: minorUnits(scheme.maximumAmount, 'maximumAmount'),
    offerTimeoutMs: scheme.offerTimeoutMs,
    longestExpiryMs: scheme.longestExpiryMs,
    enquiryBackoffMs: scheme.enquiryBackoffMs,
    enquiryBackoffLargestMs: scheme.enquiryBackoffLargestMs,
    reversalAfterMs: scheme.reversalAfterMs,
    workItemAfterMs: scheme.workItemAfterMs,
    signingTimeoutMs: scheme.signingTimeoutMs,
    ...(scheme.rules !== undefined && { rules: scheme.rules }),
  });
}

/** @param home routing digits as a number of the cell that holds caps and money; absent where the cell is told itself */
export function participantsContent({ participants }: ParticipantsDocument, home?: number): Uint8Array {
  return json({
    ...(home !== undefined && { home }),
    participants: participants.map(({ code, role, status, netDebitCaps }) => ({
      code: Number(code),
      role,
      status,
      netDebitCaps: netDebitCaps.map(({ currency, amount }) => ({
        currency,
        amount: minorUnits(amount, `cap of ${code}`),
      })),
    })),
  });
}

function minorUnits(digits: string, what: string): number {
  const value = Number(digits);
  if (!/^[0-9]+$/.test(digits) || !Number.isSafeInteger(value)) {
    throw new Error(`${what} is "${digits}": give minor units as digits, at most 2^53 - 1`);
  }
  return value;
}

export function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

export function parseDocument<T>(bytes: Uint8Array): T {
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as T;
}
