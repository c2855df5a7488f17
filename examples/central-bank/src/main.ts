/** A simulated central bank as a program. `node main.js <settings.json>`, or settings in CLEARWAY_* variables. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { currencyByAlpha, formatAmount, problem, problemContentType } from '@clearway/contract';
import type { HttpHandler } from '@clearway/ports';
import { listen, realChance, realClock, realCrypto } from '@clearway/ports/real';
import { type BookRecord, createBook } from './book.ts';
import { createHandler } from './handler.ts';
import { openJournal } from './journal.ts';
import { createNonces } from './nonces.ts';
import { decideOpening, openAccounts } from './opening.ts';
import { readSettings } from './settings.ts';
import { endWithSupervisor, fail, report } from './supervisor.ts';

const maxBodyBytes = 4 * 2 ** 20;
const timeouts = { closeMs: 2_000 };

async function run(): Promise<void> {
  const settings = readSettings(process.argv[2], process.env);
  const { code: participant, endpoint, signingKey, platform } = settings;

  const book = createBook();
  openAccounts(book, settings.accounts);
  const journal = openJournal<BookRecord>(join(settings.dataFolder, 'journal.jsonl'), book.apply);
  const opening = decideOpening(book, settings.accounts, realClock.now());
  if (opening.length > 0) journal.append(opening);
  opening.forEach(book.apply);

  const handler = createHandler({
    ports: { clock: realClock, chance: realChance, crypto: realCrypto },
    book,
    // What reached the disk is not known after a failure: end, and begin again from the journal.
    write(records) {
      try {
        journal.append(records);
      } catch (error) {
        fail(error);
      }
    },
    code: participant,
    signing: { ...signingKey, privateKey: readFileSync(signingKey.file, 'utf8') },
    platform,
    firstUse: createNonces(realClock),
  });

  const authority = endpoint.clientCertificateAuthorityFile;
  const server = await listen(authority === undefined ? handler : withClientCertificate(handler), {
    host: endpoint.host,
    port: endpoint.port,
    tls: {
      cert: readFileSync(endpoint.certificateFile, 'utf8'),
      key: readFileSync(endpoint.keyFile, 'utf8'),
      ...(authority !== undefined && { ca: readFileSync(authority, 'utf8'), requestCert: true }),
    },
    maxBodyBytes,
    timeouts,
    onError: (error) => process.stderr.write(`${String(error)}\n`),
  });

  const statistics = setInterval(() => {
    const accounts = book.accounts().map(({ participant, currency, balance }) => {
      return { participant, currency, balance: formatAmount(balance, currencyByAlpha(currency)!.numeric).amount };
    });
    const now = { type: 'statistics', role: 'centralBank', participant, at: Date.now() } as const;
    report({ ...now, ...book.counts(), accounts });
  }, settings.statisticsEveryMs);

  const stop = () => {
    clearInterval(statistics);
    server.close().then(() => process.exit(0), fail);
  };
  endWithSupervisor(stop);
  report({ type: 'ready', participant, port: server.port });
}

/** TLS lets callers in without a certificate of the authority; they are refused here. */
function withClientCertificate(handler: HttpHandler): HttpHandler {
  const refusal = Buffer.from(JSON.stringify(problem('certificateRequired', 'no certificate of our authority')));
  return async (request) => {
    if (request.headers['x-client-certificate'] !== undefined) return handler(request);
    return { status: 403, headers: { 'content-type': problemContentType }, body: refusal };
  };
}

run().catch(fail);
