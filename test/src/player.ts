/** An institution of a world, played by the test with the institution's own keys through the gateway, as an outsider. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AgreementStatus, Money } from '@clearway/contract';
import type { WalletSettings } from '@clearway/example-wallet';
import type { Ports } from '@clearway/ports';
import { realChance, realClock, realCrypto, realNetwork } from '@clearway/ports/real';
import { createInstitution, type Institution, type InstitutionOptions } from '@clearway/sdk';
import { readIdentity } from '@clearway/sdk/node';
import type { World } from '@clearway/start';

export interface Player {
  readonly code: string;
  /** How the institution signs and whom it trusts. */
  readonly options: InstitutionOptions;
  readonly institution: Institution;
  /** Of a wallet: base addresses of the banks' simulated phone networks, by bank. */
  readonly phones: ReadonlyMap<string, string>;
}

export interface Customer {
  readonly bank: string;
  readonly name: string;
  readonly account: string;
  readonly document: string;
  readonly phone: string;
}

export const ports: Ports = {
  clock: realClock,
  chance: realChance,
  crypto: realCrypto,
  network: realNetwork(),
};

/** The programs of the world use lane 0: what is played here never makes their identifiers. */
const lane = 5;

/** `name`: of the program whose keys and settings are taken, as wallet-00101. */
export function play(world: World, name: string, more: Partial<InstitutionOptions> = {}): Player {
  const settings: WalletSettings = JSON.parse(readFileSync(settingsFile(world, name), 'utf8'));
  const options: InstitutionOptions = { ...readIdentity(settings), ports, lane, ...more };
  const phones = new Map((settings.banks ?? []).map(({ code, phone }) => [code, phone]));
  return { code: settings.code, options, institution: createInstitution(options), phones };
}

export function settingsFile(world: World, name: string): string {
  return join(world.dataFolder, 'institutions', name, 'settings.json');
}

/** Customers with numbers from 900 on are nobody else's. */
export function customer({ code }: Player, bank: string, number = 900): Customer {
  const serial = String(number).padStart(6, '0');
  return {
    bank,
    name: `Customer ${code}-${bank}-${number}`,
    account: `${bank}${code}${serial}`,
    document: `990${bank}${code.slice(1)}${serial}`,
    phone: `1${bank.slice(-2)}${code.slice(-2)}${serial}`,
  };
}

/** The first step alone: the bank has sent its code. */
export async function requestAgreement(
  { institution }: Player,
  { bank, ...debtor }: Customer,
  paymentLimit: Money,
): Promise<AgreementStatus> {
  const expiresOn = '2099-12-31';
  const status = await institution.requestAgreement({ bank, paymentLimit, expiresOn, debtor });
  assert.equal(status.state, 'codeSent', `${bank} sends the code of ${status.agreementId}: ${status.reason}`);
  return status;
}

/** Both steps, with the code that the customer reads on the phone; gives the agreement's identifier. */
export async function signAgreement(player: Player, who: Customer, paymentLimit: Money): Promise<string> {
  const { agreementId, bank } = await requestAgreement(player, who, paymentLimit);
  const response = await ports.network.request(
    {
      method: 'POST',
      url: new URL('/phone', player.phones.get(bank)).href,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify({ phone: who.phone })),
    },
    { timeoutMs: 5_000 },
  );
  const { codes }: { codes: { agreementId: string; code: string }[] } = JSON.parse(
    Buffer.from(response.body).toString('utf8'),
  );
  const { code } = codes.find((sent) => sent.agreementId === agreementId)!;
  const confirmed = await player.institution.confirmAgreement({ agreementId, bank, code });
  assert.equal(confirmed.state, 'active');
  return agreementId;
}
