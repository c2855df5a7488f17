import type { Language } from '../format/money.ts';
import { en } from './en.ts';
import { zh } from './zh.ts';

export type Key = keyof typeof en;

/** A sentence without holes. */
export type PlainKey = { [K in Key]: [Holes<(typeof en)[K]>] extends [never] ? K : never }[Key];

/** Names between braces in a sentence: `{count}`. */
type Holes<Sentence extends string> = Sentence extends `${string}{${infer Hole}}${infer Rest}`
  ? Hole | Holes<Rest>
  : never;

type Values<K extends Key> = Readonly<Record<Holes<(typeof en)[K]>, string | number>>;
type Rest<K extends Key> = [Holes<(typeof en)[K]>] extends [never] ? [] : [values: Values<K>];

/** Says a sentence in the chosen language; a sentence with holes asks for exactly its values. */
export type Say = <K extends Key>(key: K, ...values: Rest<K>) => string;

const catalogues: Readonly<Record<Language, Readonly<Record<Key, string>>>> = { en, zh };

export function createSay(language: Language): Say {
  const catalogue = catalogues[language];
  return (key, ...[values]) => {
    const sentence: string = catalogue[key];
    if (values === undefined) return sentence;
    const given = values as Readonly<Record<string, string | number>>;
    return sentence.replace(/\{(\w+)\}/g, (hole, name: string) => String(given[name] ?? hole));
  };
}

/** The word for something that the platform names by a closed set (a state, a reason); its own name where it is new to us. */
export function wordFor(say: Say, group: string, name: string): string {
  const key = `${group}.${name}`;
  return key in en ? (say as (key: string) => string)(key) : name;
}
