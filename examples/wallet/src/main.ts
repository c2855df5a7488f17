/** A simulated payment institution as a program. `node main.js <settings.json>`, or settings in CLEARWAY_* variables. */
import { join } from 'node:path';
import { currencyByAlpha, formatTime, parseAmount } from '@clearway/contract';
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
import { makeCustomer } from './customer.ts';
import { createEnrolment } from './enrolment.ts';
import { createGenerator } from './generator.ts';
import { createOrders } from './order.ts';
import { createWalletReconciler } from './reconciliation.ts';
import type { WalletControl, WalletReport, WalletStatistics } from './report.ts';
import { walletFields } from './settings.ts';
import { createSigning } from './signing.ts';
import { createTally } from './tally.ts';
import { createTraffic } from './traffic.ts';
import { createWallet } from './wallet.ts';
import { createWalletBook, type WalletRecord } from './wallet-book.ts';

const reconcileAgainMs = 5_000;
const enrolAgainMs = 5_000;
const resolveEveryMs = 1_000;
const agreementLifeMs = 365 * 86_400_000;
const maxBodyBytes = 64 * 1024;
const timeouts = { closeMs: 2_000 };

async function run(): Promise<void> {
  const closers: (() => void | Promise<void>)[] = [];
  /** Until the wallet is ready there is nothing to control. */
  let take: (control: WalletControl) => void = () => {};
  const { report } = supervise<WalletReport>({
    onControl: (control) => take(control as WalletControl),
    async stop() {
      for (const close of closers) await close();
    },
  });

  const settings = readSettings(walletFields, { arguments: process.argv.slice(2), environment: process.env });
  const { code: participant, currency, endpoint } = settings;
  const problem = (message: string) => report({ type: 'problem', participant, message });
  const network = realNetwork(readTrust(settings));
  const ports: Ports = { clock: realClock, chance: realChance, crypto: realCrypto, network };
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

  const book = createWalletBook();
  const tally = createTally();
  const journal = await openJournalFile<WalletRecord>({
    path: join(settings.dataFolder, 'journal.jsonl'),
    restore: book.apply,
    onFailure: fail,
  });
  const wallet = createWallet({
    ...{ clock: realClock, institution, book, journal, tally, problem },
    cycleSettled: reconcileSettled,
  });
  const { write } = wallet;

  const reconciliations = { cycles: 0, differences: 0 };
  const reconcile = createWalletReconciler({
    ...{ clock: realClock, institution, participant, book, write },
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

  const customers = settings.banks.flatMap(({ code }) =>
    Array.from({ length: settings.customersPerBank }, (_, index) => makeCustomer(participant, code, index + 1)),
  );
  const sign = createSigning({
    ...{ institution, network },
    phones: new Map(settings.banks.map(({ code, phone }) => [code, phone])),
    paymentLimit: { amount: settings.paymentLimit, currency },
    async expiresOn() {
      const { businessDate } = await institution.platform();
      return formatTime(Date.parse(businessDate) + agreementLifeMs).slice(0, 10);
    },
  });
  const enrol = createEnrolment({ ...{ clock: realClock, book, customers, sign, write, problem } });

  const generator = createGenerator(settings.seed);
  const minor = (amount: string) => minorOf(amount, currency);
  const orders = createOrders({
    ...{ generator, book, customers, mix: settings.mix, currency: currencyByAlpha(currency)!.numeric },
    amounts: {
      median: minor(settings.amounts.median),
      p99: minor(settings.amounts.p99),
      most: minor(settings.paymentLimit),
    },
  });
  const traffic = createTraffic({
    ...{ clock: realClock, generator, tally, mostInFlight: settings.mostInFlight },
    next: orders.next,
    send: wallet.send,
  });

  const receiver = withClientCertificate(createReceiver({ ...identity, handlers: wallet.handlers }), endpoint);
  const server = await listen(receiver, {
    ...{ host: endpoint.host, port: endpoint.port, tls: readCertificates(endpoint), maxBodyBytes, timeouts },
    onError: (error) => problem(String(error)),
  });

  let enrolling = true;
  async function keepEnrolled(): Promise<void> {
    await enrol();
    enrolling = false;
    realClock.after(enrolAgainMs, () => void keepEnrolled());
  }
  void keepEnrolled();

  if (settings.payments !== undefined) traffic.pay(settings.payments);
  traffic.setRate(settings.rate);
  take = (control) => {
    if ('rate' in control) traffic.setRate(control.rate);
    else if ('payments' in control) traffic.pay(control.payments);
    else traffic.stop();
  };

  function phase(): WalletStatistics['phase'] {
    if (enrolling) return 'signing';
    if (!traffic.isAtRest()) return 'paying';
    return book.open().size === 0 ? 'idle' : 'resolving';
  }
  const reportRecorded = () => report({ type: 'recorded', participant, ...book.recorded() });
  const resolving = setInterval(wallet.resolve, resolveEveryMs);
  const statistics = setInterval(() => {
    reportRecorded();
    const now = { type: 'statistics', role: 'wallet', participant, at: Date.now(), phase: phase() } as const;
    const open = { inFlight: wallet.inFlight(), unresolved: book.open().size };
    const latency = tally.readLatency();
    report({ ...now, agreements: book.agreements(), ...tally.counts, ...open, latency, reconciliations });
  }, settings.statisticsEveryMs);

  closers.push(
    () => traffic.end(),
    () => clearInterval(resolving),
    () => clearInterval(statistics),
    () => stream?.close(),
    () => server.close(),
    () => journal.durable(),
  );
  report({ type: 'ready', participant, port: server.port });
  reportRecorded();
  reconcileSettled();
}

function minorOf(amount: string, currency: string): number {
  const parsed = parseAmount({ amount, currency });
  if ('reason' in parsed) throw new SettingsError(`settings: '${amount}' ${currency} is no amount (${parsed.reason})`);
  return parsed.minor;
}

run().catch(fail);
