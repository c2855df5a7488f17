/** Mutual TLS at the gateway's own program: whose certificate is registered comes with it, or is refused. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { HttpRequest } from '@clearway/ports';
import { realNetwork } from '@clearway/ports/real';
import type { ParticipantsDocument } from '@clearway/server';
import { startWorld, type World } from '@clearway/start';
import { customer, type Player, play, ports, signAgreement } from './player.ts';
import { assertProblem, get, signed } from './raw.ts';
import { killAndWait, replaceJson, tameBanks } from './restart.ts';
import { until } from './until.ts';

const folder = mkdtempSync(join(tmpdir(), 'clearway-mutual-tls-'));
const main = fileURLToPath(new URL('../../apps/server/dist/gateway-main.js', import.meta.url));
const gateways: ChildProcess[] = [];
let world: World;
let gateway: string;

before(async () => {
  world = await startWorld({
    dataFolder: join(folder, 'data'),
    port: 0,
    logLevel: 'info',
    cycleSeconds: 0,
    fresh: true,
  });
  assert.ok(await world.agreementsSigned(60_000));
  await tameBanks(world, '1000.00');
  replaceJson<ParticipantsDocument>(
    join(world.dataFolder, 'configuration', 'participants.json'),
    ({ version, participants }) => ({
      version: version + 1,
      participants: participants.map((one) =>
        one.code === '00101' ? { ...one, certificate: fingerprint('wallet-00101') } : one,
      ),
    }),
  );
  await killAndWait(world, 'cell');
  gateway = await startGateway(world.environment.CLEARWAY_CA);
});

after(async () => {
  for (const one of gateways) one.kill('SIGKILL');
  await world?.stop('at once');
  rmSync(folder, { recursive: true, force: true });
});

/** All are of one authority, and for any program at 127.0.0.1. */
function certificateOf(name: string): { readonly cert: string; readonly key: string } {
  const read = (file: string) => readFileSync(join(world.dataFolder, 'certificates', file), 'utf8');
  return { cert: read(`${name}.pem`), key: read(`${name}-key.pem`) };
}

function fingerprint(name: string): string {
  return new X509Certificate(certificateOf(name).cert).fingerprint256.replaceAll(':', '').toLowerCase();
}

/** One more gateway of the same cell, with TLS; gives its address. `clientAuthorities`: a file. */
async function startGateway(clientAuthorities: string): Promise<string> {
  const certificates = join(world.dataFolder, 'certificates');
  const child = fork(main, {
    env: {
      ...process.env,
      ...world.environment,
      CLEARWAY_PORT: '0',
      CLEARWAY_CERTIFICATE: join(certificates, 'central-bank.pem'),
      CLEARWAY_CERTIFICATE_KEY: join(certificates, 'central-bank-key.pem'),
      CLEARWAY_CLIENT_CA: clientAuthorities,
    },
    stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
  });
  gateways.push(child);
  const [line] = await once(child.stdout!.setEncoding('utf8'), 'data');
  return JSON.parse(line).url;
}

/** `name` as it connects with a certificate, or without one. */
function connect(name: string, certificate?: string, url = gateway): Player {
  const ca = readFileSync(world.environment.CLEARWAY_CA, 'utf8');
  const network = realNetwork({ ca, ...(certificate !== undefined && certificateOf(certificate)) });
  return play(world, name, { gateway: url, ports: { ...ports, network } });
}

async function ask(player: Player, request: HttpRequest) {
  return player.options.ports.network.request(request, { timeoutMs: 5_000 });
}

async function assertRefused(player: Player, change: (request: HttpRequest) => HttpRequest = (same) => same) {
  const request = change(await signed(player, get(player, '/v1/platform')));
  await assertProblem(player, request, await ask(player, request), 'certificateRequired');
}

test('with its registered certificate an institution pays', async () => {
  const player = connect('wallet-00101', 'wallet-00101');
  const who = customer(player, '00201');
  await until('the cell serves', async () => (await world.operator.statistics())?.serving === true);
  await signAgreement(player, who, { amount: '100.00', currency: 'CNY' });
  const { name, account } = who;
  const amount = { amount: '5.00', currency: 'CNY' };
  const order = { bank: '00201', creditor: { name, account }, amount, endToEndId: 'mutual-tls' };
  assert.equal((await player.institution.payOut(order)).state, 'succeeded');
});

test('without a certificate it is refused', () => assertRefused(connect('wallet-00101')));

test("with another institution's certificate it is refused", () =>
  assertRefused(connect('wallet-00101', 'wallet-00102')));

test('the name of a certificate in a header is no certificate', () =>
  assertRefused(connect('wallet-00101'), (request) => ({
    ...request,
    headers: { ...request.headers, 'x-client-certificate': fingerprint('wallet-00101') },
  })));

test('a certificate of an authority that the gateway does not trust is none', async () => {
  const elsewhere = await startGateway(join(world.dataFolder, 'certificates', 'bank-00201.pem'));
  await assertRefused(connect('wallet-00101', 'wallet-00101', elsewhere));
});

test('by a gateway without TLS it is refused, however it signs', () => assertRefused(play(world, 'wallet-00101')));

test('who has registered none needs none', async () => {
  const player = connect('wallet-00102');
  const request = await signed(player, get(player, '/v1/platform'));
  assert.equal((await ask(player, request)).status, 200);
});

test('a gateway that asks for certificates without having one does not start', () => {
  const env = {
    ...process.env,
    ...world.environment,
    CLEARWAY_PORT: '0',
    CLEARWAY_CLIENT_CA: world.environment.CLEARWAY_CA,
  };
  const { status, stderr } = spawnSync(process.execPath, [main], { env, encoding: 'utf8', timeout: 20_000 });
  assert.equal(status, 1);
  assert.match(stderr, /CLEARWAY_CERTIFICATE/);
});
