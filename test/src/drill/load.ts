/** The drill's own payments, one after the other on each rail: what each was told is known to the millisecond. */
import { readFileSync } from 'node:fs';
import type { WalletSettings } from '@clearway/example-wallet';
import { realLinks, realNetwork } from '@clearway/ports/real';
import { createParticipantStream, type InstitutionOptions } from '@clearway/sdk';
import { readIdentity, readLinkTrust, readTrust } from '@clearway/sdk/node';
import type { World } from '@clearway/start';
import { customer, play, ports, settingsFile, signAgreement } from '../player.ts';
import { type Probe, probe } from '../probe.ts';
import type { OwnPayment } from '../witness.ts';

export const rails = ['http', 'stream'] as const;
export type Rail = (typeof rails)[number];

export interface Load {
  readonly probes: Readonly<Record<Rail, Probe>>;
  readonly payments: readonly OwnPayment[];
  /** Of both rails. */
  count(...words: string[]): number;
  stop(): Promise<void>;
}

/** Who pays and is paid: of the stream are wallets 00101 and 00102 and banks 00201 and 00202. */
export const streamed = ['00101', '00102', '00201', '00202'];
const cast = { http: ['wallet-00103', '00203'], stream: ['wallet-00101', '00202'] } as const;
/** The programs of the world have lane 0, and tests others. */
const lanes = { http: 7, stream: 6 };
const atOnce = 4;

export async function startLoad(world: World): Promise<Load> {
  const closers: (() => Promise<void>)[] = [];
  const start = async (rail: Rail) => {
    const [name, bank] = cast[rail];
    const { options, close } = optionsOf(world, name, rail);
    if (close) closers.push(close);
    const player = play(world, name, options);
    const who = customer(player, bank);
    await signAgreement(player, who, { amount: '100.00', currency: 'CNY' });
    return probe(world, name, who, { atOnce, options });
  };
  const probes = { http: await start('http'), stream: await start('stream') };
  const both = Object.values(probes);
  return {
    probes,
    get payments() {
      return both.flatMap(({ payments }) => payments);
    },
    count: (...words) => both.reduce((sum, one) => sum + one.count(...words), 0),
    async stop() {
      await Promise.all(both.map((one) => one.stop()));
      for (const close of closers) await close();
    },
  };
}

function optionsOf(world: World, name: string, rail: Rail) {
  const settings: WalletSettings = JSON.parse(readFileSync(settingsFile(world, name), 'utf8'));
  const known = { ...ports, network: realNetwork(readTrust(settings)) };
  const options: Partial<InstitutionOptions> = { ports: known, lane: lanes[rail] };
  if (rail === 'http' || settings.stream === undefined) return { options, close: undefined };
  const stream = createParticipantStream({
    ...{ ...readIdentity(settings), ports: known, attempts: 1, patienceMs: 20_000 },
    addresses: settings.stream.addresses,
    links: realLinks(readLinkTrust(settings.stream)),
    // For a person: of two programs of one institution each hears of messages that the other has sent.
    failed: (error) => void process.stderr.write(`${name}: ${error.message}\n`),
  });
  return { options: { ...options, stream }, close: () => stream.close() };
}
