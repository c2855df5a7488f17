/**
 * Whether each message of the stream is covered by its signer: it is a leaf of the tree whose root a checkpoint signs
 * (contract/merkle). Leaves are kept until then.
 */
import { canonicalCheckpoint, merkleRoot, type Scheme, sha256Lanes } from '@clearway/contract';
import type { RecordCheckpointFact } from '../journal/fact.ts';
import { about, type Findings } from './report.ts';
import type { SignedMessage, StreamedMessage } from './signed-message.ts';

export interface CoverageCheck {
  add(message: StreamedMessage): void;
  /**
   * Holds a checkpoint against the messages before it. Gives what remains to be verified: the signature; nothing if the
   * messages do not make its root.
   */
  checkpoint(
    scheme: Scheme,
    fact: RecordCheckpointFact,
    body: Uint8Array,
    sequence: number,
  ): Pick<SignedMessage, 'signer' | 'canonical' | 'signature'> | undefined;
  end(): void;
}

const hashBytes = 32;
/** Behind a checkpoint: place u32 and hash of a message that it covers and no command was made of. */
const unjournaledBytes = 4 + hashBytes;

export function createCoverageCheck(findings: Findings): CoverageCheck {
  const lanes = sha256Lanes();
  const streams = new Map<string, Map<number, string>>();
  /** A copy of a message that is covered covers it, wherever it stands. */
  const uncovered = new Set<string>();

  return {
    add({ signer, stream, position, hash }) {
      const name = `${signer}/${stream}`;
      const leaves = streams.get(name) ?? new Map<number, string>();
      streams.set(name, leaves.set(position, hash));
      uncovered.add(hash);
    },

    checkpoint(scheme, fact, body, sequence) {
      const { signer, stream, from, to, signedAt } = fact;
      const leaves = streams.get(`${signer}/${stream}`) ?? new Map<number, string>();
      const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
      for (let at = 0; at + unjournaledBytes <= body.length; at += unjournaledBytes) {
        leaves.set(view.getUint32(at), Buffer.from(body.subarray(at + 4, at + unjournaledBytes)).toString('hex'));
      }
      const hashes = Buffer.alloc((to - from) * hashBytes);
      for (let position = from; position < to; position++) {
        const hash = leaves.get(position);
        if (hash === undefined) {
          const what = `message ${position} of stream ${stream}, which it covers, is not in the journal`;
          findings.breach('signature', what, about(sequence, fact));
          return undefined;
        }
        hashes.write(hash, (position - from) * hashBytes, 'hex');
        leaves.delete(position);
        uncovered.delete(hash);
      }
      const root = merkleRoot(lanes, hashes, to - from);
      if (Buffer.from(root).toString('hex') !== fact.root) {
        const what = `the messages ${from} to ${to - 1} of stream ${stream} do not make the root that ${signer} signed`;
        findings.breach('signature', what, about(sequence, fact));
        return undefined;
      }
      const { suite, keyVersion, signature } = fact;
      return {
        signer,
        canonical: canonicalCheckpoint(scheme, { signer, stream, from, to, signedAt, root }),
        signature: { suite, keyVersion, value: Buffer.from(signature, 'hex').toString('base64') },
      };
    },

    end() {
      if (uncovered.size === 0) return;
      findings.notChecked(`${uncovered.size} messages of the stream, which no checkpoint of their signers covers yet.`);
    },
  };
}
