/**
 * What participants have signed over the stream: every checkpoint against the messages that it covers, in order, without
 * a hole. It holds what no checkpoint covers yet, and forgets what one does.
 */
import {
  canonicalCheckpoint,
  hasEnded,
  merkleRoot,
  type Scheme,
  type StreamPlace,
  sha256Lanes,
} from '@clearway/contract';
import type { Crypto } from '@clearway/ports';
import type { RecordCheckpointFact } from '../journal/fact.ts';
import type { Keyring } from './keyring.ts';
import { OpenMessages } from './open-messages.ts';
import type { Findings, Uncovered } from './report.ts';

export interface CoverageCheck {
  /** A message with this hash, 32 bytes, stands in a batch; `isOwed`: nothing like it was taken before. */
  add(place: StreamPlace, hash: Uint8Array, batch: BatchPlace, isOwed: boolean): void;
  /** A checkpoint that was recorded, after the messages of its batch; `body`: what never became a command. */
  checkpoint(fact: RecordCheckpointFact, body: Uint8Array, batch: BatchPlace): void;
  verifySignature(fact: RecordCheckpointFact, scheme: Scheme, batch: BatchPlace): Promise<void>;
  /** Messages of a batch could not be opened: what is missing from now on may have stood there. */
  blind(sequence: number): void;
  /** At the end of the journal. */
  end(): void;
  readonly checkpoints: number;
  readonly uncovered: Uncovered;
}

export interface BatchPlace {
  readonly sequence: number;
  /** ms since 1970. */
  readonly at: number;
}

interface SignerStream {
  readonly signer: string;
  readonly stream: number;
  readonly open: OpenMessages;
  /** Everything before this place is covered. */
  covered: number;
}

const hashBytes = 32;
const listedBytes = 4 + hashBytes;
/** What was signed before its key ended is recorded at most so much later: then the signer is stopped. */
const recordedWithinMs = 60_000;

export function createCoverageCheck(
  { crypto, keyring }: { readonly crypto: Crypto; readonly keyring: Keyring },
  findings: Findings,
): CoverageCheck {
  const lanes = sha256Lanes();
  /** By signer, then by stream. */
  const signers = new Map<string, Map<number, SignerStream>>();
  let blindSince = 0;
  let checkpoints = 0;
  let uncovered: Uncovered = { messages: 0 };

  const streamOf = (signer: string, stream: number): SignerStream => {
    const streams = signers.get(signer) ?? new Map<number, SignerStream>();
    const one = streams.get(stream) ?? { signer, stream, open: new OpenMessages(), covered: 0 };
    signers.set(signer, streams.set(stream, one));
    return one;
  };

  const breach = (fact: RecordCheckpointFact, what: string, { sequence }: BatchPlace) =>
    findings.breach('coverage', what, { sequence, subject: checkpointWords(fact) });

  /** Puts every leaf in its place; undefined when one is missing, or two differ. */
  const leavesOf = (fact: RecordCheckpointFact, body: Uint8Array, one: SignerStream, batch: BatchPlace) => {
    const { from, to } = fact;
    const { open } = one;
    const within = (position: number) => position >= from && position < to;
    const listed = new DataView(body.buffer, body.byteOffset, body.byteLength);
    if (body.length % listedBytes !== 0) {
      breach(fact, `the list of what is not in the journal has ${body.length} bytes`, batch);
      return undefined;
    }
    const rows: number[] = [];
    for (let row = 0; row < open.count; row++) if (within(open.positionAt(row))) rows.push(row);
    const places = new Set(rows.map((row) => open.positionAt(row)));
    for (let at = 0; at < body.length; at += listedBytes) {
      const position = listed.getUint32(at);
      if (!within(position)) breach(fact, `it lists message ${position}, which it does not cover`, batch);
      else places.add(position);
    }
    if (places.size < to - from) {
      const missing = to - from - places.size;
      let first = from;
      while (places.has(first)) first++;
      const which = missing === 1 ? `message ${first} is` : `${missing} messages are, from ${first} on,`;
      if (blindSince === 0) breach(fact, `${which} neither in the journal nor listed`, batch);
      else findings.notChecked(`Checkpoints over messages in batches from ${blindSince} on, which cannot be opened.`);
      return undefined;
    }
    const leaves = new Uint8Array((to - from) * hashBytes);
    const filled = new Uint8Array(to - from);
    let isWhole = true;
    const put = (position: number, hash: Uint8Array) => {
      const place = position - from;
      const leaf = leaves.subarray(place * hashBytes, (place + 1) * hashBytes);
      if (filled[place] === 0) leaf.set(hash);
      else if (Buffer.compare(leaf, hash) !== 0) {
        breach(fact, `message ${position} is there twice, with other content`, batch);
        isWhole = false;
      }
      filled[place] = 1;
    };
    for (const row of rows) put(open.positionAt(row), open.hashAt(row));
    for (let at = 0; at < body.length; at += listedBytes) {
      const position = listed.getUint32(at);
      if (within(position)) put(position, body.subarray(at + 4, at + listedBytes));
    }
    return isWhole ? leaves : undefined;
  };

  /** What was taken twice and is covered here now is owed nowhere else. */
  const settleCopies = (one: SignerStream) => {
    const { open, covered } = one;
    const copied = new Map<number, Uint8Array[]>();
    for (let row = 0; row < open.count; row++) {
      if (open.positionAt(row) >= covered || open.isOwedAt(row)) continue;
      const hash = open.hashAt(row);
      copied.set(headOf(hash), [...(copied.get(headOf(hash)) ?? []), hash]);
    }
    if (copied.size === 0) return;
    for (const other of signers.get(one.signer)!.values()) {
      if (other === one) continue;
      for (let row = 0; row < other.open.count; row++) {
        const hash = other.open.hashAt(row);
        const alike = copied.get(headOf(hash));
        if (alike?.some((copy) => Buffer.compare(copy, hash) === 0)) other.open.settle(row);
      }
    }
  };

  return {
    add({ signer, stream, position }, hash, { sequence, at }, isOwed) {
      const one = streamOf(signer, stream);
      if (position < one.covered) {
        const subject = `message ${position} of stream ${stream} of ${signer}`;
        findings.breach('coverage', 'it comes after the checkpoint that covers its place', { sequence, subject });
        return;
      }
      one.open.add({ position, hash, sequence, at, isOwed });
    },

    checkpoint(fact, body, batch) {
      const one = streamOf(fact.signer, fact.stream);
      const { from, to, root } = fact;
      checkpoints++;
      if (to <= from) {
        breach(fact, 'it covers nothing', batch);
        return;
      }
      // Places of which the journal has nothing need no cover: a platform that has crashed does not know of them.
      const first = firstOpen(one) ?? from;
      if (from < one.covered || first < from) {
        const due = from < one.covered ? one.covered : first;
        breach(fact, `it begins at message ${from}, where ${due} is the first that is not covered`, batch);
      }
      // What an earlier checkpoint covered is let go of: a tree over it cannot be made again.
      if (from >= one.covered) {
        const leaves = leavesOf(fact, body, one, batch);
        if (leaves !== undefined && hexOf(merkleRoot(lanes, leaves, to - from)) !== root) {
          breach(fact, 'its root is not that of the messages', batch);
        }
      }
      one.covered = Math.max(one.covered, to);
      settleCopies(one);
      one.open.drop((row) => one.open.positionAt(row) < one.covered);
    },

    async verifySignature(fact, scheme, batch) {
      const { signer, keyVersion, suite } = fact;
      const key = keyring.keysOf(signer).find((one) => one.version === keyVersion && one.suite === suite);
      const fails = (what: string) =>
        findings.breach('signature', what, { sequence: batch.sequence, subject: checkpointWords(fact) });
      if (key === undefined) {
        fails(`key ${keyVersion} of ${signer} is in no configuration that was adopted before`);
        return;
      }
      if (hasEnded(key, batch.at - recordedWithinMs)) {
        fails(`key ${keyVersion} of ${signer} had ended`);
        return;
      }
      const root = Buffer.from(fact.root, 'hex');
      const canonical = canonicalCheckpoint(scheme, { ...fact, root });
      try {
        const holds = await crypto.verify(key.suite, key.publicKey, canonical, Buffer.from(fact.signature, 'hex'));
        if (!holds) fails(`the signature of ${signer} under the checkpoint does not hold`);
      } catch (error) {
        fails(`key ${keyVersion} of ${signer} cannot be used: ${(error as Error).message}`);
      }
    },

    blind(sequence) {
      if (blindSince === 0) blindSince = sequence;
    },

    end() {
      let messages = 0;
      let oldest: Uncovered['oldest'];
      for (const streams of signers.values()) {
        for (const one of streams.values()) {
          reportDoubles(one, findings);
          for (let row = 0; row < one.open.count; row++) {
            if (!one.open.isOwedAt(row)) continue;
            const { position, sequence, at } = one.open.at(row);
            messages++;
            if (oldest === undefined || sequence < oldest.sequence) {
              oldest = { signer: one.signer, stream: one.stream, position, sequence, at };
            }
          }
        }
      }
      uncovered = { messages, ...(oldest && { oldest }) };
    },

    get checkpoints() {
      return checkpoints;
    },
    get uncovered() {
      return uncovered;
    },
  };
}

function firstOpen({ open }: SignerStream): number | undefined {
  let first: number | undefined;
  for (let row = 0; row < open.count; row++) first = Math.min(first ?? open.positionAt(row), open.positionAt(row));
  return first;
}

/** What is still open is in no tree yet; two messages of one place are wrong all the same. */
function reportDoubles({ signer, stream, open }: SignerStream, findings: Findings): void {
  const seen = new Map<number, string>();
  for (let row = 0; row < open.count; row++) {
    const { position, hash, sequence } = open.at(row);
    const before = seen.get(position);
    seen.set(position, hexOf(hash));
    if (before === undefined || before === hexOf(hash)) continue;
    const subject = `message ${position} of stream ${stream} of ${signer}`;
    findings.breach('coverage', 'it is there twice, with other content', { sequence, subject });
  }
}

const checkpointWords = ({ signer, stream, from, to }: RecordCheckpointFact) =>
  `messages ${from} to ${to - 1} of stream ${stream} of ${signer}`;

const headOf = (hash: Uint8Array) => (hash[0] << 24) | (hash[1] << 16) | (hash[2] << 8) | hash[3];
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
