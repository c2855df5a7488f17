/** Who changes the participants' document on behalf of an institution that rotates its keys. */
import type { KeyRequest } from '@clearway/contract';
import type { SubmitResult } from './port.ts';

export interface Configurator {
  /** Adopted when it resolves; refused with `keyLimitReached` or `keyVersionTaken`. `participant`: its code. */
  addKey(participant: string, key: KeyRequest): Promise<SubmitResult>;
  endKey(participant: string, version: number): Promise<SubmitResult>;
}
