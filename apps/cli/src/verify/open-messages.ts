/** What one signer has sent on one stream and no checkpoint of it covers yet: 53 bytes a message, in any order. */

export interface OpenMessage {
  readonly position: number;
  /** Batch that it stands in, and its time, ms. */
  readonly sequence: number;
  readonly at: number;
  readonly hash: Uint8Array;
  /** False when the same content is covered elsewhere, or owed there: it was taken more than once. */
  readonly isOwed: boolean;
}

const hashBytes = 32;

export class OpenMessages {
  count = 0;
  private hashes = new Uint8Array(16 * hashBytes);
  private positions = new Uint32Array(16);
  private sequences = new Float64Array(16);
  private times = new Float64Array(16);
  private owed = new Uint8Array(16);

  add({ position, hash, sequence, at, isOwed }: OpenMessage): void {
    if (this.count === this.positions.length) this.grow();
    const row = this.count++;
    this.positions[row] = position;
    this.hashes.set(hash, row * hashBytes);
    this.sequences[row] = sequence;
    this.times[row] = at;
    this.owed[row] = isOwed ? 1 : 0;
  }

  positionAt(row: number): number {
    return this.positions[row];
  }

  /** Valid until the next change. */
  hashAt(row: number): Uint8Array {
    return this.hashes.subarray(row * hashBytes, (row + 1) * hashBytes);
  }

  isOwedAt(row: number): boolean {
    return this.owed[row] === 1;
  }

  /** The same content is covered elsewhere. */
  settle(row: number): void {
    this.owed[row] = 0;
  }

  at(row: number): OpenMessage {
    return {
      position: this.positions[row],
      sequence: this.sequences[row],
      at: this.times[row],
      hash: this.hashAt(row).slice(),
      isOwed: this.isOwedAt(row),
    };
  }

  /** Drops the rows for which it holds. */
  drop(holds: (row: number) => boolean): void {
    let kept = 0;
    for (let row = 0; row < this.count; row++) {
      if (holds(row)) continue;
      if (kept < row) {
        this.positions[kept] = this.positions[row];
        this.hashes.copyWithin(kept * hashBytes, row * hashBytes, (row + 1) * hashBytes);
        this.sequences[kept] = this.sequences[row];
        this.times[kept] = this.times[row];
        this.owed[kept] = this.owed[row];
      }
      kept++;
    }
    this.count = kept;
  }

  private grow(): void {
    const size = this.positions.length * 2;
    const larger = <A extends Uint8Array | Uint32Array | Float64Array>(grown: A, old: A): A => {
      grown.set(old);
      return grown;
    };
    this.hashes = larger(new Uint8Array(size * hashBytes), this.hashes);
    this.positions = larger(new Uint32Array(size), this.positions);
    this.sequences = larger(new Float64Array(size), this.sequences);
    this.times = larger(new Float64Array(size), this.times);
    this.owed = larger(new Uint8Array(size), this.owed);
  }
}
