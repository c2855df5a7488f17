/**
 * Links of the stream: bytes in order over connections that break, go silent, stall, come in pieces and late. What TLS
 * would notice ends the link, so that nothing is ever changed on its way.
 */
import { Slabs } from '@clearway/contract';
import { type Cancel, type Link, type LinkEvents, type LinkNetwork, NetworkError } from '@clearway/ports';
import { otherHello } from './builds/other-hello.ts';
import type { Draw } from './chance.ts';
import type { Faults } from './faults.ts';
import type { SimulatedNetwork } from './network.ts';
import type { Process } from './process.ts';
import type { Time } from './time.ts';

// Whoever reads memory that was given back shall be found.
Slabs.overwrites = true;

export interface StreamNetwork {
  /** Whoever takes links at a host: the latest process that asked for it. */
  listen(host: string, process: Process, accept: (link: Link) => LinkEvents): void;
  /** Links as a process at `host` makes them, with its certificate. */
  from(host: string, process: Process, certificate: string): LinkNetwork;
  /** Every connection breaks at once. */
  breakAll(): void;
  /** Nothing stalls any more, and whoever had an older SDK comes back with this one. */
  heal(): void;
  /** Where somebody listens. */
  readonly hosts: readonly string[];
  /** Connections made, and bytes that arrived. */
  readonly made: number;
  readonly bytes: number;
}

/** One end of a connection. What it writes waits in it until the other end has read it. */
interface End {
  readonly host: string;
  readonly process: Process;
  /** It has an SDK of another release. */
  age: 'older' | 'newer' | undefined;
  isGreeted: boolean;
  events: LinkEvents | undefined;
  isOpen: boolean;
  /** The death of its process is nothing to it any more. */
  forget: Cancel;
  /** What it writes is lost from now on, and nobody notices. */
  isSilent: boolean;
  /** Ends when everything has been read. */
  isEnding: boolean;
  queue: { readonly bytes: Uint8Array; readonly dueAt: number; readonly done?: (() => void) | undefined }[];
  waiting: number;
  /** Somebody was told that it takes no more for now. */
  isFull: boolean;
  isPaused: boolean;
  isMoving: boolean;
  /** The other end does not read before. */
  stalledUntil: number;
}

/** As much fits between two ends before the writer is told to wait. */
const roomBytes = 256 * 1024;
/** A lost packet is sent again so long after, ms. */
const resendMs = 250;

export function createStreamNetwork(options: {
  readonly time: Time;
  readonly faults: Faults;
  readonly draw: Draw;
  readonly network: Pick<SimulatedNetwork, 'isCut' | 'passage'>;
}): StreamNetwork {
  const { time, faults, draw, network } = options;
  const listeners = new Map<string, { readonly process: Process; readonly accept: (link: Link) => LinkEvents }>();
  const connections = new Set<readonly [End, End]>();
  let made = 0;
  let arrived = 0;

  const delay = () => draw.between(0.05, 0.5) + (faults.strikes('linkDelayed') ? 10 ** draw.between(1, 3.7) : 0);

  const newEnd = (host: string, process: Process): End => ({
    host,
    process,
    age: undefined,
    isGreeted: false,
    events: undefined,
    isOpen: true,
    forget: () => {},
    isSilent: false,
    isEnding: false,
    queue: [],
    waiting: 0,
    isFull: false,
    isPaused: false,
    isMoving: false,
    stalledUntil: 0,
  });

  /** This end hears that it is over; once. */
  const close = (end: End, error: Error | undefined) => {
    if (!end.isOpen) return;
    end.isOpen = false;
    end.queue = [];
    end.forget();
    end.process.enter(() => end.events?.closed(error));
  };

  /** This end is gone; the other hears of it, unless nothing of it gets through any more. */
  const reset = (pair: readonly [End, End], from: End, why: string) => {
    const other = pair[0] === from ? pair[1] : pair[0];
    const tell = () => {
      if (network.isCut(from.host, other.host)) time.after(resendMs, tell);
      else close(other, new Error(why));
    };
    if (!from.isSilent) time.after(draw.between(0.05, 0.5), tell);
  };

  const breakNow = (pair: readonly [End, End], why: string) => {
    connections.delete(pair);
    for (const end of pair) time.after(draw.between(0.01, 1), () => close(end, new Error(why)));
  };

  /** Carries what an end has written to the other, in order. */
  function move(pair: readonly [End, End], from: End): void {
    if (from.isMoving) return;
    const to = pair[0] === from ? pair[1] : pair[0];
    const step = () => {
      from.isMoving = false;
      if (!from.isOpen || !to.isOpen || from.isSilent) return;
      const [head] = from.queue;
      if (head === undefined) {
        if (from.isEnding) {
          close(from, undefined);
          close(to, undefined);
          connections.delete(pair);
        }
        return;
      }
      const holdMs = Math.max(head.dueAt - time.elapsed, from.stalledUntil - time.elapsed);
      if (holdMs > 0) return wait(holdMs);
      if (network.isCut(from.host, to.host) || to.isPaused) return wait(resendMs);
      from.queue.shift();
      from.isMoving = true;
      to.process.enter(() => {
        from.isMoving = false;
        // Bytes that were there already when the connection ended are not read any more.
        if (!to.isOpen) return;
        from.waiting -= head.bytes.length;
        arrived += head.bytes.length;
        if (to.process.touch('link: read')) to.events?.data(head.bytes);
        head.done?.();
        if (from.isFull && from.waiting === 0) {
          from.isFull = false;
          if (from.isOpen) from.process.enter(() => from.isOpen && from.events?.drained());
        }
        step();
      });
    };
    const wait = (ms: number) => {
      from.isMoving = true;
      time.after(ms, step);
    };
    step();
  }

  const pieces = (bytes: Uint8Array): Uint8Array[] => {
    if (bytes.length < 2 || !faults.strikes('linkInPieces')) return [bytes];
    const cut = 1 + draw.below(bytes.length - 1);
    return [bytes.subarray(0, cut), ...pieces(bytes.subarray(cut))];
  };

  function write(pair: readonly [End, End], from: End, bytes: Uint8Array, done: (() => void) | undefined): boolean {
    if (!from.isOpen || from.isEnding || !from.process.touch('link: before a send')) return true;
    if (faults.strikes('linkGoesSilent')) from.isSilent = true;
    if (faults.strikes('linkBreaks')) breakNow(pair, 'the connection was reset');
    if (faults.strikes('linkDamaged')) breakNow(pair, 'a record was damaged on its way');
    if (faults.strikes('linkStalls')) from.stalledUntil = time.elapsed + 10 ** draw.between(2, 4.4);
    let left = bytes.length;
    for (const piece of pieces(bytes)) {
      const dueAt = Math.max(from.queue.at(-1)?.dueAt ?? 0, time.elapsed + delay() + network.passage(piece.length));
      left -= piece.length;
      from.queue.push({ bytes: piece, dueAt, ...(left === 0 && { done }) });
      from.waiting += piece.length;
    }
    move(pair, from);
    from.process.touch('link: after a send');
    from.isFull = from.waiting > roomBytes;
    return !from.isFull;
  }

  const linkOf = (pair: readonly [End, End], mine: End, certificate?: string): Link => ({
    ...(certificate !== undefined && { certificate }),
    peer: (pair[0] === mine ? pair[1] : pair[0]).host,
    get waiting() {
      return mine.waiting;
    },
    write(bytes, done) {
      const isHello = mine.age !== undefined && !mine.isGreeted;
      mine.isGreeted = true;
      return write(pair, mine, isHello ? otherHello(mine.age!, bytes) : bytes, done);
    },
    pause() {
      mine.isPaused = true;
    },
    resume() {
      mine.isPaused = false;
    },
    end() {
      mine.isEnding = true;
      move(pair, mine);
    },
    destroy() {
      if (!mine.isOpen) return;
      connections.delete(pair);
      reset(pair, mine, 'the connection was reset by its peer');
      time.after(0, () => close(mine, new Error('destroyed')));
    },
  });

  function connectTo(here: string, caller: Process, certificate: string, address: string) {
    const there = address.slice(0, address.lastIndexOf(':'));
    return (greet: (link: Link) => LinkEvents, timeoutMs: number) =>
      new Promise<Link>((resolve, reject) => {
        let isOver = false;
        const fail = (why: string) => {
          isOver = true;
          reject(new NetworkError(`${address}: ${why}`, true));
        };
        const isCut = () => network.isCut(here, there) || network.isCut(there, here);
        time.after(timeoutMs, () => !isOver && fail('no connection in time'));
        const arrive = () => {
          if (isOver) return;
          if (isCut()) return void time.after(resendMs, arrive);
          const listener = listeners.get(there);
          if (!listener?.process.isAlive || faults.strikes('linkRefused')) return fail('no connection');
          // The handshake takes both processes.
          listener.process.enter(() => {
            if (isOver) return;
            isOver = true;
            made++;
            const pair = [newEnd(here, caller), newEnd(there, listener.process)] as const;
            const [client, server] = pair;
            connections.add(pair);
            for (const end of pair)
              end.forget = end.process.onDeath(() => {
                if (!end.isOpen) return;
                end.isOpen = false;
                if (!connections.delete(pair)) return;
                if (faults.strikes('linkGoesSilent')) end.isSilent = true;
                reset(pair, end, 'the peer is gone');
              });
            server.events = listener.accept(linkOf(pair, server, certificate));
            caller.enter(() => {
              if (faults.strikes('linkOfOtherVersion')) client.age = draw.pick(['older', 'newer']);
              const link = linkOf(pair, client);
              client.events = greet(link);
              resolve(link);
            });
          });
        };
        time.after(delay(), arrive);
      });
  }

  return {
    listen: (host, process, accept) => void listeners.set(host, { process, accept }),
    from: (here, caller, certificate) => ({
      connect: (address, greet, { timeoutMs }) =>
        caller.outside('connect', () => connectTo(here, caller, certificate, address)(greet, timeoutMs)),
    }),
    breakAll() {
      for (const pair of [...connections]) breakNow(pair, 'the connection was reset');
    },
    heal() {
      for (const pair of [...connections]) {
        for (const end of pair) end.stalledUntil = 0;
        if (pair[0].age === 'older') breakNow(pair, 'the connection was reset');
      }
    },
    get hosts() {
      return [...listeners.keys()];
    },
    get made() {
      return made;
    },
    get bytes() {
      return arrived;
    },
  };
}
