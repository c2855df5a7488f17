/** A first payment through a running `npm start`, from an agreement to its refund: node docs/guides/first-payment.mjs */
import { readFileSync } from 'node:fs';
import { realChance, realClock, realCrypto, realNetwork } from '@clearway/ports/real';
import { createInstitution } from '@clearway/sdk';

const data = process.env.CLEARWAY_DATA ?? './data';
const bank = '00201';
const read = (path) => readFileSync(path, 'utf8');
const settings = JSON.parse(read(`${data}/institutions/wallet-00101/settings.json`));
const phone = JSON.parse(read(`${data}/institutions/bank-${bank}/settings.json`)).phone;

// 1. Who we are, whose keys we sign and open with, and whom we believe.
const wallet = createInstitution({
  ports: { clock: realClock, chance: realChance, crypto: realCrypto, network: realNetwork({}) },
  gateway: settings.gateway,
  code: settings.code,
  scheme: { schemeId: settings.schemeId, environment: settings.environment },
  signing: { ...settings.signingKey, privateKey: read(settings.signingKey.file) },
  sealing: { privateKey: read(settings.sealingKeyFile) },
  platformKeys: settings.platformKeys,
  lane: 9, // the simulated wallet runs too: each process of an institution makes identifiers in a lane of its own
});

// 2. The customer agrees: the bank compares the four elements and sends a code to the phone.
const serial = String(Date.now() % 1_000_000).padStart(6, '0');
const debtor = { name: 'Ada', account: `622200${serial}`, document: `990${serial}`, phone: `190${serial}` };
const expiresOn = new Date(Date.now() + 300 * 86_400_000).toISOString().slice(0, 10);
const { agreementId, state } = await wallet.requestAgreement({
  bank,
  paymentLimit: { amount: '500.00', currency: 'CNY' },
  expiresOn,
  debtor,
});
console.log(`agreement ${agreementId}: ${state}`);

// 3. The code that the customer reads on the simulated phone makes the agreement active.
const answer = await fetch(`http://${phone.host}:${phone.port}/phone`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ phone: debtor.phone }),
});
const { code } = (await answer.json()).codes.find((sent) => sent.agreementId === agreementId);
console.log(`confirmed: ${(await wallet.confirmAgreement({ agreementId, bank, code })).state}`);

// 4. A payment, and a part of it back. `unknown` would be no error: it ends by a notice, or ask with wallet.enquire.
const payment = await wallet.pay({
  bank,
  agreementId,
  amount: { amount: '12.80', currency: 'CNY' },
  endToEndId: 'coffee-1',
});
console.log(`payment ${payment.paymentId}: ${payment.state} (${payment.isoStatus}) in cycle ${payment.cycle}`);
const refund = await wallet.refund({
  originalPaymentId: payment.paymentId,
  bank,
  amount: { amount: '2.80', currency: 'CNY' },
  endToEndId: 'coffee-1-back',
});
console.log(`refund  ${refund.paymentId}: ${refund.state}`);
