/** Too much of everything: payments, enquiries, repeats. */
import { readFileSync } from 'node:fs';
import type { WalletSettings } from '@clearway/example-wallet';
import { realNetwork } from '@clearway/ports/real';
import { readTrust } from '@clearway/sdk/node';
import { play, ports, settingsFile } from '../../player.ts';
import { signalIfAlive } from '../../processes.ts';
import { get, signed } from '../../raw.ts';
import { rest, until } from '../../until.ts';
import type { Drill } from '../drill.ts';
import { pidOf } from '../running.ts';

/** The rate of the drill is what the world does with ease. */
const usual = 40;

const overload: Drill = {
  name: 'overload',
  about: 'ten times the payments, from one moment to the next',
  faults: [26],
  world: { mostInFlight: 4000 },
  async strike(stage) {
    const before = stage.world.tally.totals().sent;
    stage.world.setRate(usual * 10);
    while (stage.lasts()) await rest(50);
    stage.world.setRate(usual);
    // The reports of the wallets come every second.
    await rest(1500);
    stage.struck('payments ordered', stage.world.tally.totals().sent - before);
  },
};

/** One of three institutions. */
const flooder = 'wallet-00102';
const questionsAtOnce = 24;
const timeoutMs = 15_000;

const flood: Drill = {
  name: 'enquiry-flood',
  about: 'a third of the institutions enquires without end, also about what is old, and does not heed refusals',
  faults: [27],
  async strike(stage) {
    const { world } = stage;
    const settings: WalletSettings = JSON.parse(readFileSync(settingsFile(world, flooder), 'utf8'));
    const network = realNetwork(readTrust(settings));
    const player = play(world, flooder, { ports: { ...ports, network } });
    const asked = stage.load.payments.map(({ paymentId }) => paymentId);
    const ask = async () => {
      while (stage.lasts()) {
        const request = get(player, `/v1/payments/${stage.random.pick(asked)}`);
        const { status } = await network.request(await signed(player, request), { timeoutMs });
        stage.struck(`enquiries answered ${status}`);
      }
    };
    await Promise.all(Array.from({ length: questionsAtOnce }, ask));
    network.close();
  },
};

const slowBanks = ['bank-00202', 'bank-00203'];

const storm: Drill = {
  name: 'retry-storm',
  about: 'banks are held for the whole time while institutions repeat; then they come back all at once',
  faults: [28, 31, 47],
  async strike(stage) {
    await until('the banks run', () => slowBanks.every((name) => pidOf(stage, name) !== undefined));
    const pids = slowBanks.map((name) => pidOf(stage, name)!);
    for (const pid of pids) signalIfAlive(pid, 'SIGSTOP');
    stage.struck('banks held', pids.length);
    stage.world.setRate(usual * 3);
    while (stage.lasts()) await rest(50);
    for (const pid of pids) signalIfAlive(pid, 'SIGCONT');
    stage.world.setRate(usual);
  },
};

export const loads: readonly Drill[] = [overload, flood, storm];
