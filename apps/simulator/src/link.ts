/**
 * The link between a gateway and whichever cell process is the owner now. When a process at either end dies, calls
 * under way end as on a broken socket: a submit with an unknown outcome, a delivery without an answer.
 */
import { type Cell, type Configuration, type Deliverer, OutcomeUnknownError } from '@clearway/gateway';
import type { RunningCell } from '@clearway/server';
import type { Faults } from './faults.ts';
import type { Process } from './process.ts';
import type { Time } from './time.ts';

export interface Owner {
  readonly process: Process;
  readonly cell: RunningCell;
}

export interface Link extends Cell {
  /** The last that a cell has pushed. */
  configuration(): Configuration | undefined;
  connect(owner: Owner): void;
}

export function createLink(options: {
  readonly gateway: Process;
  readonly time: Time;
  readonly faults: Faults;
  deliverer(): Deliverer;
}): Link {
  const { gateway, time, faults } = options;
  let owner: Owner | undefined;
  let configuration: Configuration | undefined;
  const hop = () => time.rest(faults.draw.between(0.05, 0.5));

  const call = <T>(ask: (cell: Cell) => Promise<T>): Promise<T> => {
    const { process, cell } = owner!;
    return gateway.outside(
      () =>
        new Promise<T>((resolve, reject) => {
          const forget = process.onDeath(() => reject(new OutcomeUnknownError('the link broke')));
          void hop().then(() =>
            process
              .outside(() => ask(cell))
              .finally(hop)
              .finally(forget)
              .then(resolve, reject),
          );
        }),
    );
  };

  const isOpen = () => owner?.process.isAlive ?? false;
  const read = <T>(ask: (cell: Cell) => Promise<T>): Promise<T> =>
    isOpen() ? call(ask) : Promise.reject(new OutcomeUnknownError('the cell cannot be reached'));

  const delivererFor = (process: Process): Deliverer => ({
    deliver: (delivery) => {
      if (faults.strikes('cellDiesBeforeSend')) process.die();
      return process.outside(
        () =>
          new Promise((resolve) => {
            const forget = gateway.onDeath(() => resolve('noAnswer'));
            void hop().then(() => {
              if (!gateway.isAlive) return resolve('noAnswer');
              gateway.enter(() => {
                void options
                  .deliverer()
                  .deliver(delivery)
                  .then(async (result) => {
                    await hop();
                    forget();
                    resolve(result);
                  });
                if (faults.strikes('cellDiesAfterSend')) process.die();
              });
            });
          }),
      );
    },
  });

  return {
    submit: (command, body) =>
      isOpen()
        ? call((cell) => cell.submit(command, body))
        : Promise.resolve({ outcome: 'refused', reason: 'cellUnavailable' }),
    payment: (paymentId) => read((cell) => cell.payment(paymentId)),
    agreement: (agreementId) => read((cell) => cell.agreement(agreementId)),
    configuration: () => configuration,
    connect(next) {
      if (!gateway.isAlive || !next.process.isAlive) return;
      owner = next;
      configuration = next.cell.configuration();
      gateway.onDeath(next.cell.attach(delivererFor(next.process)));
      next.cell.onConfiguration((pushed) =>
        gateway.enter(() => {
          configuration = pushed;
        }),
      );
    },
  };
}
