/**
 * What institutions and banks have in common: a program that dies and is started again, what it has written down and
 * finds again, and keys that it changes while everything goes on.
 */
import type { Crypto, HttpHandler } from '@clearway/ports';
import {
  createConnection,
  createInstitution,
  createParticipantStream,
  type Institution,
  type InstitutionOptions,
  Refused,
  type SentHashes,
} from '@clearway/sdk';
import type { Faults } from './faults.ts';
import { type Recorder, watchInstitution } from './history/index.ts';
import type { SimulatedNetwork } from './network.ts';
import type { Oracle } from './oracle.ts';
import { createProcess, type Process, type Watch } from './process.ts';
import type { Story } from './story.ts';
import type { StreamNetwork } from './stream-network.ts';
import type { Time } from './time.ts';

/** Everything of the SDK's options that does not change from one life of a program to the next. */
export type Membership = Omit<InstitutionOptions, 'ports' | 'signing' | 'connection' | 'stream'> & {
  readonly signing: { readonly version: 1; readonly suite: 'ed25519'; readonly privateKey: string };
};

export interface ParticipantParts {
  readonly membership: Membership;
  readonly host: string;
  readonly time: Time;
  readonly faults: Faults;
  readonly story: Story;
  readonly oracle: Oracle;
  readonly recorder: Recorder;
  readonly crypto: Crypto;
  readonly network: SimulatedNetwork;
  readonly watch: Watch;
  /** Its program does what it waits for only at multiples of this, as one that works through many at a time; ms, 0: at once. */
  readonly beatMs: number;
  /** SHA-256 of its certificate, hex. */
  readonly certificate: string;
  /** Of one that is on the stream. */
  readonly stream: StreamMembership | undefined;
  chance(life: number): InstitutionOptions['ports']['chance'];
}

export interface StreamMembership {
  readonly links: StreamNetwork;
  /** It has given a signature that does not hold. */
  signedWrongly(code: string): void;
  /** What it has sent; it outlives the program. */
  readonly sent: SentHashes;
  /** One for each link that it keeps. */
  readonly addresses: readonly string[];
  /** Questions that it takes at once. */
  readonly window: number;
  readonly lingerMs: number;
}

/** One run of a program, until it dies. */
export interface Life {
  readonly process: Process;
  readonly options: InstitutionOptions;
  readonly sdk: Institution;
  rest(ms: number): Promise<void>;
  /** Makes something durable: what `write` does stays, and the program hears of it if it lives. */
  keep<T>(what: string, write: () => T): Promise<T>;
  /** Runs beside the rest; anything thrown is a mistake of the program. */
  go(run: () => Promise<void>): void;
}

export interface Participant {
  readonly code: string;
  /** The life that runs or ended last. */
  readonly life: Life;
  start(): void;
  /** Takes a new key into use and ends the old one; goes on over any number of deaths. */
  rotateKey(): Promise<void>;
  /** A key is being changed. */
  readonly isRotating: boolean;
}

interface Rotation {
  readonly pair: { readonly publicKey: string; readonly privateKey: string };
  readonly version: number;
  readonly done: () => void;
}

const suite = 'ed25519';
/** Nothing that was signed with the old key is on its way any more, ms. */
const oldKeyLivesMs = 70_000;
/** What a program has to live with when it asks the platform; anything else is a mistake. */
export const isUnsettled = (error: unknown) => ['Refused', 'Unanswered'].includes((error as Error).name);

/** Thrown by a handler that takes no notice for a while. */
export class NotNow extends Error {}

/** `begin`: what a new life does first; it gives what answers the platform's questions. */
export function createParticipant(parts: ParticipantParts, begin: (life: Life) => HttpHandler): Participant {
  const { membership, time, faults, story, oracle, crypto, network } = parts;
  const { code } = membership;
  let signing: InstitutionOptions['signing'] = membership.signing;
  let rotation: Rotation | undefined;
  let life: Life | undefined;
  let lives = 0;
  const toBeat = (ms: number) =>
    parts.beatMs === 0 ? ms : Math.ceil((time.elapsed + ms) / parts.beatMs) * parts.beatMs - time.elapsed;

  function start(): void {
    const name = `participant ${code}${lives === 0 ? '' : `, life ${lives + 1}`}`;
    const process = createProcess(name, time, parts.watch);
    const ports = {
      clock: process.clock,
      chance: parts.chance(lives++),
      crypto,
      network: network.from(parts.host, process, parts.certificate),
    };
    const stream = parts.stream && openStream(parts.stream, process, ports);
    const options = { ...membership, ports, signing, ...(stream && { stream }) };
    const shared = { ...options, connection: createConnection(options) };
    const rest = (ms: number) => new Promise<void>((resolve) => void process.clock.after(toBeat(ms), resolve));
    const mine: Life = {
      process,
      options: shared,
      sdk: watchInstitution(createInstitution(shared), code, parts.recorder, stream !== undefined),
      rest,
      keep: (what, write) =>
        process.outside(`book: ${what}`, async () => {
          await time.rest(toBeat(faults.draw.between(0.2, 3)));
          return write();
        }),
      go(run) {
        run().catch((error: Error) => oracle.breach(code, `its program failed: ${error.stack}`));
      },
    };
    life = mine;
    network.listen(parts.host, process, begin(mine));
    process.onDeath(() => {
      story.tell(name, 'is dead');
      time.after(faults.draw.between(200, 5000), start);
    });
    if (rotation !== undefined) mine.go(() => rotate(mine, rotation!));
  }

  function openStream(
    { links, signedWrongly, sent, addresses, window, lingerMs }: StreamMembership,
    process: Process,
    ports: InstitutionOptions['ports'],
  ) {
    const sign: Crypto['sign'] = async (...what) => {
      const signature = await crypto.sign(...what);
      if (!faults.strikes('checkpointSignedWrongly')) return signature;
      signedWrongly(code);
      return signature.map((byte) => byte ^ 1);
    };
    return createParticipantStream({
      ...{ ports: { ...ports, crypto: { ...crypto, sign } }, code, signing, sent, window, lingerMs },
      scheme: membership.scheme,
      links: links.from(parts.host, process, parts.certificate),
      addresses,
      failed(error) {
        if (!(error instanceof NotNow)) oracle.breach(code, `its stream failed: ${error.stack}`);
      },
      unlinked: (_, { reason, detail }) => story.tell(code, `loses a link: ${reason ?? ''} ${detail}`),
    });
  }

  /** Each step is asked for until it is done; that a life before this one did it shows as a refusal. */
  async function rotate({ sdk, keep, rest, process }: Life, { version, pair, done }: Rotation): Promise<void> {
    const untilDone = async (ask: () => Promise<void>, doneBefore: readonly string[]) => {
      for (;;) {
        try {
          return await ask();
        } catch (error) {
          if (error instanceof Refused && doneBefore.includes(error.problem.reason)) return;
          if (!isUnsettled(error)) throw error;
        }
        await rest(1000);
      }
    };
    if (signing.version !== version) {
      await untilDone(() => sdk.addKey({ version, suite, publicKey: pair.publicKey }), ['keyVersionTaken']);
      await keep('key in use', () => {
        signing = { version, suite, privateKey: pair.privateKey };
      });
      // A program reads its key when it starts.
      process.die();
      return;
    }
    await rest(oldKeyLivesMs);
    await untilDone(() => sdk.endKey(version - 1), ['keyUnknown', 'notFound']);
    await keep('key rotated', () => {
      rotation = undefined;
      done();
    });
  }

  return {
    code,
    get life() {
      return life!;
    },
    start,
    async rotateKey() {
      const pair = await crypto.generateSigningKey(suite);
      await new Promise<void>((done) => {
        rotation = { pair, version: signing.version + 1, done };
        const mine = rotation;
        life!.go(() => rotate(life!, mine));
      });
    },
    get isRotating() {
      return rotation !== undefined;
    },
  };
}
