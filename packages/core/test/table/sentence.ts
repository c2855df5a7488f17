/** A sentence of a table, taken apart: verb, plain words, and options that are a word and what follows it. */
import { words } from './story.ts';

const options = new Set([
  'from',
  'to',
  'under',
  'of',
  'for',
  'at',
  'until',
  'by',
  'on',
  'code',
  'entry',
  'expires',
  'dated',
  'numbered',
  'participant',
  'version',
  'centre',
  'cell',
  'currencies',
  'maximum',
  'offerTimeout',
  'longestExpiry',
  'backoff',
  'reversalAfter',
  'workItemAfter',
  'signingTimeout',
]);
/** These take all the rest. */
const tails = new Set(['recorded', 'saying', 'are']);

export class Sentence {
  readonly verb: string;
  private readonly plain: string[];
  private readonly given = new Map<string, string>();

  constructor(text: string) {
    const [verb, ...rest] = words(text);
    this.verb = verb;
    this.plain = [];
    while (rest.length > 0) {
      const word = rest.shift()!;
      if (tails.has(word)) {
        this.given.set(word, text.slice(text.indexOf(` ${word} `) + word.length + 2).trim());
        break;
      }
      if (!options.has(word)) this.plain.push(word);
      else if (rest.length === 0) throw new Error(`nothing follows ${word}`);
      else this.given.set(word, rest.shift()!);
    }
  }

  /** The next plain word, if there is one. */
  next(): string | undefined {
    return this.plain.shift();
  }

  take(what: string): string {
    const word = this.plain.shift();
    if (word === undefined) throw new Error(`${this.verb} lacks ${what}`);
    return word;
  }

  peek(): string | undefined {
    return this.plain[0];
  }

  option(name: string): string | undefined {
    const value = this.given.get(name);
    this.given.delete(name);
    return value;
  }

  need(name: string): string {
    const value = this.option(name);
    if (value === undefined) throw new Error(`${this.verb} lacks "${name} …"`);
    return value;
  }

  /** A word that nobody has read is a mistake in the table. */
  end(): void {
    const left = [...this.plain, ...this.given.keys()];
    if (left.length > 0) throw new Error(`${this.verb} does not know what to do with: ${left.join(' ')}`);
  }
}
