/** What one signer has sent on one stream, and how far its signatures cover that. */

const hashBytes = 32;

export class Coverage {
  /** Number of the signer in its client. */
  readonly signer: number;
  readonly stream: number;
  /** Of the next message. */
  position = 0;
  /** Messages before this place are under a checkpoint that has left. */
  signedTo = 0;
  /** As the platform told. */
  coveredTo = 0;
  /** Its link has ended: the platform must tell how much it has before anything more is signed. */
  isCut = false;
  /** While a signature is being made. */
  isSigning = false;
  /** When the first message that is not signed was put into a frame; elapsed ms. */
  unsignedSince = 0;
  /** Whether it waits in its client's row to be signed. */
  isQueued = false;
  private hashes: Uint8Array = new Uint8Array(16 * hashBytes);
  /** The first and the last hash kept: those of the places `base` … */
  private base = 0;
  private count = 0;

  constructor(signer: number, stream: number) {
    this.signer = signer;
    this.stream = stream;
  }

  /** Of an ended stream, by what the platform holds of it from `from` on: 32 bytes a place. */
  static recalled(signer: number, stream: number, from: number, leaves: Uint8Array): Coverage {
    const coverage = new Coverage(signer, stream);
    coverage.hashes = leaves.slice();
    coverage.base = from;
    coverage.count = leaves.length / hashBytes;
    coverage.position = from + coverage.count;
    coverage.signedTo = from;
    coverage.coveredTo = from;
    return coverage;
  }

  /** The hash of what was sent at this place, if it is kept. */
  leafAt(position: number): Uint8Array | undefined {
    if (position < this.base || position >= this.base + this.count) return undefined;
    return this.leaves(position, position + 1);
  }

  /** How many messages the platform has or will have without a signature of theirs. */
  get unsigned(): number {
    return this.position - this.signedTo;
  }

  /** The hash of the next message in order. */
  add(hashes: Uint8Array, at: number): void {
    const end = this.count * hashBytes;
    if (end + hashBytes > this.hashes.length) {
      const larger = new Uint8Array(this.hashes.length * 2);
      larger.set(this.hashes);
      this.hashes = larger;
    }
    this.hashes.set(hashes.subarray(at, at + hashBytes), end);
    this.count++;
  }

  /** Hashes of the messages [from, to); they stand until the next call. */
  leaves(from: number, to: number): Uint8Array {
    if (from < this.base || to > this.base + this.count)
      throw new RangeError(`hashes of [${this.base}, ${this.base + this.count}) are kept, not of [${from}, ${to})`);
    return this.hashes.subarray((from - this.base) * hashBytes, (to - this.base) * hashBytes);
  }

  /** The platform has taken a signature for everything before `to`; what came twice or late changes nothing. */
  coverTo(to: number): void {
    const covered = Math.min(to, this.base + this.count);
    if (covered <= this.coveredTo) return;
    this.coveredTo = covered;
    this.signedTo = Math.max(this.signedTo, covered);
    this.hashes.copyWithin(0, (covered - this.base) * hashBytes, this.count * hashBytes);
    this.count -= covered - this.base;
    this.base = covered;
  }

  /** A checkpoint was not taken: what is not covered is signed once more. */
  refuse(): void {
    this.signedTo = this.coveredTo;
  }

  /** The stream has ended with `taken` messages; what was signed and is not covered is signed once more. */
  endAt(taken: number): void {
    this.position = Math.min(this.position, Math.max(taken, this.coveredTo));
    this.signedTo = this.coveredTo;
    this.isCut = false;
  }
}
