import type { AuditEntry, AuditList } from '@clearway/console-api';
import type { Crypto } from '@clearway/ports';
import type { Command } from 'commander';
import type { Given } from '../given.ts';
import { count, many } from '../output/words.ts';
import { openOwnDesk } from './desk.ts';

interface Verdict {
  readonly holds: boolean;
  readonly entries: number;
  /** Of the newest entry: note it elsewhere, and nothing up to here can be changed unseen. */
  readonly head: string;
  readonly problem: string | null;
}

const firstHash = '0'.repeat(64);
const pageEntries = 500;

/** Reads the whole log and follows its chain here: the server is not asked whether it holds. */
export function verifyAudit(noun: Command, given: Given): void {
  noun
    .command('verify')
    .description('read the audit log and check here that no entry was changed, removed or added')
    .action(async () => {
      const desk = openOwnDesk(given.desk);
      const progress = given.progress('Reading the audit log', 'entries');
      const entries: AuditEntry[] = [];
      for (let before: number | null = null; ; ) {
        given.signal.throwIfAborted();
        const query: string = before === null ? '' : `&before=${before}`;
        const page = (await desk.ask('GET', `/api/v1/audit?limit=${pageEntries}${query}`)) as AuditList;
        entries.push(...page.entries);
        progress.update(entries.length, page.entries[0]?.sequence ?? 0);
        if (page.next === null) break;
        before = page.next;
      }
      progress.end();
      const verdict = follow(given.crypto, entries.reverse());
      if (!verdict.holds) given.answerNo();
      given.answer(verdict, () =>
        verdict.holds
          ? `${many(verdict.entries, 'entry', 'entries')}, the chain holds. Newest: ${verdict.head}\n`
          : `The chain is broken after ${count(verdict.entries)}: ${verdict.problem}\n`,
      );
    });
}

function follow(crypto: Pick<Crypto, 'sha256'>, entries: readonly AuditEntry[]): Verdict {
  let head = firstHash;
  for (const [index, { sequence, content, previousHash, hash }] of entries.entries()) {
    const broken = (problem: string) => ({ holds: false, entries: index, head, problem });
    if (sequence !== index + 1) return broken(`entry ${index + 1} is missing`);
    if (previousHash !== head) return broken(`entry ${sequence} does not name the hash of the one before`);
    const made = crypto.sha256(Buffer.from(`${previousHash}\n${content}`));
    if (Buffer.from(made).toString('hex') !== hash) return broken(`entry ${sequence} is not what was hashed`);
    head = hash;
  }
  return { holds: true, entries: entries.length, head, problem: null };
}
