import type { Alarm } from '@clearway/console-api';
import type { Names } from './names.tsx';
import { en } from './words/en.ts';
import type { Key, Say } from './words/say.ts';

/** What an alarm says: its kind's sentence, with its subject by name and how many things it stands for. */
export function alarmSentence(say: Say, names: Names, { kind, subject, symptoms, facts }: Alarm): string {
  const key = `alarm.kind.${kind}`;
  if (!(key in en)) return `${kind} ${subject}`;
  const values = { ...facts, subject: names.of(subject), symptoms };
  return (say as (key: Key, values: Record<string, string | number>) => string)(key as Key, values);
}
