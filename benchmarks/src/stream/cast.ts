/**
 * Who takes part in a run: institutions and banks with real keys, the links that they share with real certificates, and
 * the agreements between them. Made anew for each run, in a folder for its owner alone.
 */
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Suite } from '@clearway/ports';
import { authorityFile, certificate, writePrivately } from '@clearway/start';
import { random, zipf } from './random.ts';
import type { StreamSettings } from './settings.ts';

export const currency = 156;
export const decimals = 2;
export const placeOf = (cell: number) => ({ centre: 1, cell }) as const;
/** Number of the cell in which an institution pays, by its place in `paying`, or that a link of one goes to, by its own. */
export const cellOf = (institution: number, cells: number): number => 1 + (institution % cells);
export const scheme = { schemeId: 'CLEARWAY', environment: 'sandbox' } as const;
export const timeZone = 'Asia/Shanghai';
/** Minor units: no payment is larger, and no limit smaller. */
export const largestPayment = 100_000;

export interface Member {
  readonly code: number;
  readonly publicKey: string;
  readonly privateKey: string;
}

/** One link and whom it carries, by their place in `paying` or `banks`. */
export interface LinkPlan {
  readonly members: readonly number[];
  readonly certificateFile: string;
  readonly keyFile: string;
}

export interface Cast {
  readonly settings: StreamSettings;
  /** yyyymmdd. */
  readonly businessDate: number;
  readonly paying: readonly Member[];
  readonly banks: readonly Member[];
  readonly payingLinks: readonly LinkPlan[];
  readonly bankLinks: readonly LinkPlan[];
  /** PEM file: authority of all certificates. */
  readonly authorityFile: string;
  /** PEM: whom the pool of sealed fields is sealed for; all banks have the same one. */
  readonly sealingKey: string;
}

/** Of the largest; the others follow by rank. */
export const firstCode = { paying: 10_001, banks: 20_001 } as const;

export const fiveDigits = (code: number): string => String(code).padStart(5, '0');

export async function makeCast(settings: StreamSettings, folder: string, businessDate: number): Promise<Cast> {
  const certificates = join(folder, 'certificates');
  const paying = Array.from({ length: settings.paying }, (_, rank) => member(firstCode.paying + rank, settings.suite));
  const banks = Array.from({ length: settings.institutions - settings.paying }, (_, rank) =>
    member(firstCode.banks + rank, settings.suite),
  );
  // Whoever shares a link pays in the same cell.
  const half = Math.max(settings.cells, Math.floor(settings.links / 2 / settings.cells) * settings.cells);
  const payingLinkCount = Math.min(paying.length, half);
  const bankLinkCount = Math.min(banks.length, Math.max(1, settings.links - payingLinkCount));
  const plans = async (side: string, members: number, links: number): Promise<LinkPlan[]> => {
    const made: LinkPlan[] = [];
    for (let link = 0; link < links; link++) {
      const own = Array.from({ length: Math.ceil((members - link) / links) }, (_, i) => link + i * links);
      made.push({ members: own, ...(await certificate(certificates, `${side}-${link}`)) });
    }
    return made;
  };
  const cast: Cast = {
    settings,
    businessDate,
    paying,
    banks,
    payingLinks: await plans('paying', paying.length, payingLinkCount),
    bankLinks: await plans('banks', banks.length, bankLinkCount),
    authorityFile: authorityFile(certificates),
    sealingKey: generateKeyPairSync('x25519', { publicKeyEncoding, privateKeyEncoding }).publicKey,
  };
  writePrivately(join(folder, 'cast.json'), JSON.stringify(cast));
  return cast;
}

export const readCast = (folder: string): Cast => JSON.parse(readFileSync(join(folder, 'cast.json'), 'utf8'));

const publicKeyEncoding = { type: 'spki', format: 'pem' } as const;
const privateKeyEncoding = { type: 'pkcs8', format: 'pem' } as const;

function member(code: number, suite: Suite): Member {
  const keys =
    suite === 'ed25519'
      ? generateKeyPairSync('ed25519', { publicKeyEncoding, privateKeyEncoding })
      : generateKeyPairSync('ec', { namedCurve: 'P-256', publicKeyEncoding, privateKeyEncoding });
  return { code, ...keys };
}

/**
 * Institution and bank of each agreement, as places in `paying` and `banks`. Large ones have many: a payment that takes
 * any agreement with the same chance has the skew of the settings.
 */
export function drawAgreements({ settings }: Cast): { institutions: Uint16Array; banks: Uint16Array } {
  const chance = random(settings.seed);
  const institution = zipf(settings.paying, settings.zipf, chance);
  const bank = zipf(settings.institutions - settings.paying, settings.zipf, chance);
  const institutions = new Uint16Array(settings.agreements);
  const banks = new Uint16Array(settings.agreements);
  for (let i = 0; i < settings.agreements; i++) {
    institutions[i] = institution();
    banks[i] = bank();
  }
  return { institutions, banks };
}
