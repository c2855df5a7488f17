/** A running platform with its console and traffic, for tests and pictures. */
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startWorld, type World } from '@clearway/start';

export interface House {
  readonly world: World;
  /** Of the console. */
  readonly url: string;
  /** The one-time link of the first operator. */
  readonly firstLink: string;
  close(): Promise<void>;
}

/** Whose payments come over the stream. */
export const streamed = { institution: '00102', bank: '00202' } as const;
const patienceMs = 120_000;

/**
 * Two cells share the payments; one institution and one bank are on the stream, all others on HTTP.
 * @param rate payments a second, once all customers have signed their agreements
 */
export async function openHouse(rate: number): Promise<House> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'clearway-console-'));
  const world = await startWorld({
    dataFolder,
    port: 0,
    consolePort: await freePort(),
    logLevel: 'warn',
    cycleSeconds: 0,
    cells: 2,
    stream: { codes: [streamed.institution, streamed.bank] },
    fresh: true,
  });
  const { console } = world;
  if (console?.enrolment === undefined) throw new Error('the console did not tell the link of its first operator');
  if (!(await world.agreementsSigned(patienceMs))) throw new Error('the customers have not signed their agreements');
  world.setRate(rate);
  return {
    world,
    url: console.url,
    firstLink: console.enrolment,
    async close() {
      world.setRate(0);
      await world.stop('at once');
      rmSync(dataFolder, { recursive: true, force: true });
    },
  };
}

/** One port for the whole life of the world: a console that is started again has to be found where it was. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
