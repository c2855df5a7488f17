/** Checks that an adopted document is kept, is the one that the journal names, and says what the core was told of it. */

import type { Crypto } from '@clearway/ports';
import { type ParticipantsDocument, parseDocument, type SchemeDocument } from '@clearway/server';
import type { ConfigurationStore } from '@clearway/store';
import type { AdoptConfigurationFact } from '../journal/fact.ts';
import type { Keyring } from './keyring.ts';
import { about, type Findings } from './report.ts';

/** Puts the document's scheme or keys on the keyring. */
export async function checkConfiguration(
  fact: AdoptConfigurationFact,
  sequence: number,
  configurations: ConfigurationStore,
  crypto: Pick<Crypto, 'sha256'>,
  keyring: Keyring,
  findings: Findings,
): Promise<void> {
  const place = about(sequence, fact);
  const bytes = await configurations.get(fact.kind, fact.version);
  if (bytes === undefined) {
    findings.breach('configuration', 'the document that was adopted is not kept', place);
    return;
  }
  if (Buffer.from(crypto.sha256(bytes)).toString('hex') !== fact.hash) {
    findings.breach('configuration', 'the document is not the one that was adopted (hash)', place);
  }
  let differing: string[];
  try {
    differing = fact.kind === 'scheme' ? takeScheme(bytes, fact, keyring) : takeParticipants(bytes, fact, keyring);
  } catch (error) {
    findings.breach('configuration', `the document cannot be read: ${(error as Error).message}`, place);
    return;
  }
  for (const name of differing) {
    findings.breach('configuration', `${name} is not in the document what the core was told`, place);
  }
}

function takeScheme(bytes: Uint8Array, fact: AdoptConfigurationFact, keyring: Keyring): string[] {
  const document = parseDocument<SchemeDocument>(bytes);
  keyring.adoptScheme(document);
  const told = JSON.parse(fact.content) as Record<string, unknown>;
  const written = document as unknown as Record<string, unknown>;
  return Object.keys(told).filter((name) => plain(told[name]) !== plain(written[name]));
}

function takeParticipants(bytes: Uint8Array, fact: AdoptConfigurationFact, keyring: Keyring): string[] {
  const document = parseDocument<ParticipantsDocument>(bytes);
  keyring.adoptParticipants(document);
  const told = JSON.parse(fact.content) as { participants: { code: number }[] };
  const written = new Map(
    document.participants.map(({ code, role, status, netDebitCaps }) => [
      Number(code),
      plain({
        code: Number(code),
        role,
        status,
        netDebitCaps: netDebitCaps.map(({ currency, amount }) => ({ currency, amount })),
      }),
    ]),
  );
  const differing = told.participants
    .filter((one) => written.get(one.code) !== plain(one))
    .map(({ code }) => `participant ${code}`);
  return told.participants.length === written.size ? differing : [...differing, 'the number of participants'];
}

/** Text to compare by; documents write amounts as digits, the core's content as numbers. */
function plain(value: unknown): string {
  return JSON.stringify(value, (_, part) => (typeof part === 'number' ? String(part) : part));
}
