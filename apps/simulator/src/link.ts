/**
 * The link between a gateway and whichever cell process is the owner now. When a process at either end dies, calls
 * under way end as on a broken socket: a submit with an unknown outcome, a delivery without an answer.
 */
import {
  type Configuration,
  type Configurator,
  type Deliverer,
  OutcomeUnknownError,
  type SubmitResult,
} from '@clearway/gateway';
import { addKey, endKey, type LinkedCell, type RunningCell } from '@clearway/server';
import type { Faults } from './faults.ts';
import type { Process } from './process.ts';
import type { Time } from './time.ts';

export interface Owner {
  readonly process: Process;
  readonly cell: RunningCell;
}

export interface Link extends LinkedCell {
  readonly configurator: Configurator;
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

  const call = <T>(what: string, ask: (cell: RunningCell) => Promise<T>): Promise<T> => {
    const { process, cell } = owner!;
    return gateway.outside(
      `link: ${what}`,
      () =>
        new Promise<T>((resolve, reject) => {
          const forget = process.onDeath(() => reject(new OutcomeUnknownError('the link broke')));
          void hop().then(() =>
            process
              .outside(`serve ${what}`, () => ask(cell))
              .finally(hop)
              .finally(forget)
              .then(resolve, reject),
          );
        }),
    );
  };

  const isOpen = () => owner?.process.isAlive ?? false;
  const read = <T>(what: string, ask: (cell: RunningCell) => Promise<T>): Promise<T> =>
    isOpen() ? call(what, ask) : Promise.reject(new OutcomeUnknownError('the cell cannot be reached'));
  const change = (what: string, ask: (cell: RunningCell) => Promise<SubmitResult>): Promise<SubmitResult> =>
    isOpen() ? call(what, ask) : Promise.resolve({ outcome: 'refused', reason: 'cellUnavailable' });

  const delivererFor = (process: Process): Deliverer => ({
    deliver: (delivery) => {
      if (faults.strikes('cellDiesBeforeSend')) process.die();
      return process.outside(
        `deliver ${delivery.kind}`,
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
    submit: (command, body) => change('submit', (cell) => cell.submit(command, body)),
    payment: (paymentId) => read('payment', (cell) => cell.payment(paymentId)),
    agreement: (agreementId) => read('agreement', (cell) => cell.agreement(agreementId)),
    configurator: {
      addKey: (participant, key) =>
        change('addKey', (cell) => cell.changeParticipants((all) => addKey(all, participant, key))),
      endKey: (participant, version) => {
        const at = gateway.clock.now();
        return change('endKey', (cell) => cell.changeParticipants((all) => endKey(all, participant, version, at)));
      },
    },
    configuration: () => configuration,
    get isOpen() {
      return isOpen();
    },
    connect(next) {
      if (!gateway.isAlive || !next.process.isAlive) return;
      owner = next;
      configuration = next.cell.configuration();
      const detach = next.cell.attach(delivererFor(next.process));
      const leave = next.cell.onConfiguration((pushed) =>
        gateway.enter(() => {
          configuration = pushed;
        }),
      );
      const part = gateway.onDeath(() => {
        detach();
        leave();
      });
      // Whichever outlives the other does not keep it in memory.
      next.process.onDeath(part);
    },
  };
}
