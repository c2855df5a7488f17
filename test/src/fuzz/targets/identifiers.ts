/** Identifiers: 31 digits and nothing else, the same through text and bytes, and bytes that sort as digits do. */
import assert from 'node:assert/strict';
import { identifierFromBytes, identifierText, identifierToBytes, parseIdentifier } from '@clearway/contract';
import type { Random } from '../random.ts';
import type { Target } from '../target.ts';
import { disturbed } from './text-of.ts';

function generate(random: Random): Buffer {
  const digits = random.chance(0.5)
    ? `20261122100101${random.digits(11)}010001`
    : random.digits(random.pick([31, 31, 30, 32]));
  return disturbed(random, digits);
}

function check(input: Buffer): void {
  const text = input.toString('utf8');
  const parsed = parseIdentifier(text);
  const isRight = text.length === 31 && [...text].every((digit) => '0123456789'.includes(digit));
  assert.equal(parsed !== undefined, isRight, text);
  if (!parsed) return;
  assert.equal(identifierText(parsed), text);
  const bytes = identifierToBytes(parsed);
  assert.deepEqual(identifierFromBytes(bytes), parsed);
  const next = String(BigInt(text) + 1n).padStart(31, '0');
  if (next.length > 31) return;
  assert.equal(Buffer.compare(bytes, identifierToBytes(parseIdentifier(next)!)), -1, `${text} before ${next}`);
}

export const identifiers: Target = { name: 'identifiers', generate, check };
