import type { Random } from './random.ts';

/** A parser of the edge, with a grammar of what it takes and a law about what it does. */
export interface Target {
  readonly name: string;
  /** Valid, nearly valid or hopeless. */
  generate(random: Random): Buffer;
  /** Whatever the input: throws where the parser breaks its law. `random`: to cut the input differently each time. */
  check(input: Buffer, random: Random): void | Promise<void>;
}
