/** A simulated bank as a program. `node main.js <settings.json>`, or settings in CLEARWAY_* variables. */
import { join } from 'node:path';
import { parseAmount } from '@clearway/contract';
import type { Ports } from '@clearway/ports';
import { listen, realChance, realClock, realCrypto, realLinks, realNetwork } from '@clearway/ports/real';
import { createConnection, createInstitution, createParticipantStream, createReceiver } from '@clearway/sdk';
import {
  fail,
  openJournalFile,
  openSentHashes,
  readCertificates,
  readIdentity,
  readLinkTrust,
  readSettings,
  readTrust,
  SettingsError,
  supervise,
  withClientCertificate,
} from '@clearway/sdk/node';
import { createBank, sendCode } from './bank.ts';
import { createCounters } from './counters.ts';
import { createWrite } from './durable-ledger.ts';
import { createGenerator } from './generator.ts';
import { createLedger, type LedgerRecord } from './ledger.ts';
import { createPhoneNetwork } from './phone-network.ts';
import { createBankReconciler } from './reconciliation.ts';
import type { BankReport } from './report.ts';
import { bankFields } from './settings.ts';

const reconcileAgainMs = 5_000;
const maxBodyBytes = 64 * 1024;
const timeouts = { closeMs: 2_000 };

async function run(): Promise<void> {
  const closers: (() => void | Promise<void>)[] = [];
  const supervisor = supervise<BankReport>({
    onControl: () => supervisor.stop(),
    async stop() {
      for (const close of closers) await close();
    },
  });
  const { report } = supervisor;

  const settings = readSettings(bankFields, { arguments: process.argv.slice(2), environment: process.env });
  const { code: participant, currency, seed, behaviour, endpoint } = settings;
  const minor = (amount: string) => minorOf(amount, currency);
  const [least, most] = [minor(settings.openingBalance.least), minor(settings.openingBalance.most)];
  const salary = settings.salary === undefined ? undefined : minor(settings.salary);

  const network = realNetwork(readTrust(settings));
  const ports: Ports = { clock: realClock, chance: realChance, crypto: realCrypto, network };
  const problem = (message: string) => report({ type: 'problem', participant, message });
  const own = { ...readIdentity(settings), ports };
  const stream =
    settings.stream &&
    createParticipantStream({
      ...{ ...own, addresses: settings.stream.addresses, links: realLinks(readLinkTrust(settings.stream)) },
      sent: openSentHashes(join(settings.dataFolder, 'sent')),
      failed: (error) => problem(error.message),
    });
  const known = { ...own, ...(stream && { stream }) };
  const identity = { ...known, connection: createConnection(known) };
  const institution = createInstitution(identity);
  const counters = createCounters();
  const reconciliations = { cycles: 0, differences: 0 };

  const openingBalance = (account: string) => createGenerator(seed, account).integer(least, most);
  const ledger = createLedger({ currency, openingBalance });
  const phones = createPhoneNetwork();
  const journal = await openJournalFile<LedgerRecord>({
    path: join(settings.dataFolder, 'journal.jsonl'),
    restore(record) {
      ledger.apply(record);
      if (record.type === 'agreement') sendCode(ledger, phones, record.agreementId);
    },
    onFailure: fail,
  });
  const write = createWrite(ledger, journal);

  const reconcile = createBankReconciler({
    ...{ institution, participant, ledger, currency, write, salary },
    report(reconciliation) {
      reconciliations.cycles += 1;
      reconciliations.differences += reconciliation.differences;
      report(reconciliation);
    },
  });
  function reconcileSettled(): void {
    reconcile().catch((error: Error) => {
      problem(`reconciliation is tried again in ${reconcileAgainMs / 1000} s: ${error.message}`);
      realClock.after(reconcileAgainMs, reconcileSettled);
    });
  }

  const handlers = createBank({
    ...{ ports, ledger, write, institution, phones, counters, behaviour, seed, problem },
    cycleSettled: reconcileSettled,
  });
  const receiver = withClientCertificate(createReceiver({ ...identity, handlers }), endpoint);
  const tls = readCertificates(endpoint);
  const listening = { maxBodyBytes, timeouts, onError: (error: unknown) => problem(String(error)) };
  const endpointServer = await listen(receiver, { ...listening, host: endpoint.host, port: endpoint.port, tls });
  const phoneServer = await listen(phones.handler, { ...listening, ...settings.phone });
  report({ type: 'ready', participant, port: endpointServer.port, phonePort: phoneServer.port });
  reconcileSettled();

  const statistics = setInterval(() => {
    const now = { type: 'statistics', role: 'bank', participant, at: Date.now() } as const;
    report({ ...now, ...counters, ...ledger.counts(), reconciliations: { ...reconciliations } });
  }, settings.statisticsEveryMs);

  closers.push(
    () => clearInterval(statistics),
    () => stream?.close(),
    () => endpointServer.close(),
    () => phoneServer.close(),
    () => journal.durable(),
  );
}

function minorOf(amount: string, currency: string): number {
  const parsed = parseAmount({ amount, currency });
  if ('reason' in parsed) throw new SettingsError(`settings: '${amount}' ${currency} is no amount (${parsed.reason})`);
  return parsed.minor;
}

run().catch(fail);
