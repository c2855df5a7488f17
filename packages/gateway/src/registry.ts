/** The platform and its participants, as institutions need to know them; rotation of an institution's keys. */
import {
  checkKeyRequest,
  type Directory,
  formatDate,
  formatTime,
  type Platform,
  type WireKey,
} from '@clearway/contract';
import { emptyReply, encodeJson, jsonReply, type Operation, Refusal, type Reply, readMessage } from './call.ts';
import { outcomeWithin } from './deadline.ts';
import type { Edge } from './edge.ts';
import type { Configuration, SubmitResult } from './port.ts';
import { refusalOf, unknownOutcome } from './refusals.ts';

type RegistryOperation = 'getPlatform' | 'getParticipants' | 'addKey' | 'endKey';

interface KnownKey extends Omit<WireKey, 'endedAt'> {
  /** ms. */
  readonly endedAt?: number | undefined;
}

export function registryOperations(edge: Edge): Record<RegistryOperation, Operation> {
  const { ports, configurator, platformKeys, settings } = edge;
  const { clock, crypto } = ports;
  /** The directory is large and asked for often: written once for each snapshot. */
  const directories = new WeakMap<Configuration['participants'], Uint8Array>();

  async function adopted(change: Promise<SubmitResult>): Promise<Reply> {
    const told = await outcomeWithin(clock, change, settings.cellPatienceMs);
    if (told === undefined) throw unknownOutcome();
    if (told.outcome === 'refused') throw refusalOf(told.reason);
    return emptyReply;
  }

  return {
    async getPlatform({ configuration: { scheme, businessDate } }) {
      const platform: Platform = {
        schemeId: scheme.schemeId,
        environment: scheme.environment,
        businessDate: formatDate(businessDate),
        keys: platformKeys.map(wireKey),
        routing: scheme.routing.map(({ centre, cell, weight }) => ({ digits: routingDigits(centre, cell), weight })),
        offerTimeoutMs: scheme.offerTimeoutMs,
        longestExpiryMs: scheme.longestExpiryMs,
      };
      return jsonReply(encodeJson(platform));
    },

    async getParticipants({ configuration: { participants } }) {
      const written = directories.get(participants) ?? encodeJson(directoryOf(participants));
      directories.set(participants, written);
      return jsonReply(written);
    },

    async addKey({ participant, body }) {
      const key = readMessage(body, checkKeyRequest);
      try {
        await crypto.verify(key.suite, key.publicKey, new Uint8Array(0), new Uint8Array(64));
      } catch {
        // The port throws for nothing else than a key that cannot be used.
        throw new Refusal('fieldInvalid', `/publicKey is not a usable public key of the suite ${key.suite}`);
      }
      return adopted(configurator.addKey(participant.code, key));
    },

    async endKey({ participant, parameters }) {
      const version = Number(parameters.version);
      if (!participant.keys.some((key) => key.version === version)) {
        throw new Refusal('notFound', 'You have no key of this version');
      }
      return adopted(configurator.endKey(participant.code, version));
    },
  };
}

function directoryOf(participants: Configuration['participants']): Directory {
  return {
    participants: participants.map(({ code, name, role, status, sealingKey, keys }) => ({
      code,
      name,
      role,
      status,
      sealingKey,
      keys: keys.map(wireKey),
    })),
  };
}

function wireKey({ version, suite, publicKey, endedAt }: KnownKey): WireKey {
  return { version, suite, publicKey, ...(endedAt !== undefined && { endedAt: formatTime(endedAt) }) };
}

function routingDigits(centre: number, cell: number): string {
  return String(centre).padStart(2, '0') + String(cell).padStart(4, '0');
}
