/** Networks that delay, damage, swallow and cut, by a relay between the programs. */
import type { Conditions } from '../../relay/conditions.ts';
import { rest } from '../../until.ts';
import type { Drill, Stage } from '../drill.ts';

/** All that is under TLS. */
const everywhere = ['stream', 'gateway', 'banks', 'wallets', 'central-bank'];

/** For the whole time, on all relays alike. */
const throughout =
  (conditions: Conditions, back = conditions) =>
  async (stage: Stage) => {
    for (const relay of stage.relays.values()) relay.set(conditions, back);
    while (stage.lasts()) await rest(50);
  };

/** Now these, now those, on one relay or another, with moments of peace. */
const inTurns = (kinds: readonly (readonly [there: Conditions, back: Conditions])[]) => async (stage: Stage) => {
  const relays = [...stage.relays.values()];
  for (let turn = 0; stage.lasts(); turn++) {
    // The stream and the gateway come first and always again: nearly all goes through them.
    const relay = turn % 2 === 0 ? relays[turn % 4 === 0 ? 0 : 1] : stage.random.pick(relays);
    relay.set(...kinds[turn % kinds.length]);
    await rest(stage.random.from(500, 2500));
    relay.set({});
    await rest(stage.random.below(500));
  }
};

const cut: Drill = {
  name: 'link-cut',
  about: 'connections are cut, whatever is on its way on them',
  faults: [9, 12],
  relays: ['stream', 'gateway', 'cell', 'banks', 'wallets', 'central-bank', 'database'],
  async strike(stage) {
    const relays = [...stage.relays.values()];
    while (stage.lasts()) {
      stage.random.pick(relays).cut(stage.random.below(1000) / 1000);
      await rest(stage.random.below(150));
    }
  },
};

const late: Drill = {
  name: 'link-late',
  about: 'everything takes 20 to 200 ms a way, and now and then a second more, as where packets are lost',
  faults: [10],
  relays: everywhere,
  strike: throughout({ delayMs: [20, 200], stall: 0.05, stallMs: [300, 1200] }),
};

const pieces: Drill = {
  name: 'link-pieces',
  about: 'what was written at once arrives in pieces, and what was written apart at once',
  faults: [11],
  relays: [...everywhere, 'cell', 'database'],
  strike: throughout({ split: 0.5, merge: 0.5 }),
};

const damage = 0.02;
const damaged: Drill = {
  name: 'link-damaged',
  about: 'bits flip, bytes are missing, come twice or in another order: TLS ends the connection',
  faults: [11, 10],
  relays: everywhere,
  strike: throughout({ flip: damage, truncate: damage, repeat: damage, reorder: damage }),
};

const silent: Drill = {
  name: 'link-silent',
  about:
    'black holes behind the handshake, half-open connections, peers that do not read, and replies alone that are lost',
  faults: [8, 12, 14],
  relays: everywhere,
  strike: inTurns([
    [{ heldAfter: 6000 }, { heldAfter: 6000 }],
    [{ halfOpen: 0.05 }, {}],
    [{}, { halfOpen: 0.05 }],
    [{ unread: true }, { unread: true }],
    [{}, { heldAfter: 6000 }],
  ]),
};

const reset: Drill = {
  name: 'link-reset',
  about: 'one in ten chunks is answered by a reset',
  faults: [12],
  relays: everywhere,
  strike: throughout({ reset: 0.1 }),
};

const narrow: Drill = {
  name: 'link-narrow',
  about: 'stream and gateway are left 40 kB a second each',
  faults: [13],
  relays: ['stream', 'gateway'],
  strike: throughout({ bytesPerSecond: 40_000 }),
};

const large: Drill = {
  name: 'link-large',
  about: 'what is larger than 600 bytes does not get through, while small things do',
  faults: [14],
  relays: everywhere,
  strike: inTurns([
    [{ stuckAbove: 600 }, {}],
    [{}, { stuckAbove: 600 }],
  ]),
};

const database: Drill = {
  name: 'link-database',
  about: 'between programs and PostgreSQL: delay, resets, black holes, half-open connections',
  faults: [23, 12, 20],
  relays: ['database'],
  async strike(stage) {
    const [relay] = stage.relays.values();
    const turns: Conditions[] = [
      { delayMs: [5, 60], stall: 0.05, stallMs: [200, 900] },
      { reset: 0.02 },
      { heldAfter: 0 },
      { halfOpen: 0.01 },
    ];
    for (let turn = 0; stage.lasts(); turn++) {
      relay.set(turns[turn % turns.length]);
      await rest(stage.random.from(500, 2500));
      relay.set({});
      await rest(stage.random.below(800));
    }
  },
};

export const links: readonly Drill[] = [cut, late, pieces, damaged, silent, reset, narrow, large, database];
