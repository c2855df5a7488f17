/** Runs the gateway as its supervisor would: starts it, sees it die, starts it again and connects it to the cell. */
import type { SigningKey, VerifyingKey } from '@clearway/contract';
import { layout } from '@clearway/core';
import { createGateway, createMetrics, type Delivery, type Gateway } from '@clearway/gateway';
import type { Crypto } from '@clearway/ports';
import { linkedCells, type PlatformRecords } from '@clearway/server';
import { submitFromNewer } from './builds/newer-words.ts';
import type { CellHost } from './cell-host.ts';
import type { Draw } from './chance.ts';
import type { Faults } from './faults.ts';
import { createLink, type Link, type Owner } from './link.ts';
import type { SimulatedNetwork } from './network.ts';
import type { Wrap } from './planted/index.ts';
import { createProcess, type Process, type Watch } from './process.ts';
import type { Story } from './story.ts';
import type { Time } from './time.ts';

export interface GatewayHostOptions {
  readonly time: Time;
  readonly faults: Faults;
  readonly story: Story;
  readonly crypto: Crypto;
  readonly draw: Draw;
  readonly network: SimulatedNetwork;
  readonly host: string;
  readonly records: PlatformRecords;
  readonly platformKey: SigningKey;
  readonly platformKeys: readonly VerifyingKey[];
  readonly plant: Wrap;
  readonly watch: Watch;
  /** The home cell first. */
  cells(): readonly CellHost[];
}

export interface GatewayHost {
  readonly process: Process | undefined;
  start(): void;
  /** It dies, and the next is of the newer program; or of this one again. */
  changeBuild(): void;
  /** This cell serves, by this process. */
  connect(cell: number, owner: Owner): void;
  /** Hash of the canonical bytes of a payment, by its identifier in hex; kept only for a plant that wants it. */
  readonly hashes: ReadonlyMap<string, Uint8Array>;
}

export function createGatewayHost(options: GatewayHostOptions): GatewayHost {
  const { time, faults, story, crypto, draw, network, plant } = options;
  const world = draw.stream('gateway');
  const hashes = new Map<string, Uint8Array>();
  let process: Process | undefined;
  let links: ReadonlyMap<number, Link> = new Map();
  let starts = 0;
  let isNewer = false;

  const remember = (command: Uint8Array) => {
    const { id, hash, size } = layout.submitPayment;
    if (plant.owner === undefined || command.length !== size) return;
    hashes.set(Buffer.from(command.subarray(id, id + 16)).toString('hex'), command.slice(hash, hash + 32));
  };

  const tellDelivery = ({ kind, participant, subject, possibleDuplicate, notices }: Delivery) => {
    for (const one of notices ?? [{ kind, subject }])
      story.tell(one.subject, `${one.kind} goes to ${participant}${possibleDuplicate ? ', perhaps again' : ''}`);
  };

  function start(): void {
    const mine = createProcess(`gateway ${++starts}`, time, options.watch);
    process = mine;
    story.tell(mine.name, isNewer ? 'starts: the newer program' : 'starts');
    let gateway: Gateway | undefined;
    const deliverer = () => {
      const { deliverer } = gateway!;
      const watched = {
        deliver(delivery: Delivery) {
          tellDelivery(delivery);
          return deliverer.deliver(delivery);
        },
      };
      return plant.deliverer?.(watched, world) ?? watched;
    };
    const cells = options.cells();
    const mineTo = new Map(cells.map(({ number }) => [number, createLink({ gateway: mine, time, faults, deliverer })]));
    links = mineTo;
    const linked = linkedCells(mineTo);
    const cell = plant.cell?.(linked.cell) ?? linked.cell;
    const speaksNewer = isNewer;
    gateway = createGateway({
      ports: {
        clock: mine.clock,
        chance: draw.stream(`chance of ${mine.name}`),
        crypto,
        network: network.from(options.host, mine),
      },
      cell: {
        ...cell,
        submit(command, body) {
          remember(command);
          const submit = (one: Uint8Array) => cell.submit(one, body);
          return speaksNewer ? submitFromNewer(command, submit) : submit(command);
        },
      },
      records: options.records,
      configuration: linked.configuration,
      configurator: mineTo.get(cells[0].number)!.configurator,
      platformKey: options.platformKey,
      platformKeys: options.platformKeys,
      metrics: createMetrics(),
      log: (event) => story.tell(mine.name, event),
    });
    network.listen(options.host, mine, gateway.handle);
    for (const { number, owner } of cells) if (owner !== undefined) mineTo.get(number)!.connect(owner);
    mine.onDeath(() => {
      story.tell(mine.name, 'is dead');
      time.after(faults.draw.between(20, 3000), start);
    });
  }

  return {
    get process() {
      return process;
    },
    start,
    changeBuild() {
      isNewer = !isNewer;
      process?.die();
    },
    connect: (cell, owner) => links.get(cell)?.connect(owner),
    hashes,
  };
}
