/**
 * Loaded into every program of a measured world before its own code: counts what it signs, checks and agrees on, and
 * writes the counts to a file of its own in the folder that BENCH_COUNTS names.
 */

import crypto, { type KeyObject } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';

const writeEveryMs = 200;
const counts: Record<string, number> = {};
let written = 0;
let counted = 0;

const count = (what: string, key: { readonly key?: KeyObject } & Partial<KeyObject>) => {
  const name = `${what} ${(key.key ?? key).asymmetricKeyType}`;
  counts[name] = (counts[name] ?? 0) + 1;
  counted++;
};

type Call = (...values: never[]) => unknown;
/** Its own counterpart of `name`, which is told the arguments first. */
const watch = (name: 'sign' | 'verify' | 'diffieHellman', told: (values: never[]) => void) => {
  const original = crypto[name] as Call;
  Object.assign(crypto, {
    [name]: (...values: never[]) => {
      told(values);
      return original(...values);
    },
  });
};
watch('sign', ([, , key]) => count('sign', key!));
watch('verify', ([, , key]) => count('verify', key!));
watch('diffieHellman', ([keys]) => count('agree', (keys! as { privateKey: KeyObject }).privateKey));
syncBuiltinESMExports();

const file = join(process.env.BENCH_COUNTS!, `${process.pid}-${threadId}.json`);
setInterval(() => {
  if (counted === written) return;
  written = counted;
  // Whoever reads finds all of it or the one before.
  writeFileSync(`${file}.new`, JSON.stringify(counts));
  renameSync(`${file}.new`, file);
}, writeEveryMs).unref();
