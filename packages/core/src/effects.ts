/**
 * What a batch has brought about and the edge has to act on, once the batch is durable. Kept in typed arrays that are
 * used again for every batch: no object per payment.
 *
 * `payment` effects name a payment by its handle (state.ts), `agreement` effects an agreement's row, `cycle` effects
 * a cycle's serial number.
 */
export const effectKinds = {
  /** A payment is new or changed its state. */
  paymentChanged: 1,
  /** Ask the instructed bank to carry out the payment. */
  offer: 2,
  /** Ask the instructed bank what became of the payment. */
  enquire: 3,
  /** Tell the instructed bank to undo the payment, or to block it if it was never seen. */
  reverse: 4,
  agreementChanged: 5,
  /** Ask the bank to send its customer a one-time code. */
  requestSigning: 6,
  /** Hand the bank the code. */
  confirmSigning: 7,
  cycleChanged: 8,
  /** A payment has been without a definite outcome for too long: a person must look. */
  paymentOverdue: 9,
  /** A bank contradicts what is final: a break to look into. */
  answerContradicts: 10,
  /** The balance at the settlement agent that the core reckons with has changed; subject is the account. */
  fundsChanged: 11,
  businessDayAdvanced: 12,
  configurationAdopted: 13,
  /** A share of a cap or of a float has come or gone; subject is the account. */
  shareMoved: 14,
} as const;
export type EffectKind = keyof typeof effectKinds;

export class Effects {
  count = 0;
  kinds = new Uint8Array(1024);
  subjects = new Float64Array(1024);
  /** Index of the command in its batch. */
  commands = new Uint32Array(1024);
  /** Of a payment in flight, or that was until now: its flight's slot + 1; else 0. Slots are used again. */
  slots = new Uint32Array(1024);

  clear(): void {
    this.count = 0;
  }

  add(kind: EffectKind, subject: number, command: number, slot = 0): void {
    if (this.count === this.kinds.length) this.grow();
    this.kinds[this.count] = effectKinds[kind];
    this.subjects[this.count] = subject;
    this.commands[this.count] = command;
    this.slots[this.count] = slot;
    this.count++;
  }

  /** Adds what another list has at `index`. */
  copy(other: Effects, index: number): void {
    if (this.count === this.kinds.length) this.grow();
    this.kinds[this.count] = other.kinds[index];
    this.subjects[this.count] = other.subjects[index];
    this.commands[this.count] = other.commands[index];
    this.slots[this.count] = other.slots[index];
    this.count++;
  }

  private grow(): void {
    const length = this.kinds.length * 2;
    const { kinds, subjects, commands, slots } = this;
    this.kinds = new Uint8Array(length);
    this.kinds.set(kinds);
    this.subjects = new Float64Array(length);
    this.subjects.set(subjects);
    this.commands = new Uint32Array(length);
    this.commands.set(commands);
    this.slots = new Uint32Array(length);
    this.slots.set(slots);
  }
}
