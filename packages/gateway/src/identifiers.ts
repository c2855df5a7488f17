/** Identifiers in paths and messages: their shape, and whose they are. */
import { parseIdentifier } from '@clearway/core/vocabulary';
import { Refusal } from './call.ts';

/** @throws Refusal unless the text has the shape of an identifier */
export function identifierOf(text: string): string {
  if (!parseIdentifier(text)) throw new Refusal('identifierMalformed', 'The identifier in the path has not 31 digits');
  return text;
}

/** Code of the institution that made the identifier. */
export function makerOf(identifier: string): string {
  return identifier.slice(9, 14);
}

/** @throws Refusal unless the identifier was made by the participant */
export function mustBeOwn(identifier: string, code: string): void {
  if (makerOf(identifier) === code) return;
  throw new Refusal('identifierForeignParticipant', `The identifier does not bear the code ${code} that signed`);
}

/** @throws Refusal unless message and path name the same */
export function mustBeOfPath(field: string, identifier: string, inPath: string | undefined): void {
  if (identifier !== inPath) throw new Refusal('fieldInvalid', `/${field} is not the one of the path`);
}
