/** The settlement agent's own door, as its operator uses it: accounts, deposits, the state of an instruction. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type AccountEntries, type Money, parseSigned, type SettlementAdvice, signRequest } from '@clearway/contract';
import { realNetwork } from '@clearway/ports/real';
import type { World } from '@clearway/start';
import { ports } from './player.ts';

export interface CentralBank {
  /** Idempotent by `reference`. */
  deposit(participant: string, reference: string, money: Money): Promise<void>;
  /** Minor units: the sum of all entries. */
  balance(participant: string): Promise<bigint>;
  settlement(instructionId: string): Promise<SettlementAdvice>;
}

export function callCentralBank(world: World): CentralBank {
  const { CLEARWAY_SETTLEMENT_AGENT: agent, CLEARWAY_PLATFORM_KEY: keyFile, CLEARWAY_CA: ca } = world.environment;
  const { url } = JSON.parse(agent);
  const key = JSON.parse(readFileSync(keyFile, 'utf8'));
  const network = realNetwork({ ca: readFileSync(ca, 'utf8') });

  async function ask<T>(method: string, path: string, message?: object): Promise<T> {
    const request = {
      method,
      url: new URL(path, url).href,
      headers: (message === undefined ? {} : { 'content-type': 'application/json' }) as Record<string, string>,
      body: message === undefined ? new Uint8Array(0) : Buffer.from(JSON.stringify(message)),
    };
    const response = await network.request(await signRequest(ports, key, '00000', request), { timeoutMs: 5_000 });
    const text = Buffer.from(response.body).toString('utf8');
    assert.equal(response.status, 200, `${method} ${path}: ${text}`);
    return JSON.parse(text);
  }

  return {
    async deposit(participant, reference, money) {
      await ask('POST', `/v1/accounts/${participant}/deposits`, { reference, ...money });
    },
    async balance(participant) {
      const { entries } = await ask<AccountEntries>('GET', `/v1/accounts/${participant}/entries?currency=CNY&after=0`);
      return entries.reduce((sum, { amount, currency }) => sum + parseSigned(amount, currency), 0n);
    },
    settlement: (instructionId) => ask('GET', `/v1/settlements/${instructionId}`),
  };
}
